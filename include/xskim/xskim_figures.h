/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shapes of what libxskim measures: quantiles, distributions, estimates, and the transit of
 * stamped packets. Part of xskim.h, which includes it.
 */
#ifndef XSKIM_FIGURES_H
#define XSKIM_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#define XSKIM_PUBLIC __attribute__((visibility("default")))

#define XSKIM_UNBOUNDED UINT64_MAX

/* A value of a distribution with what is known about it: the bucket that holds it, and the 95 %
 * interval. */
struct xskim_quantile {
        uint64_t value; /* within [low, high] */
        uint64_t low;   /* bounds of its bucket: low < v <= high */
        uint64_t high;
        uint64_t ci95_low;  /* binomial order statistics of the samples behind it */
        uint64_t ci95_high; /* XSKIM_UNBOUNDED: too few samples to bound it from above */
};

/* ROW(rank, name, doc); the JSON keys and the columns of the views are made of the names. */
#define XSKIM_QUANTILE_ROWS(ROW)                                                                   \
        ROW(XSKIM_P50, p50, "half of the values are at most this")                                 \
        ROW(XSKIM_P90, p90, "90 % are at most this")                                               \
        ROW(XSKIM_P99, p99, "99 % are at most this")                                               \
        ROW(XSKIM_P999, p999, "99.9 % are at most this")

#define XSKIM_QUANTILE_RANK(rank_, name_, doc_) rank_,
enum xskim_quantile_rank { XSKIM_QUANTILE_ROWS(XSKIM_QUANTILE_RANK) XSKIM_QUANTILE_COUNT };

/* Nanoseconds for gap, stack and delivery, bytes for size. count = 0: nothing was measured, the
 * rest is 0. */
struct xskim_distribution {
        uint64_t count;        /* samples */
        uint64_t min;          /* of the samples, exact */
        uint64_t max;          /* of the samples, exact */
        double mean;           /* of the traffic, estimated by the samples' weights */
        double relative_error; /* a bucket's width, 2^(2^-scale) - 1: a value is within this of the
                                  exact one */
        struct xskim_quantile quantiles[XSKIM_QUANTILE_COUNT];
        bool biased; /* records were lost: the rest of that ring and interval was reweighted */
};

/* More of a distribution: percentiles up to the last one that a value stands for. */
enum { XSKIM_CURVE_POINTS_MAX = 36 };

struct xskim_curve_point {
        uint32_t above_ppm; /* millionths of the values that are above this one: 10000 is P99 */
        struct xskim_quantile quantile;
};

struct xskim_curve {
        unsigned int count; /* of the points, from 750000 down; 0: nothing was measured */
        struct xskim_curve_point points[XSKIM_CURVE_POINTS_MAX];
};

/* The same rows for JSON, text, metrics and tests. ROW(name, doc) */
#define XSKIM_LATENCY_ROWS(ROW)                                                                    \
        ROW(gap, "from a sampled packet to the next packet on the same CPU and port")              \
        ROW(stack, "from XDP to tc ingress, sampled packets, with --stack")                        \
        ROW(delivery, "from the record staged to the record decoded")

/* All distributions of a snapshot: the latencies, in ns, and sizes, in bytes. */
#define XSKIM_DISTRIBUTION_ROWS(ROW)                                                               \
        XSKIM_LATENCY_ROWS(ROW)                                                                    \
        ROW(size, "of a packet, without FCS")

#define XSKIM_DISTRIBUTION_ENUM(name_, doc_) XSKIM_DISTRIBUTION_##name_,
enum xskim_distribution_name {
        XSKIM_DISTRIBUTION_ROWS(XSKIM_DISTRIBUTION_ENUM) XSKIM_DISTRIBUTION_COUNT
};

/* 2^7 to a doubling, up to 2^44, and two more: 44 << 7 | 2. */
enum { XSKIM_BUCKET_SLOTS_MAX = 5634 };

/*
 * A distribution as it was counted, from which others can be made: base-2 exponential buckets, the
 * layout of OpenTelemetry's exponential histogram at that scale. Values are integers; slot i holds
 * those above xskim_bucket_bound(scale, i - 1) and up to xskim_bucket_bound(scale, i), slot 0 the
 * value 0 alone. So the powers of two are bounds at every scale. The last slot also holds what is
 * above its bound. Sizes are those of all packets in tier classes, else of the samples. Nothing
 * ever becomes less while a session lasts.
 */
struct xskim_buckets {
        unsigned int scale; /* 2^scale buckets to a doubling */
        unsigned int slots; /* of the array below; what is beyond is 0 */
        uint64_t samples;
        uint64_t count; /* of packets that the samples stand for: the sum of counts */
        double sum;     /* of their values: ns or bytes */
        uint64_t counts[XSKIM_BUCKET_SLOTS_MAX];
};

/* The highest value that a slot holds, UINT64_MAX when that is beyond 64 bits. Scale up to 7. */
XSKIM_PUBLIC uint64_t xskim_bucket_bound(unsigned int scale, unsigned int slot);

/* An estimate of an exact count from samples alone. */
struct xskim_estimate {
        double value;
        double ci95_low;
        double ci95_high;
};

#define XSKIM_U64_MEMBER_2(name_, doc_) uint64_t name_;

/*
 * What a path did to stamped packets, with `transit`. Counts are exact within a window of
 * XSKIM_TRANSIT_WINDOW sequence numbers, as long as `unordered`, `untracked` and `unrecorded` are
 * 0. ROW(name, doc)
 */
#define XSKIM_STREAM_ROWS(ROW)                                                                     \
        ROW(received, "stamped packets that arrived, each counted once")                           \
        ROW(lost,                                                                                  \
            "sequence numbers that did not arrive, up to the last one that did; from 0 on, or "    \
            "from the first one seen if that is beyond the window")                                \
        ROW(duplicated, "further copies of packets that had arrived")                              \
        ROW(reordered, "arrived after a packet with a later number (RFC 4737)")                    \
        ROW(corrupted, "arrived with the payload damaged, copies included")                        \
        ROW(beyond_window,                                                                         \
            "arrived more than the window late: whether lost or copies is not known")              \
        ROW(before_sent, "arrived before they were sent, as the clocks say: latency taken as 0")   \
        ROW(reorder_extent_max,                                                                    \
            "the most packets by which a reordered one came too late (RFC 4737, section 4.2)")

#define XSKIM_TRANSIT_ROWS(ROW)                                                                    \
        ROW(unattributed,                                                                          \
            "arrived with a damaged stamp: among the corrupted, and among the lost, too")          \
        ROW(unordered, "left the rings too late to be put in order of arrival")                    \
        ROW(untracked, "of more streams than are followed: in no other count")                     \
        ROW(unrecorded, "whose records xskim itself lost: up to so many of the lost and the "      \
                        "copies")

/*
 * What became of the packets of a capture, with `expect_path`: what arrives is held against them by
 * content. The figures do not depend on the order of arrival. packets = matched + changed +
 * incomparable + missing; what arrived = matched + changed + incomparable + duplicated + extra.
 * ROW(name, doc)
 */
#define XSKIM_EXPECT_ROWS(ROW)                                                                     \
        ROW(packets, "expected: those of the capture, as often as it is sent")                     \
        ROW(matched, "arrived as they are in the capture")                                         \
        ROW(missing, "have not arrived")                                                           \
        ROW(changed, "arrived with headers that tell which one it is, and other content")          \
        ROW(incomparable,                                                                          \
            "arrived, but the capture has them cut short: whether changed is not known")           \
        ROW(duplicated, "arrived more often than expected")                                        \
        ROW(extra, "arrived, and nothing like it was expected any more")                           \
        ROW(unrecorded, "whose records xskim itself lost: up to so many of the missing")

#define XSKIM_DELAY_VARIATION_ROWS(ROW)                                                            \
        ROW(pdv, "packet delay variation: latency above the least of the stream (RFC 5481)")       \
        ROW(ipdv, "difference in latency of packets with neighbouring numbers, without sign")

enum {
        XSKIM_STREAMS_MAX = 32,
        XSKIM_TRANSIT_WINDOW = 65536,
};

#define XSKIM_DISTRIBUTION_MEMBER(name_, doc_) struct xskim_distribution name_;

struct xskim_delay_variation {
        XSKIM_DELAY_VARIATION_ROWS(XSKIM_DISTRIBUTION_MEMBER)
        double jitter_ns; /* RFC 3550, section 6.4.1; of all streams: the largest */
};

/* Of one stream, or of all. Latency is taken from the first copy of each packet. */
struct xskim_stream {
        uint32_t run; /* 0 in the sum */
        uint16_t number;
        XSKIM_STREAM_ROWS(XSKIM_U64_MEMBER_2)
        double reordered_ratio; /* of the received */
        double reorder_extent_mean;
        struct xskim_distribution latency; /* ns */
        struct xskim_delay_variation delay_variation;
};

struct xskim_transit {
        bool enabled;
        int64_t clock_offset_ns;
        struct xskim_stream sum;
        struct xskim_distribution latency_interval; /* since the snapshot before; in the summary of
                                                       the whole run, as sum.latency */
        struct xskim_curve latency_curve;           /* of sum.latency; in the summary only */
        XSKIM_TRANSIT_ROWS(XSKIM_U64_MEMBER_2)
        unsigned int stream_count;
        struct xskim_stream streams[XSKIM_STREAMS_MAX];
};

#endif

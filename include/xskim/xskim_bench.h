/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What telemetry costs: configuration, run and result of `xskim bench`. Part of xskim.h, which
 * includes it.
 *
 * A randomised block experiment: in each block every condition has the port once, for one slice, in
 * random order. What a condition costs is the paired difference to the baseline's slice of the same
 * block: Hodges and Lehmann's estimate (1963) with the 95 % interval of Wilcoxon's signed-rank
 * distribution. No slice is left out, and all of them are in the result.
 *
 * Throughput is what arrived, a second, while packets were sent as fast as they go. Latency is
 * taken at stated rates from when each packet was to be sent (open loop), so that a sender that is
 * held up hides nothing.
 */
#ifndef XSKIM_XSKIM_BENCH_H
#define XSKIM_XSKIM_BENCH_H

#include "xskim_figures.h"

enum {
        XSKIM_BENCH_CONDITIONS_MAX = 16,
        XSKIM_BENCH_NAME_BYTES = 64,
        XSKIM_BENCH_WORDS_BYTES = 192,
        XSKIM_BENCH_COMMAND_BYTES = 512,
        XSKIM_BENCH_PACKET_BYTES_MIN = 64,
        XSKIM_BENCH_PACKET_BYTES_MAX = 1518,
        XSKIM_BENCH_IMIX = 0, /* as packet_bytes: 7 of 64, 4 of 594, 1 of 1518 */
};

/* Where the packets go. ROW(name, doc) */
#define XSKIM_BENCH_PATH_ROWS(ROW)                                                                 \
        ROW(stack, "through IP and UDP to a socket that is read")                                  \
        ROW(forward, "redirected by XDP from port to port")                                        \
        ROW(drop, "dropped by XDP, as on a TAP port")                                              \
        ROW(tcp, "bulk TCP; the baseline is a port without any program")

#define XSKIM_BENCH_PATH_MEMBER(name_, doc_) XSKIM_BENCH_PATH_##name_,
enum xskim_bench_path { XSKIM_BENCH_PATH_ROWS(XSKIM_BENCH_PATH_MEMBER) XSKIM_BENCH_PATH_COUNT };

/* What the port runs in a slice. ROW(name, takes a number, doc) */
#define XSKIM_BENCH_KIND_ROWS(ROW)                                                                 \
        ROW(off, false, "no program")                                                              \
        ROW(empty, false, "a program that only returns the verdict")                               \
        ROW(counts, false, "xskim, tier counts, no sampling")                                      \
        ROW(classes, false, "xskim, tier classes, no sampling")                                    \
        ROW(sample, true, "xskim, samples 1 in N")                                                 \
        ROW(stack, false, "xskim, 1 in 64, measures from XDP to the stack's entry")                \
        ROW(shared, false, "xskim, 1 in 64, in libxdp's dispatcher")                               \
        ROW(ringbuf, true, "the same sampler with a BPF ring buffer instead of staging rings")     \
        ROW(perfbuf, true, "the same with a perf event buffer")                                    \
        ROW(buckets, true,                                                                         \
            "two hash look-ups and a power-of-two histogram a sample, in the kernel")              \
        ROW(burn, true,                                                                            \
            "a program that waits for its stores, reads the clock twice and burns N ns more")      \
        ROW(command, false, "with --command: another program, beside an empty one in XDP")

#define XSKIM_BENCH_KIND_MEMBER(name_, number_, doc_) XSKIM_BENCH_KIND_##name_,
enum xskim_bench_kind { XSKIM_BENCH_KIND_ROWS(XSKIM_BENCH_KIND_MEMBER) XSKIM_BENCH_KIND_COUNT };

/* As asked for. */
struct xskim_bench_condition {
        enum xskim_bench_kind kind;
        bool tiered;         /* `tier` was said, else it is the configuration's */
        int tier;            /* enum xskim_tier */
        uint32_t number;     /* of kinds that take one */
        const char *command; /* kind command: run by the shell; {port} is the port's name; borrowed
                                until close */
};

struct xskim_bench_config {
        enum xskim_bench_path path;
        uint32_t packet_bytes;        /* on the wire, FCS included; XSKIM_BENCH_IMIX; default 64 */
        int tier;                     /* of conditions that name none; default classes */
        unsigned int condition_count; /* the first is the baseline, the second the same again */
        struct xskim_bench_condition conditions[XSKIM_BENCH_CONDITIONS_MAX];
        double precision_percent; /* half width of the 95 % intervals of lost throughput to reach;
                                     default 1 */
        uint64_t max_time_ms;     /* of the measuring; default 120000 */
        uint32_t slice_ms;        /* default 20 */
        uint32_t slow_slice_ms;   /* of conditions that are slow to switch; default 200 */
        uint32_t settle_ms;       /* for another program to start; default 500 */
        bool latency;             /* measure it, too; default yes; not on drop and tcp */
        double loss_tolerance; /* share of packets that may be lost at the no-drop rate (RFC 2544,
                                  section 26.1); default 0.001 */
        uint64_t seed;         /* of the order; 0: from the kernel */
        const char *tx_port;   /* with rx_port: real ports; NULL: a lab of its own */
        const char *rx_port;
};

/* An estimate with its 95 % interval. count 0: not measured, the rest is NAN. */
struct xskim_bench_interval {
        double median;
        double low;
        double high;
        uint32_t count; /* of slices, or pairs of them, behind it */
};

/* A slice at top speed. */
struct xskim_bench_slice {
        uint32_t block;
        uint32_t condition;
        uint64_t start_ns; /* CLOCK_MONOTONIC */
        uint64_t duration_ns;
        uint64_t offered;       /* packets that the sender handed over; tcp: 0 */
        uint64_t packets;       /* that arrived; tcp: bytes / 1448 */
        uint64_t bytes;         /* that arrived */
        uint64_t sender_cpu_ns; /* with the packet path, which runs on its CPU */
        uint64_t receiver_cpu_ns;
        uint64_t collector_cpu_ns; /* xskim's workers, or the other program */
};

/* The rates at which latency is taken, in percent of the no-drop rate; 0 is XSKIM_BENCH_IDLE_PPS.
 * ROW(percent) */
#define XSKIM_BENCH_LOAD_ROWS(ROW) ROW(0) ROW(50) ROW(90) ROW(100)

enum { XSKIM_BENCH_LOADS = 4, XSKIM_BENCH_LOAD_HALF = 1, XSKIM_BENCH_IDLE_PPS = 2000 };

/* A slice at a stated rate. */
struct xskim_bench_latency_slice {
        uint32_t block;
        uint32_t condition;
        uint32_t load; /* row of XSKIM_BENCH_LOAD_ROWS */
        uint64_t start_ns;
        uint64_t duration_ns;
        uint64_t sent; /* or were to be */
        uint64_t lost; /* of them did not arrive, or could not be sent until it was over: in no
                          percentile */
        uint64_t p50_ns;
        uint64_t p99_ns;
        uint64_t p999_ns;
        uint64_t max_ns;
};

/* Of one condition at one rate, all slices together. */
struct xskim_bench_latency {
        uint64_t sent;
        uint64_t lost;
        struct xskim_distribution distribution;
        struct xskim_curve curve;
        struct xskim_bench_interval added_p50_ns; /* over the baseline, paired */
        struct xskim_bench_interval added_p99_ns;
        struct xskim_bench_interval added_p999_ns;
};

/* What came of a condition. */
struct xskim_bench_outcome {
        char name[XSKIM_BENCH_NAME_BYTES]; /* unique: sample=64, "empty again", tcpdump */
        char tier[16];                     /* counts, classes, or empty: it has none */
        enum xskim_bench_kind kind;
        uint32_t number;
        bool failed; /* could not be measured (to the end): see note */
        char note[XSKIM_BENCH_WORDS_BYTES];
        struct xskim_bench_interval mpps;         /* millions of packets a second */
        struct xskim_bench_interval loss_percent; /* of throughput, against the baseline */
        double ns_per_packet; /* in the program, BPF_PROG_RUN, alone and warm; NAN: none */
        double ns_per_packet_statistics; /* the kernel's run-time statistics, in a pass of its own,
                                            their own cost included */
        double burnt_ns; /* burn: of a packet in its place, from the program's first reading of the
                            clock to its second, one reading included; NAN: others */
        double sender_cpu_ns_per_packet; /* the CPU that sends and has the packet path */
        double receiver_cpu_ns_per_packet;
        double path_cpu_percent; /* of a core, the program, at this throughput */
        double collector_cpu_percent;
        uint64_t memory_bytes; /* kernel memory of the condition's programs and maps */
        struct xskim_bench_interval added_p99_ns; /* at half the no-drop rate */
        struct xskim_bench_latency latency[XSKIM_BENCH_LOADS];
        /* the account */
        uint64_t truth; /* packets that came while it was attached, warming up included; to the
                           packet in a lab of its own but for tcp, else others send there, too */
        uint64_t seen;  /* by it, as it says itself */
        bool seen_known;
        uint64_t lost_records; /* of what it sampled: did not reach the collector */
        uint64_t unaccounted;  /* xskim: the ledger's, and |seen - truth| where that is exact */
};

/* The instrument by itself. */
struct xskim_bench_bias {
        uint64_t clock_ns;      /* a reading of the clock */
        uint64_t sender_p50_ns; /* from when a packet was to be sent to when it was, at 50 % */
        uint64_t sender_p99_ns;
        uint64_t back_to_back_p50_ns; /* latency with the baseline on the port, idle: nothing else
                                         is between */
        uint64_t back_to_back_p99_ns;
};

/* The experiment as it went. ROW(name, doc) of times: */
#define XSKIM_BENCH_PHASE_ROWS(ROW)                                                                \
        ROW(programs, "timing the programs")                                                       \
        ROW(search, "searching the no-drop rate")                                                  \
        ROW(latency, "measuring latency")                                                          \
        ROW(throughput, "measuring throughput")

#define XSKIM_BENCH_PHASE_MEMBER(name_, doc_) XSKIM_BENCH_PHASE_##name_,
enum xskim_bench_phase { XSKIM_BENCH_PHASE_ROWS(XSKIM_BENCH_PHASE_MEMBER) XSKIM_BENCH_PHASE_COUNT };

struct xskim_bench_result {
        enum xskim_bench_path path;
        uint32_t packet_bytes;
        uint64_t seed;
        double duration_s;
        uint32_t blocks;
        bool interrupted;
        double precision_asked_percent;
        double precision_percent; /* the widest half width among xskim's own conditions */
        bool precision_reached;
        char port[XSKIM_NAME_MAX];
        char driver[32];
        char xdp[16];         /* native: nothing else is attached */
        uint64_t no_drop_pps; /* 0: not searched */
        double loss_tolerance;
        struct xskim_bench_bias bias;
        bool has_null;                                 /* the second condition is the first again */
        struct xskim_bench_interval null_loss_percent; /* it against the first; else not measured */
        struct xskim_bench_interval null_added_p99_ns;
        unsigned int outcome_count;
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX]; /* [0] is the baseline */
        uint32_t slice_count;
        uint32_t latency_slice_count;
        const struct xskim_bench_slice *slices; /* owned by the bench, until close */
        const struct xskim_bench_latency_slice *latency_slices;
};

struct xskim_bench_progress {
        enum xskim_bench_phase phase;
        double share;       /* of the whole, as far as can be said: 0 to 1 */
        double remaining_s; /* at most */
        uint32_t blocks;
        double precision_percent; /* NAN: not yet */
        const char *what;         /* the condition, or what is being done */
};

struct xskim_bench_watch {
        void *context;
        uint32_t interval_ms; /* 0: none is called */
        void (*progress)(void *context, const struct xskim_bench_progress *progress);
};

struct xskim_bench;

/* The defaults, and the default conditions of the path. */
XSKIM_PUBLIC void xskim_bench_config_init(struct xskim_bench_config *config);

/* Sets the conditions that are measured when none are named, for the path of the configuration. */
XSKIM_PUBLIC void xskim_bench_conditions_default(struct xskim_bench_config *config);

/* "sample=64", "sample=64:counts", "empty", …; -EINVAL with a message. */
XSKIM_PUBLIC int xskim_bench_condition_read(const char *text,
                                            struct xskim_bench_condition *ret_condition);

/*
 * Checks, makes the lab, loads all conditions, allocates. -EINVAL, -EPERM, -EOPNOTSUPP, -EBUSY (a
 * program is on the port), -ENODEV, -ENETDOWN, -EADDRNOTAVAIL (a real port without an address),
 * -ENOMEM, with a message. Strings of the configuration are borrowed until close. Needs what
 * xskim_open needs.
 */
XSKIM_PUBLIC int xskim_bench_open(const struct xskim_bench_config *config,
                                  struct xskim_bench **ret_bench);

/* The experiment; blocks. An interrupted or failed one leaves in the result what there is. */
XSKIM_PUBLIC int xskim_bench_run(struct xskim_bench *bench, const struct xskim_bench_watch *watch,
                                 struct xskim_bench_result *ret_result);

/* From a signal handler or any thread: ends soon, with what there is. */
XSKIM_PUBLIC void xskim_bench_interrupt(struct xskim_bench *bench);

/* Takes everything down. NULL is fine. Returns NULL. */
XSKIM_PUBLIC struct xskim_bench *xskim_bench_close(struct xskim_bench *bench);

/* ---- statistics of slices, for whoever compares results ---- */

/* The typical difference of pairs, with its 95 % interval: see above. Sorts `differences`. */
XSKIM_PUBLIC struct xskim_bench_interval xskim_bench_paired(double *differences, uint32_t count);

/* By how much the values of `now` are typically above those of `then`: Hodges and Lehmann's
 * estimate for two samples, with the interval of the Mann-Whitney distribution. Sorts both. */
XSKIM_PUBLIC struct xskim_bench_interval xskim_bench_unpaired(double *then, uint32_t then_count,
                                                              double *now, uint32_t now_count);

/* ns a packet = gate + sample / N, by least squares on relative errors; of fewer than two different
 * N: NAN. */
struct xskim_bench_model {
        double gate_ns;
        double sample_ns;
};
XSKIM_PUBLIC struct xskim_bench_model xskim_bench_model_fit(const double *every, const double *ns,
                                                            uint32_t count);

#endif

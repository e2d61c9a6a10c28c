/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots made up for tests of what shows them: nothing, something usual, and as much as there
 * can be. */
#ifndef XSKIM_TEST_SNAPSHOTS_H
#define XSKIM_TEST_SNAPSHOTS_H

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <xskim/xskim.h>

static inline struct xskim_distribution distribution_made(uint64_t count, uint64_t middle) {
        return (struct xskim_distribution){
                .count = count,
                .min = middle / 10,
                .max = middle * 100,
                .mean = middle * 1.25,
                .relative_error = 0.0055,
                .quantiles = {
                        [XSKIM_P50] = {middle, middle - 1, middle + 1, middle - 2, middle + 2},
                        [XSKIM_P90] = {2 * middle, 2 * middle - 1, 2 * middle + 1, 2 * middle - 3,
                                       2 * middle + 3},
                        [XSKIM_P99] = {9 * middle, 9 * middle - 1, 9 * middle + 1, 8 * middle,
                                       10 * middle},
                        [XSKIM_P999] = {50 * middle, 50 * middle - 1, 50 * middle + 1, 9 * middle,
                                        100 * middle},
                }};
}

static inline struct xskim_snapshot snapshot_usual(void) {
        struct xskim_snapshot s = {
                .port = "eth1",
                .tier = XSKIM_TIER_CLASSES,
                .sample = 64,
                .start_unix_ns = 1700000000000000000,
                .duration_s = 12.5,
                .interval_s = 1,
                .pps = 1.04e6,
                .bps = 9.81e9,
                .mode = {"native", "copy", "xdp", "link"},
                .ledger = {.seen = 12441092,
                           .bytes = 14667009509,
                           .sampled = 194390,
                           .not_sampled = 12246702,
                           .staged = 194390,
                           .carried = 194390,
                           .received = 194390,
                           .decoded = 194390},
                .classes = {.ipv4 = 12000000, .ipv6 = 441092, .tcp = 11000000, .udp = 1441092},
                .parse = {.complete = 12441092},
                .estimate_packets = {12430000.4, 12390000.6, 12470000.2},
                .estimate_bytes = {14660000000, 14600000000, 14720000000},
                .cost = {.ns_per_packet = 4.1,
                         .ns_per_sample = 62,
                         .timed_runs = 759,
                         .path_cpu_percent = 0.5,
                         .collector_cpu_percent = 0.8,
                         .ns_per_record = 95,
                         .kernel_memory_bytes = 196 * 1024,
                         .user_memory_bytes = 1234567},
                .note_count = 1,
                .notes = {"veth: any XDP program takes GRO and GSO from the peer"},
        };

        s.gap = distribution_made(194390, 700);
        s.delivery = distribution_made(194390, 48000);
        s.size = distribution_made(12441092, 100);
        return s;
}

#define FILL_3(name_, unit_, doc_) s.ledger.name_ = UINT64_MAX;
#define FILL_CLASS(name_, doc_)                                                                    \
        s.classes.name_ = UINT64_MAX / 3;                                                          \
        s.estimate_classes.name_ = (struct xskim_estimate){DBL_MAX, INFINITY, NAN};
#define FILL_PARSE(name_, doc_) s.parse.name_ = UINT64_MAX;
#define FILL_COST(type_, name_, doc_)                                                              \
        s.cost.name_ = _Generic((type_)0, double : DBL_MAX, default : UINT64_MAX);
#define FILL_MODE(name_, doc_) memset(s.mode.name_, 'm', sizeof(s.mode.name_) - 1);
#define FILL_LATENCY(name_, doc_) s.name_ = huge;
#define FILL_TRANSIT(name_, doc_) s.transit.name_ = UINT64_MAX;
#define FILL_EXPECT(name_, doc_) s.expect.name_ = UINT64_MAX;
#define FILL_STREAM(name_, doc_) s.name_ = UINT64_MAX;

static inline struct xskim_distribution distribution_huge(void) {
        struct xskim_distribution huge = {.count = UINT64_MAX,
                                          .max = UINT64_MAX,
                                          .mean = DBL_MAX,
                                          .relative_error = INFINITY};

        for (int i = 0; i < XSKIM_QUANTILE_COUNT; i++)
                huge.quantiles[i] =
                        (struct xskim_quantile){UINT64_MAX, 999, UINT64_MAX, 99999, UINT64_MAX - 1};
        huge.biased = true;
        return huge;
}

static inline struct xskim_stream stream_huge(void) {
        struct xskim_stream s = {.run = UINT32_MAX,
                                 .number = UINT16_MAX,
                                 .reordered_ratio = INFINITY,
                                 .reorder_extent_mean = DBL_MAX,
                                 .delay_variation.jitter_ns = NAN};

        XSKIM_STREAM_ROWS(FILL_STREAM)
        s.latency = s.delay_variation.pdv = s.delay_variation.ipdv = distribution_huge();
        return s;
}

/* Every figure at its end, every text as long as it can be, names that a terminal would obey. */
static inline struct xskim_snapshot snapshot_huge(void) {
        struct xskim_snapshot s = {.port = "evil\033[2J\x80name.1",
                                   .verdict = XSKIM_VERDICT_DROP,
                                   .tier = XSKIM_TIER_CLASSES,
                                   .sample = UINT32_MAX,
                                   .partial = true,
                                   .duration_s = DBL_MAX,
                                   .interval_s = NAN,
                                   .pps = INFINITY,
                                   .bps = DBL_MAX,
                                   .attach_lost = UINT64_MAX,
                                   .estimate_packets = {NAN, -INFINITY, INFINITY},
                                   .note_count = XSKIM_NOTES_MAX};
        struct xskim_distribution huge = distribution_huge();

        XSKIM_LEDGER_ROWS(FILL_3)
        XSKIM_CLASS_ROWS(FILL_CLASS)
        XSKIM_PARSE_ROWS(FILL_PARSE)
        XSKIM_COST_ROWS(FILL_COST)
        XSKIM_MODE_ROWS(FILL_MODE)
        XSKIM_LATENCY_ROWS(FILL_LATENCY)
        s.size = huge;
        s.transit.enabled = true;
        s.transit.clock_offset_ns = INT64_MIN;
        XSKIM_TRANSIT_ROWS(FILL_TRANSIT)
        s.transit.stream_count = UINT32_MAX;
        for (int i = 0; i < XSKIM_STREAMS_MAX; i++)
                s.transit.streams[i] = stream_huge();
        s.transit.sum = stream_huge();
        s.expect.enabled = true;
        s.expect.loops = UINT64_MAX;
        XSKIM_EXPECT_ROWS(FILL_EXPECT)
        s.expect.extra_classes = s.classes;
        memset(s.expect.file, '\x80', sizeof(s.expect.file) - 1);
        memset(s.ledger.where, 'w', sizeof(s.ledger.where) - 1);
        for (int i = 0; i < XSKIM_NOTES_MAX; i++)
                for (int j = 0; j < XSKIM_NOTE_BYTES - 2; j += 2)
                        memcpy(s.notes[i] + j, j % 30 ? "µ" : "a ", 2);
        return s;
}

#endif

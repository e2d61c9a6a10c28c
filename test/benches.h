/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of experiments made up for tests of what shows them: something usual, one of which
 * nothing was measured, and as much as there can be. */
#ifndef XSKIM_TEST_BENCHES_H
#define XSKIM_TEST_BENCHES_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <xskim/xskim.h>

#include "environment.h"
#include "snapshots.h"

enum { BENCHES_BLOCKS = 40 };

static struct xskim_bench_slice benches_slices[BENCHES_BLOCKS * XSKIM_BENCH_CONDITIONS_MAX];
static struct xskim_bench_latency_slice
        benches_latency_slices[BENCHES_BLOCKS * XSKIM_BENCH_CONDITIONS_MAX];
static struct environment benches_environment;
static struct xskim_bench_result benches_result; /* too large for a stack */

static inline struct xskim_bench_interval interval_made(double low, double median, double high) {
        return (struct xskim_bench_interval){
                .median = median, .low = low, .high = high, .count = BENCHES_BLOCKS};
}

static const struct xskim_bench_interval UNMEASURED = {NAN, NAN, NAN, 0};

/* What nobody measured, as the library leaves it. */
static inline struct xskim_bench_outcome *outcome_add(const char *name, enum xskim_bench_kind kind,
                                                      uint32_t number) {
        struct xskim_bench_outcome *outcome =
                &benches_result.outcomes[benches_result.outcome_count++];

        *outcome = (struct xskim_bench_outcome){
                .kind = kind,
                .number = number,
                .mpps = UNMEASURED,
                .loss_percent = UNMEASURED,
                .ns_per_packet = NAN,
                .ns_per_packet_statistics = NAN,
                .burnt_ns = NAN,
                .sender_cpu_ns_per_packet = NAN,
                .receiver_cpu_ns_per_packet = NAN,
                .path_cpu_percent = NAN,
                .collector_cpu_percent = NAN,
                .added_p99_ns = UNMEASURED,
        };
        for (size_t i = 0; i < XSKIM_BENCH_LOADS; i++)
                outcome->latency[i].added_p50_ns = outcome->latency[i].added_p99_ns =
                        outcome->latency[i].added_p999_ns = UNMEASURED;
        snprintf(outcome->name, sizeof(outcome->name), "%s", name);
        if (kind == XSKIM_BENCH_KIND_sample)
                strcpy(outcome->tier, "classes");
        return outcome;
}

static inline void latency_make(struct xskim_bench_outcome *outcome, uint64_t p50_ns) {
        for (size_t i = 0; i < XSKIM_BENCH_LOADS; i++) {
                struct xskim_bench_latency *latency = &outcome->latency[i];

                latency->sent = 100000;
                latency->lost = i;
                latency->distribution = distribution_made(100000 - i, p50_ns * (i + 1));
                latency->added_p50_ns = interval_made(-10, 20, 50);
                latency->added_p99_ns = interval_made(-300, 200, 600);
                latency->added_p999_ns = interval_made(-3000, 2000, 6000);
                for (unsigned int j = 0; j < 12; j++)
                        latency->curve.points[j] = (struct xskim_curve_point){
                                .above_ppm = 500000 >> j,
                                .quantile = {p50_ns + j * 900, p50_ns + j * 899, p50_ns + j * 901,
                                             0, 0}};
                latency->curve.count = 12;
        }
        outcome->added_p99_ns = outcome->latency[XSKIM_BENCH_LOAD_HALF].added_p99_ns;
}

static inline struct xskim_bench_outcome *measured_add(const char *name, enum xskim_bench_kind kind,
                                                       uint32_t number, double ns, double loss) {
        struct xskim_bench_outcome *outcome = outcome_add(name, kind, number);

        outcome->mpps = interval_made(0.99, 1.021 * (1 - loss / 100), 1.03);
        if (benches_result.outcome_count > 1)
                outcome->loss_percent = interval_made(loss - 0.6, loss, loss + 0.5);
        outcome->ns_per_packet = ns;
        outcome->ns_per_packet_statistics = ns * 1.5;
        outcome->burnt_ns = 90;
        outcome->sender_cpu_ns_per_packet = 960;
        outcome->receiver_cpu_ns_per_packet = 640;
        outcome->path_cpu_percent = ns / 10;
        outcome->collector_cpu_percent = 0.8;
        outcome->memory_bytes = 196 << 10;
        outcome->truth = outcome->seen = 4000000;
        outcome->seen_known = kind != XSKIM_BENCH_KIND_empty;
        latency_make(outcome, 3000);
        return outcome;
}

static inline void slices_make(void) {
        struct xskim_bench_result *result = &benches_result;

        result->slices = benches_slices;
        result->latency_slices = benches_latency_slices;
        for (uint32_t block = 0; block < BENCHES_BLOCKS; block++)
                for (uint32_t c = 0; c < result->outcome_count; c++) {
                        uint64_t start =
                                5000000000 + (block * result->outcome_count + c) * 25000000ULL;

                        benches_slices[result->slice_count++] =
                                (struct xskim_bench_slice){.block = block,
                                                           .condition = c,
                                                           .start_ns = start,
                                                           .duration_ns = 20000000,
                                                           .offered = 20500,
                                                           .packets = 20400 - 13 * c + block,
                                                           .bytes = 64 * 20400,
                                                           .sender_cpu_ns = 19000000,
                                                           .receiver_cpu_ns = 13000000,
                                                           .collector_cpu_ns = 200000};
                        benches_latency_slices[result->latency_slice_count++] =
                                (struct xskim_bench_latency_slice){.block = block,
                                                                   .condition = c,
                                                                   .load = block % 4,
                                                                   .start_ns = start,
                                                                   .duration_ns = 40000000,
                                                                   .sent = 20000,
                                                                   .lost = 1,
                                                                   .p50_ns = 3000,
                                                                   .p99_ns = 9000,
                                                                   .p999_ns = 50000,
                                                                   .max_ns = 700000};
                }
}

static inline void result_begin(void) {
        memset(&benches_result, 0, sizeof(benches_result));
        benches_result = (struct xskim_bench_result){
                .path = XSKIM_BENCH_PATH_stack,
                .packet_bytes = 64,
                .seed = UINT64_MAX - 4,
                .duration_s = 118.2,
                .blocks = BENCHES_BLOCKS,
                .precision_asked_percent = 1,
                .precision_percent = 0.61,
                .precision_reached = true,
                .port = "rx0",
                .driver = "veth",
                .xdp = "native",
                .loss_tolerance = 0.001,
                .bias = {.clock_ns = 22},
                .null_loss_percent = UNMEASURED,
                .null_added_p99_ns = UNMEASURED,
        };
        benches_environment = (struct environment){
                .command = "xskim bench",
                .when = "2026-01-02 03:04:05 +0000",
                .kernel = "Linux 6.18 x86_64",
                .cpu = "AMD EPYC",
                .virtualisation = "none seen",
                .governor = "performance",
                .clocksource = "tsc",
                .jit = "on, hardening 0",
                .xskim = "0.1.0",
                .libbpf = "1.1.2",
                .clang = "14.0.6",
                .cpus = 2,
                .mitigation_count = 1,
                .mitigations = {{.name = "meltdown", .state = "Not affected"}},
        };
}

/* As the sketch of it: baseline, null, three rates, a foreign program. */
static inline struct xskim_bench_result *result_usual(void) {
        struct xskim_bench_outcome *foreign;

        result_begin();
        benches_result.no_drop_pps = 912000;
        benches_result.bias.back_to_back_p50_ns = 1100;
        benches_result.bias.back_to_back_p99_ns = 2200;
        benches_result.bias.sender_p50_ns = 150;
        benches_result.bias.sender_p99_ns = 900;
        measured_add("empty", XSKIM_BENCH_KIND_empty, 0, 9, 0);
        measured_add("empty again", XSKIM_BENCH_KIND_empty, 0, 9, 0.1);
        measured_add("sample=1000", XSKIM_BENCH_KIND_sample, 1000, 13.092, 0.4);
        measured_add("sample=64", XSKIM_BENCH_KIND_sample, 64, 14.4375, 1.2);
        measured_add("sample=1", XSKIM_BENCH_KIND_sample, 1, 105, 8.5);
        foreign = measured_add("tcpdump", XSKIM_BENCH_KIND_command, 0, NAN, 24.5);
        foreign->path_cpu_percent = NAN;
        foreign->seen = 3724000; /* 93.1 % */
        benches_result.has_null = true;
        benches_result.null_loss_percent = benches_result.outcomes[1].loss_percent;
        benches_result.null_added_p99_ns = benches_result.outcomes[1].added_p99_ns;
        slices_make();
        return &benches_result;
}

/* Interrupted before the first block. */
static inline struct xskim_bench_result *result_nothing(void) {
        result_begin();
        benches_result.interrupted = true;
        benches_result.blocks = 0;
        benches_result.precision_reached = false;
        benches_result.precision_percent = NAN;
        outcome_add("empty", XSKIM_BENCH_KIND_empty, 0);
        outcome_add("empty again", XSKIM_BENCH_KIND_empty, 0);
        outcome_add("sample=64", XSKIM_BENCH_KIND_sample, 64);
        return &benches_result;
}

/* All conditions there can be, the longest names, figures beyond all columns. */
static inline struct xskim_bench_result *result_huge(void) {
        static const double values[] = {1e12, -1e12, 123456.789, INFINITY, -99.99, NAN};
        char name[XSKIM_BENCH_NAME_BYTES];

        result_begin();
        benches_result.no_drop_pps = UINT64_MAX;
        benches_result.duration_s = 1e9;
        benches_result.blocks = UINT32_MAX;
        benches_result.precision_reached = false;
        benches_result.precision_percent = 1e300;
        memset(benches_result.port, 'p', sizeof(benches_result.port) - 1);
        memset(benches_result.driver, 'd', sizeof(benches_result.driver) - 1);
        memset(benches_environment.cpu, 'c', sizeof(benches_environment.cpu) - 1);
        memset(benches_environment.kernel, 'k', sizeof(benches_environment.kernel) - 1);
        for (unsigned int i = 0; i < XSKIM_BENCH_CONDITIONS_MAX; i++) {
                double value = values[i % (sizeof(values) / sizeof(values[0]))];
                struct xskim_bench_outcome *outcome;

                memset(name, 'n', sizeof(name) - 1);
                snprintf(name + 40, sizeof(name) - 40, "%u", i);
                outcome = measured_add(name, XSKIM_BENCH_KIND_command, UINT32_MAX, value, value);
                outcome->mpps.median = value;
                outcome->sender_cpu_ns_per_packet = value;
                outcome->path_cpu_percent = outcome->collector_cpu_percent = value;
                outcome->memory_bytes = UINT64_MAX;
                outcome->added_p99_ns = interval_made(-value, value, value * 3);
                outcome->truth = UINT64_MAX;
                outcome->lost_records = outcome->unaccounted = UINT64_MAX;
                memset(outcome->note, 'w', sizeof(outcome->note) - 1);
                latency_make(outcome, UINT64_MAX / 8);
        }
        benches_result.null_loss_percent = interval_made(1e12, 1e13, 1e14);
        slices_make();
        return &benches_result;
}

#endif

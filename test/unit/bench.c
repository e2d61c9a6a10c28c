/* SPDX-License-Identifier: BSD-2-Clause */
/* From slices to figures: what is paired with what, and that nothing is left out. */
#include <criterion/criterion.h>
#include <math.h>

#include "bench_outcome.h"
#include "distributions.h"
#include "util.h"

enum { BLOCKS = 200, CONDITIONS = 3, SLICES_MAX = BLOCKS * CONDITIONS * 2, SLICE_NS = 20000000 };

static struct xskim_bench_slice made[SLICES_MAX];
static struct xskim_bench_latency_slice paced[SLICES_MAX];
static double scratch[SLICES_MAX];
static struct bench_slices slices;

static struct xskim_bench_slice *slice_add(uint32_t block, uint32_t condition, double packets) {
        struct xskim_bench_slice *slice = &made[slices.count++];

        *slice = (struct xskim_bench_slice){
                .block = block,
                .condition = condition,
                .start_ns = (uint64_t)slices.count * 25000000,
                .duration_ns = SLICE_NS,
                .packets = (uint64_t)packets,
                .bytes = (uint64_t)packets * 60,
                .sender_cpu_ns = SLICE_NS,
                .receiver_cpu_ns = SLICE_NS / 2,
                .collector_cpu_ns = condition * SLICE_NS / 10,
        };
        return slice;
}

static void begin(void) {
        slices = (struct bench_slices){.slices = made, .latency_slices = paced, .scratch = scratch};
}

static double noise(uint64_t *random) {
        return (double)(test_random(random) % 2001) / 1000 - 1;
}

/* The machine drifts to half its speed and back: pairs do not see it. */
static void drifting(double loss_percent) {
        uint64_t random = 3;

        begin();
        for (uint32_t block = 0; block < BLOCKS; block++) {
                double speed = 20000 * (0.75 + 0.25 * cos(block / 20.0));

                for (uint32_t i = 0; i < CONDITIONS; i++) {
                        uint32_t condition = (i + block) % CONDITIONS;
                        double share = condition == 2 ? 1 - loss_percent / 100 : 1;

                        slice_add(block, condition, speed * share * (1 + 0.02 * noise(&random)));
                }
        }
}

Test(bench, a_loss_is_found_whatever_the_machine_does) {
        struct xskim_bench_interval loss, null;

        drifting(4);
        loss = bench_loss(&slices, 2);
        null = bench_loss(&slices, 1);
        cr_assert_eq(loss.count, BLOCKS);
        cr_assert(loss.low < 4 && loss.high > 4, "[%g, %g]", loss.low, loss.high);
        cr_assert(null.low < 0 && null.high > 0, "[%g, %g]", null.low, null.high);
        cr_assert_lt(loss.high - loss.low, 1);
}

Test(bench, the_baseline_has_no_loss_of_its_own) {
        drifting(4);
        cr_assert_eq(bench_loss(&slices, 0).count, 0);
        cr_assert(isnan(bench_loss(&slices, 0).median));
}

/* A condition that is slow to switch has a baseline of its own, which is nearer. */
Test(bench, the_nearest_baseline_of_the_block_is_the_one_that_counts) {
        begin();
        for (uint32_t block = 0; block < 10; block++) {
                slice_add(block, 0, 1000);
                slice_add(block, 1, 1000);
                slice_add(block, 0, 2000);
                slice_add(block, 2, 1000);
        }
        cr_assert_float_eq(bench_loss(&slices, 2).median, 50, 1e-9);
}

Test(bench, a_block_without_baseline_makes_no_pair) {
        begin();
        slice_add(0, 0, 1000);
        slice_add(0, 1, 900);
        slice_add(1, 1, 100); /* interrupted before the baseline's turn */
        cr_assert_eq(bench_loss(&slices, 1).count, 1);
        cr_assert_float_eq(bench_loss(&slices, 1).median, 10, 1e-9);
}

Test(bench, an_outlier_stays) {
        struct xskim_bench_interval with;

        begin();
        for (uint32_t block = 0; block < 7; block++) {
                slice_add(block, 0, 1000);
                slice_add(block, 1, block == 3 ? 10 : 1000);
        }
        with = bench_loss(&slices, 1);
        cr_assert_eq(with.count, 7);
        cr_assert_gt(with.high, 10, "the interval of so few ends at %g", with.high);
}

Test(bench, cpu_times_are_shares_of_all_slices) {
        struct xskim_bench_outcome outcome = {.ns_per_packet = 50};

        begin();
        for (uint32_t block = 0; block < 10; block++) {
                slice_add(block, 0, 20000);
                slice_add(block, 1, 10000 + block * 2000);
        }
        bench_outcome_throughput(&slices, 1, &outcome);
        /* 190,000 packets in 200 ms */
        cr_assert_float_eq(outcome.mpps.median, 0.95, 1e-9);
        cr_assert_float_eq(outcome.sender_cpu_ns_per_packet, 10.0 * SLICE_NS / 190000, 1e-6);
        cr_assert_float_eq(outcome.receiver_cpu_ns_per_packet, 5.0 * SLICE_NS / 190000, 1e-6);
        cr_assert_float_eq(outcome.collector_cpu_percent, 10, 1e-6);
        cr_assert_float_eq(outcome.path_cpu_percent, 100 * 50 * 190000 / 200e6, 1e-6);
}

static void paced_add(uint32_t block, uint32_t condition, uint32_t load, uint64_t p99,
                      uint64_t lost) {
        paced[slices.latency_count++] = (struct xskim_bench_latency_slice){
                .block = block,
                .condition = condition,
                .load = load,
                .start_ns = slices.latency_count * 1000,
                .sent = 100,
                .lost = lost,
                .p50_ns = p99 / 2,
                .p99_ns = p99,
                .p999_ns = p99 * 2,
        };
}

Test(bench, added_latency_is_of_the_same_block_and_rate) {
        struct xskim_bench_outcome outcome = {0};

        begin();
        for (uint32_t block = 0; block < 40; block++) {
                paced_add(block, 0, XSKIM_BENCH_LOAD_HALF, 10000 + block * 1000, 0);
                paced_add(block, 0, 0, 1, 0);
                paced_add(block, 1, XSKIM_BENCH_LOAD_HALF, 12000 + block * 1000, 1);
                paced_add(block, 2, XSKIM_BENCH_LOAD_HALF, 0, 100); /* nothing arrived */
        }
        bench_outcome_latency(&slices, 1, &outcome);
        cr_assert_float_eq(outcome.added_p99_ns.median, 2000, 1e-9);
        cr_assert_float_eq(outcome.latency[XSKIM_BENCH_LOAD_HALF].added_p50_ns.median, 1000, 1e-9);
        cr_assert_float_eq(outcome.latency[XSKIM_BENCH_LOAD_HALF].added_p999_ns.median, 4000, 1e-9);
        cr_assert_eq(outcome.latency[XSKIM_BENCH_LOAD_HALF].sent, 4000);
        cr_assert_eq(outcome.latency[XSKIM_BENCH_LOAD_HALF].lost, 40);
        cr_assert_eq(outcome.latency[0].added_p99_ns.count, 0);
        outcome = (struct xskim_bench_outcome){0};
        bench_outcome_latency(&slices, 2, &outcome);
        cr_assert_eq(outcome.added_p99_ns.count, 0, "what never arrived has no latency");
        cr_assert_eq(outcome.latency[XSKIM_BENCH_LOAD_HALF].lost, 4000);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams of stamped packets by hand: the window's edges, extents, what is told when something
 * cannot be exact. The transit against a judge is in transit.c. */
#include <criterion/criterion.h>

#include <xskim/stamp.h>

#include "transit.h"
#include "util.h"

enum { RINGS = 4, WINDOW = XSKIM_TRANSIT_WINDOW };

static const uint64_t GAP_NS = 1000000;

static struct transit *transit_new(void) {
        const struct transit_config config = {.rings = RINGS};
        struct transit *transit;

        cr_assert_eq(transit_open(&config, &transit), 0);
        return transit;
}

static void report(struct transit *transit, struct xskim_transit *ret) {
        transit_settle(transit);
        transit_report(transit, 0, true, ret);
        transit_close(transit);
}

static void put(struct transit *transit, uint64_t number, uint64_t time_ns) {
        const struct arrival arrival = {.time_ns = time_ns, .sequence = number, .run = 1};

        transit_put(transit, 0, &arrival);
}

Test(streams, reordering_extent_is_counted_from_the_first_that_overtook) {
        static const uint64_t numbers[] = {0, 1, 2, 4, 5, 6, 7, 3};
        static struct xskim_transit got;
        struct transit *transit = transit_new();

        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
                put(transit, numbers[i], 100 + i);
        report(transit, &got);
        cr_assert_eq(got.sum.reordered, 1);
        cr_assert_eq(got.sum.reorder_extent_max, 4);
        cr_assert_eq(got.sum.lost, 0);
        cr_assert_float_eq(got.sum.reordered_ratio, 1 / 8., 1e-12);
}

Test(streams, every_second_one_first_and_the_others_afterwards) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();

        for (uint64_t number = 1; number < WINDOW; number += 2)
                put(transit, number, 1000 + number);
        for (uint64_t number = 0; number < WINDOW; number += 2)
                put(transit, number, 1000000 + number);
        report(transit, &got);
        cr_assert_eq(got.sum.received, WINDOW);
        cr_assert_eq(got.sum.reordered, WINDOW / 2);
        cr_assert_eq(got.sum.lost + got.sum.duplicated + got.sum.beyond_window, 0);
        /* number 2k was overtaken by 2k + 1, the k-th to arrive, and came as number W/2 + k */
        cr_assert_eq(got.sum.reorder_extent_max, WINDOW / 2);
        cr_assert_float_eq(got.sum.reorder_extent_mean, WINDOW / 2, 1e-9);
}

Test(streams, the_window_is_exact_to_the_number) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();

        put(transit, 0, 1);
        put(transit, 1, 2);
        put(transit, WINDOW + 1, 3);
        put(transit, 2, 4); /* the oldest one in the window */
        put(transit, 1, 5); /* just outside: a copy, but nobody knows */
        put(transit, 2, 6);
        report(transit, &got);
        cr_assert_eq(got.sum.received, 4);
        cr_assert_eq(got.sum.reordered, 1);
        cr_assert_eq(got.sum.duplicated, 1);
        cr_assert_eq(got.sum.beyond_window, 1);
        cr_assert_eq(got.sum.lost, WINDOW + 2 - 4);
}

Test(streams, leaps_beyond_the_window_forget_what_was_there) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();

        for (uint64_t i = 0; i < 5; i++)
                put(transit, i * WINDOW * 3, i);
        put(transit, 4 * 3 * WINDOW - 1, 6);
        report(transit, &got);
        cr_assert_eq(got.sum.received, 6);
        cr_assert_eq(got.sum.reordered, 1);
        cr_assert_eq(got.sum.reorder_extent_max, 1);
        cr_assert_eq(got.sum.lost, 4 * 3 * WINDOW + 1 - 6);
}

Test(streams, what_is_lost_before_the_first_one_is_lost_unless_it_was_joined_late) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();

        put(transit, 7, 1);
        report(transit, &got);
        cr_assert_eq(got.sum.lost, 7);
        transit = transit_new();
        put(transit, 1ULL << 40, 1);
        put(transit, (1ULL << 40) - 3, 2);
        report(transit, &got);
        cr_assert_eq(got.sum.received, 2);
        cr_assert_eq(got.sum.lost, 2);
        cr_assert_eq(got.sum.reordered, 1);
}

Test(streams, streams_are_kept_apart_and_one_too_many_is_told) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();

        for (uint32_t i = 0; i < 3; i++)
                for (uint32_t stream = 0; stream <= XSKIM_STREAMS_MAX; stream++) {
                        const struct arrival arrival = {.time_ns = 100 * i + stream,
                                                        .sequence = i,
                                                        .run = stream % 2,
                                                        .stream = (uint16_t)(stream / 2)};
                        transit_put(transit, 0, &arrival);
                }
        report(transit, &got);
        cr_assert_eq(got.stream_count, XSKIM_STREAMS_MAX);
        cr_assert_eq(got.sum.received, 3 * XSKIM_STREAMS_MAX);
        cr_assert_eq(got.sum.reordered + got.sum.lost + got.sum.duplicated, 0);
        cr_assert_eq(got.untracked, 3);
}

Test(streams, damaged_stamps_are_counted_and_believed_in_nothing) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();
        const struct arrival damaged = {.sequence = 1ULL << 40, .faults = XSKIM_STAMP_DAMAGED};

        put(transit, 0, 1);
        transit_put(transit, 0, &damaged);
        put(transit, 2, 3);
        report(transit, &got);
        cr_assert_eq(got.unattributed, 1);
        cr_assert_eq(got.sum.corrupted, 1);
        cr_assert_eq(got.sum.lost, 1);
        cr_assert_eq(got.stream_count, 1);
}

Test(streams, the_clock_offset_is_taken_off_and_what_is_below_0_is_told) {
        const struct transit_config config = {.rings = 1, .clock_offset_ns = 500};
        static struct xskim_transit got;
        struct arrival arrival = {.time_ns = 10000, .sent_ns = 8500};
        struct transit *transit;

        cr_assert_eq(transit_open(&config, &transit), 0);
        transit_put(transit, 0, &arrival);
        arrival = (struct arrival){.time_ns = 10001, .sent_ns = 9600, .sequence = 1};
        transit_put(transit, 0, &arrival);
        transit_settle(transit);
        transit_report(transit, 2, true, &got);
        cr_assert_eq(got.clock_offset_ns, 500);
        cr_assert_eq(got.sum.latency.max, 1000);
        cr_assert_eq(got.sum.latency.min, 0);
        cr_assert_eq(got.sum.before_sent, 1);
        transit_close(transit);
}

Test(streams, records_that_were_lost_are_told) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();

        put(transit, 0, 1);
        transit_settle(transit);
        transit_report(transit, 5, false, &got);
        cr_assert_eq(got.unrecorded, 0);
        transit_report(transit, 5, true, &got);
        cr_assert_eq(got.unrecorded, 4);
        transit_close(transit);
}

static uint64_t given_out(struct transit *transit) {
        static struct xskim_transit got;

        transit_report(transit, 0, false, &got);
        return got.sum.received;
}

Test(streams, nothing_is_given_out_that_a_ring_may_still_precede) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();
        struct arrival arrival = {.time_ns = 100, .run = 1};

        transit_put(transit, 0, &arrival);
        for (uint32_t ring = 0; ring < RINGS; ring++) {
                cr_assert_eq(given_out(transit), 0, "ring %u may", ring);
                transit_promise(transit, ring, ring == 2 ? 101 : 1000);
        }
        cr_assert_eq(given_out(transit), 1);
        arrival = (struct arrival){.time_ns = 101, .sequence = 2, .run = 1};
        transit_put(transit, 0, &arrival);
        transit_promise(transit, 2, 50);
        cr_assert_eq(given_out(transit), 1, "a promise is not taken back, and 101 may still come");
        arrival = (struct arrival){.time_ns = 101, .sequence = 1, .run = 1};
        transit_put(transit, 2, &arrival);
        transit_promise(transit, 2, 102);
        cr_assert_eq(given_out(transit), 3);
        report(transit, &got);
        cr_assert_eq(got.unordered, 0);
        cr_assert_eq(got.sum.reordered, 1,
                     "at the same time the ring with the lower number was first");
}

Test(streams, a_ring_that_breaks_its_promise_is_told) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();
        struct arrival arrival = {.time_ns = 100, .run = 1};

        transit_put(transit, 0, &arrival);
        for (uint32_t ring = 0; ring < RINGS; ring++)
                transit_promise(transit, ring, 200);
        arrival = (struct arrival){.time_ns = 100, .sequence = 1, .run = 1};
        transit_put(transit, 1, &arrival);
        report(transit, &got);
        cr_assert_eq(got.unordered, 0, "it does not come before what was given out");
        transit = transit_new();
        arrival = (struct arrival){.time_ns = 100, .run = 1};
        transit_put(transit, 0, &arrival);
        for (uint32_t ring = 0; ring < RINGS; ring++)
                transit_promise(transit, ring, 200);
        arrival = (struct arrival){.time_ns = 50, .sequence = 1, .run = 1};
        transit_put(transit, 1, &arrival);
        report(transit, &got);
        cr_assert_eq(got.unordered, 1);
        cr_assert_eq(got.sum.received, 2);
}

Test(streams, variation_is_above_the_least_latency) {
        static struct xskim_transit got;
        struct transit *transit = transit_new();

        for (uint64_t i = 0; i < 100; i++) {
                const struct arrival arrival = {.time_ns = 1000000 + i * 1000 + (i >= 50) * 40,
                                                .sent_ns = i * 1000,
                                                .sequence = i};
                transit_put(transit, 0, &arrival);
        }
        report(transit, &got);
        cr_assert_eq(got.sum.latency.min, 1000000);
        cr_assert_eq(got.sum.delay_variation.pdv.min, 0);
        cr_assert_eq(got.sum.delay_variation.pdv.max, 40);
        cr_assert_float_eq(got.sum.delay_variation.pdv.mean, 20, 1e-6);
        cr_assert_eq(got.sum.delay_variation.ipdv.max, 40);
        cr_assert_eq(got.sum.delay_variation.ipdv.quantiles[XSKIM_P50].value, 0);
        cr_assert_eq(got.sum.delay_variation.ipdv.count, 99);
}

/* ---- since the snapshot before, and as a curve ---- */

static void put_late(struct transit *transit, uint64_t number, uint64_t latency_ns) {
        uint64_t time_ns = (1 + number) * GAP_NS;
        const struct arrival arrival = {
                .time_ns = time_ns, .sent_ns = time_ns - latency_ns, .sequence = number, .run = 1};

        transit_put(transit, 0, &arrival);
}

Test(streams, latency_of_an_interval_is_that_of_its_own_arrivals) {
        static struct xskim_transit first, second, last;
        struct transit *transit = transit_new();

        for (uint64_t number = 0; number < 10; number++)
                put_late(transit, number, 1000);
        transit_settle(transit);
        transit_report(transit, 0, false, &first);
        transit_next_interval(transit);
        for (uint64_t number = 10; number < 15; number++)
                put_late(transit, number, 9000);
        put_late(transit, 3, 500000); /* a copy */
        transit_settle(transit);
        transit_report(transit, 0, false, &second);
        transit_next_interval(transit);
        report(transit, &last);
        cr_assert_eq(first.latency_interval.count, 10);
        cr_assert_eq(first.latency_interval.max, 1000);
        cr_assert_eq(second.latency_interval.count, 5);
        cr_assert_eq(second.latency_interval.min, 9000);
        cr_assert_eq(second.latency_interval.max, 9000);
        cr_assert_eq(second.latency_curve.count, 0, "only in the summary");
        cr_assert_eq(last.latency_interval.count, 15, "of the whole run");
        cr_assert_eq(last.latency_interval.min, 1000);
}

/* Value number i of n, from 1 on, is i microseconds: so many are above as it says. */
Test(streams, each_point_of_the_curve_holds_its_percentile) {
        enum { VALUES = 30000 };
        static struct xskim_transit got;
        const struct xskim_curve *curve = &got.latency_curve;
        struct transit *transit = transit_new();
        bool p99 = false;

        for (uint64_t number = 0; number < VALUES; number++)
                put_late(transit, number, 1000 * (1 + number * 7919 % VALUES));
        report(transit, &got);
        cr_assert_gt(curve->count, 25);
        for (unsigned int i = 0; i < curve->count; i++) {
                const struct xskim_curve_point *point = &curve->points[i];
                uint64_t above = (uint64_t)VALUES * point->above_ppm / 1000000;
                uint64_t exact = 1000 * (VALUES - above);

                cr_assert_lt(point->quantile.low, exact, "%u ppm", point->above_ppm);
                cr_assert_geq(point->quantile.high, exact, "%u ppm", point->above_ppm);
                cr_assert(!i || point->above_ppm < curve->points[i - 1].above_ppm);
                cr_assert_geq(above, 1, "%u ppm of %u: nothing stands for it", point->above_ppm,
                              VALUES);
                p99 |= point->above_ppm == 10000 &&
                       point->quantile.value == got.sum.latency.quantiles[XSKIM_P99].value;
        }
        cr_assert(p99, "P99 is one of them");
}

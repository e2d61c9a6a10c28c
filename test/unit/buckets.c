/* SPDX-License-Identifier: BSD-2-Clause */
/* The buckets that the library gives: each value in the one slot whose bounds hold it, each packet
 * that a sample stands for, and sums that are exact. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "distributions.h"

enum { VALUES = 20000, SAMPLE = 10 };

static struct account_kernel kernel;
static struct tally tally;
static struct xskim_buckets buckets;
static uint64_t expected[XSKIM_BUCKET_SLOTS_MAX];

static void setup(void) {
        memset(&kernel, 0, sizeof(kernel));
        memset(&tally, 0, sizeof(tally));
        memset(expected, 0, sizeof(expected));
        kernel.tier = XSKIM_TIER_CLASSES;
        kernel.sample = SAMPLE;
}

TestSuite(buckets, .init = setup);

/* By trying one after another what the public header says of a slot. */
static unsigned int slot_searched(unsigned int scale, uint64_t value) {
        unsigned int slot = 0;

        while (xskim_bucket_bound(scale, slot) < value)
                slot++;
        return slot;
}

static void check(unsigned int scale, uint64_t samples, uint64_t count, double sum) {
        cr_assert_eq(buckets.scale, scale);
        cr_assert_leq(buckets.slots, XSKIM_BUCKET_SLOTS_MAX);
        for (unsigned int slot = 0; slot < XSKIM_BUCKET_SLOTS_MAX; slot++)
                cr_assert_eq(buckets.counts[slot], expected[slot], "slot %u", slot);
        cr_expect_eq(buckets.samples, samples);
        cr_expect_eq(buckets.count, count);
        cr_expect_float_eq(buckets.sum, sum, 0);
}

Test(buckets, powers_of_two_are_bounds_at_every_scale) {
        for (unsigned int scale = 0; scale <= 7; scale++) {
                cr_assert_eq(xskim_bucket_bound(scale, 0), 0);
                for (unsigned int power = 0; power < 64; power++)
                        cr_assert_eq(xskim_bucket_bound(scale, (power << scale) + 1), 1ULL << power,
                                     "2^%u at scale %u", power, scale);
        }
        cr_assert_eq(xskim_bucket_bound(7, (64 << 7) + 1), UINT64_MAX);
}

static void check_histogram(struct histogram *histogram, enum xskim_distribution_name name) {
        uint64_t random = 1, count = 0, sum = 0, value;
        uint32_t weight;

        for (int i = 0; i < VALUES; i++) {
                value = test_random(&random) >> (24 + test_random(&random) % 40);
                weight = 1 + test_random(&random) % 100;
                histogram_add(histogram, value, weight);
                expected[slot_searched(7, value)] += weight;
                count += weight;
                sum += value * weight;
        }
        account_buckets(&kernel, &tally, name, &buckets);
        check(7, VALUES, count, (double)sum);
}

Test(buckets, latencies_are_where_a_search_finds_them) {
        check_histogram(&tally.gap, XSKIM_DISTRIBUTION_gap);
        memset(expected, 0, sizeof(expected));
        check_histogram(&tally.delivery, XSKIM_DISTRIBUTION_delivery);
}

Test(buckets, what_is_too_long_is_in_the_last_slot) {
        histogram_add(&tally.gap, UINT64_MAX, 3);
        histogram_add(&tally.gap, 1ULL << 44, 4);
        account_buckets(&kernel, &tally, XSKIM_DISTRIBUTION_gap, &buckets);
        cr_expect_eq(buckets.slots, XSKIM_BUCKET_SLOTS_MAX);
        cr_expect_eq(buckets.counts[buckets.slots - 1], 7);
        cr_expect_eq(xskim_bucket_bound(buckets.scale, buckets.slots - 1), 1ULL << 44);
}

/* The kernel counts samples; each stands for as many packets as the others do. */
Test(buckets, time_in_the_stack_is_that_of_packets) {
        kernel.stack = (struct xskim_stack_state){.count = 5, .sum_ns = 7000};
        kernel.stack.buckets[slot_searched(5, 1000)] = 4;
        kernel.stack.buckets[slot_searched(5, 3000)] = 1;
        expected[slot_searched(5, 1000)] = 4 * SAMPLE;
        expected[slot_searched(5, 3000)] = SAMPLE;
        account_buckets(&kernel, &tally, XSKIM_DISTRIBUTION_stack, &buckets);
        check(5, 5, 5 * SAMPLE, 7000 * SAMPLE);
}

Test(buckets, sizes_are_of_all_packets_where_they_are_counted_else_of_samples) {
        kernel.counters.bytes = 6400;
        kernel.sizes[slot_searched(5, 64)] = 100;
        histogram_add(&tally.size, 64, SAMPLE);
        expected[slot_searched(5, 64)] = 100;
        account_buckets(&kernel, &tally, XSKIM_DISTRIBUTION_size, &buckets);
        check(5, 100, 100, 6400);
        kernel.tier = XSKIM_TIER_COUNTS;
        memset(expected, 0, sizeof(expected));
        expected[slot_searched(7, 64)] = SAMPLE;
        account_buckets(&kernel, &tally, XSKIM_DISTRIBUTION_size, &buckets);
        check(7, 1, SAMPLE, 64 * SAMPLE);
}

Test(buckets, nothing_measured_is_nothing) {
        for (enum xskim_distribution_name name = 0; name < XSKIM_DISTRIBUTION_COUNT; name++) {
                memset(&buckets, 0xff, sizeof(buckets));
                account_buckets(&kernel, &tally, name, &buckets);
                check(buckets.scale, 0, 0, 0);
        }
}

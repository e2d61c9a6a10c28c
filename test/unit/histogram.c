/* SPDX-License-Identifier: BSD-2-Clause */
/* Merging, coarsening and reweighting are exact; percentiles are within their stated error. */
#include <string.h>

#include <criterion/criterion.h>

#include <xskim/record.h>

#include "distributions.h"
#include "histogram.h"
#include "quantile.h"

enum { VALUES = 100000 };

static void fill(struct histogram *histogram, const struct test_distribution *distribution,
                 uint64_t seed, size_t count, uint32_t weight_max) {
        for (size_t i = 0; i < count; i++) {
                uint32_t weight = weight_max > 1 ? 1 + test_random(&seed) % weight_max : 1;

                histogram_add(histogram, test_draw(distribution, &seed), weight);
        }
}

static bool same(const struct histogram *a, const struct histogram *b) {
        return a->samples == b->samples && a->weight == b->weight && a->max == b->max &&
               a->min_complement == b->min_complement && a->overflow == b->overflow &&
               a->weight_squares == b->weight_squares && a->sum == b->sum &&
               !memcmp(a->counts, b->counts, sizeof(a->counts));
}

static uint64_t counts_total(const struct histogram *histogram) {
        uint64_t total = 0;

        for (uint32_t slot = 0; slot < HISTOGRAM_SLOTS; slot++)
                total += histogram->counts[slot];
        return total;
}

Test(histogram, keeps_count_weight_sum_and_extremes) {
        static struct histogram histogram;
        unsigned __int128 sum = 0, squares = 0;
        uint64_t state = 1, weight_sum = 0, min = UINT64_MAX, max = 0;

        for (int i = 0; i < VALUES; i++) {
                uint64_t value = test_random(&state) >> (20 + test_random(&state) % 44);
                uint32_t weight = test_random(&state) & XSKIM_WEIGHT_MAX;

                histogram_add(&histogram, value, weight);
                weight_sum += weight;
                sum += (unsigned __int128)value * weight;
                squares += (unsigned __int128)weight * weight;
                min = value < min ? value : min;
                max = value > max ? value : max;
        }
        cr_assert_eq(histogram.samples, VALUES);
        cr_assert_eq(histogram.weight, weight_sum);
        cr_assert_eq(counts_total(&histogram), weight_sum);
        cr_assert(histogram.sum == sum && histogram.weight_squares == squares);
        cr_assert_eq(histogram_min(&histogram), min);
        cr_assert_eq(histogram.max, max);
        cr_assert_eq(histogram.overflow, 0);
}

Test(histogram, zeroed_is_empty_and_reset_empties) {
        static struct histogram histogram, empty;

        cr_assert_eq(histogram_min(&empty), 0);
        histogram_add(&histogram, 0, 1);
        cr_assert_eq(histogram_min(&histogram), 0);
        histogram_add(&histogram, 7, 1);
        cr_assert_eq(histogram_min(&histogram), 0);
        histogram_reset(&histogram);
        cr_assert(same(&histogram, &empty));
        histogram_add(&histogram, 7, 1);
        cr_assert_eq(histogram_min(&histogram), 7);
}

Test(histogram, values_above_the_range_are_named_and_kept) {
        static struct histogram histogram;
        const uint64_t limit = 1ULL << HISTOGRAM_OCTAVES;

        histogram_add(&histogram, limit, 3);
        cr_assert_eq(histogram.overflow, 0);
        cr_assert_eq(histogram.counts[HISTOGRAM_SLOTS - 1], 3);
        histogram_add(&histogram, limit + 1, 5);
        histogram_add(&histogram, UINT64_MAX, 7);
        cr_assert_eq(histogram.overflow, 2);
        cr_assert_eq(histogram.counts[HISTOGRAM_SLOTS - 1], 15);
        cr_assert_eq(histogram.max, UINT64_MAX);
        cr_assert(histogram.sum == (unsigned __int128)limit * 3 +
                                           (unsigned __int128)(limit + 1) * 5 +
                                           (unsigned __int128)UINT64_MAX * 7);
}

Test(histogram, merge_is_exact_in_any_order_and_grouping) {
        static struct histogram part[3], whole, left, right, forward, backward;
        const size_t counts[] = {1000, 0, 20000};

        for (int d = 0; d < TEST_DISTRIBUTION_COUNT; d++) {
                memset(part, 0, sizeof(part));
                histogram_reset(&whole);
                histogram_reset(&left);
                histogram_reset(&right);
                for (int i = 0; i < 3; i++) {
                        fill(&part[i], &TEST_DISTRIBUTION[d], 10 * d + i, counts[i], 1000);
                        fill(&whole, &TEST_DISTRIBUTION[d], 10 * d + i, counts[i], 1000);
                }
                histogram_add(&part[1], UINT64_MAX, 9);
                histogram_add(&whole, UINT64_MAX, 9);
                for (int i = 0; i < 3; i++) {
                        histogram_merge(&left, &part[i]);
                        histogram_merge(&right, &part[2 - i]);
                }
                cr_assert(same(&left, &whole), "%s", TEST_DISTRIBUTION[d].name);
                cr_assert(same(&right, &whole), "%s", TEST_DISTRIBUTION[d].name);
                /* a + (b + c) */
                forward = part[1];
                histogram_merge(&forward, &part[2]);
                backward = part[0];
                histogram_merge(&backward, &forward);
                cr_assert(same(&backward, &whole), "%s", TEST_DISTRIBUTION[d].name);
        }
}

/* By looking through the bounds. */
static uint32_t slot_search(uint64_t value, uint32_t scale) {
        uint32_t low = 0, high = XSKIM_BUCKETS(scale, HISTOGRAM_OCTAVES) - 1;

        while (low < high) {
                uint32_t middle = (low + high) / 2;

                if (bucket_high(middle, scale) < value)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

Test(histogram, coarsening_equals_filling_coarse) {
        static struct histogram histogram;
        static __u64 direct[HISTOGRAM_SLOTS], coarse[HISTOGRAM_SLOTS];

        for (uint32_t scale = 0; scale <= XSKIM_SCALE_USER; scale++) {
                uint32_t slots = XSKIM_BUCKETS(scale, HISTOGRAM_OCTAVES);
                struct histogram_view fine, view;
                uint64_t state = scale;

                histogram_reset(&histogram);
                memset(direct, 0, sizeof(direct));
                memset(coarse, 0xff, sizeof(coarse));
                for (int i = 0; i < VALUES; i++) {
                        uint64_t value = test_random(&state) >> (test_random(&state) & 63);

                        direct[slot_search(value, scale)] += i;
                        histogram_add(&histogram, value, i);
                }
                fine = histogram_view(&histogram);
                view = histogram_coarsen(&fine, scale, coarse);
                cr_assert_eq(view.slots, slots);
                cr_assert_eq(view.scale, scale);
                cr_assert(!memcmp(direct, coarse, slots * sizeof(*coarse)), "scale %u", scale);
        }
}

Test(histogram, reweighting_keeps_the_total_to_the_rounding) {
        static struct histogram before, after;
        const uint64_t fractions[][2] = {
                {1, 1}, {3, 2}, {1000003, 999983}, {7, 1}, {123456789, 987}, {101, 100}, {1, 3}};

        fill(&before, &TEST_DISTRIBUTION[5], 1, VALUES, 1000);
        for (size_t i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++) {
                uint64_t numerator = fractions[i][0], denominator = fractions[i][1];
                long double ratio = (long double)numerator / denominator;

                after = before;
                histogram_reweight(&after, numerator, denominator);
                cr_assert_eq(after.weight,
                             (before.weight * numerator + denominator / 2) / denominator);
                cr_assert_eq(counts_total(&after), after.weight);
                cr_assert(fabsl(after.sum - before.sum * ratio) <= 1 + before.sum * ratio * 1e-18L);
                for (uint32_t slot = 0; slot < HISTOGRAM_SLOTS; slot++)
                        cr_assert(fabsl(after.counts[slot] - before.counts[slot] * ratio) <=
                                  1.001L);
                cr_assert_eq(after.samples, before.samples);
                cr_assert_eq(after.max, before.max);
                cr_assert_eq(histogram_min(&after), histogram_min(&before));
        }
        after = before;
        histogram_reweight(&after, 5, 5);
        cr_assert(same(&after, &before));
        histogram_reweight(&after, 5, 0);
        cr_assert(same(&after, &before));
}

/* Half of the samples lost: reweighted by 2 they speak for all, with half the certainty. */
Test(histogram, reweighting_by_the_loss_leaves_the_effective_samples_of_what_arrived) {
        static struct histogram arrived, rare;
        struct histogram_view view, view_rare;

        fill(&arrived, &TEST_DISTRIBUTION[5], 1, VALUES, 1);
        for (int i = 0; i < VALUES; i++)
                histogram_add(&rare, i, 2);
        cr_assert(isinf(histogram_view(&arrived).effective));
        histogram_reweight(&arrived, 2, 1);
        view = histogram_view(&arrived);
        view_rare = histogram_view(&rare);
        cr_assert_eq(view.effective, view_rare.effective);
        cr_assert_float_eq(view.effective, 2.0 * VALUES, 1e-6);
}

/* The sum of 3 * 2^100 and more times a numerator passes 2^128 on the way, not at the end. */
Test(histogram, reweighting_does_not_overflow_on_the_way) {
        static struct histogram histogram;

        histogram_add(&histogram, UINT64_MAX, 1 << 20);
        histogram_reweight(&histogram, UINT64_MAX - 1, UINT64_MAX - 1);
        cr_assert(histogram.sum == (unsigned __int128)UINT64_MAX << 20);
        cr_assert_eq(histogram.weight, 1 << 20);
        histogram_reweight(&histogram, UINT64_MAX, UINT64_MAX / 3);
        cr_assert_eq(histogram.weight, 3 << 20);
}

static const uint32_t SHARES[XSKIM_QUANTILE_COUNT][2] = {{1, 2}, {9, 10}, {99, 100}, {999, 1000}};

static void check_against_exact(const struct xskim_distribution *distribution,
                                const uint64_t *sorted, size_t count, const char *name) {
        for (int i = 0; i < XSKIM_QUANTILE_COUNT; i++) {
                uint64_t exact = test_exact(sorted, count, SHARES[i][0], SHARES[i][1]);
                const struct xskim_quantile *quantile = &distribution->quantiles[i];
                double error = fabs((double)quantile->value - (double)exact);

                cr_assert(error <= distribution->relative_error * exact, "%s %d: %lu for %lu", name,
                          i, quantile->value, exact);
                cr_assert(quantile->low < exact && exact <= quantile->high);
                cr_assert(quantile->ci95_low <= exact && exact <= quantile->ci95_high);
        }
        cr_assert_eq(distribution->min, sorted[0]);
        cr_assert_eq(distribution->max, sorted[count - 1]);
}

/* Not statistical: the exact quantile of the very values that were filled in. */
Test(histogram, percentiles_are_within_the_stated_error_on_ten_distributions) {
        static struct histogram histogram;
        static __u64 coarse[HISTOGRAM_SLOTS];

        cr_assert_eq(TEST_DISTRIBUTION_COUNT, 10);
        for (int d = 0; d < TEST_DISTRIBUTION_COUNT; d++) {
                const char *name = TEST_DISTRIBUTION[d].name;
                struct xskim_distribution result;
                struct histogram_view view;
                long double sum = 0;
                uint64_t *values = test_population(&TEST_DISTRIBUTION[d], VALUES + d, 100 + d);

                cr_assert(values);
                histogram_reset(&histogram);
                for (int i = 0; i < VALUES + d; i++) {
                        histogram_add(&histogram, values[i], 1);
                        sum += values[i];
                }
                qsort(values, VALUES + d, sizeof(*values), test_compare);
                view = histogram_view(&histogram);
                quantile_fill(&view, &result);
                cr_assert(result.relative_error < 0.0055);
                check_against_exact(&result, values, VALUES + d, name);
                cr_assert_float_eq(result.mean, sum / (VALUES + d), 1e-9 * result.mean);

                view = histogram_coarsen(&view, XSKIM_SCALE_KERNEL, coarse);
                quantile_fill(&view, &result);
                cr_assert(result.relative_error > 0.0055 && result.relative_error < 0.022);
                check_against_exact(&result, values, VALUES + d, name);
                free(values);
        }
}

Test(histogram, a_kernel_histogram_reads_like_one_of_user_space) {
        static struct histogram histogram;
        static struct xskim_stack_state stack;
        static __u64 sizes[XSKIM_SIZE_BUCKETS], coarse[HISTOGRAM_SLOTS];
        uint64_t seed = 5, bytes = 0;
        struct xskim_distribution user, kernel;
        struct histogram_view view;

        stack.min_ns = UINT64_MAX;
        for (int i = 0; i < VALUES; i++) {
                uint64_t value = test_draw(&TEST_DISTRIBUTION[4], &seed);
                uint32_t shift = XSKIM_SCALE_USER - XSKIM_SCALE_KERNEL;

                histogram_add(&histogram, value, 64);
                stack.buckets[xskim_bucket_coarsen(xskim_bucket_slot(value), shift)]++;
                stack.count++;
                stack.sum_ns += value;
                stack.min_ns = value < stack.min_ns ? value : stack.min_ns;
                stack.max_ns = value > stack.max_ns ? value : stack.max_ns;
                value %= 1515;
                sizes[xskim_bucket_coarsen(xskim_bucket_slot(value), shift)]++;
                bytes += value;
        }
        view = histogram_view(&histogram);
        view = histogram_coarsen(&view, XSKIM_SCALE_KERNEL, coarse);
        quantile_fill(&view, &user);
        view = histogram_view_stack(&stack, 64);
        quantile_fill(&view, &kernel);
        cr_assert_eq(user.count, kernel.count);
        cr_assert_eq(user.min, kernel.min);
        cr_assert_eq(user.max, kernel.max);
        cr_assert_float_eq(user.mean, kernel.mean, 1e-6 * user.mean);
        for (int i = 0; i < XSKIM_QUANTILE_COUNT; i++) {
                cr_assert(llabs((long long)(user.quantiles[i].value - kernel.quantiles[i].value)) <=
                          1);
                cr_assert_eq(user.quantiles[i].low, kernel.quantiles[i].low);
                cr_assert_eq(user.quantiles[i].ci95_low, kernel.quantiles[i].ci95_low);
                cr_assert_eq(user.quantiles[i].ci95_high, kernel.quantiles[i].ci95_high);
        }
        view = histogram_view_sizes(sizes, bytes);
        quantile_fill(&view, &kernel);
        cr_assert_eq(kernel.count, VALUES);
        cr_assert_float_eq(kernel.mean, (double)bytes / VALUES, 1e-9);
        cr_assert(kernel.min == 0 && kernel.max >= 1514 && kernel.max <= 1514 * 1.022);
}

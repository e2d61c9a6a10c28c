/* SPDX-License-Identifier: BSD-2-Clause */
/* Percentiles and their intervals: ranks against the binomial distribution, edges, order. Whether
 * the intervals hold the truth is in intervals.c. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <xskim/record.h>

#include "distributions.h"
#include "quantile.h"

static const double SHARES[XSKIM_QUANTILE_COUNT] = {0.5, 0.9, 0.99, 0.999};

/* P(B >= k), B binomial (n, p), summed term by term. */
static double binomial_from(int k, int n, double p) {
        double sum = 0;

        for (int i = k; i <= n; i++)
                sum += exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) +
                           (n - i) * log1p(-p));
        return k <= 0 ? 1 : sum;
}

/* The sample of rank k is at or below the quantile when k samples or more are: for integer ranks
 * the solution must lie where that probability passes 97.5 and 2.5 %. */
Test(quantile, ranks_are_those_of_the_binomial_distribution) {
        static const int sizes[] = {1, 2, 5, 6, 10, 35, 36, 99, 100, 367, 368, 1000, 3688, 20000};

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                for (int q = 0; q < XSKIM_QUANTILE_COUNT; q++) {
                        double low, high, slack;
                        int n = sizes[i];

                        quantile_ranks(n, SHARES[q], &low, &high);
                        cr_assert(low < high && low > 0 && high < n + 1);
                        /* Where the expansion is used it may be off by this. */
                        slack = n * SHARES[q] * (1 - SHARES[q]) < 25 ? 1e-6 : 0.04;
                        cr_assert(binomial_from(floor(low - slack), n, SHARES[q]) >= 0.975 - 1e-9);
                        cr_assert(binomial_from(ceil(low + slack), n, SHARES[q]) <= 0.975 + 1e-9);
                        cr_assert(binomial_from(floor(high - slack), n, SHARES[q]) >= 0.025 - 1e-9);
                        cr_assert(binomial_from(ceil(high + slack), n, SHARES[q]) <= 0.025 + 1e-9);
                }
        }
}

Test(quantile, exact_ranks_and_expansion_meet) {
        for (int q = 0; q < XSKIM_QUANTILE_COUNT; q++) {
                double n = 25 / (SHARES[q] * (1 - SHARES[q])), low[2], high[2];

                quantile_ranks(n * (1 - 1e-9), SHARES[q], &low[0], &high[0]);
                quantile_ranks(n * (1 + 1e-9), SHARES[q], &low[1], &high[1]);
                cr_assert(fabs(low[0] - low[1]) < 0.04, "%f %f", low[0], low[1]);
                cr_assert(fabs(high[0] - high[1]) < 0.04, "%f %f", high[0], high[1]);
        }
}

Test(quantile, nothing_measured_is_all_zero) {
        static struct histogram histogram;
        static const struct xskim_distribution zero;
        struct histogram_view view = histogram_view(&histogram);
        struct xskim_distribution result;

        memset(&result, 0xff, sizeof(result));
        quantile_fill(&view, &result);
        cr_assert(!memcmp(&result, &zero, sizeof(zero)));
}

Test(quantile, one_sample_bounds_nothing_from_above) {
        static struct histogram histogram;
        struct xskim_distribution result;
        struct histogram_view view;

        histogram_add(&histogram, 1000, 64);
        view = histogram_view(&histogram);
        quantile_fill(&view, &result);
        cr_assert_eq(result.count, 1);
        cr_assert(result.min == 1000 && result.max == 1000 && result.mean == 1000);
        for (int q = 0; q < XSKIM_QUANTILE_COUNT; q++) {
                cr_assert_eq(result.quantiles[q].value, 1000);
                cr_assert_eq(result.quantiles[q].ci95_high, XSKIM_UNBOUNDED);
        }
        /* But a single sample is very likely below the 99th percentile. */
        cr_assert_eq(result.quantiles[XSKIM_P50].ci95_low, 0);
        cr_assert_eq(result.quantiles[XSKIM_P90].ci95_low, 0);
        cr_assert_eq(result.quantiles[XSKIM_P99].ci95_low, 1000);
}

/* The numbers of samples that quantile.h states (1 in XSKIM_WEIGHT_MAX: nearly with replacement).
 */
Test(quantile, too_few_samples_leave_the_upper_end_open) {
        static struct histogram histogram;
        static const int enough[XSKIM_QUANTILE_COUNT] = {6, 36, 368, 3688};
        struct xskim_distribution result;

        for (int n = 1; n <= 4000; n++) {
                struct histogram_view view;

                histogram_add(&histogram, 1000 + n, XSKIM_WEIGHT_MAX);
                view = histogram_view(&histogram);
                quantile_fill(&view, &result);
                for (int q = 0; q < XSKIM_QUANTILE_COUNT; q++)
                        cr_assert_eq(result.quantiles[q].ci95_high == XSKIM_UNBOUNDED,
                                     n < enough[q], "%d samples", n);
        }
}

Test(quantile, complete_traffic_has_its_bucket_for_an_interval) {
        static struct histogram histogram;
        struct xskim_distribution result;
        struct histogram_view view;

        for (int i = 0; i < 100000; i++)
                histogram_add(&histogram, i, 1);
        view = histogram_view(&histogram);
        quantile_fill(&view, &result);
        for (int q = 0; q < XSKIM_QUANTILE_COUNT; q++) {
                cr_assert_eq(result.quantiles[q].ci95_low, result.quantiles[q].low + 1);
                cr_assert_eq(result.quantiles[q].ci95_high, result.quantiles[q].high);
        }
        cr_assert_not(result.biased);
}

Test(quantile, values_above_the_range_keep_their_bounds) {
        static struct histogram histogram;
        struct xskim_distribution result;
        struct histogram_view view;

        histogram_add(&histogram, 5, 1);
        histogram_add(&histogram, 1ULL << 50, 99);
        view = histogram_view(&histogram);
        quantile_fill(&view, &result);
        cr_assert_eq(result.quantiles[XSKIM_P99].high, 1ULL << 50);
        cr_assert(result.quantiles[XSKIM_P99].value <= 1ULL << 50);
        cr_assert(result.quantiles[XSKIM_P99].value > result.quantiles[XSKIM_P99].low);
}

/* Of samples 10, 20, 30... the one of rank r is 10 r, in buckets of a single integer. */
Test(quantile, ends_between_two_samples_lie_in_proportion) {
        static struct histogram histogram;
        struct xskim_distribution result;
        struct histogram_view view;
        double low, high;

        for (int i = 1; i <= 18; i++)
                histogram_add(&histogram, 10 * i, XSKIM_WEIGHT_MAX);
        view = histogram_view(&histogram);
        quantile_fill(&view, &result);
        quantile_ranks(18, 0.5, &low, &high);
        cr_assert(low - floor(low) > 0.1 && ceil(high) - high > 0.1);
        cr_assert_eq(result.quantiles[XSKIM_P50].ci95_low, floor(10 * low));
        cr_assert_eq(result.quantiles[XSKIM_P50].ci95_high, ceil(10 * high));
}

/* Everything in order, whatever the weights. */
Test(quantile, results_are_ordered) {
        static struct histogram histogram;

        for (int d = 0; d < TEST_DISTRIBUTION_COUNT; d++) {
                uint64_t state = d;

                histogram_reset(&histogram);
                for (int i = 0; i < 20000; i++) {
                        uint32_t weight = 1 + test_random(&state) % (d & 1 ? 2 : 5000);
                        struct xskim_distribution result;
                        struct histogram_view view;
                        uint64_t before;

                        histogram_add(&histogram, test_draw(&TEST_DISTRIBUTION[d], &state), weight);
                        if (i & (i + 1)) /* look at 2^k - 1 */
                                continue;
                        view = histogram_view(&histogram);
                        quantile_fill(&view, &result);
                        before = result.min;
                        for (int q = 0; q < XSKIM_QUANTILE_COUNT; q++) {
                                const struct xskim_quantile *quantile = &result.quantiles[q];

                                cr_assert(before <= quantile->value &&
                                          quantile->value <= result.max);
                                cr_assert(quantile->low <= quantile->value &&
                                          quantile->value <= quantile->high);
                                cr_assert(quantile->ci95_low <= quantile->value &&
                                          quantile->value <= quantile->ci95_high);
                                before = quantile->value;
                        }
                }
        }
}

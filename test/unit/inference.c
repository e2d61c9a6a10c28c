/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Estimates and intervals against a judge that writes every mean, difference and slope down, sorts
 * them, and gets its ranks by counting arrangements. Whether the intervals hold the truth is in
 * coverage.c, examples and edges are in inference_edges.c.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "distributions.h"
#include "inference.h"

enum { VALUES_MAX = 80, FIGURES_MAX = VALUES_MAX * (VALUES_MAX + 1) / 2, ROUNDS = 400 };

static double figures[FIGURES_MAX];
static uint32_t figure_count;

static int compare(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static void figures_sort(void) {
        qsort(figures, figure_count, sizeof(figures[0]), compare);
}

static void means_write(const double *values, uint32_t count) {
        figure_count = 0;
        for (uint32_t i = 0; i < count; i++)
                for (uint32_t j = i; j < count; j++)
                        figures[figure_count++] = (values[i] + values[j]) / 2;
        figures_sort();
}

static void differences_write(const double *a, uint32_t a_count, const double *b,
                              uint32_t b_count) {
        figure_count = 0;
        for (uint32_t i = 0; i < a_count; i++)
                for (uint32_t j = 0; j < b_count; j++)
                        figures[figure_count++] = b[j] - a[i];
        figures_sort();
}

static void slopes_write(const double *x, const double *y, uint32_t count) {
        figure_count = 0;
        for (uint32_t i = 0; i < count; i++)
                for (uint32_t j = i + 1; j < count; j++)
                        if (x[i] != x[j])
                                figures[figure_count++] = (y[j] - y[i]) / (x[j] - x[i]);
        figures_sort();
}

/* The estimate is the figures' median, the ends are those of the rank from either side. */
static void judge(struct xskim_bench_interval interval, uint32_t rank) {
        double median = (figures[(figure_count - 1) / 2] + figures[figure_count / 2]) / 2;

        cr_assert_eq(interval.median, median, "%.17g, not %.17g", interval.median, median);
        cr_assert_eq(interval.low, figures[rank - 1], "%.17g is not of rank %u", interval.low,
                     rank);
        cr_assert_eq(interval.high, figures[figure_count - rank], "%.17g is not of rank %u",
                     interval.high, rank);
}

/* Few different values, so that there are many ties; or hardly any. */
static void draw(double *values, uint32_t count, uint64_t *random) {
        double step = test_random(random) % 2 ? 0.5 : 0x1p-40;

        for (uint32_t i = 0; i < count; i++)
                values[i] = step * floor(test_normal(random) * 3 / step);
}

static uint32_t below(uint64_t *random, uint32_t bound) {
        return (uint32_t)(test_random(random) % bound);
}

/* ---- ranks, by counting arrangements ---- */

/* The greatest k such that no more than 2.5 % of all arrangements are below k; 1 when none. */
static uint32_t rank_of(const double *arrangements, uint32_t count) {
        double all = 0, sum = 0;
        uint32_t rank = 0;

        for (uint32_t i = 0; i < count; i++)
                all += arrangements[i];
        while (rank < count && sum + arrangements[rank] <= 0.025 * all)
                sum += arrangements[rank++];
        return rank ? rank : 1;
}

/* Of n signs: all of them, one by one. */
static uint32_t signed_rank_judge(uint32_t n) {
        static double arrangements[200];

        memset(arrangements, 0, sizeof(arrangements));
        for (uint32_t signs = 0; signs < 1U << n; signs++) {
                uint32_t sum = 0;

                for (uint32_t i = 0; i < n; i++)
                        sum += signs >> i & 1 ? i + 1 : 0;
                arrangements[sum]++;
        }
        return rank_of(arrangements, n * (n + 1) / 2 + 1);
}

/* Mann and Whitney's own recurrence (1947): the greatest of all is of one sample or the other. */
static double arrangements_of(uint32_t m, uint32_t n, int32_t u) {
        static double known[13][13][145];
        static bool is_known[13][13][145];

        if (u < 0 || (uint32_t)u > m * n)
                return 0;
        if (!m || !n)
                return u == 0;
        if (!is_known[m][n][u])
                known[m][n][u] =
                        arrangements_of(m - 1, n, u - (int32_t)n) + arrangements_of(m, n - 1, u);
        is_known[m][n][u] = true;
        return known[m][n][u];
}

static uint32_t shift_rank_judge(uint32_t m, uint32_t n) {
        double arrangements[145];

        for (uint32_t u = 0; u <= m * n; u++)
                arrangements[u] = arrangements_of(m, n, (int32_t)u);
        return rank_of(arrangements, m * n + 1);
}

/* Every order of the y over these x; counts pairs that fall. */
static void orders_count(const double *x, uint32_t *order, uint32_t placed, uint32_t count,
                         double *arrangements) {
        uint32_t inversions = 0;

        for (uint32_t i = 0; i < count && placed == count; i++)
                for (uint32_t j = i + 1; j < count; j++)
                        inversions += x[i] != x[j] && (x[i] < x[j]) != (order[i] < order[j]);
        if (placed == count)
                arrangements[inversions]++;
        for (uint32_t i = placed; i < count; i++) {
                uint32_t chosen = order[i];

                order[i] = order[placed];
                order[placed] = chosen;
                orders_count(x, order, placed + 1, count, arrangements);
                order[placed] = order[i];
                order[i] = chosen;
        }
}

static uint32_t slope_rank_judge(const double *x, uint32_t count) {
        uint32_t order[8];
        double arrangements[29] = {0};

        for (uint32_t i = 0; i < count; i++)
                order[i] = i;
        orders_count(x, order, 0, count, arrangements);
        return rank_of(arrangements, figure_count + 1);
}

/* ---- against the judge ---- */

Test(inference, centre_is_that_of_all_means) {
        uint64_t random = 1;
        double values[16];

        for (uint32_t round = 0; round < ROUNDS; round++) {
                uint32_t count = 1 + below(&random, 16);

                draw(values, count, &random);
                means_write(values, count);
                judge(inference_centre(values, count), signed_rank_judge(count));
        }
}

Test(inference, shift_is_that_of_all_differences) {
        uint64_t random = 2;
        double a[12], b[12];

        for (uint32_t round = 0; round < ROUNDS; round++) {
                uint32_t a_count = 1 + below(&random, 12), b_count = 1 + below(&random, 12);

                draw(a, a_count, &random);
                draw(b, b_count, &random);
                differences_write(a, a_count, b, b_count);
                judge(inference_shift(a, a_count, b, b_count), shift_rank_judge(a_count, b_count));
        }
}

Test(inference, slope_is_that_of_all_slopes) {
        uint64_t random = 3;
        double x[8], y[8];

        for (uint32_t round = 0; round < ROUNDS; round++) {
                uint32_t count = 2 + below(&random, 6);
                struct inference_line line;

                draw(x, count, &random);
                draw(y, count, &random);
                slopes_write(x, y, count);
                line = inference_line(x, y, count);
                if (figure_count)
                        judge(line.slope, slope_rank_judge(x, count));
                else
                        cr_assert(!line.slope.count && isnan(line.slope.median));
        }
}

Test(inference, median_is_that_of_all_values) {
        uint64_t random = 4;
        double values[VALUES_MAX], arrangements[VALUES_MAX + 1];

        for (uint32_t round = 0; round < ROUNDS; round++) {
                figure_count = 1 + below(&random, VALUES_MAX);
                draw(values, figure_count, &random);
                memcpy(figures, values, sizeof(values));
                figures_sort();
                for (uint32_t i = 0; i <= figure_count; i++)
                        arrangements[i] = exp(lgamma(figure_count + 1) - lgamma(i + 1) -
                                              lgamma(figure_count - i + 1));
                judge(inference_median(values, figure_count),
                      rank_of(arrangements, figure_count + 1));
        }
}

/* ---- many values: the ranks of the normal distribution ---- */

/* Where the interval's lower end stands among the figures, which are all different. */
static uint32_t low_rank(struct xskim_bench_interval interval) {
        uint32_t rank = 0;

        while (figures[rank] < interval.low)
                rank++;
        return rank + 1;
}

/* P(sum < rank) of sums of steps, each 0 … most[i] with equal probability, or 0 and most[i]. */
static double probability_below(const uint32_t *most, uint32_t count, bool ends, uint32_t rank) {
        static double p[FIGURES_MAX + 1], next[FIGURES_MAX + 1];
        double sum = 0;

        memset(p, 0, sizeof(p));
        p[0] = 1;
        for (uint32_t i = 0; i < count; i++) {
                uint32_t stride = ends ? most[i] : 1;

                memset(next, 0, sizeof(next));
                for (uint32_t at = 0; at <= FIGURES_MAX; at++)
                        for (uint32_t step = 0; step <= most[i] && at + step <= FIGURES_MAX;
                             step += stride)
                                next[at + step] += p[at] / (ends ? 2 : most[i] + 1);
                memcpy(p, next, sizeof(p));
        }
        for (uint32_t at = 0; at < rank; at++)
                sum += p[at];
        return sum;
}

/* No more than 2.5 % below the rank, and more than that at the next: but for what the
 * approximation is off by, half a rank. */
static void rank_is_right(const uint32_t *most, uint32_t count, bool ends, uint32_t rank) {
        double at = probability_below(most, count, ends, rank);
        double next = probability_below(most, count, ends, rank + 1);

        cr_assert(at < 0.0253 && next > 0.0247, "%u: rank %u has %.4f below, the next %.4f", count,
                  rank, at, next);
}

Test(inference, centre_of_many_has_the_ranks_of_its_distribution) {
        uint32_t ones[VALUES_MAX];
        double values[VALUES_MAX];
        uint64_t random = 5;

        for (uint32_t count = 50; count <= VALUES_MAX; count++) {
                for (uint32_t i = 0; i < count; i++) {
                        values[i] = test_normal(&random);
                        ones[i] = i + 1;
                }
                means_write(values, count);
                rank_is_right(ones, count, true, low_rank(inference_centre(values, count)));
        }
}

/* Kendall's distribution: the i-th value falls below 0 … i of those before it. */
Test(inference, slope_of_many_has_the_ranks_of_its_distribution) {
        double x[VALUES_MAX], y[VALUES_MAX];
        uint32_t places[VALUES_MAX];
        uint64_t random = 6;

        for (uint32_t count = 20; count <= VALUES_MAX; count += 5) {
                for (uint32_t i = 0; i < count; i++) {
                        x[i] = i;
                        y[i] = test_normal(&random);
                        places[i] = i;
                }
                slopes_write(x, y, count);
                rank_is_right(places, count, false, low_rank(inference_line(x, y, count).slope));
        }
}

/* From the tables of the Mann-Whitney distribution: the greatest U with 2.5 % or less up to it. */
Test(inference, shift_of_many_has_the_ranks_of_the_tables) {
        static const uint32_t tables[][3] = {{4, 4, 0},    {5, 5, 2},    {8, 10, 17},
                                             {10, 10, 23}, {15, 20, 90}, {20, 20, 127}};
        double a[20], b[20];
        uint64_t random = 7;

        for (size_t row = 0; row < sizeof(tables) / sizeof(tables[0]); row++) {
                const uint32_t *table = tables[row];

                for (uint32_t i = 0; i < 20; i++) {
                        a[i] = test_normal(&random);
                        b[i] = test_normal(&random);
                }
                differences_write(a, table[0], b, table[1]);
                judge(inference_shift(a, table[0], b, table[1]), table[2] + 1);
        }
}

/* ---- any values ---- */

/* Neither the greatest numbers nor the smallest, nor both together. */
Test(inference, values_may_be_as_far_apart_as_numbers_go) {
        double values[] = {-1e308, 1e308, 1e-300, -1e-300, 0, -0.0, 1, -1, 1.7e308};
        struct xskim_bench_interval interval;

        means_write(values, 9);
        for (uint32_t i = 0, n = 0; i < 9; i++) /* what the judge's sums are too great for */
                for (uint32_t j = i; j < 9; j++)
                        figures[n++] = values[i] / 2 + values[j] / 2;
        figures_sort();
        interval = inference_centre(values, 9);
        judge(interval, 6);
        for (int i = 0; i < 9; i++)
                values[i] = 3.5;
        interval = inference_centre(values, 9);
        cr_assert(interval.low == 3.5 && interval.median == 3.5 && interval.high == 3.5);
}

Test(inference, mirrored_values_have_the_mirrored_interval) {
        double values[40], mirrored[40];
        uint64_t random = 8;

        for (uint32_t round = 0; round < ROUNDS; round++) {
                uint32_t count = 1 + below(&random, 40);
                struct xskim_bench_interval one, other;

                draw(values, count, &random);
                for (uint32_t i = 0; i < count; i++)
                        mirrored[i] = -values[i];
                one = inference_centre(values, count);
                other = inference_centre(mirrored, count);
                cr_assert(one.low == -other.high && one.high == -other.low);
                cr_assert(one.median == -other.median);
                one = inference_shift(values, count / 2, values + count / 2, count - count / 2);
                other = inference_shift(values + count / 2, count - count / 2, values, count / 2);
                cr_assert(!one.count || (one.low == -other.high && one.high == -other.low));
        }
}

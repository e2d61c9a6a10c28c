/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Skips: geometrically distributed, independent, repeatable. The distribution is checked twice:
 * exactly, by looking for the random number at which the skip changes, and statistically over drawn
 * skips. The statistical tests have fixed seeds; with seeds at random each assertion would fail
 * with probability 1e-6 or less although the code is right.
 */
#include <math.h>

#include <criterion/criterion.h>

#include <xskim/record.h>

#include "distributions.h"
#include "sampling.h"

static const uint32_t SAMPLES[] = {2, 3, 10, 64, 1000, 1000000};

enum {
        SAMPLES_COUNT = sizeof(SAMPLES) / sizeof(SAMPLES[0]),
        DRAWS = 1000000,
        CELLS = 50,
};

/* Normal quantile for 1e-6 on one side, and 5e-7 on either. */
static const double ONE_IN_MILLION = 4.7534;
static const double ONE_IN_MILLION_TWO_SIDED = 4.8916;

/* The chi-square value that is exceeded with probability 1e-6 (Wilson, Hilferty 1931). */
static double chi_square_limit(int freedom) {
        double part = 2.0 / (9.0 * freedom);

        return freedom * pow(1 - part + ONE_IN_MILLION * sqrt(part), 3);
}

Test(skip, logarithm_is_within_its_error_and_never_falls) {
        uint64_t state = 1;

        for (int i = 0; i < 4 * DRAWS; i++) {
                uint64_t u = test_random(&state) >> (i & 1 ? test_random(&state) % 62 : 0) | 2;
                long double error = xskim_minus_log2(u) - ldexpl(64 - log2l(u), XSKIM_LOG2_BITS);

                /* The table's rounding, the cut rest and the chord: at most 2^-22. */
                cr_assert(fabsl(error) <= 1 << (XSKIM_LOG2_BITS - 22), "%lx: %Lf", u, error);
                cr_assert(xskim_minus_log2(u) >= xskim_minus_log2(u + (u < UINT64_MAX)));
        }
        cr_assert_eq(xskim_minus_log2(2), 63U << XSKIM_LOG2_BITS);
        cr_assert_eq(xskim_minus_log2(1ULL << 63), 1U << XSKIM_LOG2_BITS);
        cr_assert_leq(xskim_minus_log2(UINT64_MAX), 1);
}

Test(skip, table_entries_are_the_definition) {
        for (int i = 0; i <= 1024; i++)
                cr_assert_eq(XSKIM_LOG2_TABLE[i], llrintl(ldexpl(log2l(1 + i / 1024.0L), 26)));
}

Test(skip, parameters_are_as_precise_as_they_can_be) {
        for (uint32_t sample = 2; sample <= XSKIM_WEIGHT_MAX; sample += 1 + sample / 97) {
                struct xskim_skip skip = sampling_skip(sample);
                long double exact = -1 / log2l(1 - 1 / (long double)sample);
                long double factor = ldexpl(skip.mantissa, XSKIM_LOG2_BITS - (int)skip.shift);

                cr_assert(skip.mantissa >= 1U << 30 && skip.mantissa < 1U << 31);
                cr_assert(skip.shift > 0 && skip.shift < 64);
                cr_assert(fabsl(factor / exact - 1) < 0x1p-30L, "1 in %u", sample);
        }
        cr_assert_eq(sampling_skip(XSKIM_WEIGHT_MAX).mantissa >> 30, 1);
        cr_assert_eq(sampling_skip(1).mantissa, 0);
        cr_assert_eq(sampling_skip(1).shift, 0);
}

Test(skip, one_in_one_is_every_packet) {
        struct xskim_skip skip = sampling_skip(1);
        __u64 state = sampling_seed(1, 0);

        for (int i = 0; i < 1000; i++)
                cr_assert_eq(xskim_skip_draw(&state, skip), 1);
        cr_assert_eq(xskim_skip_of(0, skip), 1);
        cr_assert_eq(xskim_skip_of(UINT64_MAX, skip), 1);
}

/* The share of all 2^64 random numbers whose skip is above k: skips fall as the number rises. */
static double share_above(uint64_t k, struct xskim_skip skip) {
        uint64_t low = 0, high = UINT64_MAX;

        while (low < high) {
                uint64_t middle = low + (high - low) / 2;

                if (xskim_skip_of(middle, skip) > k)
                        low = middle + 1;
                else
                        high = middle;
        }
        return (double)low * 0x1p-64;
}

/* Not statistical: P(skip > k) = (1 - 1/N)^k, within 2^-22 of itself, as far as 64 random bits
 * tell shares apart so well (a skip beyond is drawn once in 2^36 samples). */
Test(skip, distribution_is_geometric_by_its_thresholds) {
        for (int i = 0; i < SAMPLES_COUNT; i++) {
                struct xskim_skip skip = sampling_skip(SAMPLES[i]);

                for (uint64_t k = 0; k * -log2(1 - 1.0 / SAMPLES[i]) < 36; k += 1 + k / 20) {
                        double exact = exp(k * log1p(-1.0 / SAMPLES[i]));
                        double share = share_above(k, skip);

                        cr_assert(fabs(share / exact - 1) < 0x1p-22,
                                  "1 in %u, above %lu: %g not %g", SAMPLES[i], k, share, exact);
                }
        }
}

/* The rarest random numbers give the longest skips, not a wrapped logarithm. */
Test(skip, smallest_random_numbers_give_the_longest_skips) {
        for (int i = 0; i < SAMPLES_COUNT; i++) {
                struct xskim_skip skip = sampling_skip(SAMPLES[i]);

                for (uint64_t u = 0; u < 4; u++)
                        cr_assert(xskim_skip_of(u, skip) > 42ULL * (SAMPLES[i] - 1));
        }
}

/* Not statistical: the mean is the sum of P(skip > k) over k. */
Test(skip, mean_is_n_by_its_thresholds) {
        for (uint32_t sample = 2; sample <= 1000; sample = sample * 3 / 2 + 1) {
                struct xskim_skip skip = sampling_skip(sample);
                double mean = 0;

                for (uint64_t k = 0; k < 45ULL * sample; k++)
                        mean += share_above(k, skip);
                cr_assert(fabs(mean / sample - 1) < 1e-6, "1 in %u: %.9g", sample, mean);
        }
}

/* The cell of a skip among CELLS or fewer whose probabilities are all sufficient. */
static int skip_cell(uint64_t skip, const uint64_t *limits, int cells) {
        int cell = 0;

        while (cell < cells - 1 && skip > limits[cell])
                cell++;
        return cell;
}

static int cell_limits(uint32_t sample, uint64_t *limits) {
        int cells = 0;

        for (int i = 1; i < CELLS; i++) {
                uint64_t limit = ceil(log1p(-(double)i / CELLS) / log1p(-1.0 / sample));

                if (!cells || limit > limits[cells - 1])
                        limits[cells++] = limit;
        }
        return cells + 1;
}

static double cell_probability(uint32_t sample, const uint64_t *limits, int cells, int cell) {
        double logarithm = log1p(-1.0 / sample);
        double above = cell ? exp(limits[cell - 1] * logarithm) : 1;

        return above - (cell < cells - 1 ? exp(limits[cell] * logarithm) : 0);
}

Test(skip, drawn_skips_fit_the_geometric_distribution) {
        for (int i = 0; i < SAMPLES_COUNT; i++) {
                struct xskim_skip skip = sampling_skip(SAMPLES[i]);
                uint64_t limits[CELLS], counts[CELLS] = {0};
                __u64 state = sampling_seed(7, i);
                int cells = cell_limits(SAMPLES[i], limits);
                double sum = 0, chi_square = 0, p = 1.0 / SAMPLES[i];
                double deviation = sqrt((1 - p) / DRAWS) / p;

                for (int draw = 0; draw < DRAWS; draw++) {
                        uint64_t value = xskim_skip_draw(&state, skip);

                        sum += value;
                        counts[skip_cell(value, limits, cells)]++;
                }
                for (int cell = 0; cell < cells; cell++) {
                        double expected = DRAWS * cell_probability(SAMPLES[i], limits, cells, cell);

                        chi_square += pow(counts[cell] - expected, 2) / expected;
                }
                cr_assert(chi_square < chi_square_limit(cells - 1), "1 in %u: chi-square %f of %d",
                          SAMPLES[i], chi_square, cells);
                cr_assert(fabs(sum / DRAWS - SAMPLES[i]) < ONE_IN_MILLION_TWO_SIDED * deviation,
                          "1 in %u: mean %f", SAMPLES[i], sum / DRAWS);
        }
}

/* Pairs of neighbours over a grid: a skip says nothing about the next one. */
Test(skip, neighbouring_skips_are_independent) {
        enum { SIDE = 8 };
        struct xskim_skip skip = sampling_skip(1000);
        uint64_t counts[SIDE][SIDE] = {0}, rows[SIDE] = {0}, columns[SIDE] = {0};
        __u64 state = sampling_seed(8, 0);
        double chi_square = 0;
        int before = 0;

        for (int draw = 0; draw < DRAWS; draw++) {
                double share = exp(xskim_skip_draw(&state, skip) * log1p(-1 / 1000.0));
                int now = (int)(share * SIDE);

                counts[before][now]++;
                rows[before]++;
                columns[now]++;
                before = now;
        }
        for (int row = 0; row < SIDE; row++) {
                for (int column = 0; column < SIDE; column++) {
                        double expected = (double)rows[row] * columns[column] / DRAWS;

                        chi_square += pow(counts[row][column] - expected, 2) / expected;
                }
        }
        cr_assert(chi_square < chi_square_limit((SIDE - 1) * (SIDE - 1)), "chi-square %f",
                  chi_square);
}

/* Traffic that repeats itself every `period` packets: each of them is sampled at the same rate. */
Test(skip, periodic_traffic_is_not_aliased) {
        static const uint32_t periods[] = {2, 3, 8, 10, 64, 100};

        for (int i = 0; i < SAMPLES_COUNT - 1; i++) {
                struct xskim_skip skip = sampling_skip(SAMPLES[i]);

                for (size_t j = 0; j < sizeof(periods) / sizeof(periods[0]); j++) {
                        uint64_t counts[128] = {0}, packet = 0;
                        __u64 state = sampling_seed(9, 16 * i + j);
                        uint32_t period = periods[j];
                        double expected = (double)DRAWS / period, chi_square = 0;

                        for (int draw = 0; draw < DRAWS; draw++) {
                                packet += xskim_skip_draw(&state, skip);
                                counts[packet % period]++;
                        }
                        /* Each count is binomial or narrower, so the limit is on the safe side. */
                        for (uint32_t phase = 0; phase < period; phase++)
                                chi_square += pow(counts[phase] - expected, 2) / expected;
                        cr_assert(chi_square < chi_square_limit(period - 1),
                                  "1 in %u, period %u: chi-square %f", SAMPLES[i], period,
                                  chi_square);
                }
        }
}

Test(skip, seeds_repeat_and_differ) {
        enum { RINGS = 1024 };
        uint64_t seeds[3 * RINGS];

        for (uint32_t ring = 0; ring < RINGS; ring++) {
                seeds[ring] = sampling_seed(0, ring);
                seeds[RINGS + ring] = sampling_seed(1, ring);
                seeds[2 * RINGS + ring] = sampling_seed(0x9e3779b97f4a7c15, ring);
                cr_assert_eq(seeds[ring], sampling_seed(0, ring));
        }
        qsort(seeds, 3 * RINGS, sizeof(seeds[0]), test_compare);
        cr_assert_neq(seeds[0], 0);
        for (int i = 1; i < 3 * RINGS; i++)
                cr_assert_neq(seeds[i], seeds[i - 1]);
}

/* Undoes x ^= x >> shift. */
static uint64_t unshift(uint64_t x, int shift) {
        for (int done = shift; done < 64; done *= 2)
                x ^= x >> done;
        return x;
}

/* The inverse of an odd number modulo 2^64, by Newton's iteration. */
static uint64_t inverse(uint64_t odd) {
        uint64_t x = odd;

        for (int i = 0; i < 6; i++)
                x *= 2 - odd * x;
        return x;
}

/* 0 is a state in which the generator would stay for ever. Each ring has one seed that leads there:
 * mix(mix(seed + GOLDEN) + (ring + 1) * GOLDEN) = 0, and mix(0) = 0. */
Test(skip, no_seed_stops_the_generator) {
        const uint64_t golden = 0x9e3779b97f4a7c15;

        for (uint32_t ring = 0; ring < 1024; ring++) {
                uint64_t state = unshift(-(ring + 1ULL) * golden, 31);

                state = unshift(state * inverse(0x94d049bb133111eb), 27);
                state = unshift(state * inverse(0xbf58476d1ce4e5b9), 30);
                state = sampling_seed(state - golden, ring);
                cr_assert_eq(state, golden, "ring %u: not the seed that mixes to 0", ring);
        }
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ten shapes of latency (or size) on which the statistics are tried, and a random generator that is
 * not the one under test. Values are integers, in a range that the histograms hold.
 */
#ifndef XSKIM_TEST_DISTRIBUTIONS_H
#define XSKIM_TEST_DISTRIBUTIONS_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Vigna's splitmix64. */
static inline uint64_t test_random(uint64_t *state) {
        uint64_t x = *state += 0x9e3779b97f4a7c15;

        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
}

/* Strictly between 0 and 1. */
static inline double test_uniform(uint64_t *state) {
        return ((double)(test_random(state) >> 11) + 0.5) / 0x1p53;
}

/* Box and Muller. */
static inline double test_normal(uint64_t *state) {
        double radius = sqrt(-2 * log(test_uniform(state)));

        return radius * cos(2 * M_PI * test_uniform(state));
}

static inline double test_exponential(uint64_t *state) {
        return -log(test_uniform(state));
}

/* ROW(name, value of one draw, given uint64_t *state) */
#define TEST_DISTRIBUTIONS(ROW)                                                                    \
        ROW(constant, 12345)                                                                       \
        ROW(uniform, 1000 + 999000 * test_uniform(state))                                          \
        ROW(exponential, 1e5 * test_exponential(state))                                            \
        ROW(geometric, ceil(log(test_uniform(state)) / log1p(-1 / 1000.0)))                        \
        ROW(normal, 1e6 + 1e5 * test_normal(state))                                                \
        ROW(lognormal, exp(10 + 1.5 * test_normal(state)))                                         \
        ROW(pareto, 1000 * pow(test_uniform(state), -1 / 1.1))                                     \
        ROW(weibull, 1e5 * pow(test_exponential(state), 1 / 0.5))                                  \
        ROW(two_peaks, (test_uniform(state) < 0.97 ? 1e4 : 1e6) * (1 + 0.1 * test_normal(state)))  \
        ROW(cliff, test_uniform(state) < 0.989 ? 1e4 * test_exponential(state)                     \
                                               : 1e6 * pow(test_uniform(state), -1 / 1.2))

#define TEST_DRAW(name_, value_)                                                                   \
        static inline double draw_##name_(uint64_t *state) {                                       \
                (void)state;                                                                       \
                return value_;                                                                     \
        }
TEST_DISTRIBUTIONS(TEST_DRAW)

struct test_distribution {
        const char *name;
        double (*draw)(uint64_t *state);
};

#define TEST_DISTRIBUTION_ROW(name_, value_) {#name_, draw_##name_},
static const struct test_distribution TEST_DISTRIBUTION[] = {
        TEST_DISTRIBUTIONS(TEST_DISTRIBUTION_ROW)};

enum { TEST_DISTRIBUTION_COUNT = sizeof(TEST_DISTRIBUTION) / sizeof(TEST_DISTRIBUTION[0]) };

static inline uint64_t test_draw(const struct test_distribution *distribution, uint64_t *state) {
        double value = distribution->draw(state);

        return value < 0 ? 0 : value > 0x1p43 ? 1ULL << 43 : (uint64_t)value;
}

static inline int test_compare(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

/* `count` draws in the order of their drawing; the caller frees. */
static inline uint64_t *test_population(const struct test_distribution *distribution, size_t count,
                                        uint64_t seed) {
        uint64_t *values = malloc(count * sizeof(*values));

        for (size_t i = 0; values && i < count; i++)
                values[i] = test_draw(distribution, &seed);
        return values;
}

/* The exact quantile: the smallest value that numerator/denominator of all do not exceed. */
static inline uint64_t test_exact(const uint64_t *sorted, size_t count, uint32_t numerator,
                                  uint32_t denominator) {
        return sorted[(count * numerator + denominator - 1) / denominator - 1];
}

#endif

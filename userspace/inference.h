/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Estimates with intervals, for experiments in blocks. Pure; needs no memory but what qsort takes.
 * Owns the methods: Hodges and Lehmann (1963) with the intervals of Wilcoxon's signed-rank and of
 * the Mann-Whitney distribution (Hollander, Wolfe, Chicken: Nonparametric Statistical Methods,
 * chapters 3 and 4), lines by Theil and Sen's estimate (1968) with Sen's interval, exponents of
 * growth as the slope of such a line through logarithms.
 *
 * Intervals are of 95 %. Fewer values than such an interval takes (6 for the signed rank): the
 * extremes, which promise less. NANs are not allowed; no value at all: count 0, the rest NAN.
 */
#ifndef XSKIM_INFERENCE_H
#define XSKIM_INFERENCE_H

#include <stdint.h>

#include <xskim/xskim.h>

/* The centre of symmetrically distributed values: the median of all their pairwise means. Sorts.
 * Takes O(count) a step of a bisection, so it may be called often. */
struct xskim_bench_interval inference_centre(double *values, uint32_t count);

/* The median, by order statistics. Sorts. */
struct xskim_bench_interval inference_median(double *values, uint32_t count);

/* By how much `b` lies above `a`: the median of all differences. Sorts both. */
struct xskim_bench_interval inference_shift(double *a, uint32_t a_count, double *b,
                                            uint32_t b_count);

struct inference_line {
        struct xskim_bench_interval slope;
        double intercept;
};

enum { INFERENCE_POINTS_MAX = 256 };

/* Through at most INFERENCE_POINTS_MAX points (more: count 0); the intercept is the median of what
 * the slope leaves. Takes count^2 a step of a bisection. */
struct inference_line inference_line(const double *x, const double *y, uint32_t count);

/* y ~ x^exponent; x and y above 0. */
struct xskim_bench_interval inference_exponent(const double *x, const double *y, uint32_t count);

/* A random order of 0 … count - 1 (Fisher and Yates); *random is the state of xskim_random_next. */
void inference_shuffle(uint32_t *order, uint32_t count, uint64_t *random);

#endif

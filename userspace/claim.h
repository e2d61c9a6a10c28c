/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A claim's verdict out of the interval of what was measured. Owns the rules and their words; not
 * what is measured. Pure.
 *
 * Every function sets the verdict and the reason, from `measured` as it is. Without a measurement
 * (count 0) the verdict is not_testable, whatever is asked.
 */
#ifndef XSKIM_CLAIM_H
#define XSKIM_CLAIM_H

#include <xskim/xskim.h>

/* Holds: the upper end is at most the bound. Does not: the lower end is above it. Else the interval
 * straddles it. `of` says what the bound is ("the paper's 30 ms"). */
void claim_at_most(struct xskim_claim *claim, double bound, const char *of);

/* Likewise the other way round. */
void claim_at_least(struct xskim_claim *claim, double bound, const char *of);

/* How a claim says that something grows. */
enum claim_law { CLAIM_LAW_LOG, CLAIM_LAW_N, CLAIM_LAW_N_LOG, CLAIM_LAW_SQUARE };

/* The exponent that a line through the logarithms finds of the law between two sizes, 1 <= low <
 * high. */
double claim_law_exponent(enum claim_law law, double low, double high);

/* measured is an exponent, fitted over sizes from low to high: at most the law's over those, and
 * XSKIM_CLAIM_EXPONENT_SLACK. */
void claim_growth(struct xskim_claim *claim, enum claim_law law, double low, double high);

/* Something was seen, or not. */
void claim_fact(struct xskim_claim *claim, bool holds);

/* Nothing settles it. */
__attribute__((format(printf, 2, 3))) void claim_not_testable(struct xskim_claim *claim,
                                                              const char *format, ...);

/* Adds to the reason, behind "; " when there is one (behind a colon: a list); says how it was
 * measured. What is too long is cut. */
__attribute__((format(printf, 2, 3))) void claim_reason(struct xskim_claim *claim,
                                                        const char *format, ...);
__attribute__((format(printf, 2, 3))) void claim_how(struct xskim_claim *claim, const char *format,
                                                     ...);

/* An exact value: an interval of no width. */
struct xskim_bench_interval claim_exact(double value);

/* In another unit. factor > 0 */
struct xskim_bench_interval claim_scaled(struct xskim_bench_interval interval, double factor);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a histogram to the percentiles that people read, each with its bucket and its 95 % interval.
 * Pure.
 */
#ifndef XSKIM_QUANTILE_H
#define XSKIM_QUANTILE_H

#include <stdbool.h>

#include <xskim/xskim.h>

#include "histogram.h"

/*
 * Fills all of *ret_distribution but `biased`, which becomes false: the caller knows of losses.
 * When every packet is in the histogram (histogram_view.effective is INFINITY) nothing is
 * estimated, and the interval is the bucket itself.
 *
 * Otherwise the interval holds the traffic's quantile with 95 % probability (92 to 98 % as tested),
 * provided that each packet was kept independently with probability 1/weight:
 * - Its ends are order statistics of the samples, at fractional ranks (Hutson, Calibrated
 *   nonparametric confidence intervals for quantiles using fractional order statistics, 1999): the
 *   share of traffic below the sample of rank r is Beta(r, n + 1 - r).
 * - n is histogram_view.effective, so that unequal weights widen the interval and seeing a good
 * part of the traffic narrows it.
 * - Inside a bucket values count as evenly spread, unless the bucket stands out of its neighbours:
 * it may then hold a single value, as with packet sizes, and the interval takes in all of it (and
 *   holds the truth more often).
 * - ci95_low is 0, or ci95_high XSKIM_UNBOUNDED, when there are too few samples to bound that side
 *   (above: n < 6 for p50, 36 for p90, 368 for p99, 3688 for p99.9).
 */
void quantile_fill(const struct histogram_view *view, struct xskim_distribution *ret_distribution);

/* Percentiles from 25 % up to the last that a value stands for, seven to a decade of what is above.
 */
void quantile_curve(const struct histogram_view *view, struct xskim_curve *ret_curve);

/*
 * The ranks (1 = smallest, fractional) of n samples between which the quantile `share` lies with
 * 95 % probability, 2.5 % on either side. A rank below 1 or above n: no sample bounds that side.
 * n > 0, need not be an integer; 0 < share < 1. Bounded time.
 */
void quantile_ranks(double n, double share, double *ret_low, double *ret_high);

#endif

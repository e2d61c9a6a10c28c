/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Estimates of exact counts (packets, bytes, packets of a class) from the samples alone, with 95 %
 * intervals. Pure.
 *
 * Each packet was kept independently with probability 1/weight. Where records were lost, those of
 * the same ring and interval stand for them with weight = N * sampled / decoded: valid as far as
 * the loss struck the samples at random, which is why the result is flagged `biased`. The number of
 * samples *taken* is known exactly whatever was lost, so for the total of packets tally those, with
 * weight N. The other intervals make no use of it and are on the wide side where much was lost.
 */
#ifndef XSKIM_ESTIMATE_H
#define XSKIM_ESTIMATE_H

#include <stdint.h>

#include <xskim/xskim.h>

/* Sums over the samples x of one quantity: 1 for packets, its length for bytes. Zeroed = nothing.
 */
struct estimate_tally {
        uint64_t samples;
        double value;    /* sum of w x: the estimate */
        double squares;  /* sum of (w x)^2 */
        double variance; /* sum of w (w - 1) x^2: the estimate's variance, itself estimated */
};

/* Adds samples that have the same weight (at least 1), as those of one ring and interval do. */
void estimate_tally_packets(struct estimate_tally *tally, uint64_t samples, double weight);

/* The same, for the sum of their lengths and the sum of the squares of their lengths. */
void estimate_tally_bytes(struct estimate_tally *tally, uint64_t samples, uint64_t bytes,
                          double byte_squares, double weight);

void estimate_tally_merge(struct estimate_tally *into, const struct estimate_tally *from);

/*
 * Score intervals (Wilson 1927): the numbers n of packets for which (m - n p)^2 <= z^2 n p (1 - p),
 * m samples at p = 1/N. For bytes and for unequal weights the same equation in units of
 * squares/value, the size of a typical step. sample = 1 without losses: no width. `sample` (1 in so
 * many) counts only where there is no sample at all: the interval still says what may have been
 * missed, for bytes with packets of XSKIM_WIRE_LENGTH_MAX.
 */
struct xskim_estimate estimate_packets(const struct estimate_tally *tally, uint32_t sample);
struct xskim_estimate estimate_bytes(const struct estimate_tally *tally, uint32_t sample);

#endif

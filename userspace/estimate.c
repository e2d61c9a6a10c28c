/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the arithmetic of estimates from samples. What is tallied, and when, is the worker's. */
#include <math.h>

#include <xskim/record.h>

#include "estimate.h"
#include "util.h"

static const double NORMAL_QUANTILE = 1.959963984540054;

void estimate_tally_bytes(struct estimate_tally *tally, uint64_t samples, uint64_t bytes,
                          double byte_squares, double weight) {
        tally->samples += samples;
        tally->value += weight * (double)bytes;
        tally->squares += weight * weight * byte_squares;
        tally->variance += weight * (weight - 1) * byte_squares;
}

void estimate_tally_packets(struct estimate_tally *tally, uint64_t samples, double weight) {
        estimate_tally_bytes(tally, samples, samples, (double)samples, weight);
}

void estimate_tally_merge(struct estimate_tally *into, const struct estimate_tally *from) {
        into->samples += from->samples;
        into->value += from->value;
        into->squares += from->squares;
        into->variance += from->variance;
}

/*
 * In steps of `unit`, x = n p solves (m - x)^2 = k x with k = z^2 (1 - p): the roots are
 * m + k/2 -+ sqrt(k m + k^2/4). 1 - p is variance/squares.
 */
static struct xskim_estimate score_interval(double value, double unit, double unsampled) {
        double k = NORMAL_QUANTILE * NORMAL_QUANTILE * unsampled;
        double m = value / unit;
        double reach = sqrt(k * m + k * k / 4);

        return (struct xskim_estimate){
                .value = value,
                .ci95_low = MAX(unit * (m + k / 2 - reach), 0.0),
                .ci95_high = unit * (m + k / 2 + reach),
        };
}

static struct xskim_estimate tally_estimate(const struct estimate_tally *tally, uint32_t sample,
                                            double quantity_max) {
        if (tally->value > 0 && tally->variance > 0)
                return score_interval(tally->value, tally->squares / tally->value,
                                      tally->variance / tally->squares);
        if (!tally->samples && sample > 1)
                return score_interval(0, sample * quantity_max, 1 - 1.0 / sample);
        return (struct xskim_estimate){tally->value, tally->value, tally->value};
}

struct xskim_estimate estimate_packets(const struct estimate_tally *tally, uint32_t sample) {
        return tally_estimate(tally, sample, 1);
}

struct xskim_estimate estimate_bytes(const struct estimate_tally *tally, uint32_t sample) {
        return tally_estimate(tally, sample, XSKIM_WIRE_LENGTH_MAX);
}

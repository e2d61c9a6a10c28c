/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weighted histograms of samples: filling, merging, reweighting, coarsening, and the view of them
 * that quantile.c reads. Pure.
 *
 * The bucket function is that of include/xskim/bucket.h; this file adds its inverse. Everything
 * that is summed is an integer, so merging is exact in any order. Zeroed memory is an empty
 * histogram. A histogram has one writer; whoever reads it meanwhile arranges that himself.
 */
#ifndef XSKIM_HISTOGRAM_H
#define XSKIM_HISTOGRAM_H

#include <stdint.h>

#include <xskim/bucket.h>
#include <xskim/control.h>

enum {
        HISTOGRAM_OCTAVES = 44, /* 2^44 ns are 4.9 hours */
        HISTOGRAM_SLOTS = XSKIM_BUCKETS(XSKIM_SCALE_USER, HISTOGRAM_OCTAVES),
};

struct histogram {
        uint64_t samples;
        uint64_t weight;         /* packets that the samples stand for: the sum over counts */
        uint64_t max;            /* of the samples, exact */
        uint64_t min_complement; /* ~minimum, so that 0 is right for no samples; histogram_min */
        uint64_t overflow;       /* samples above 2^HISTOGRAM_OCTAVES: counted in the last slot */
        unsigned __int128 weight_squares;
        unsigned __int128 sum; /* of value * weight */
        __u64 counts[HISTOGRAM_SLOTS];
};

/* What quantile.c reads: any histogram at any scale up to XSKIM_SCALE_USER. Borrows the counts. */
struct histogram_view {
        const __u64 *counts;
        uint32_t slots;
        uint32_t scale;
        uint64_t samples;
        uint64_t weight; /* the sum over counts; 0 = empty, and the rest means nothing */
        uint64_t min;
        uint64_t max;
        double mean;
        /*
         * The variance of the share of traffic at or below a value is share * (1 - share) /
         * effective. For samples kept with probability 1/weight each it is
         * (sum of w)^2 / sum of w (w - 1) (Horvitz-Thompson under Poisson sampling, as a ratio:
         * Särndal, Swensson, Wretman, Model Assisted Survey Sampling, sections 3.5 and 5.8); n
         * samples of 1 in N give n / (1 - 1/N). INFINITY when every packet is here.
         */
        double effective;
};

/* What several samples of one weight add up to besides their buckets, until histogram_batch_book.
 */
struct histogram_batch {
        uint64_t samples;
        uint64_t max;
        uint64_t min_complement;
        unsigned __int128 sum; /* of values */
};

/* The hot path. A branch that is nearly never taken, no division. */
static inline void histogram_batch_add(struct histogram *histogram, struct histogram_batch *batch,
                                       uint64_t value, uint32_t weight) {
        uint32_t slot = xskim_bucket_slot(value);

        if (__builtin_expect(slot >= HISTOGRAM_SLOTS, 0)) {
                slot = HISTOGRAM_SLOTS - 1;
                histogram->overflow++;
        }
        histogram->counts[slot] += weight;
        batch->samples++;
        batch->sum += value;
        batch->max = value > batch->max ? value : batch->max;
        batch->min_complement = ~value > batch->min_complement ? ~value : batch->min_complement;
}

/* The histogram is whole again; `weight` is that of every sample of the batch, which is used up. */
static inline void histogram_batch_book(struct histogram *histogram,
                                        const struct histogram_batch *batch, uint32_t weight) {
        histogram->samples += batch->samples;
        histogram->weight += batch->samples * weight;
        histogram->weight_squares += (unsigned __int128)batch->samples * weight * weight;
        histogram->sum += batch->sum * weight;
        if (batch->max > histogram->max)
                histogram->max = batch->max;
        if (batch->min_complement > histogram->min_complement)
                histogram->min_complement = batch->min_complement;
}

static inline void histogram_add(struct histogram *histogram, uint64_t value, uint32_t weight) {
        struct histogram_batch batch = {0};

        histogram_batch_add(histogram, &batch, value, weight);
        histogram_batch_book(histogram, &batch, weight);
}

/* The smallest sample; 0 when there is none. */
static inline uint64_t histogram_min(const struct histogram *histogram) {
        return histogram->samples ? ~histogram->min_complement : 0;
}

void histogram_reset(struct histogram *histogram);

/* Adds `from`. Exact: any order and any grouping of merges gives the same histogram. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/*
 * Multiplies all weights by numerator / denominator: the samples that were lost (of this ring and
 * interval) are made up for by the ones that were not. The total becomes the exact product, rounded
 * half up; the counts are rounded so that they add up to it, each less than 1 from its own product.
 * Samples, min and max stay. denominator 0 changes nothing: no sample arrived that could speak for
 * the lost ones. The total must stay below 2^64.
 */
void histogram_reweight(struct histogram *histogram, uint64_t numerator, uint64_t denominator);

struct histogram_view histogram_view(const struct histogram *histogram);

/* Time in the stack: packets of which 1 in `sample` was measured, all CPUs added up by the caller.
 */
struct histogram_view histogram_view_stack(const struct xskim_stack_state *state, uint32_t sample);

/*
 * The sampler's sizes[XSKIM_SIZE_BUCKETS], all CPUs added up, and their `bytes`: every packet is
 * here. The sampler keeps no extremes, so min and max are the bounds of the outermost buckets.
 */
struct histogram_view histogram_view_sizes(const __u64 *sizes, uint64_t bytes);

/*
 * The same at a scale that is not finer, exactly as if it had been filled so. `counts` has room for
 * XSKIM_BUCKETS(scale, octaves of `from`) and is borrowed by the result.
 */
struct histogram_view histogram_coarsen(const struct histogram_view *from, uint32_t scale,
                                        __u64 *counts);

/*
 * The integers that a slot holds: low < v <= high, for exactly those. Slot 0 holds 0 alone and has
 * both bounds 0. low == high: no integer is in that slot. Scale up to XSKIM_SCALE_USER; bounds
 * above 2^64 are cut to UINT64_MAX.
 */
uint64_t bucket_high(uint32_t slot, uint32_t scale);
uint64_t bucket_low(uint32_t slot, uint32_t scale);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns histograms but for the hot path, which is inline in histogram.h. Quantiles: quantile.c. */
#include <math.h>
#include <string.h>

#include "histogram.h"
#include "util.h"

void histogram_reset(struct histogram *histogram) {
        memset(histogram, 0, sizeof(*histogram));
}

void histogram_merge(struct histogram *into, const struct histogram *from) {
        into->samples += from->samples;
        into->weight += from->weight;
        into->overflow += from->overflow;
        into->weight_squares += from->weight_squares;
        into->sum += from->sum;
        into->max = MAX(into->max, from->max);
        into->min_complement = MAX(into->min_complement, from->min_complement);
        for (uint32_t slot = 0; slot < HISTOGRAM_SLOTS; slot++)
                into->counts[slot] += from->counts[slot];
}

/* value * numerator / denominator, rounded half up, without overflow where the result has none. */
static unsigned __int128 scale_by(unsigned __int128 value, uint64_t numerator,
                                  uint64_t denominator) {
        unsigned __int128 rest = value % denominator;

        return value / denominator * numerator + (rest * numerator + denominator / 2) / denominator;
}

void histogram_reweight(struct histogram *histogram, uint64_t numerator, uint64_t denominator) {
        uint64_t before = 0, after = 0;

        if (!denominator)
                return;
        /* Rounding the running sum, not each count, keeps the total. */
        for (uint32_t slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
                uint64_t reached;

                if (!histogram->counts[slot])
                        continue;
                before += histogram->counts[slot];
                reached = scale_by(before, numerator, denominator);
                histogram->counts[slot] = reached - after;
                after = reached;
        }
        histogram->weight = after;
        histogram->sum = scale_by(histogram->sum, numerator, denominator);
        histogram->weight_squares = scale_by(histogram->weight_squares, numerator, denominator);
        histogram->weight_squares = scale_by(histogram->weight_squares, numerator, denominator);
}

/* Rounding may leave the squares a little short of the weights; then nothing is estimated. */
static double effective_samples(uint64_t weight, unsigned __int128 weight_squares) {
        if (weight_squares <= weight)
                return INFINITY;
        return (double)weight * (double)weight / (double)(weight_squares - weight);
}

struct histogram_view histogram_view(const struct histogram *histogram) {
        uint64_t weight = histogram->weight;

        return (struct histogram_view){
                .counts = histogram->counts,
                .slots = HISTOGRAM_SLOTS,
                .scale = XSKIM_SCALE_USER,
                .samples = histogram->samples,
                .weight = weight,
                .min = histogram_min(histogram),
                .max = histogram->max,
                .mean = weight ? (double)((long double)histogram->sum / weight) : 0,
                .effective = effective_samples(weight, histogram->weight_squares),
        };
}

static uint64_t counts_sum(const __u64 *counts, uint32_t slots) {
        uint64_t sum = 0;

        for (uint32_t slot = 0; slot < slots; slot++)
                sum += counts[slot];
        return sum;
}

struct histogram_view histogram_view_stack(const struct xskim_stack_state *state, uint32_t sample) {
        /* Not state->count: read while the kernel writes, it may be a step ahead of the counts. */
        uint64_t weight = counts_sum(state->buckets, XSKIM_STACK_BUCKETS);

        return (struct histogram_view){
                .counts = state->buckets,
                .slots = XSKIM_STACK_BUCKETS,
                .scale = XSKIM_SCALE_KERNEL,
                .samples = weight,
                .weight = weight,
                .min = state->min_ns,
                .max = state->max_ns,
                .mean = state->count ? (double)state->sum_ns / (double)state->count : 0,
                .effective = sample > 1 ? (double)weight / (1 - 1.0 / sample) : INFINITY,
        };
}

struct histogram_view histogram_view_sizes(const __u64 *sizes, uint64_t bytes) {
        uint64_t weight = counts_sum(sizes, XSKIM_SIZE_BUCKETS);
        uint32_t first = 0, last = XSKIM_SIZE_BUCKETS - 1;

        while (weight && !sizes[first])
                first++;
        while (weight && !sizes[last])
                last--;
        return (struct histogram_view){
                .counts = sizes,
                .slots = XSKIM_SIZE_BUCKETS,
                .scale = XSKIM_SCALE_KERNEL,
                .samples = weight,
                .weight = weight,
                .min = bucket_low(first, XSKIM_SCALE_KERNEL) + (first > 0),
                .max = bucket_high(last, XSKIM_SCALE_KERNEL),
                .mean = weight ? (double)bytes / (double)weight : 0,
                .effective = INFINITY,
        };
}

struct histogram_view histogram_coarsen(const struct histogram_view *from, uint32_t scale,
                                        __u64 *counts) {
        uint32_t octaves = (from->slots - 2) >> from->scale;
        struct histogram_view view = *from;

        view.counts = counts;
        view.scale = scale;
        view.slots = XSKIM_BUCKETS(scale, octaves);
        memset(counts, 0, view.slots * sizeof(*counts));
        for (uint32_t slot = 0; slot < from->slots; slot++)
                counts[xskim_bucket_coarsen(slot, from->scale - scale)] += from->counts[slot];
        return view;
}

uint64_t bucket_high(uint32_t slot, uint32_t scale) {
        uint32_t octave, step;

        if (!slot)
                return 0;
        octave = (slot - 1) >> scale;
        step = (slot - 1) & ((1U << scale) - 1);
        if (octave > 63)
                return UINT64_MAX;
        return XSKIM_BUCKET_BOUNDS[step << (XSKIM_SCALE_USER - scale)] >> (63 - octave);
}

uint64_t bucket_low(uint32_t slot, uint32_t scale) {
        return slot ? bucket_high(slot - 1, scale) : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one value costs in the histogram of user space, against the two obvious ways: the bucket by
 * log2() at the same scale, and power-of-two buckets (a bucket wide as the value itself). All three
 * keep the same sums beside the buckets, so that only the bucket function differs.
 *
 * usage: perf-histogram [--json]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "histogram.h"
#include "util.h"

enum {
        VALUES = 16384, /* a slice: some tens of microseconds, mostly between two timer ticks */
        SLICES = 501,
};

static const double BOUND_NS = 5;

static uint32_t slot_by_log2(uint64_t value) {
        return value ? (uint32_t)((int)ceil(log2((double)value) * (1 << XSKIM_SCALE_USER)) + 1) : 0;
}

static uint32_t slot_by_power(uint64_t value) {
        return value ? 64 - (uint32_t)__builtin_clzll(value) : 0;
}

/* histogram_add with another bucket function. */
#define ADD_WITH(slot_, histogram_, value_, weight_)                                               \
        do {                                                                                       \
                (histogram_)->counts[MIN((slot_), HISTOGRAM_SLOTS - 1u)] += (weight_);             \
                (histogram_)->samples++;                                                           \
                (histogram_)->weight += (weight_);                                                 \
                (histogram_)->weight_squares += (uint64_t)(weight_) * (weight_);                   \
                (histogram_)->sum += (unsigned __int128)(value_) * (weight_);                      \
                (histogram_)->max = MAX((histogram_)->max, (value_));                              \
                (histogram_)->min_complement = MAX((histogram_)->min_complement, ~(value_));       \
        } while (0)

/* Weights come from memory, as they do out of a record. */
struct slice {
        uint64_t values[VALUES];
        uint32_t weights[VALUES];
};

static void fill_xskim(struct histogram *histogram, const struct slice *slice) {
        for (int i = 0; i < VALUES; i++)
                histogram_add(histogram, slice->values[i], slice->weights[i]);
}

static void fill_log2(struct histogram *histogram, const struct slice *slice) {
        for (int i = 0; i < VALUES; i++)
                ADD_WITH(slot_by_log2(slice->values[i]), histogram, slice->values[i],
                         slice->weights[i]);
}

static void fill_power(struct histogram *histogram, const struct slice *slice) {
        for (int i = 0; i < VALUES; i++)
                ADD_WITH(slot_by_power(slice->values[i]), histogram, slice->values[i],
                         slice->weights[i]);
}

enum { XSKIM, LOG2, POWER, CONTENDERS };

static void (*const CONTENDER[CONTENDERS])(struct histogram *, const struct slice *) = {
        [XSKIM] = fill_xskim,
        [LOG2] = fill_log2,
        [POWER] = fill_power,
};

static double uniform(void) {
        return (random() + 0.5) / ((double)RAND_MAX + 1);
}

/* Lognormal around 20 us, by Box and Muller: the shape of latencies. */
static void slice_draw(struct slice *slice) {
        srandom(1);
        for (int i = 0; i < VALUES; i++) {
                double normal = sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());

                slice->values[i] = (uint64_t)exp(10 + normal);
                slice->weights[i] = 64;
        }
}

static double slice_time(int contender, struct histogram *histogram, const struct slice *slice) {
        uint64_t start = bench_now_ns();

        CONTENDER[contender](histogram, slice);
        /* What was filled is needed, whatever the compiler thinks. */
        __asm__ volatile("" : : "r"(histogram) : "memory");
        return (double)(bench_now_ns() - start) / VALUES;
}

int main(int argc, char **argv) {
        static struct histogram histograms[CONTENDERS];
        static double times[CONTENDERS][SLICES], again[SLICES];
        static struct slice slice;
        struct bench_figure figures[2];

        slice_draw(&slice);
        for (int i = -1; i < SLICES; i++) { /* the first round warms up */
                for (int contender = 0; contender < CONTENDERS; contender++)
                        times[contender][MAX(i, 0)] =
                                slice_time(contender, &histograms[contender], &slice);
        }
        for (int i = 0; i < SLICES; i++)
                again[i] = times[XSKIM][i];
        figures[0] = bench_compare(again, times[LOG2], SLICES, BENCH_VALUE_AT_MOST, BOUND_NS);
        figures[0].name = "histogram_user_ns";
        figures[0].unit = "ns/value";
        figures[0].baseline_name = "bucket by log2()";
        figures[1] = bench_compare(times[XSKIM], times[POWER], SLICES, BENCH_NONE, NAN);
        figures[1].name = "histogram_user_ns_power_of_two";
        figures[1].unit = "ns/value";
        figures[1].baseline_name = "power-of-two buckets";
        for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
                bench_print(&figures[i], bench_wants_json(argc, argv));
        return bench_status(figures, ARRAY_SIZE(figures));
}

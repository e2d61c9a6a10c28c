/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a run did over time, in a bounded number of points: the packets sent, or what arrived. Pure.
 *
 * Samples come one by one; when there is no room for another, two neighbours become one and from
 * then on two (four, …) samples are one point. Counts are cumulative, so what is left of them is
 * exact. The percentiles of two intervals do not add up: a point keeps the largest of those of its
 * samples, which the percentile of all of it does not exceed.
 */
#ifndef XSKIM_SERIES_H
#define XSKIM_SERIES_H

#include <stdint.h>

enum {
        SERIES_POINTS_MAX = 400, /* an even number */
        SERIES_SAMPLE_MS = 50,
};

/* ROW(name, title of its line): counts so far, of either side */
#define SERIES_FOUND_ROWS(ROW)                                                                     \
        ROW(lost, "lost")                                                                          \
        ROW(duplicated, "copies")                                                                  \
        ROW(reordered, "reordered")                                                                \
        ROW(corrupted, "damaged")

#define SERIES_MEMBER(name_, title_) uint64_t name_;

struct series_point {
        uint64_t end_ns;  /* CLOCK_MONOTONIC, when it was taken */
        uint64_t packets; /* sent, or received */
        SERIES_FOUND_ROWS(SERIES_MEMBER)
        uint64_t latency_count; /* of the interval; 0: none arrived, and the three below are 0 */
        uint64_t latency_p50_ns;
        uint64_t latency_p99_ns;
        uint64_t latency_max_ns;
};

/* Zeroed is empty. */
struct series {
        unsigned int count;
        unsigned int stride;  /* samples in a point; 0: 1 */
        unsigned int pending; /* samples in `next` */
        struct series_point next;
        struct series_point points[SERIES_POINTS_MAX];
};

/* The next sample; later than the one before. If by less than half of SERIES_SAMPLE_MS, both are
 * one. */
void series_add(struct series *series, const struct series_point *sample);

/* No more will come: what was collected towards the next point becomes one. */
void series_end(struct series *series);

/* Samples in a point, at least 1. */
unsigned int series_stride(const struct series *series);

#endif

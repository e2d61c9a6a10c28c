/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how samples become fewer. See series.h. */
#include <stdbool.h>

#include "series.h"
#include "util.h"

enum { NS_A_MS = 1000000 };

/* The later one's counts are those of both. */
static struct series_point merged(const struct series_point *first,
                                  const struct series_point *second) {
        struct series_point both = *second;

        both.latency_count += first->latency_count;
        both.latency_p50_ns = MAX(first->latency_p50_ns, second->latency_p50_ns);
        both.latency_p99_ns = MAX(first->latency_p99_ns, second->latency_p99_ns);
        both.latency_max_ns = MAX(first->latency_max_ns, second->latency_max_ns);
        return both;
}

static void halve(struct series *series) {
        for (unsigned int i = 0; i < SERIES_POINTS_MAX / 2; i++)
                series->points[i] = merged(&series->points[2 * i], &series->points[2 * i + 1]);
        series->count = SERIES_POINTS_MAX / 2;
        series->stride = 2 * series_stride(series);
}

static void point_put(struct series *series) {
        series->pending = 0;
        series->points[series->count++] = series->next;
        if (series->count == SERIES_POINTS_MAX)
                halve(series);
}

/* Who was held up takes two samples at once: no rate can be made of what lies between. */
static bool follows_closely(const struct series_point *last, const struct series_point *sample) {
        return last && sample->end_ns - last->end_ns < SERIES_SAMPLE_MS * NS_A_MS / 2;
}

/* NULL: it would be the first. */
static struct series_point *last_of(struct series *series) {
        if (series->pending)
                return &series->next;
        return series->count ? &series->points[series->count - 1] : NULL;
}

void series_add(struct series *series, const struct series_point *sample) {
        struct series_point *last = last_of(series);

        if (follows_closely(last, sample)) {
                *last = merged(last, sample);
                return;
        }
        series->next = series->pending ? merged(&series->next, sample) : *sample;
        series->pending++;
        if (series->pending == series_stride(series))
                point_put(series);
}

void series_end(struct series *series) {
        if (series->pending)
                point_put(series);
}

unsigned int series_stride(const struct series *series) {
        return MAX(series->stride, 1U);
}

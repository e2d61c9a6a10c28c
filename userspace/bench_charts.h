/* SPDX-License-Identifier: BSD-2-Clause */
/* What is drawn of an experiment, as scripts for gnuplot. Owns axes, lines and colours; not who
 * draws. Pure but for writing. */
#ifndef XSKIM_BENCH_CHARTS_H
#define XSKIM_BENCH_CHARTS_H

#include <stdbool.h>
#include <stdio.h>

#include <xskim/xskim.h>

#include "bench_cost.h"

struct bench_charts {
        const struct xskim_bench_result *result;
        const struct bench_cost *cost;
        double loss_percent; /* the bound that is drawn */
        /* of each condition, as it is called */
        const char *names[XSKIM_BENCH_CONDITIONS_MAX];
};

struct bench_chart {
        const char *name; /* of the element, unique */
        const char *title;
        const char *note; /* how to read it */
        /* Is there something to draw? */
        bool (*is_drawn)(const struct bench_charts *charts);
        void (*write)(const void *charts, FILE *to); /* of a bench_charts */
};

/* In the order of the page; ended by a row without a name. */
extern const struct bench_chart BENCH_CHARTS[];

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What is drawn of a run, as scripts for gnuplot. Owns axes, lines and colours; not who draws. No
 * text from outside gets into a script. Pure but for writing. */
#ifndef XSKIM_CHARTS_H
#define XSKIM_CHARTS_H

#include <stdbool.h>
#include <stdio.h>

#include <xskim/xskim.h>

#include "series.h"

struct charts_run {
        uint64_t start_ns; /* CLOCK_MONOTONIC: the beginning of the time line */
        const struct series *sent;
        const struct series *arrived;
        const struct xskim_transit *transit;
};

struct chart {
        const char *name; /* of the element, unique */
        const char *title;
        const char *note;                         /* how to read it */
        bool of_arrivals;                         /* means nothing when nobody watched */
        void (*write)(const void *run, FILE *to); /* of a charts_run */
};

/* In the order of the page; ended by a row without a name. */
extern const struct chart CHARTS[];

#endif

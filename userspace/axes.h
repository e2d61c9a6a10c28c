/* SPDX-License-Identifier: BSD-2-Clause */
/* What all pictures have in common, as lines of gnuplot's scripts: the terminal, the frame,
 * colours, units of time. No text from outside gets into a script but by axes_text. Pure but for
 * writing. */
#ifndef XSKIM_AXES_H
#define XSKIM_AXES_H

#include <stdbool.h>
#include <stdio.h>

/* Readable on white and on black. */
#define AXES_BLUE "#3a86c8"
#define AXES_ORANGE "#d9822b"
#define AXES_RED "#c2484e"
#define AXES_GREEN "#2e9e6b"

/* Of things that are many, in turn. */
const char *axes_colour(unsigned int index);

/* A unit in which the largest value is a number of at most three digits before the point. */
struct axes_unit {
        const char *name;
        double ns;
};
struct axes_unit axes_unit_for(double ns);

/* `name`: of the element, unique in the page; x, y: what the axes are called. */
void axes_frame(FILE *to, const char *name, const char *x, const char *y);

/* Instead of the usual height, in pixels; before the plot. */
void axes_height(FILE *to, const char *name, unsigned int pixels);

/* A scale by powers from 1e-9 to 1e8, labelled often enough when the values span less than one. */
void axes_powers(FILE *to, char axis);

/* The places of percentiles, as axes_percentile gives them. */
void axes_percentiles(FILE *to);
double axes_percentile(double above_ppm);

/* Ends a block of points. gnuplot takes none without a point; `empty` adds one that is not seen. */
void axes_end_block(FILE *to, bool empty);

/* A text from outside as a string of gnuplot's, with its quotes. What is not plain ASCII, or means
 * something to gnuplot in some place (quotes, backslashes, percent signs), comes out as '?'. */
void axes_text(FILE *to, const char *text);

#endif

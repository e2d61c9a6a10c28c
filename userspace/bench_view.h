/* SPDX-License-Identifier: BSD-2-Clause */
/* How an experiment looks to a person: the progress line, and the result as tables. Owns words,
 * columns and verdicts; text only, no terminal. At most 100 columns; readable from 80. */
#ifndef XSKIM_BENCH_VIEW_H
#define XSKIM_BENCH_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <xskim/xskim.h>

#include "budget.h"
#include "environment.h"

enum {
        BENCH_VIEW_COLUMNS = 100, /* more are not used */
        BENCH_VIEW_BYTES = 32768,
        BENCH_VIEW_WORDS = 96, /* bytes of a name or a verdict */
};
#define BENCH_VIEW_LOSS_PERCENT 2.0 /* the white paper's bound, when no budget says another */

struct bench_view {
        const struct xskim_bench_result *result;
        const struct environment *environment;
        const struct budget *budget; /* NULL: none was given */
        unsigned int columns;
        bool colour;
};

/* The whole report; lines of at most view->columns. BENCH_VIEW_BYTES are enough. */
void bench_view(const struct bench_view *view, char *text, size_t bytes);

/* One line, without the newline. */
void bench_view_progress(const struct xskim_bench_progress *progress, double asked_percent,
                         unsigned int columns, char *text, size_t bytes);

/* ---- words that pages of HTML have, too ---- */

/* The loss that verdicts are about, in percent: the budget's, or BENCH_VIEW_LOSS_PERCENT. */
double bench_view_loss_limit(const struct bench_view *view);

/* What to say of a condition in a word or two: "within 2 %", "saw 93.1 %", … `bad` (may be NULL):
 * it deserves attention. */
void bench_view_verdict(const struct bench_view *view, unsigned int condition,
                        char text[static BENCH_VIEW_WORDS], bool *ret_bad);

/* The condition's name, with its tier when the conditions of this result have different ones. */
void bench_view_name(const struct xskim_bench_result *result, unsigned int condition,
                     char text[static BENCH_VIEW_WORDS]);

/* "precision ±0.6 % reached", "precision not reached: ±1.8 % (asked ±1 %)". */
void bench_view_precision(const struct xskim_bench_result *result,
                          char text[static BENCH_VIEW_WORDS]);

const char *bench_view_path(const struct xskim_bench_result *result);

/* "64 B", "IMIX". */
void bench_view_size(uint32_t packet_bytes, char text[static BENCH_VIEW_WORDS]);

/* Two or three digits that matter, with a sign; "-": not a number. */
void bench_view_number(double value, char text[static BENCH_VIEW_WORDS]);

/* "[-0.52, 0.61]"; "" when it was not measured. `unit`: of the text, in those of the interval. */
void bench_view_interval(const struct xskim_bench_interval *interval, double unit,
                         char text[static BENCH_VIEW_WORDS]);

#endif

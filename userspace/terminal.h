/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command knows of the terminal that it writes to, and the signals that end it. Owns no
 * state; not what is written. */
#ifndef XSKIM_TERMINAL_H
#define XSKIM_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#define TERMINAL_CLEAR_LINE "\r\033[2K"

/* Columns to write: the terminal's, or `unknown`; from `least` to `most`. `piped`: of what is no
 * terminal; 0: `unknown` there, too. `most` 0: no bound. */
struct terminal_columns {
        unsigned int unknown;
        unsigned int piped;
        unsigned int least;
        unsigned int most;
};
unsigned int terminal_columns(FILE *stream, const struct terminal_columns *columns);

/* It is one, and the person has not said NO_COLOR (https://no-color.org: set, and not empty). */
bool terminal_has_colour(FILE *stream);

/* What SIGINT, SIGTERM and SIGHUP do from now on. */
void terminal_signals(void (*action)(int number));

/* SIG_BLOCK: from now on they wait until SIG_UNBLOCK. */
void terminal_signals_mask(int how);

#endif

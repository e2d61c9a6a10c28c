/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a person reads of one port: the live screen, the block of an interval and the summary. Owns
 * what is shown, in what order and what gives way when there is no room; not where it is printed.
 * Pure.
 *
 * A view is a list of sections (rows of a table in view.c), each with a rank. When the screen has
 * fewer rows than the sections need, blank lines go first and then the sections of the lowest rank;
 * rates, percentiles with P99's interval, and the ledger stay.
 */
#ifndef XSKIM_VIEW_H
#define XSKIM_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <xskim/xskim.h>

enum {
        VIEW_COLUMNS = 80, /* complete in these */
        VIEW_ROWS = 24,    /* and the live screen in these */
        VIEW_BYTES = 32768 /* enough for any view */
};

/* VIEW_DETAILS is the part of the summary that gives way first on a small screen: bounds and
 * intervals of every quantile, estimates of every class, how parsing ended, further notes. */
/* VIEW_TRANSIT is what of the summary matters to who watched the end of a path: percentiles,
 * transit, cost, ledger, notes. */
enum view_kind { VIEW_LIVE, VIEW_BLOCK, VIEW_SUMMARY, VIEW_DETAILS, VIEW_TRANSIT };

struct view_screen {
        unsigned int columns;
        unsigned int rows; /* 0: as many as it takes */
        bool colour;       /* escape sequences, only where colour carries meaning */
};

/*
 * Writes lines of at most screen->columns columns, each ended by a newline, into the buffer
 * (terminated; VIEW_BYTES are enough). Returns the number of lines, at most screen->rows if that is
 * not 0.
 */
unsigned int view_render(enum view_kind kind, const struct view_screen *screen,
                         const struct xskim_snapshot *snapshot, char *buffer, size_t size);

#endif

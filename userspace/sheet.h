/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of a passage as one page of HTML that needs nothing else: plots, figures, environment.
 * Owns what stands on it and where; charts.h what is drawn, html.h what text becomes. */
#ifndef XSKIM_SHEET_H
#define XSKIM_SHEET_H

#include "passage.h"

enum { SHEET_WORDS_MAX = 64 };

struct sheet {
        const char *path;
        int argc; /* the command, as it was given: its first words */
        char *argv[SHEET_WORDS_MAX];
};

/* Before the run: can a page be made there? -EOPNOTSUPP: no gnuplot; the errno of the directory;
 * with a message. Leaves nothing. */
int sheet_check(const struct sheet *sheet);

/* Writes it under another name and renames it, so that what is there is whole. The errno of
 * writing, with a message. */
int sheet_write(const struct sheet *sheet, const struct passage_result *result);

#endif

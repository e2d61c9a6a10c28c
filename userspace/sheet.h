/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of a passage as one page of HTML that needs nothing else: plots, figures, environment.
 * Owns what stands on it and where; charts.h what is drawn, html.h what text becomes. */
#ifndef XSKIM_SHEET_H
#define XSKIM_SHEET_H

#include "environment.h"
#include "paper.h"
#include "passage.h"

struct sheet {
        struct paper paper;
        struct environment environment;
};

/* Before the run: can a page be made there? As paper_check. */
int sheet_check(const struct sheet *sheet);

/* As paper_write. */
int sheet_write(const struct sheet *sheet, const struct passage_result *result);

#endif

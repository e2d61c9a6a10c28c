/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person reads of a passage: the replay's report, then what was found at the other end, then
 * what the lab's relay says it did. Text only, no terminal. */
#ifndef XSKIM_PASSAGE_VIEW_H
#define XSKIM_PASSAGE_VIEW_H

#include <stddef.h>

#include "passage.h"
#include "view.h"

enum { PASSAGE_VIEW_BYTES = 2 * VIEW_BYTES };

void passage_view(const struct passage_result *result, unsigned int columns, char *text,
                  size_t bytes);

/* Stamped packets that did not arrive, the last ones of the run included, which the watch alone
 * cannot miss. */
uint64_t passage_missing(const struct passage_result *result);

/* Stamps whose records xskim itself lost or could not use: up to so many of the missing, the copies
 * and the reordered are not the path's. 0: every count is exact. */
uint64_t passage_doubtful(const struct passage_result *result);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the view share: the column of the labels and the sections that have a file of
 * their own. Nobody else includes it. */
#ifndef XSKIM_VIEW_PRIVATE_H
#define XSKIM_VIEW_PRIVATE_H

#include "page.h"
#include "view.h"

enum { VIEW_LABEL = 11 }; /* columns of a line's label, its indent included */

static inline void view_label(struct page *page, const char *text) {
        page_fill(page, 1);
        page_cell_left(page, VIEW_LABEL - 1, text);
}

/* One line a distribution, P99 with its interval. */
void view_percentiles(struct page *page, enum view_kind kind,
                      const struct xskim_snapshot *snapshot);

/* What the table's figures are worth: relative errors, bias. */
void view_legend(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot);

/* Bucket and interval of every quantile, and the means. */
void view_bounds(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot);

#endif

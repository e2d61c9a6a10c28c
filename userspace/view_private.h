/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the view share: the column of the labels and the sections that have a file of
 * their own. Nobody else includes it. */
#ifndef XSKIM_VIEW_PRIVATE_H
#define XSKIM_VIEW_PRIVATE_H

#include "format.h"
#include "page.h"
#include "view.h"

enum { VIEW_LABEL = 11 }; /* columns of a line's label, its indent included */

static inline void view_label(struct page *page, const char *text) {
        page_fill(page, 1);
        page_cell_left(page, VIEW_LABEL - 1, text);
}

/* A name of a row as people read it: without underscores. Returns the text of *ret. */
const char *view_spaced(const char *name, struct format_text *ret);

/* What happened to stamped packets; then to those of each stream, if there are several. */
void view_transit(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot);
void view_streams(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot);

/* What became of the packets of a capture. */
void view_expect(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot);

/* One line a distribution, P99 with its interval. */
void view_percentiles(struct page *page, enum view_kind kind,
                      const struct xskim_snapshot *snapshot);

/* What the table's figures are worth: relative errors, bias. */
void view_legend(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot);

/* Bucket and interval of every quantile, and the means. */
void view_bounds(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot);

#endif

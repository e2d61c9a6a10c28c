/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of bench_view. */
#ifndef XSKIM_BENCH_VIEW_PRIVATE_H
#define XSKIM_BENCH_VIEW_PRIVATE_H

#include "bench_view.h"
#include "page.h"

enum { BENCH_VIEW_LABEL = 12 };

/* The names' column: as wide as the longest, within bounds. */
unsigned int bench_view_name_width(const struct page *page,
                                   const struct xskim_bench_result *result);

/* A name in its column; what is too long ends in an ellipsis. */
void bench_view_put_name(struct page *page, const struct xskim_bench_result *result,
                         unsigned int condition);

/* A label in front of items. */
void bench_view_label(struct page *page, const char *label);

/* What stands below the first table. */
void bench_view_details(struct page *page, const struct bench_view *view);

/* What follows from the figures by arithmetic, and the budget. */
void bench_view_derived(struct page *page, const struct bench_view *view);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The result of an experiment as one page of HTML that needs nothing else: plots, figures,
 * environment. Owns what stands on it and where; bench_charts.h what is drawn. */
#ifndef XSKIM_BENCH_SHEET_H
#define XSKIM_BENCH_SHEET_H

#include "bench_view.h"
#include "paper.h"

/* As paper_write; `view` says what is shown, its columns and colour do not matter. */
int bench_sheet_write(const struct paper *paper, const struct bench_view *view);

#endif

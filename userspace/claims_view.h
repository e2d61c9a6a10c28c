/* SPDX-License-Identifier: BSD-2-Clause */
/* How the claims look to a person. Text only, no terminal. */
#ifndef XSKIM_CLAIMS_VIEW_H
#define XSKIM_CLAIMS_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <xskim/xskim.h>

enum { CLAIMS_VIEW_BYTES = XSKIM_CLAIMS_MAX * 4096 };

void claims_view(const struct xskim_claims_result *result, unsigned int columns, bool colour,
                 char *text, size_t bytes);

/* One line, without the newline. */
void claims_view_progress(const char *what, double share, unsigned int columns, char *text,
                          size_t bytes);

#endif

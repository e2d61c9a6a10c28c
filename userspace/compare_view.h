/* SPDX-License-Identifier: BSD-2-Clause */
/* How a comparison looks to a person. Owns its words and columns. Pure. */
#ifndef XSKIM_COMPARE_VIEW_H
#define XSKIM_COMPARE_VIEW_H

#include <stddef.h>

#include "compare.h"

enum { COMPARE_VIEW_BYTES = 65536, COMPARE_VIEW_COLUMNS = 80 };

/* Tables of loss and of latency, and what they say; from COMPARE_VIEW_COLUMNS columns on all is in
 * sight. COMPARE_VIEW_BYTES are enough. */
void compare_view(const struct comparison *comparison, const char *then_path, const char *now_path,
                  unsigned int columns, bool colour, char *text, size_t bytes);

/* The differences of the environments alone, a line each. */
void compare_view_differences(const struct comparison *comparison, unsigned int columns, char *text,
                              size_t bytes);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills one line of an examination: what was found, what to do about it. Plain values. Leaf.
 */
#ifndef XSKIM_CHECK_H
#define XSKIM_CHECK_H

#include <xskim/xskim.h>

/* Sets status and what was found; what to do. */
__attribute__((format(printf, 3, 4))) void
check_set(struct xskim_check *check, enum xskim_check_status status, const char *format, ...);
__attribute__((format(printf, 2, 3))) void check_todo(struct xskim_check *check, const char *format,
                                                      ...);

#endif

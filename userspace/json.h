/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot as JSON. Owns the names and shapes that other programs rely on, all derived from the
 * row tables of xskim.h; not where it is written. The only file that knows jansson.
 *
 * Counts, bytes and quantiles are integers (beyond 2^63-1 they stay there); rates, means,
 * percentages and ns a packet are numbers. What is not finite comes out as 0. An interval that
 * too few samples leave without an upper bound ends at 2^63-1.
 */
#ifndef XSKIM_JSON_H
#define XSKIM_JSON_H

#include <xskim/xskim.h>

enum json_type { JSON_SNAPSHOT, JSON_SUMMARY };

/* One object on one line, without the newline. The caller frees it. -ENOMEM. */
int json_line(const struct xskim_snapshot *snapshot, enum json_type type, char **ret_line);

/* What was found of a port (NULL: of the machine alone), likewise. */
int json_examination(const char *port, const struct xskim_examination *found, char **ret_line);

#endif

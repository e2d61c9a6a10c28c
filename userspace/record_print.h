/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records as a person or a program reads them: columns of text, JSON (one object a line), CSV with
 * a header row. Owns the formats, not where the records come from.
 */
#ifndef XSKIM_RECORD_PRINT_H
#define XSKIM_RECORD_PRINT_H

#include <stdio.h>

#include <xskim/xskim.h>

enum record_format { RECORD_TEXT, RECORD_JSON, RECORD_CSV };

/* The header row, where there is one. Errors stay with the stream: stream_flush tells. */
void record_print_head(FILE *stream, enum record_format format, const struct xskim_column *columns,
                       unsigned int count);

/* A record: its values in these columns. */
void record_print(FILE *stream, enum record_format format, const struct xskim_column *columns,
                  unsigned int count, const union xskim_value *values);

#endif

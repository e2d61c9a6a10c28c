/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records as a person or a program reads them: columns of text, JSON (one object a line), CSV with
 * a header row. Columns are port, CPU and then the fields in the order of the file's own table;
 * time_ns is completed to 64 bits and a gap is decoded to nanoseconds. Owns the formats, not where
 * the records come from.
 */
#ifndef XSKIM_RECORD_PRINT_H
#define XSKIM_RECORD_PRINT_H

#include <stdio.h>

#include "recordfile.h"

enum record_format { RECORD_TEXT, RECORD_JSON, RECORD_CSV };

/* The header row, where there is one. Errors stay with the stream: stream_flush tells. */
void record_print_head(FILE *stream, enum record_format format,
                       const struct recordfile_facts *facts);

/* All records of a frame as recordfile_next gave it. */
void record_print_frame(FILE *stream, enum record_format format,
                        const struct recordfile_facts *facts,
                        const struct xskim_frame_header *frame);

#endif

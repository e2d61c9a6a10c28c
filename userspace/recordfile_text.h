/* SPDX-License-Identifier: BSD-2-Clause */
/* The description of a record file as text. Private to recordfile.c. */
#ifndef XSKIM_RECORDFILE_TEXT_H
#define XSKIM_RECORDFILE_TEXT_H

#include "recordfile.h"

/* Reads the facts out of the text, which need not be terminated. Lines that are unknown are
 * skipped; -EBADMSG with a message when something is missing, twice there or out of its range. */
int recordfile_text_read(const char *text, size_t length, struct recordfile_facts *ret_facts);

#endif

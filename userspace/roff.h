/* SPDX-License-Identifier: BSD-2-Clause */
/* Manual pages, man(7). Owns how roff is written: escaping, filling, paragraphs; not what a page
 * says. Whoever prints a page flushes its stream. */
#ifndef XSKIM_ROFF_H
#define XSKIM_ROFF_H

#include <stdio.h>

/* ".TH NAME SECTION", and NAME with what it is in a line. The date is that of SOURCE_DATE_EPOCH, or
 * today. */
void roff_title(FILE *stream, const char *title, unsigned int section, const char *name,
                const char *what);

void roff_section(FILE *stream, const char *name);

/* One line, as it stands. */
void roff_text(FILE *stream, const char *text);

/* Words, filled; a newline in them starts a paragraph. */
void roff_prose(FILE *stream, const char *text);

/* A word in bold and what it means. */
void roff_term(FILE *stream, const char *word, const char *meaning);

/* What it shows, and its lines as they are to be typed. */
void roff_example(FILE *stream, const char *what, const char *lines);

#endif

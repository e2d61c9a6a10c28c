/* SPDX-License-Identifier: BSD-2-Clause */
/* A page of HTML as a file that needs nothing else. Owns its beginning and end, how it looks, its
 * pictures, and that it gets its name when it is whole; not what stands on it. */
#ifndef XSKIM_PAPER_H
#define XSKIM_PAPER_H

#include <stdio.h>

struct paper {
        const char *path;
        const char *option; /* by which it was asked for, as --report: for messages */
};

/* Before the work: can a page be made there? -EOPNOTSUPP: no gnuplot; the errno of the directory;
 * with a message. Leaves nothing. */
int paper_check(const struct paper *paper);

/* Writes it under another name and renames it, so that what is there is whole. `put` writes all of
 * it. Its error, or the errno of writing, with a message. */
int paper_write(const struct paper *paper, int (*put)(FILE *to, void *context), void *context);

/* Up to the headline, which is the title; from outside, as text. */
void paper_begin(FILE *to, const char *title);
void paper_end(FILE *to);

/* A figure: `write` gives gnuplot's script. Title and note are markup. */
int paper_chart(FILE *to, const char *title, const char *note,
                void (*write)(const void *context, FILE *to), const void *context);

/* A row of a table of two columns: the name is markup, the text is text. */
void paper_row(FILE *to, const char *name, const char *text);

#endif

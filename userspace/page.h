/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A page: lines of text in a buffer of the caller's, never wider than its columns. Owns widths
 * (UTF-8, one column a character), cells, wrapping and escape sequences; knows nothing of what is
 * written. Pure. What does not fit in the buffer is left out; the text is always terminated.
 * Control characters, and what is not UTF-8, come out as '?': names and notes cannot steer the
 * terminal.
 */
#ifndef XSKIM_PAGE_H
#define XSKIM_PAGE_H

#include <stdbool.h>
#include <stddef.h>

enum page_style { PAGE_PLAIN, PAGE_ALARM, PAGE_WARNING };

struct page {
        char *bytes;
        size_t size;
        size_t used;
        unsigned int columns;
        unsigned int column; /* of the next character, from 0 */
        bool colour;
        enum page_style style;
};

/* `size` is at least 1. */
struct page page_new(char *bytes, size_t size, unsigned int columns, bool colour);

/* Columns that a text takes. */
unsigned int page_width(const char *text);

/* Appends; what goes beyond the right edge is cut. */
__attribute__((format(printf, 2, 3))) void page_put(struct page *page, const char *format, ...);

/* Appends a text; when it goes beyond the right edge it ends in an ellipsis. */
void page_put_cut(struct page *page, const char *text);

/* Blanks up to a column. */
void page_fill(struct page *page, unsigned int column);

/* A cell of `width` columns with the text at its right end, at least one blank before it. */
void page_cell(struct page *page, unsigned int width, const char *text);

/* A cell of `width` columns with the text at its left end. */
void page_cell_left(struct page *page, unsigned int width, const char *text);

/* A text as a whole: on this line after `separator` if there is room, else on a new line from
 * `indent`. */
__attribute__((format(printf, 4, 5))) void
page_item(struct page *page, unsigned int indent, const char *separator, const char *format, ...);

/* Words, wrapped to `indent`. */
void page_words(struct page *page, unsigned int indent, const char *text);

/* Only when the page has colour; takes no column. */
void page_style(struct page *page, enum page_style style);

/* Ends the line. */
void page_end(struct page *page);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how text is fitted into columns. See page.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "page.h"
#include "util.h"

enum { PAGE_TEXT_MAX = 512 };

static bool continues(char byte) {
        return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Bytes of the UTF-8 sequence that starts here (RFC 3629, 3 and 4); 0 when there is none. */
static size_t sequence_length(const char *text) {
        unsigned char lead = (unsigned char)*text;
        size_t length = lead < 0x80                   ? 1
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;

        for (size_t i = 1; i < length; i++)
                if (!continues(text[i]))
                        return 0;
        return length;
}

/* The characters that steer a terminal: C0, DEL and C1 (U+0080 to U+009F). */
static bool is_control(const char *text) {
        unsigned char first = (unsigned char)text[0];

        return first < 0x20 || first == 0x7f || (first == 0xc2 && (unsigned char)text[1] < 0xa0);
}

/* Bytes to the next column. */
static size_t character_length(const char *text) {
        return MAX(sequence_length(text), (size_t)1);
}

struct page page_new(char *bytes, size_t size, unsigned int columns, bool colour) {
        bytes[0] = '\0';
        return (struct page){.bytes = bytes, .size = size, .columns = columns, .colour = colour};
}

unsigned int page_width(const char *text) {
        unsigned int width = 0;

        for (; *text; text += character_length(text))
                width++;
        return width;
}

static void append(struct page *page, const char *bytes, size_t length) {
        if (page->used + length >= page->size)
                return;
        memcpy(page->bytes + page->used, bytes, length);
        page->used += length;
        page->bytes[page->used] = '\0';
}

static void put_text(struct page *page, const char *text) {
        size_t length;
        bool printable;

        for (; *text && page->column < page->columns; text += length) {
                length = character_length(text);
                printable = sequence_length(text) && !is_control(text);
                append(page, printable ? text : "?", printable ? length : 1);
                page->column++;
        }
}

void page_put(struct page *page, const char *format, ...) {
        char text[PAGE_TEXT_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        put_text(page, text);
}

/* Bytes of the first `columns` characters. */
static size_t prefix_bytes(const char *text, unsigned int columns) {
        size_t bytes = 0;

        while (columns-- && text[bytes])
                bytes += character_length(text + bytes);
        return bytes;
}

void page_put_cut(struct page *page, const char *text) {
        unsigned int room = page->columns - page->column;

        if (page_width(text) <= room)
                put_text(page, text);
        else if (room)
                page_put(page, "%.*s…", (int)prefix_bytes(text, room - 1), text);
}

void page_fill(struct page *page, unsigned int column) {
        while (page->column < MIN(column, page->columns))
                put_text(page, " ");
}

void page_cell(struct page *page, unsigned int width, const char *text) {
        unsigned int used = page_width(text);

        page_fill(page, page->column + (used < width ? width - used : 1));
        put_text(page, text);
}

void page_cell_left(struct page *page, unsigned int width, const char *text) {
        unsigned int end = page->column + width;

        put_text(page, text);
        page_fill(page, end);
}

void page_item(struct page *page, unsigned int indent, const char *separator, const char *format,
               ...) {
        char text[PAGE_TEXT_MAX];
        va_list arguments;
        unsigned int needed;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        needed = page_width(text) + page_width(separator);
        if (page->column > indent && page->column + needed > page->columns)
                page_end(page);
        else if (page->column > indent)
                put_text(page, separator);
        page_fill(page, indent);
        put_text(page, text);
}

/* A word that is longer than a line is broken. */
static void put_word(struct page *page, unsigned int indent, const char *word) {
        unsigned int room = page->columns > indent ? page->columns - indent : 1;
        size_t bytes;

        for (; page_width(word) > room; word += bytes) {
                bytes = prefix_bytes(word, room);
                page_item(page, indent, " ", "%.*s", (int)bytes, word);
        }
        page_item(page, indent, " ", "%s", word);
}

void page_words(struct page *page, unsigned int indent, const char *text) {
        char word[PAGE_TEXT_MAX];
        size_t length;

        while (*(text += strspn(text, " \n\t"))) {
                length = strcspn(text, " \n\t");
                snprintf(word, sizeof(word), "%.*s", (int)length, text);
                put_word(page, indent, word);
                text += length;
        }
}

void page_style(struct page *page, enum page_style style) {
        static const char *const escapes[] = {
                [PAGE_PLAIN] = "\033[0m",
                [PAGE_ALARM] = "\033[1;31m",
                [PAGE_WARNING] = "\033[33m",
        };

        if (!page->colour || page->style == style)
                return;
        page->style = style;
        append(page, escapes[style], strlen(escapes[style]));
}

/* Without the blanks that fill the last cell. */
void page_end(struct page *page) {
        while (page->column && page->used && page->bytes[page->used - 1] == ' ') {
                page->used--;
                page->column--;
        }
        append(page, "\n", 1);
        page->column = 0;
}

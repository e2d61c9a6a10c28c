/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how a manual page is written. See roff.h. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "roff.h"

enum { PROSE_COLUMNS = 72 };

/* Bytes in which roff would see something: backslashes and hyphens; at the start of a line dots and
 * quotes, which would be requests. */
static void put_escaped(FILE *stream, const char *text, size_t length) {
        for (; length--; text++)
                if (*text == '\\')
                        fputs("\\e", stream);
                else if (*text == '-')
                        fputs("\\-", stream);
                else
                        fputc(*text, stream);
}

static void put_line(FILE *stream, const char *text, size_t length) {
        if (*text == '.' || *text == '\'')
                fputs("\\&", stream);
        put_escaped(stream, text, length);
}

void roff_text(FILE *stream, const char *text) {
        put_line(stream, text, strlen(text));
}

/* A new sentence starts a new line, as roff wants it; so does what would make a line too long. */
static bool is_line_due(const char *start, const char *word, size_t length, size_t column) {
        return column + length > PROSE_COLUMNS || (word > start + 1 && word[-2] == '.');
}

static void put_paragraph(FILE *stream, const char *text, size_t length) {
        const char *end = text + length, *word = text;
        size_t column = 0, bytes;

        for (; word < end; word += bytes + 1) {
                bytes = strcspn(word, " \n");
                if (column && is_line_due(text, word, bytes, column)) {
                        fputc('\n', stream);
                        column = 0;
                } else if (column) {
                        fputc(' ', stream);
                }
                if (!column && (*word == '.' || *word == '\''))
                        fputs("\\&", stream);
                put_escaped(stream, word, bytes);
                column += bytes + 1;
        }
        fputc('\n', stream);
}

void roff_prose(FILE *stream, const char *text) {
        size_t length = strcspn(text, "\n");

        put_paragraph(stream, text, length);
        for (text += length; *text; text += length) {
                length = strcspn(++text, "\n");
                fputs(".PP\n", stream);
                put_paragraph(stream, text, length);
        }
}

void roff_section(FILE *stream, const char *name) {
        fprintf(stream, ".SH %s\n", name);
}

void roff_term(FILE *stream, const char *word, const char *meaning) {
        fputs(".TP\n.B ", stream);
        roff_text(stream, word);
        fputc('\n', stream);
        roff_prose(stream, meaning);
}

void roff_example(FILE *stream, const char *what, const char *lines) {
        size_t length;

        roff_prose(stream, what);
        fputs(".PP\n.RS\n.nf\n", stream);
        for (; *lines; lines += length + (lines[length] == '\n')) {
                length = strcspn(lines, "\n");
                put_line(stream, lines, length);
                fputc('\n', stream);
        }
        fputs(".fi\n.RE\n", stream);
}

void roff_title(FILE *stream, const char *title, unsigned int section, const char *name,
                const char *what) {
        const char *epoch = getenv("SOURCE_DATE_EPOCH");
        time_t now = epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
        char date[32] = "";
        struct tm day;

        if (gmtime_r(&now, &day))
                strftime(date, sizeof(date), "%Y-%m-%d", &day);
        fprintf(stream, ".TH %s %u \"%s\" \"xskim %s\"\n", title, section, date, XSKIM_VERSION);
        roff_section(stream, "NAME");
        fprintf(stream, "%s \\- ", name);
        roff_text(stream, what);
        fputc('\n', stream);
}

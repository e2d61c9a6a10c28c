/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how a record is printed. See record_print.h. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "record_print.h"
#include "util.h"

enum {
        VALUE_BYTES = 64,
        WIDTH_ADDRESS = 15, /* IPv4; an IPv6 address moves the rest of its line to the right */
        WIDTH_TIME = 16,
        WIDTH_DURATION = 13,
        WIDTH_NAME = 8,
};

/* ---- values ---- */

/* IPv4-mapped addresses as IPv4 (RFC 4291, section 2.5.5.2). */
static void address_format(const uint8_t address[16], char *ret_text) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

        if (!memcmp(address, mapped, sizeof(mapped)))
                inet_ntop(AF_INET, address + sizeof(mapped), ret_text, VALUE_BYTES);
        else
                inet_ntop(AF_INET6, address, ret_text, VALUE_BYTES);
}

static void value_format(const struct xskim_column *column, const union xskim_value *value,
                         char *ret_text) {
        if (column->kind == XSKIM_COLUMN_ADDRESS)
                address_format(value->address, ret_text);
        else if (column->kind == XSKIM_COLUMN_NAME)
                snprintf(ret_text, VALUE_BYTES, "%s", value->name);
        else
                snprintf(ret_text, VALUE_BYTES, "%" PRIu64, value->number);
}

/* ---- formats ---- */

static int width_of(const struct xskim_column *column) {
        static const int WIDTHS[] = {
                [XSKIM_COLUMN_TIME] = WIDTH_TIME,
                [XSKIM_COLUMN_DURATION] = WIDTH_DURATION,
                [XSKIM_COLUMN_ADDRESS] = WIDTH_ADDRESS,
                [XSKIM_COLUMN_NAME] = WIDTH_NAME,
        };
        int width = column->kind == XSKIM_COLUMN_NUMBER ? (int)(column->bits * 301 / 1000) + 1
                                                        : WIDTHS[column->kind];

        return MAX(width, (int)strlen(column->name));
}

static void text_put(FILE *stream, const struct xskim_column *column, bool first,
                     const char *value) {
        fprintf(stream, "%s%*s", first ? "" : " ", width_of(column), value);
}

static void csv_put(FILE *stream, const struct xskim_column *column, bool first,
                    const char *value) {
        (void)column;
        fprintf(stream, "%s%s", first ? "" : ",", value);
}

/* Names have nothing that JSON quotes. */
static void json_put(FILE *stream, const struct xskim_column *column, bool first,
                     const char *value) {
        bool quoted = column->kind == XSKIM_COLUMN_ADDRESS || column->kind == XSKIM_COLUMN_NAME;
        const char *quote = quoted ? "\"" : "";

        fprintf(stream, "%s\"%s\": %s%s%s", first ? "{\"type\": \"record\", " : ", ", column->name,
                quote, value, quote);
}

static const struct {
        void (*put)(FILE *stream, const struct xskim_column *column, bool first, const char *value);
        const char *end;
        bool head;
} FORMATS[] = {
        [RECORD_TEXT] = {text_put, "\n", true},
        [RECORD_JSON] = {json_put, "}\n", false},
        [RECORD_CSV] = {csv_put, "\n", true},
};

void record_print_head(FILE *stream, enum record_format format, const struct xskim_column *columns,
                       unsigned int count) {
        if (!FORMATS[format].head)
                return;
        for (unsigned int i = 0; i < count; i++)
                FORMATS[format].put(stream, &columns[i], !i, columns[i].name);
        fputs(FORMATS[format].end, stream);
}

void record_print(FILE *stream, enum record_format format, const struct xskim_column *columns,
                  unsigned int count, const union xskim_value *values) {
        char text[VALUE_BYTES];

        for (unsigned int i = 0; i < count; i++) {
                value_format(&columns[i], &values[i], text);
                FORMATS[format].put(stream, &columns[i], !i, text);
        }
        fputs(FORMATS[format].end, stream);
}

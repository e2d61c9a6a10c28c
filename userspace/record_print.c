/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how a record is printed. See record_print.h. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "record_print.h"
#include "tally.h"
#include "util.h"

enum {
        VALUE_BYTES = 64,
        WIDTH_ADDRESS = 15, /* IPv4; an IPv6 address moves the rest of its line to the right */
        WIDTH_TIME = 16,
        WIDTH_GAP = 13,
};

/* Where a column's value comes from: the same for all formats. */
struct column {
        const char *name;
        int width;   /* of text */
        bool quoted; /* in JSON */
};

static struct column column_of_field(const struct recordfile_field *field) {
        static const int WIDTHS[] = {
                [RECORDFILE_TIME] = WIDTH_TIME,
                [RECORDFILE_GAP] = WIDTH_GAP,
                [RECORDFILE_ADDRESS] = WIDTH_ADDRESS,
        };
        int width = WIDTHS[field->kind], name = (int)strlen(field->name);

        if (field->kind == RECORDFILE_NUMBER)
                width = (int)(field->bits * 301 / 1000) + 1;
        return (struct column){field->name, MAX(width, name), field->kind == RECORDFILE_ADDRESS};
}

static const struct column COLUMN_PORT = {"port", 8, true};
static const struct column COLUMN_CPU = {"cpu", 3, false};

/* ---- values ---- */

/* IPv4-mapped addresses as IPv4 (RFC 4291, section 2.5.5.2). */
static void address_format(const uint8_t address[16], char *value) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

        if (!memcmp(address, mapped, sizeof(mapped)))
                inet_ntop(AF_INET, address + sizeof(mapped), value, VALUE_BYTES);
        else
                inet_ntop(AF_INET6, address, value, VALUE_BYTES);
}

static void field_format(const struct recordfile_field *field,
                         const struct xskim_frame_header *frame, const void *record,
                         char *ret_value) {
        uint8_t address[16];
        uint64_t number;

        if (field->kind == RECORDFILE_ADDRESS) {
                recordfile_field_address(field, record, address);
                address_format(address, ret_value);
                return;
        }
        number = recordfile_field_value(field, record);
        if (field->kind == RECORDFILE_TIME)
                number = frame->time_ns - (uint64_t)tally_record_age_ns(frame->time_ns, number);
        else if (field->kind == RECORDFILE_GAP)
                number = xskim_gap_decode((uint32_t)number);
        snprintf(ret_value, VALUE_BYTES, "%" PRIu64, number);
}

/* ---- formats ---- */

static void text_put(FILE *stream, const struct column *column, bool first, const char *value) {
        fprintf(stream, "%s%*s", first ? "" : " ", column->width, value);
}

static void csv_put(FILE *stream, const struct column *column, bool first, const char *value) {
        (void)column;
        fprintf(stream, "%s%s", first ? "" : ",", value);
}

/* Names were checked to have nothing that JSON quotes when the file was opened. */
static void json_put(FILE *stream, const struct column *column, bool first, const char *value) {
        const char *quote = column->quoted ? "\"" : "";

        fprintf(stream, "%s\"%s\": %s%s%s", first ? "{\"type\": \"record\", " : ", ", column->name,
                quote, value, quote);
}

static const struct {
        void (*put)(FILE *stream, const struct column *column, bool first, const char *value);
        const char *end;
        bool head;
} FORMATS[] = {
        [RECORD_TEXT] = {text_put, "\n", true},
        [RECORD_JSON] = {json_put, "}\n", false},
        [RECORD_CSV] = {csv_put, "\n", true},
};

void record_print_head(FILE *stream, enum record_format format,
                       const struct recordfile_facts *facts) {
        if (!FORMATS[format].head)
                return;
        FORMATS[format].put(stream, &COLUMN_PORT, true, COLUMN_PORT.name);
        FORMATS[format].put(stream, &COLUMN_CPU, false, COLUMN_CPU.name);
        for (uint32_t i = 0; i < facts->field_count; i++) {
                struct column column = column_of_field(&facts->fields[i]);

                FORMATS[format].put(stream, &column, false, column.name);
        }
        fputs(FORMATS[format].end, stream);
}

static void record_print(FILE *stream, enum record_format format,
                         const struct recordfile_facts *facts,
                         const struct xskim_frame_header *frame, const void *record) {
        char value[VALUE_BYTES];

        FORMATS[format].put(stream, &COLUMN_PORT, true, facts->ports[frame->ring / facts->cpus]);
        snprintf(value, sizeof(value), "%" PRIu64, frame->ring % facts->cpus);
        FORMATS[format].put(stream, &COLUMN_CPU, false, value);
        for (uint32_t i = 0; i < facts->field_count; i++) {
                struct column column = column_of_field(&facts->fields[i]);

                field_format(&facts->fields[i], frame, record, value);
                FORMATS[format].put(stream, &column, false, value);
        }
        fputs(FORMATS[format].end, stream);
}

void record_print_frame(FILE *stream, enum record_format format,
                        const struct recordfile_facts *facts,
                        const struct xskim_frame_header *frame) {
        const struct xskim_record *records = (const void *)(frame + 1);

        for (uint32_t i = 0; i < frame->records; i++)
                record_print(stream, format, facts, frame, &records[i]);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what a record looks like outside: the columns of a file and a record's values in them. See
 * recordfile.h. */
#include <stdio.h>
#include <string.h>

#include "recordfile.h"

/* What is not in the record itself but in its frame's header: the first columns. */
enum { COLUMN_PORT, COLUMN_CPU, COLUMN_FIELDS };

_Static_assert(RECORDFILE_COLUMNS_MAX == RECORDFILE_FIELDS_MAX + COLUMN_FIELDS,
               "room for every column");

static const struct xskim_column BEFORE[COLUMN_FIELDS] = {
        [COLUMN_PORT] = {.name = "port", .kind = XSKIM_COLUMN_NAME},
        [COLUMN_CPU] = {.name = "cpu", .bits = 8, .kind = XSKIM_COLUMN_NUMBER},
};

static struct xskim_column column_of(const struct recordfile_field *field) {
        struct xskim_column column = {.bits = field->bits, .kind = field->kind};

        memcpy(column.name, field->name, sizeof(column.name));
        memcpy(column.unit, field->unit, sizeof(column.unit));
        if (field->kind == XSKIM_COLUMN_DURATION)
                snprintf(column.unit, sizeof(column.unit), "ns");
        return column;
}

uint32_t recordfile_columns(const struct recordfile_facts *facts,
                            struct xskim_column ret_columns[RECORDFILE_COLUMNS_MAX]) {
        memcpy(ret_columns, BEFORE, sizeof(BEFORE));
        for (uint32_t i = 0; i < facts->field_count; i++)
                ret_columns[COLUMN_FIELDS + i] = column_of(&facts->fields[i]);
        return COLUMN_FIELDS + facts->field_count;
}

uint64_t recordfile_field_value(const struct recordfile_field *field, const void *record) {
        uint64_t word;

        memcpy(&word, (const char *)record + field->bit / 64 * sizeof(word), sizeof(word));
        word >>= field->bit % 64;
        return field->bits < 64 ? word & ((1ULL << field->bits) - 1) : word;
}

void recordfile_field_address(const struct recordfile_field *field, const void *record,
                              uint8_t ret_address[16]) {
        memcpy(ret_address, (const char *)record + field->bit / 8, 16);
}

static uint64_t number_of(const struct recordfile_field *field,
                          const struct xskim_frame_header *frame, const void *record) {
        uint64_t number = recordfile_field_value(field, record);

        if (field->kind == XSKIM_COLUMN_TIME)
                return frame->time_ns - (uint64_t)tally_record_age_ns(frame->time_ns, number);
        if (field->kind == XSKIM_COLUMN_DURATION)
                return xskim_gap_decode((uint32_t)number);
        return number;
}

void recordfile_values(const struct recordfile_facts *facts, const struct xskim_frame_header *frame,
                       const void *record, union xskim_value ret_values[RECORDFILE_COLUMNS_MAX]) {
        ret_values[COLUMN_PORT].name = facts->ports[frame->ring / facts->cpus];
        ret_values[COLUMN_CPU].number = frame->ring % facts->cpus;
        for (uint32_t i = 0; i < facts->field_count; i++) {
                const struct recordfile_field *field = &facts->fields[i];
                union xskim_value *value = &ret_values[COLUMN_FIELDS + i];

                if (field->kind == XSKIM_COLUMN_ADDRESS)
                        recordfile_field_address(field, record, value->address);
                else
                        value->number = number_of(field, frame, record);
        }
}

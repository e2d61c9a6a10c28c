/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tshark.h"

enum { COMMAND_BYTES = 65536, LINE_BYTES = 16384 };

#define ROW(name_, predicate_, filter_) [CLASSES_ROW_##name_] = {#name_, filter_},
const struct class_row class_rows[CLASSES_ROWS] = {CLASSES_TABLE(ROW)};
#undef ROW

_Bool class_in_row(uint8_t class, enum classes_row row) {
        switch (row) {
#define ROW(name_, predicate_, filter_)                                                            \
        case CLASSES_ROW_##name_:                                                                  \
                return predicate_;
                CLASSES_TABLE(ROW)
#undef ROW
        default:
                return 0;
        }
}

_Bool tshark_usable(const char **ret_reason) {
        FILE *version = popen("tshark --version 2>/dev/null", "r");
        unsigned major = 0;

        *ret_reason = "there is no tshark (Debian: apt install tshark)";
        if (!version)
                return 0;
        if (fscanf(version, "TShark (Wireshark) %u.", &major) == 1 && major < 4)
                *ret_reason = "tshark is older than 4.0";
        pclose(version);
        return major >= 4;
}

/* Every filter in one pass: tshark's protocol hierarchy statistics, a table for each. */
static size_t command_make(const char *path, char *command, size_t bytes) {
        size_t end =
                (size_t)snprintf(command, bytes, "tshark -n " CLASSES_TSHARK " -r '%s' -q", path);
        uint32_t row;

        for (row = 0; row < CLASSES_ROWS && end < bytes; row++)
                end += (size_t)snprintf(command + end, bytes - end, " -z 'io,phs,%s'",
                                        class_rows[row].filter);
        if (end < bytes)
                end += (size_t)snprintf(command + end, bytes - end, " 2>/dev/null");
        return end;
}

/* The row whose table begins with this line; CLASSES_ROWS: none does. */
static uint32_t table_row(const char *line) {
        size_t length = strcspn(line, "\n");
        uint32_t row;

        for (row = 0; row < CLASSES_ROWS; row++)
                if (strlen(class_rows[row].filter) == length &&
                    !strncmp(line, class_rows[row].filter, length))
                        break;
        return row;
}

/* Returns how many tables there were. The protocols within another are indented, and left out. */
static uint32_t tables_read(FILE *output, uint64_t counts[CLASSES_ROWS]) {
        static char line[LINE_BYTES];
        uint32_t row = CLASSES_ROWS, tables = 0;
        uint64_t frames;

        while (fgets(line, sizeof(line), output)) {
                if (!strncmp(line, "Filter: ", 8)) {
                        row = table_row(line + 8);
                        tables += row < CLASSES_ROWS;
                } else if (row < CLASSES_ROWS && sscanf(line, "%*[^ ] frames:%lu", &frames) == 1) {
                        counts[row] += frames;
                }
        }
        return tables;
}

int tshark_count(const char *path, uint64_t ret_counts[CLASSES_ROWS]) {
        static char command[COMMAND_BYTES];
        uint32_t tables;
        FILE *output;
        int status;

        if (command_make(path, command, sizeof(command)) >= sizeof(command))
                return -E2BIG;
        output = popen(command, "r");
        if (!output)
                return -errno;
        memset(ret_counts, 0, CLASSES_ROWS * sizeof(*ret_counts));
        tables = tables_read(output, ret_counts);
        status = pclose(output);
        if (!status && tables == CLASSES_ROWS)
                return 0;
        fprintf(stderr, "%s: tshark failed: status %d, %u tables\n", path, status, tables);
        return -EIO;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tshark.h"

enum { COMMAND_BYTES = 16384 };

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

/* Counts the lines; one is printed for each packet that matches. */
static int count_matches(const char *path, const char *filter, uint64_t *ret_count) {
        char command[COMMAND_BYTES];
        uint64_t count = 0;
        FILE *output;
        int c, status;

        snprintf(command, sizeof(command),
                 "tshark -n " CLASSES_TSHARK " -r '%s' -T fields -e frame.number -Y '%s' "
                 "2>/dev/null",
                 path, filter);
        output = popen(command, "r");
        if (!output)
                return -errno;
        while ((c = fgetc(output)) != EOF)
                count += c == '\n';
        status = pclose(output);
        if (status) {
                fprintf(stderr, "tshark failed (status %d): %s\n", status, command);
                return -EIO;
        }
        *ret_count = count;
        return 0;
}

int tshark_count(const char *path, uint64_t ret_counts[CLASSES_ROWS]) {
        uint32_t row;
        int r;

        for (row = 0; row < CLASSES_ROWS; row++) {
                r = count_matches(path, class_rows[row].filter, &ret_counts[row]);
                if (r < 0)
                        return r;
        }
        return 0;
}

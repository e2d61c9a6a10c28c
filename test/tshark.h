/* SPDX-License-Identifier: BSD-2-Clause */
/* tshark as the outside judge of the counts by class: one run a capture, a filter for each row of
 * classes.h. */
#ifndef XSKIM_TEST_TSHARK_H
#define XSKIM_TEST_TSHARK_H

#include <stdint.h>

#include "classes.h"

struct class_row {
        const char *name;
        const char *filter; /* tshark's display filter */
};

extern const struct class_row class_rows[CLASSES_ROWS];

/* Whether a packet of this class byte is counted in row number `row`. */
_Bool class_in_row(uint8_t class, enum classes_row row);

/* Whether there is a tshark that knows `field#1` (4.0 or later); otherwise *ret_reason says why
 * not. */
_Bool tshark_usable(const char **ret_reason);

/* How many packets of the capture match each row. Returns 0, or a negative errno (printed). */
int tshark_count(const char *path, uint64_t ret_counts[CLASSES_ROWS]);

#endif

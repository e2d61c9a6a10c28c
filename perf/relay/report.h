/* SPDX-License-Identifier: BSD-2-Clause */
/* What the relay tells at its end, as text or as one JSON object. Pure but for writing it. */
#ifndef XSKIM_RELAY_REPORT_H
#define XSKIM_RELAY_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "direction.h"

/* Of directions that have been joined. */
void report_print(const struct direction directions[FATE_DIRECTIONS], bool as_json, FILE *to);

/* The sum over both directions. */
uint64_t report_unaccounted(const struct direction directions[FATE_DIRECTIONS]);

/* As in the report: "left to right". */
const char *report_name(enum fate_direction which);

#endif

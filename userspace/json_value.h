/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as every object of json.h's adapter has them; it includes jansson, so only its files
 * include this. NULL when there is no memory. */
#ifndef XSKIM_JSON_VALUE_H
#define XSKIM_JSON_VALUE_H

#include <jansson.h>

#include <xskim/xskim.h>

/* A number; null for what is none, and so was not measured. */
json_t *json_value_real(double value);

/* Text from outside: what is not UTF-8 comes out as '?', byte by byte. */
json_t *json_value_text(const char *text);

/* {median, ci95, count}, null where nothing was measured. */
json_t *json_value_interval(const struct xskim_bench_interval *interval);

#endif

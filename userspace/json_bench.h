/* SPDX-License-Identifier: BSD-2-Clause */
/* The result of an experiment as JSON. Part of json.h's adapter of jansson. */
#ifndef XSKIM_JSON_BENCH_H
#define XSKIM_JSON_BENCH_H

#include <xskim/xskim.h>

#include "environment.h"

/*
 * One object on one line, without the newline: "type": "bench", with every slice. What was not
 * measured is null: so are figures that are not finite. Slices name their condition by its place in
 * "conditions". The caller frees the line. -ENOMEM, with a message.
 */
int json_bench(const struct xskim_bench_result *result, const struct environment *environment,
               char **ret_line);

#endif

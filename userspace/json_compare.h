/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of `xskim bench --json`, read again, and their comparison as JSON. Part of json.h's
 * adapter of jansson. Files are not trusted. */
#ifndef XSKIM_JSON_COMPARE_H
#define XSKIM_JSON_COMPARE_H

#include "compare.h"

enum { JSON_COMPARE_FILE_BYTES_MAX = 64 << 20 };

/*
 * Reads what a comparison needs of a result. The errno of the file; -EFBIG; -EINVAL: it is no JSON
 * or not such a result, and where; -ENOMEM; all with a message. *ret_run is untouched on failure.
 */
int json_compare_read(const char *path, struct compare_run **ret_run);

/* NULL is fine. Returns NULL. */
struct compare_run *json_compare_free(struct compare_run *run);
void json_compare_cleanup(struct compare_run **run);

/* One object on one line, without the newline: "type": "bench_compare". What was not measured is
 * null. The caller frees it. -ENOMEM, with a message. */
int json_compare(const struct comparison *comparison, const char *then_path, const char *now_path,
                 char **ret_line);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the JSON object of a comparison. See json_compare.h. */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "json_compare.h"
#include "json_value.h"
#include "log.h"
#include "util.h"

/* What is no number was not measured. */
static json_t *measure_object(const struct compare_measure *measure) {
        return json_pack("{s:o,s:o,s:o,s:s}", "old", json_value_interval(&measure->then), "new",
                         json_value_interval(&measure->now), "added",
                         json_value_interval(&measure->added), "verdict",
                         COMPARE_VERDICT_WORDS[measure->verdict]);
}

static json_t *row_object(const struct compare_row *row) {
        const struct compare_condition *named = row->now ? row->now : row->then;

        return json_pack("{s:o,s:o,s:b,s:{s:o,s:o},s:o,s:o}", "name", json_value_text(named->name),
                         "tier", *named->tier ? json_value_text(named->tier) : json_null(), "null",
                         row->null, "mpps", "old",
                         json_value_real(row->then ? row->then->mpps : NAN), "new",
                         json_value_real(row->now ? row->now->mpps : NAN), "loss_percent",
                         measure_object(&row->loss_percent), "added_p99_ns",
                         measure_object(&row->added_p99_ns));
}

static json_t *differences_array(const struct comparison *comparison) {
        json_t *array = json_array();

        for (unsigned int i = 0; i < comparison->difference_count; i++)
                json_array_append_new(
                        array, json_pack("{s:o,s:o,s:o}", "name",
                                         json_value_text(comparison->differences[i].name), "old",
                                         json_value_text(comparison->differences[i].then), "new",
                                         json_value_text(comparison->differences[i].now)));
        return array;
}

static json_t *rows_array(const struct comparison *comparison) {
        json_t *array = json_array();

        for (unsigned int i = 0; i < comparison->row_count; i++)
                json_array_append_new(array, row_object(&comparison->rows[i]));
        return array;
}

int json_compare(const struct comparison *comparison, const char *then_path, const char *now_path,
                 char **ret_line) {
        json_t *object =
                json_pack("{s:s,s:o,s:o,s:f,s:f,s:b,s:o,s:{s:o,s:o},s:o}", "type", "bench_compare",
                          "old", json_value_text(then_path), "new", json_value_text(now_path),
                          "tolerance_percent", comparison->tolerance.loss_percent,
                          "tolerance_p99_ns", comparison->tolerance.p99_ns, "slower",
                          comparison->slower, "differences", differences_array(comparison),
                          "baseline_mpps", "old", json_value_real(comparison->baseline[0]->mpps),
                          "new", json_value_real(comparison->baseline[1]->mpps), "conditions",
                          rows_array(comparison));
        char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

        json_decref(object);
        if (!line)
                return error_set(-ENOMEM, "comparing: cannot make a JSON line: out of memory");
        *ret_line = line;
        return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the JSON object of a comparison. See json_compare.h. */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "json_compare.h"
#include "log.h"
#include "util.h"

/* What is no number was not measured. */
static json_t *real(double value) {
        const double limit =
                1e300; /* the last doubles, printed with 15 digits, are beyond themselves */

        return isfinite(value) ? json_real(fmin(fmax(value, -limit), limit)) : json_null();
}

static json_t *text(const char *value) {
        json_t *json = json_string(value);

        /* a file's name need not be UTF-8 */
        return json ? json : json_string("?");
}

static json_t *interval(const struct xskim_bench_interval *value) {
        bool measured = value->count;

        return json_pack("{s:o,s:[o,o],s:I}", "median", real(measured ? value->median : NAN),
                         "ci95", real(measured ? value->low : NAN),
                         real(measured ? value->high : NAN), "count", (json_int_t)value->count);
}

static json_t *measure_object(const struct compare_measure *measure) {
        return json_pack("{s:o,s:o,s:o,s:s}", "old", interval(&measure->then), "new",
                         interval(&measure->now), "added", interval(&measure->added), "verdict",
                         COMPARE_VERDICT_WORDS[measure->verdict]);
}

static json_t *row_object(const struct compare_row *row) {
        const struct compare_condition *named = row->now ? row->now : row->then;

        return json_pack("{s:o,s:o,s:b,s:{s:o,s:o},s:o,s:o}", "name", text(named->name), "tier",
                         *named->tier ? text(named->tier) : json_null(), "null", row->null, "mpps",
                         "old", real(row->then ? row->then->mpps : NAN), "new",
                         real(row->now ? row->now->mpps : NAN), "loss_percent",
                         measure_object(&row->loss_percent), "added_p99_ns",
                         measure_object(&row->added_p99_ns));
}

static json_t *differences_array(const struct comparison *comparison) {
        json_t *array = json_array();

        for (unsigned int i = 0; i < comparison->difference_count; i++)
                json_array_append_new(array, json_pack("{s:o,s:o,s:o}", "name",
                                                       text(comparison->differences[i].name), "old",
                                                       text(comparison->differences[i].then), "new",
                                                       text(comparison->differences[i].now)));
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
        json_t *object = json_pack("{s:s,s:o,s:o,s:f,s:f,s:b,s:o,s:{s:o,s:o},s:o}", "type",
                                   "bench_compare", "old", text(then_path), "new", text(now_path),
                                   "tolerance_percent", comparison->tolerance.loss_percent,
                                   "tolerance_p99_ns", comparison->tolerance.p99_ns, "slower",
                                   comparison->slower, "differences", differences_array(comparison),
                                   "baseline_mpps", "old", real(comparison->baseline[0]->mpps),
                                   "new", real(comparison->baseline[1]->mpps), "conditions",
                                   rows_array(comparison));
        char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

        json_decref(object);
        if (!line)
                return error_set(-ENOMEM, "comparing: cannot make a JSON line: out of memory");
        *ret_line = line;
        return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes values. See json_value.h. */
#include <math.h>
#include <string.h>

#include "json_value.h"
#include "util.h"

json_t *json_value_real(double value) {
        /* the last of the doubles, printed with 15 digits, are beyond themselves */
        const double limit = 1e300;

        return isfinite(value) ? json_real(fmin(fmax(value, -limit), limit)) : json_null();
}

json_t *json_value_text(const char *text) {
        char *safe CLEANUP(free_cleanup) = NULL;
        json_t *json = json_string(text);

        if (json)
                return json;
        safe = strdup(text);
        if (!safe)
                return NULL;
        for (char *c = safe; *c; c++)
                if ((unsigned char)*c >= 0x80)
                        *c = '?';
        return json_string(safe);
}

json_t *json_value_interval(const struct xskim_bench_interval *interval) {
        bool measured = interval->count;

        return json_pack("{s:o,s:[o,o],s:I}", "median",
                         json_value_real(measured ? interval->median : NAN), "ci95",
                         json_value_real(measured ? interval->low : NAN),
                         json_value_real(measured ? interval->high : NAN), "count",
                         (json_int_t)interval->count);
}

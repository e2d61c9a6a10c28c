/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the JSON object of the claims. See json_claims.h. */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "json_claims.h"
#include "json_value.h"

static json_t *claim_object(const struct xskim_claim *claim) {
        const struct xskim_bench_interval *m = &claim->measured;
        json_t *object = json_object();

        json_object_set_new(object, "name", json_value_text(claim->name));
        json_object_set_new(object, "claim", json_value_text(claim->claim));
        json_object_set_new(object, "paper", json_value_text(claim->paper));
        json_object_set_new(object, "measured",
                            m->count ? json_value_real(m->median) : json_null());
        json_object_set_new(object, "unit", json_value_text(claim->unit));
        json_object_set_new(
                object, "ci95",
                m->count ? json_pack("[o,o]", json_value_real(m->low), json_value_real(m->high))
                         : json_null());
        json_object_set_new(object, "how", json_value_text(claim->how));
        json_object_set_new(object, "verdict", json_value_text(xskim_claim_word(claim->verdict)));
        json_object_set_new(object, "reason", json_value_text(claim->reason));
        return object;
}

int json_claims(const struct xskim_claims_result *result, char **ret_line) {
        json_t *claims = json_array(), *object;
        char *line;

        for (unsigned int i = 0; i < result->count; i++)
                json_array_append_new(claims, claim_object(&result->claims[i]));
        object = json_pack("{s:s,s:b,s:f,s:f,s:o}", "type", "claims", "interrupted",
                           result->interrupted, "duration_s", result->duration_s,
                           "cpu_hour_dollars", result->cpu_hour_dollars, "claims", claims);
        line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
        json_decref(object);
        if (!line)
                return -ENOMEM;
        *ret_line = line;
        return 0;
}

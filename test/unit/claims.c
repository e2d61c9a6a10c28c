/* SPDX-License-Identifier: BSD-2-Clause */
/* What the claims tell: the JSON object's keys and the text, from results that are made up. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "claims_view.h"
#include "json_claims.h"
#include "page.h"
#include "util.h"

/* One of each verdict, of which the last has nothing measured; an interval of no width. */
static struct xskim_claims_result *result_made(void) {
        static struct xskim_claims_result result;
        static const struct xskim_bench_interval intervals[] = {
                {2.5, 2.25, 3.5, 40}, {1000000, 1000000, 1000000, 1}, {NAN, NAN, NAN, 0}};

        result = (struct xskim_claims_result){
                .count = 3, .duration_s = 61, .cpu_hour_dollars = 0.04, .interrupted = true};
        for (unsigned int i = 0; i < result.count; i++) {
                struct xskim_claim *claim = &result.claims[i];

                *claim = (struct xskim_claim){
                        .name = i == 0   ? "first"
                                : i == 1 ? "second"
                                         : "third",
                        .claim = "something takes 3 ms",
                        .paper = "3 ms",
                        .unit = "ms",
                        .measured = intervals[i],
                        .verdict = i == 0   ? XSKIM_CLAIM_holds
                                   : i == 1 ? XSKIM_CLAIM_does_not_hold
                                            : XSKIM_CLAIM_not_testable,
                        .how = "a hundred times, each beside the other",
                        .reason = "because of \"this\"",
                };
        }
        return &result;
}

static json_t *object_made(void) {
        CLEANUP(free_cleanup) char *line = NULL;
        json_error_t error;
        json_t *json;

        cr_assert_eq(json_claims(result_made(), &line), 0);
        cr_assert_null(strchr(line, '\n'), "one object is one line");
        json = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        cr_assert_not_null(json, "%s in %s", error.text, line);
        return json;
}

static const char *text_of(json_t *json, size_t row, const char *key) {
        return json_string_value(
                json_object_get(json_array_get(json_object_get(json, "claims"), row), key));
}

Test(claims, json_has_every_promised_key) {
        static const char *const texts[] = {"name", "claim",   "paper", "unit",
                                            "how",  "verdict", "reason"};
        json_t *json = object_made();

        cr_expect_str_eq(json_string_value(json_object_get(json, "type")), "claims");
        cr_expect(json_is_true(json_object_get(json, "interrupted")));
        cr_expect_eq(json_array_size(json_object_get(json, "claims")), 3);
        for (size_t row = 0; row < 3; row++)
                for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                        cr_expect_not_null(text_of(json, row, texts[i]), "%s", texts[i]);
        cr_expect_str_eq(text_of(json, 0, "verdict"), "holds");
        cr_expect_str_eq(text_of(json, 1, "verdict"), "does_not_hold");
        cr_expect_str_eq(text_of(json, 2, "verdict"), "not_testable");
        json_decref(json);
}

Test(claims, json_has_the_interval_or_null_when_nothing_was_measured) {
        json_t *json = object_made(), *claims = json_object_get(json, "claims");
        json_t *first = json_array_get(claims, 0), *third = json_array_get(claims, 2);
        json_t *ci95 = json_object_get(first, "ci95");

        cr_expect_eq(json_real_value(json_object_get(first, "measured")), 2.5);
        cr_assert_eq(json_array_size(ci95), 2);
        cr_expect_eq(json_real_value(json_array_get(ci95, 0)), 2.25);
        cr_expect_eq(json_real_value(json_array_get(ci95, 1)), 3.5);
        cr_expect(json_is_null(json_object_get(third, "measured")));
        cr_expect(json_is_null(json_object_get(third, "ci95")));
        json_decref(json);
}

Test(claims, the_text_says_all_of_it_within_its_columns) {
        static char text[CLAIMS_VIEW_BYTES];

        for (unsigned int columns = 60; columns <= 120; columns += 20) {
                claims_view(result_made(), columns, false, text, sizeof(text));
                cr_expect_not_null(strstr(text, "measured 2.5 [2.25, 3.5] ms"), "%s", text);
                cr_expect_not_null(strstr(text, "measured 1 000 000 ms, exact"), "%s", text);
                cr_expect_not_null(strstr(text, "not measured"), "%s", text);
                cr_expect_not_null(strstr(text, "1 hold, 1 do not, 1 not"), "%s", text);
                cr_expect_not_null(strstr(text, "does not hold"), "%s", text);
                for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                        cr_expect_leq(page_width(line), columns, "%s", line);
        }
}

Test(claims, the_longest_result_fits_the_text) {
        static char text[CLAIMS_VIEW_BYTES];
        struct xskim_claims_result *result = result_made();

        result->count = XSKIM_CLAIMS_MAX;
        for (unsigned int i = 0; i < result->count; i++) {
                result->claims[i] = result->claims[0];
                /* short words, many lines */
                for (size_t at = 0; at < XSKIM_CLAIM_REASON_BYTES - 1; at++)
                        result->claims[i].reason[at] = at % 12 == 11 ? ' ' : 'w';
                for (size_t at = 0; at < XSKIM_CLAIM_HOW_BYTES - 1; at++)
                        result->claims[i].how[at] = at % 12 == 11 ? ' ' : 'w';
        }
        claims_view(result, 60, true, text, sizeof(text));
        cr_expect_not_null(strstr(text, "64 claims in"), "the end is there");
}

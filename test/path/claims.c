/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim bench claims as a person runs it: every claim has a verdict and what it rests on, ^C ends
 * it with the rows so far, and nothing is left behind. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <linux/capability.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "command.h"
#include "lab.h"

enum { CLAIMS = 32 };

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

TestSuite(claims, .init = lab_fresh, .timeout = 240);

static json_t *object_of(const struct command_result *result) {
        json_error_t error;
        json_t *json = json_loads(result->out, JSON_REJECT_DUPLICATES, &error);

        cr_assert_not_null(json, "%s in '%s', %s", error.text, result->out, result->err);
        return json;
}

static const char *text_of(json_t *claim, const char *key) {
        const char *text = json_string_value(json_object_get(claim, key));

        cr_assert_not_null(text, "%s", key);
        return text;
}

static bool is_verdict(const char *word) {
        return !strcmp(word, "holds") || !strcmp(word, "does_not_hold") ||
               !strcmp(word, "not_testable");
}

/* A verdict rests on a measurement; without one there is a reason. */
static void claim_check(json_t *claim) {
        json_t *measured = json_object_get(claim, "measured");
        json_t *ci95 = json_object_get(claim, "ci95");
        const char *name = text_of(claim, "name"), *verdict = text_of(claim, "verdict");

        cr_expect(is_verdict(verdict), "%s: %s", name, verdict);
        cr_expect(*text_of(claim, "claim") && *text_of(claim, "paper") && *text_of(claim, "unit"),
                  "%s", name);
        cr_expect(*text_of(claim, "reason"), "%s: no reason", name);
        if (json_is_null(measured)) {
                cr_expect_str_eq(verdict, "not_testable", "%s", name);
                cr_expect(json_is_null(ci95), "%s", name);
                return;
        }
        cr_expect(*text_of(claim, "how"), "%s: measured, but how?", name);
        cr_expect(isfinite(json_real_value(measured)), "%s", name);
        cr_assert_eq(json_array_size(ci95), 2, "%s", name);
        cr_expect_leq(json_real_value(json_array_get(ci95, 0)), json_real_value(measured), "%s",
                      name);
        cr_expect_geq(json_real_value(json_array_get(ci95, 1)), json_real_value(measured), "%s",
                      name);
}

static json_t *claim_of(json_t *json, const char *name) {
        size_t index;
        json_t *claim;

        json_array_foreach(json_object_get(json, "claims"), index, claim) {
                if (!strcmp(text_of(claim, "name"), name))
                        return claim;
        }
        cr_assert(0, "no claim %s", name);
        return NULL;
}

/* lo and the pair of the lab. */
static void nothing_is_left(void) {
        lab_run("test $(ip -o link | wc -l) -eq 3");
}

/* What no machine decides otherwise. */
static void certain_check(json_t *json) {
        static const struct {
                const char *name;
                const char *verdict;
        } certain[] = {
                {"execution", "holds"},
                {"memory_whole", "does_not_hold"},
                {"loading_growth", "holds"},
                {"collection_growth", "does_not_hold"},
                {"processing_growth", "holds"},
                {"aggregation_nodes", "holds"},
                {"overflow_hash", "holds"},
                {"overflow_ring", "holds"},
                {"overflow_staging", "holds"},
                {"stack_limit", "holds"},
                {"memory_growth", "does_not_hold"},
                {"instruction_limit", "does_not_hold"},
        };

        for (size_t i = 0; i < sizeof(certain) / sizeof(certain[0]); i++) {
                json_t *claim = claim_of(json, certain[i].name);

                cr_expect_str_eq(text_of(claim, "verdict"), certain[i].verdict, "%s: %s",
                                 certain[i].name, text_of(claim, "reason"));
        }
}

Test(claims, every_row_has_a_verdict_and_what_it_rests_on) {
        struct command command =
                COMMAND_START(NULL, "bench", "claims", "--json", "--max-time", "4s");
        struct command_result result = command_end(&command);
        json_t *json, *claim;
        size_t index;

        cr_assert_eq(result.status, 0, "%s", result.err);
        json = object_of(&result);
        cr_expect(json_is_false(json_object_get(json, "interrupted")));
        cr_expect_eq(json_array_size(json_object_get(json, "claims")), CLAIMS);
        json_array_foreach(json_object_get(json, "claims"), index, claim) {
                claim_check(claim);
        }
        certain_check(json);
        /* the experiment with traffic was there, too */
        cr_expect(json_is_real(json_object_get(claim_of(json, "overhead"), "measured")), "%s",
                  text_of(claim_of(json, "overhead"), "reason"));
        json_decref(json);
        command_result_free(&result);
        nothing_is_left();
}

Test(claims, a_signal_ends_it_with_the_rows_so_far) {
        struct command command = COMMAND_START(NULL, "bench", "claims", "--json");
        struct command_result result;
        json_t *json, *claim;
        size_t index;

        sleep(4);
        kill(command.pid, SIGINT);
        result = command_end(&command);
        cr_assert_eq(result.status, 0, "%s", result.err);
        json = object_of(&result);
        cr_expect(json_is_true(json_object_get(json, "interrupted")));
        cr_expect_lt(json_array_size(json_object_get(json, "claims")), CLAIMS);
        json_array_foreach(json_object_get(json, "claims"), index, claim) {
                claim_check(claim);
                cr_expect_null(strstr(text_of(claim, "reason"), "nterrupted"));
        }
        json_decref(json);
        command_result_free(&result);
        nothing_is_left();
}

Test(claims, prices_that_are_none_are_refused) {
        static const char *const prices[] = {"0", "-1", "free", ""};

        for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
                struct command command =
                        COMMAND_START(NULL, "bench", "claims", "--price", prices[i]);
                struct command_result result = command_end(&command);

                cr_expect_eq(result.status, 2, "%s: %s", prices[i], result.err);
                command_result_free(&result);
        }
}

/* Still root, who can reach the program wherever it was built. */
static void without_privilege(void) {
        cr_assert_eq(prctl(PR_CAPBSET_DROP, CAP_BPF), 0);
        cr_assert_eq(prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN), 0);
}

Test(claims, without_privilege_it_says_what_is_missing) {
        struct command command = COMMAND_START(without_privilege, "bench", "claims");
        struct command_result result = command_end(&command);

        cr_expect_eq(result.status, 4, "%s", result.err);
        cr_expect_not_null(strstr(result.err, "CAP_BPF"), "%s", result.err);
        command_result_free(&result);
}

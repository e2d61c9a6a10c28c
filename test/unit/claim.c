/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts out of intervals: what settles a claim and what does not, whatever the numbers are. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include <xskim/skip.h>

#include "claim.h"

static struct xskim_claim measured(double low, double median, double high) {
        return (struct xskim_claim){.measured = {median, low, high, 20}};
}

Test(claim, at_most_holds_when_the_whole_interval_is_within) {
        struct xskim_claim claim = measured(1, 2, 30);

        claim_at_most(&claim, 30, "30 ms");
        cr_expect_eq(claim.verdict, XSKIM_CLAIM_holds);
        cr_expect_not_null(strstr(claim.reason, "30 ms"));
}

Test(claim, at_most_does_not_hold_when_the_whole_interval_is_above) {
        struct xskim_claim claim = measured(30.1, 31, 40);

        claim_at_most(&claim, 30, "30 ms");
        cr_expect_eq(claim.verdict, XSKIM_CLAIM_does_not_hold);
}

Test(claim, an_interval_that_straddles_the_bound_settles_nothing) {
        struct xskim_claim most = measured(1, 2, 3), least = measured(1, 2, 3);

        claim_at_most(&most, 2.5, "2.5");
        claim_at_least(&least, 1.5, "1.5");
        cr_expect_eq(most.verdict, XSKIM_CLAIM_not_testable);
        cr_expect_eq(least.verdict, XSKIM_CLAIM_not_testable);
        cr_expect_not_null(strstr(most.reason, "straddles"));
        cr_expect_not_null(strstr(least.reason, "straddles"));
}

Test(claim, without_a_measurement_nothing_is_settled_and_there_is_a_reason) {
        static const struct xskim_bench_interval nothing[] = {
                {NAN, NAN, NAN, 0}, {1, 1, 1, 0}, {1, NAN, NAN, 3}, {1, -INFINITY, INFINITY, 3}};

        for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
                struct xskim_claim claims[4] = {0};

                for (int k = 0; k < 4; k++)
                        claims[k].measured = nothing[i];
                claim_at_most(&claims[0], 2, "2");
                claim_at_least(&claims[1], 0, "0");
                claim_growth(&claims[2], CLAIM_LAW_SQUARE, 10, 1000);
                claim_fact(&claims[3], true);
                for (int k = 0; k < 4; k++) {
                        cr_expect_eq(claims[k].verdict, XSKIM_CLAIM_not_testable);
                        cr_expect(claims[k].reason[0]);
                }
        }
}

static double uniform(__u64 *random) {
        return (double)(xskim_random_next(random) >> 11) / 9007199254740992.0;
}

/* A wider interval knows less: it never turns one verdict into the other. And at most and at least
 * are each other's opposite. */
Test(claim, a_wider_interval_settles_no_more) {
        __u64 random = 11;

        for (int i = 0; i < 100000; i++) {
                double a = uniform(&random), b = uniform(&random), bound = uniform(&random);
                double low = fmin(a, b), high = fmax(a, b), more = uniform(&random) / 4;
                struct xskim_claim narrow = measured(low, (low + high) / 2, high);
                struct xskim_claim wide = measured(low - more, (low + high) / 2, high + more);
                struct xskim_claim least = narrow;

                claim_at_most(&narrow, bound, "it");
                claim_at_most(&wide, bound, "it");
                claim_at_least(&least, bound, "it");
                if (wide.verdict != XSKIM_CLAIM_not_testable)
                        cr_assert_eq(wide.verdict, narrow.verdict);
                if (narrow.verdict == XSKIM_CLAIM_not_testable)
                        cr_assert_eq(least.verdict, XSKIM_CLAIM_not_testable);
                else
                        cr_assert_neq(least.verdict, narrow.verdict);
        }
}

/* ---- growth ---- */

Test(claim, exponents_of_laws_are_what_calculus_says) {
        cr_expect_float_eq(claim_law_exponent(CLAIM_LAW_N, 3, 4000), 1, 1e-12);
        cr_expect_float_eq(claim_law_exponent(CLAIM_LAW_SQUARE, 3, 4000), 2, 1e-12);
        /* d log(log n) / d log n = 1 / log n, about the middle in logarithms */
        cr_expect_float_eq(claim_law_exponent(CLAIM_LAW_LOG, 1e6, 1.1e6), 1 / log(1.05e6), 1e-3);
        cr_expect_float_eq(claim_law_exponent(CLAIM_LAW_N_LOG, 1e6, 1.1e6), 1 + 1 / log(1.05e6),
                           1e-3);
}

static enum xskim_claim_verdict growth(enum claim_law law, double low, double high) {
        struct xskim_claim claim = measured(low, (low + high) / 2, high);

        claim_growth(&claim, law, 1000, 1000000);
        return claim.verdict;
}

Test(claim, growth_is_held_against_the_law_over_the_same_sizes) {
        cr_expect_eq(growth(CLAIM_LAW_N, 0.97, 1.03), XSKIM_CLAIM_holds);
        cr_expect_eq(growth(CLAIM_LAW_LOG, 0.97, 1.03), XSKIM_CLAIM_does_not_hold);
        cr_expect_eq(growth(CLAIM_LAW_LOG, -0.02, 0.05), XSKIM_CLAIM_holds);
        cr_expect_eq(growth(CLAIM_LAW_N_LOG, 1.0, 1.15), XSKIM_CLAIM_holds);
        cr_expect_eq(growth(CLAIM_LAW_SQUARE, 0.97, 1.03), XSKIM_CLAIM_holds);
        cr_expect_eq(growth(CLAIM_LAW_SQUARE, 2.2, 2.4), XSKIM_CLAIM_does_not_hold);
        cr_expect_eq(growth(CLAIM_LAW_N, 0.9, 1.4), XSKIM_CLAIM_not_testable);
}

Test(claim, growth_below_a_bound_says_that_it_is_slower) {
        struct xskim_claim slower = measured(0.97, 1, 1.03), same = measured(1.97, 2, 2.03);

        claim_growth(&slower, CLAIM_LAW_SQUARE, 1000, 1000000);
        claim_growth(&same, CLAIM_LAW_SQUARE, 1000, 1000000);
        cr_expect_not_null(strstr(slower.reason, "slower"));
        cr_expect_null(strstr(same.reason, "slower"));
}

/* ---- words ---- */

Test(claim, words_are_joined_and_cut_never_overrun) {
        struct {
                struct xskim_claim claim;
                char guard[16];
        } held = {.guard = "untouched"};

        claim_reason(&held.claim, "one");
        claim_reason(&held.claim, "a list:");
        claim_reason(&held.claim, "%d", 2);
        cr_expect_str_eq(held.claim.reason, "one; a list: 2");
        for (int i = 0; i < 1000; i++) {
                claim_reason(&held.claim, "number %d", i);
                claim_how(&held.claim, "number %d", i);
        }
        cr_expect_eq(strlen(held.claim.reason), XSKIM_CLAIM_REASON_BYTES - 1);
        cr_expect_eq(strlen(held.claim.how), XSKIM_CLAIM_HOW_BYTES - 1);
        cr_expect_eq(held.claim.verdict, XSKIM_CLAIM_not_testable);
        cr_expect_str_eq(held.guard, "untouched");
}

Test(claim, every_verdict_has_its_word) {
        cr_expect_str_eq(xskim_claim_word(XSKIM_CLAIM_holds), "holds");
        cr_expect_str_eq(xskim_claim_word(XSKIM_CLAIM_does_not_hold), "does_not_hold");
        cr_expect_str_eq(xskim_claim_word(XSKIM_CLAIM_not_testable), "not_testable");
}

Test(claim, another_unit_scales_all_of_an_interval) {
        struct xskim_bench_interval scaled =
                claim_scaled((struct xskim_bench_interval){2, 1, 4, 9}, 0.5);

        cr_expect_eq(scaled.median, 1);
        cr_expect_eq(scaled.low, 0.5);
        cr_expect_eq(scaled.high, 2);
        cr_expect_eq(scaled.count, 9);
}

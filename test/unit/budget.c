/* SPDX-License-Identifier: BSD-2-Clause */
/* What a budget says, and when it is kept. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "budget.h"
#include "log.h"

static struct budget budget_of(const char *text) {
        struct budget budget;

        cr_assert_eq(budget_read(text, &budget), 0, "%s: %s", text, error_message());
        return budget;
}

Test(budget, limits_are_read) {
        static const struct {
                const char *text;
                double loss, p99; /* below 0: not asked */
        } rows[] = {
                {"loss=2%,p99=10us", 2, 10e3}, {"p99=1.5ms,loss=0.25", 0.25, 1.5e6},
                {"loss=100%", 100, -1},        {"loss=0", 0, -1},
                {"p99=800ns", -1, 800},        {"p99=3µs", -1, 3e3},
                {"p99=10s", -1, 10e9},         {"p99=0ns", -1, 0},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct budget budget = budget_of(rows[i].text);

                cr_assert_eq(budget.asked[BUDGET_loss], rows[i].loss >= 0);
                cr_assert_eq(budget.asked[BUDGET_p99], rows[i].p99 >= 0);
                cr_assert(rows[i].loss < 0 || budget.limits[BUDGET_loss] == rows[i].loss);
                cr_assert(rows[i].p99 < 0 || budget.limits[BUDGET_p99] == rows[i].p99, "%s",
                          rows[i].text);
        }
}

Test(budget, what_is_no_budget_is_refused_with_its_text) {
        static const char *const texts[] = {
                "",
                "loss",
                "loss=",
                "loss=%",
                "loss=2%%",
                "loss=-1",
                "loss=101",
                "loss=1e1",
                "loss=2,loss=3",
                "loss=2%,",
                ",loss=2",
                "p99=10",
                "p99=us",
                "p99=11s",
                "p99=10 us",
                "p50=10us",
                "p99=99999999us",
                "loss =2",
                "LOSS=2",
                "loss=nan",
                "loss=2us",
                "p99=1.0000001us",
                "p99=.5us",
                "loss=2;p99=1us",
                "p99=10us,p99=10us",
                "loss=22222222222222222222222222222222222222222222222222222222222222222222222222",
        };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                struct budget budget = {.limits = {7, 8}};

                error_clear();
                cr_assert_eq(budget_read(texts[i], &budget), -EINVAL, "%s", texts[i]);
                cr_assert(strstr(error_message(), texts[i]) && strstr(error_message(), "p99=10us"));
                cr_assert_eq(budget.limits[0], 7, "untouched");
        }
}

static struct xskim_bench_outcome outcome_of(double loss_low, double loss_high, double p99_low,
                                             double p99_high) {
        return (struct xskim_bench_outcome){
                .loss_percent = {(loss_low + loss_high) / 2, loss_low, loss_high, 40},
                .added_p99_ns = {(p99_low + p99_high) / 2, p99_low, p99_high, 12},
        };
}

Test(budget, the_interval_decides) {
        static const struct {
                double low, high;
                enum budget_verdict verdict;
        } rows[] = {
                {0.5, 1.5, BUDGET_HOLDS}, {-1, 2, BUDGET_HOLDS},     {1.5, 2.1, BUDGET_IMPRECISE},
                {2, 3, BUDGET_IMPRECISE}, {2.1, 3, BUDGET_EXCEEDED}, {NAN, NAN, BUDGET_UNMEASURED},
        };
        struct budget budget = budget_of("loss=2%");

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct xskim_bench_outcome outcome = outcome_of(rows[i].low, rows[i].high, 0, 1e9);

                cr_assert_eq(budget_judge(&budget, BUDGET_loss, &outcome), rows[i].verdict);
                cr_assert_eq(budget_judge(&budget, BUDGET_p99, &outcome), BUDGET_NONE);
                cr_assert_eq(budget_judge_all(&budget, &outcome), rows[i].verdict);
        }
}

Test(budget, the_worst_limit_decides) {
        struct budget budget = budget_of("loss=2%,p99=10us");
        struct xskim_bench_outcome outcome = outcome_of(0, 1, 11e3, 12e3);

        cr_assert_eq(budget_judge_all(&budget, &outcome), BUDGET_EXCEEDED);
        outcome = outcome_of(0, 3, 1e3, 2e3);
        cr_assert_eq(budget_judge_all(&budget, &outcome), BUDGET_IMPRECISE);
        outcome = outcome_of(0, 1, 1e3, 2e3);
        cr_assert_eq(budget_judge_all(&budget, &outcome), BUDGET_HOLDS);
        outcome.added_p99_ns.count = 0;
        cr_assert_eq(budget_judge_all(&budget, &outcome), BUDGET_UNMEASURED);
}

Test(budget, only_what_is_shown_to_hold_is_not_missed) {
        cr_assert(!budget_is_missed(BUDGET_NONE) && !budget_is_missed(BUDGET_HOLDS));
        cr_assert(budget_is_missed(BUDGET_UNMEASURED) && budget_is_missed(BUDGET_IMPRECISE));
        cr_assert(budget_is_missed(BUDGET_EXCEEDED));
}

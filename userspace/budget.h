/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What telemetry may cost, and whether a measurement shows that it does not cost more. Owns how
 * limits are read and judged. Pure.
 */
#ifndef XSKIM_BUDGET_H
#define XSKIM_BUDGET_H

#include <stdbool.h>

#include <xskim/xskim.h>

/* ROW(name, member of xskim_bench_outcome, what it is) */
#define BUDGET_LIMIT_ROWS(ROW)                                                                     \
        ROW(loss, loss_percent, "loss of throughput")                                              \
        ROW(p99, added_p99_ns, "added P99")

#define BUDGET_LIMIT_MEMBER(name_, member_, doc_) BUDGET_##name_,
enum budget_limit { BUDGET_LIMIT_ROWS(BUDGET_LIMIT_MEMBER) BUDGET_LIMITS };

extern const char *const BUDGET_LIMIT_WORDS[BUDGET_LIMITS];

struct budget {
        bool asked[BUDGET_LIMITS];
        double limits[BUDGET_LIMITS]; /* percent, ns */
};

/* From the best to the worst. ROW(name, word) */
#define BUDGET_VERDICT_ROWS(ROW)                                                                   \
        ROW(NONE, "no limit")                                                                      \
        ROW(HOLDS, "holds")                                                                        \
        ROW(UNMEASURED, "not measured")                                                            \
        ROW(IMPRECISE, "not enough precision")                                                     \
        ROW(EXCEEDED, "exceeded")

#define BUDGET_VERDICT_MEMBER(name_, word_) BUDGET_##name_,
enum budget_verdict { BUDGET_VERDICT_ROWS(BUDGET_VERDICT_MEMBER) BUDGET_VERDICTS };

extern const char *const BUDGET_VERDICT_WORDS[BUDGET_VERDICTS];

/* "loss=2%,p99=10us": one of them or both; percent with or without the sign, times with a unit (ns,
 * us, µs, ms, s). -EINVAL with a message. */
int budget_read(const char *text, struct budget *ret_budget);

/* It holds when all of the interval is within the limit, and is exceeded when all of it is beyond;
 * between the two the measurement is not precise enough to say. */
enum budget_verdict budget_judge(const struct budget *budget, enum budget_limit limit,
                                 const struct xskim_bench_outcome *outcome);

/* The worst of all limits. */
enum budget_verdict budget_judge_all(const struct budget *budget,
                                     const struct xskim_bench_outcome *outcome);

/* Is that a reason for exit status 3? All but NONE and HOLDS: a budget is to be shown to hold. */
bool budget_is_missed(enum budget_verdict verdict);

#endif

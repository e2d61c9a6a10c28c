/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the arithmetic on an experiment's figures. See bench_cost.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench_cost.h"
#include "projection.h"
#include "util.h"

static const double SHOWN_EVERY = 64;

bool bench_cost_is_own(const struct xskim_bench_outcome *outcome) {
        return outcome->kind == XSKIM_BENCH_KIND_counts ||
               outcome->kind == XSKIM_BENCH_KIND_classes ||
               outcome->kind == XSKIM_BENCH_KIND_sample ||
               outcome->kind == XSKIM_BENCH_KIND_stack || outcome->kind == XSKIM_BENCH_KIND_shared;
}

static bool is_point(const struct xskim_bench_outcome *outcome) {
        return outcome->kind == XSKIM_BENCH_KIND_sample && !outcome->failed && outcome->number &&
               isfinite(outcome->ns_per_packet) && outcome->ns_per_packet > 0;
}

static void add(struct bench_cost *cost, const struct xskim_bench_outcome *outcome) {
        double every = outcome->number;

        cost->every[cost->count] = every;
        cost->ns[cost->count++] = outcome->ns_per_packet;
        /* in the measure of factors: 32 is as far from 64 as 128 */
        if (!isfinite(cost->shown_every) ||
            fabs(log(every / SHOWN_EVERY)) < fabs(log(cost->shown_every / SHOWN_EVERY))) {
                cost->shown_every = every;
                cost->shown_ns = outcome->ns_per_packet;
        }
}

/* What is counted exactly costs something, too: one model is of one tier. */
static const char *tier_of_most(const struct xskim_bench_result *result) {
        const char *most = "";
        unsigned int best = 0;

        for (unsigned int i = 0; i < result->outcome_count; i++) {
                unsigned int count = 0;

                for (unsigned int j = 0; j < result->outcome_count; j++)
                        count += is_point(&result->outcomes[j]) &&
                                 !strcmp(result->outcomes[i].tier, result->outcomes[j].tier);
                if (is_point(&result->outcomes[i]) && count > best) {
                        best = count;
                        most = result->outcomes[i].tier;
                }
        }
        return most;
}

void bench_cost_of(const struct xskim_bench_result *result, struct bench_cost *ret_cost) {
        const struct xskim_bench_outcome *baseline = &result->outcomes[0];
        struct bench_cost *cost = ret_cost;
        const char *tier;

        *cost = (struct bench_cost){
                .path_ns = NAN,
                .shown_every = NAN,
                .shown_ns = NAN,
                .model = {NAN, NAN},
        };
        tier = tier_of_most(result);
        for (unsigned int i = 0; i < result->outcome_count; i++)
                if (is_point(&result->outcomes[i]) && !strcmp(tier, result->outcomes[i].tier))
                        add(cost, &result->outcomes[i]);
        snprintf(cost->tier, sizeof(cost->tier), "%s", tier);
        if (cost->count > 1)
                cost->model = xskim_bench_model_fit(cost->every, cost->ns, cost->count);
        if (result->outcome_count && baseline->mpps.count && baseline->mpps.median > 0)
                cost->path_ns = 1000 / baseline->mpps.median;
        if (result->outcome_count && isfinite(baseline->ns_per_packet))
                cost->base_ns = baseline->ns_per_packet;
}

double bench_cost_ns(const struct bench_cost *cost, double every) {
        return cost->model.gate_ns + cost->model.sample_ns / every;
}

uint32_t bench_cost_every_for(const struct bench_cost *cost, double loss_percent) {
        const struct xskim_bench_model above = {.gate_ns = cost->model.gate_ns - cost->base_ns,
                                                .sample_ns = cost->model.sample_ns};

        return projection_sample_for_loss(&above, cost->path_ns, loss_percent);
}

/* Latency is taken of some conditions only: those of which it was not are left out, as long as it
 * is known of one. */
static enum budget_verdict judge_limit(const struct xskim_bench_result *result,
                                       const struct budget *budget, enum budget_limit limit) {
        enum budget_verdict worst = BUDGET_NONE, verdict;
        bool measured = false, failed = false;

        for (unsigned int i = 0; i < result->outcome_count; i++) {
                const struct xskim_bench_outcome *outcome = &result->outcomes[i];

                if (!bench_cost_is_own(outcome))
                        continue;
                failed |= outcome->failed;
                verdict = budget_judge(budget, limit, outcome);
                if (verdict == BUDGET_UNMEASURED)
                        continue;
                measured = true;
                worst = MAX(worst, verdict);
        }
        return (!measured || failed) ? MAX(worst, BUDGET_UNMEASURED) : worst;
}

enum budget_verdict bench_cost_judge(const struct xskim_bench_result *result,
                                     const struct budget *budget) {
        enum budget_verdict worst = BUDGET_NONE;

        for (int limit = 0; budget && limit < BUDGET_LIMITS; limit++)
                if (budget->asked[limit]) {
                        enum budget_verdict verdict =
                                judge_limit(result, budget, (enum budget_limit)limit);

                        worst = MAX(worst, verdict);
                }
        return worst;
}

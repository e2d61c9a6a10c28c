/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows from the figures of an experiment by arithmetic: the model of cost against sampling
 * rate, from which rate a bound holds, and what a budget says. Pure.
 */
#ifndef XSKIM_BENCH_COST_H
#define XSKIM_BENCH_COST_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "budget.h"

struct bench_cost {
        uint32_t count;                           /* of the conditions that the model is made of */
        double every[XSKIM_BENCH_CONDITIONS_MAX]; /* N of each */
        double ns[XSKIM_BENCH_CONDITIONS_MAX];    /* ns a packet in the program */
        char tier[16];                            /* of all of them */
        struct xskim_bench_model model;           /* NAN: fewer than two */
        double base_ns; /* of it is the baseline's own program; 0: it has none */
        double path_ns; /* from packet to packet of the baseline, at its throughput; NAN: none */
        double shown_every; /* the N of which projections speak: the one nearest to 64; NAN: none */
        double shown_ns;    /* measured there */
};

/* Of the sampling conditions that have the tier of most of them. */
void bench_cost_of(const struct xskim_bench_result *result, struct bench_cost *ret_cost);

/* What the model says of 1 in N, in ns a packet. */
double bench_cost_ns(const struct bench_cost *cost, double every);

/* The smallest N at which so much throughput is lost at most; 0: none does, or nobody knows. */
uint32_t bench_cost_every_for(const struct bench_cost *cost, double loss_percent);

/* What is xskim's own: what a budget is for. */
bool bench_cost_is_own(const struct xskim_bench_outcome *outcome);

/* The worst of xskim's conditions and of all limits. A limit of which no condition was measured, or
 * a condition that failed, is BUDGET_UNMEASURED. budget NULL: BUDGET_NONE. */
enum budget_verdict bench_cost_judge(const struct xskim_bench_result *result,
                                     const struct budget *budget);

#endif

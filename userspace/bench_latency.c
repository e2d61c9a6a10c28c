/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the search for the no-drop rate and the blocks at stated rates. See bench_private.h. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "bench_private.h"
#include "clock.h"
#include "inference.h"
#include "log.h"
#include "quantile.h"
#include "util.h"

enum {
        NS_A_MS = 1000000,
        NS_A_SECOND = 1000000000,
        TRIAL_NS = 60 * NS_A_MS,
        TRIALS = 3, /* of a rate; the majority decides, because the machine stands still at times */
        SEARCH_STEPS = 8, /* to 1/256 of the top speed */
        /* Short, so that most have none of the machine's pauses; the P99 of one has at least ten
           packets above it at 150,000 packets/s. */
        SLICE_NS = BENCH_LATENCY_SLICE_MS * NS_A_MS,
        IDLE_SLICE_NS = 40 * NS_A_MS,
};

#define LOAD_PERCENT(percent_) percent_,
static const unsigned int LOADS[] = {XSKIM_BENCH_LOAD_ROWS(LOAD_PERCENT)};

struct paced {
        struct load_result sent;
        const struct histogram *latency;
        uint64_t lost;
};

/* Sends at a rate and takes the latency of what arrives. */
static int paced_run(struct xskim_bench *b, uint64_t pps, uint64_t ns, struct paced *ret) {
        const struct load_order order = {.pps = pps, .duration_ns = ns};
        int r;

        receiver_latency_begin(b->receiver, load_run_next(b->load));
        r = load_start(b->load, &order);
        r = r < 0 ? r : load_stop(b->load, false, &ret->sent);
        ret->latency = receiver_latency_end(b->receiver);
        ret->lost = ret->sent.sent - MIN(ret->sent.sent, ret->latency->samples);
        return r;
}

/* ---- the no-drop rate ---- */

/* Nothing lost but what is tolerated, and the rate was really sent. */
static int rate_holds(struct xskim_bench *b, uint64_t pps, bool *ret_holds) {
        int held = 0, r = 0;

        for (int i = 0; i < TRIALS && r >= 0 && !b->interrupted; i++) {
                struct paced paced = {0};

                r = paced_run(b, pps, TRIAL_NS, &paced);
                held += (double)(paced.lost + paced.sent.behind + paced.sent.refused) <=
                        b->config.loss_tolerance * (double)(paced.sent.sent + paced.sent.behind);
        }
        *ret_holds = held * 2 > TRIALS;
        return r;
}

static int search(struct xskim_bench *b, const struct bench_visit *visit) {
        struct xskim_bench_slice top;
        uint64_t low = 0, high;
        int r = bench_slice(b, visit, TRIAL_NS, &top);

        if (r < 0)
                return r;
        high = top.offered * NS_A_SECOND / MAX(top.duration_ns, 1U);
        for (int step = 0; step < SEARCH_STEPS && r >= 0 && !b->interrupted; step++) {
                uint64_t middle = low + (high - low) / 2;
                bool holds = false;

                bench_tell(b, XSKIM_BENCH_PHASE_search, "the no-drop rate");
                if (!middle)
                        break;
                r = rate_holds(b, middle, &holds);
                if (holds)
                        low = middle;
                else
                        high = middle;
        }
        /* what was broken off says nothing */
        b->no_drop_pps = r < 0 || b->interrupted ? 0 : low;
        return r;
}

int bench_search(struct xskim_bench *b) {
        struct bench_visit visit;
        int ended, r = bench_visit_begin(b, 0, &visit);

        if (r)
                return r;
        r = search(b, &visit);
        ended = bench_visit_end(b, &visit);
        return r < 0 ? r : ended;
}

/* ---- blocks ---- */

static uint64_t rate_of(const struct xskim_bench *b, uint32_t load) {
        return LOADS[load] ? MAX(b->no_drop_pps * LOADS[load] / 100, 1U)
                           : MIN((uint64_t)XSKIM_BENCH_IDLE_PPS, b->no_drop_pps);
}

static void lateness_add(struct bench_lateness *lateness, const struct load_result *sent) {
        if (lateness->count == BENCH_SENDER_LATE_MAX)
                return;
        lateness->p50_ns[lateness->count] = (double)sent->late_p50_ns;
        lateness->p99_ns[lateness->count++] = (double)sent->late_p99_ns;
}

static void paced_keep(struct xskim_bench *b, unsigned int condition, uint32_t load,
                       const struct paced *paced) {
        struct xskim_distribution distribution = {0};
        const struct histogram_view view = histogram_view(paced->latency);
        /* their time had come, and they did not get away */
        uint64_t unsent = paced->sent.behind;

        if (paced->latency->samples)
                quantile_fill(&view, &distribution);
        histogram_merge(&b->latencies[condition * XSKIM_BENCH_LOADS + load], paced->latency);
        b->latency_slices[b->latency_slice_count++] = (struct xskim_bench_latency_slice){
                .block = b->latency_blocks,
                .condition = condition,
                .load = load,
                .start_ns = paced->sent.start_ns,
                .duration_ns = paced->sent.end_ns - paced->sent.start_ns,
                .sent = paced->sent.sent + unsent,
                .lost = paced->lost + unsent,
                .p50_ns = distribution.quantiles[XSKIM_P50].value,
                .p99_ns = distribution.quantiles[XSKIM_P99].value,
                .p999_ns = distribution.quantiles[XSKIM_P999].value,
                .max_ns = distribution.max,
        };
        if (!condition && load == XSKIM_BENCH_LOAD_HALF)
                lateness_add(&b->lateness, &paced->sent);
}

/* Half the rate every time, because that is what conditions are judged by; the other rates in turn.
 */
static void loads_choose(struct xskim_bench *b, uint32_t loads[2]) {
        uint32_t order[2], other = b->latency_blocks % (XSKIM_BENCH_LOADS - 1);

        inference_shuffle(order, 2, &b->random);
        loads[order[0]] = XSKIM_BENCH_LOAD_HALF;
        loads[order[1]] = other + (other >= XSKIM_BENCH_LOAD_HALF);
}

static int condition_measure(struct xskim_bench *b, unsigned int condition) {
        struct bench_visit visit;
        uint32_t loads[2];
        int ended, r = bench_visit_begin(b, condition, &visit);

        if (r)
                return MIN(r, 0);
        loads_choose(b, loads);
        for (uint32_t i = 0; i < ARRAY_SIZE(loads) && r >= 0 && !b->interrupted &&
                             b->latency_slice_count < b->latency_slice_max;
             i++) {
                struct paced paced = {0};

                r = paced_run(b, rate_of(b, loads[i]), LOADS[loads[i]] ? SLICE_NS : IDLE_SLICE_NS,
                              &paced);
                if (r >= 0)
                        paced_keep(b, condition, loads[i], &paced);
        }
        ended = bench_visit_end(b, &visit);
        return r < 0 ? r : ended;
}

static int part_measure(struct xskim_bench *b, bool slow, uint64_t end_ns) {
        uint32_t order[XSKIM_BENCH_CONDITIONS_MAX], count = bench_order(b, slow, order);
        int r = 0;

        for (uint32_t i = 0; i < count && r >= 0 && !b->interrupted; i++) {
                if (slow && bench_is_over(b, end_ns))
                        break;
                bench_tell(b, XSKIM_BENCH_PHASE_latency, conditions_name(b->conditions, order[i]));
                r = condition_measure(b, order[i]);
        }
        return r;
}

int bench_latency(struct xskim_bench *b, uint64_t end_ns) {
        struct bench_share share = bench_share_begin();
        int r = 0;

        while (r >= 0 && b->no_drop_pps && !bench_is_over(b, end_ns) &&
               b->latency_slice_count < b->latency_slice_max) {
                r = part_measure(b, false, end_ns);
                if (r >= 0 && bench_share_is_due(&share)) {
                        bench_share_take(&share);
                        r = part_measure(b, true, end_ns);
                        bench_share_give(&share);
                }
                b->latency_blocks++;
        }
        return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims about traffic under telemetry: one run of the experiment of xskim_bench.h, short, with an
 * empty program, the same again and 1 in 64. See claims.h.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "log.h"
#include "util.h"

enum {
        EMPTY,
        EMPTY_AGAIN,
        SAMPLED,
        CONDITIONS,
        LOAD_IDLE = 0,
        LOAD_HALF = 1,
        LOAD_FULL = 3,
        PAIRS_MIN = 6, /* fewer make no interval of 95 % */
};

static const double OVERHEAD_BOUND = 2, LATENCY_BOUND_US = 10, LIMIT_BOUND = 5;
static const double PRECISION_PERCENT = 0.1;

static void experiment_progress(void *context, const struct xskim_bench_progress *progress) {
        claims_progress(context, "the experiment with traffic", progress->share);
}

/* Logarithms of the P99 of each slice of 1 in 64 at a load. */
static uint32_t slices_take(const struct xskim_bench_result *result, uint32_t load, double *ret) {
        uint32_t count = 0;

        for (uint32_t i = 0; i < result->latency_slice_count; i++) {
                const struct xskim_bench_latency_slice *slice = &result->latency_slices[i];

                if (slice->load == load && slice->condition == SAMPLED && slice->p99_ns)
                        ret[count++] = log((double)slice->p99_ns);
        }
        return count;
}

/* How many times the P99 at half the rate that at all of it typically is: a shift of logarithms.
 * Not of the idle one, whose slices are longer and have too few packets for a P99. */
static int rise(const struct xskim_bench_result *result, struct xskim_bench_interval *ret_rise) {
        size_t most = result->latency_slice_count + 1;
        CLEANUP(free_cleanup) double *half = calloc(most, sizeof(*half));
        CLEANUP(free_cleanup) double *full = calloc(most, sizeof(*full));
        struct xskim_bench_interval shift;

        if (!half || !full)
                return -ENOMEM;
        shift = inference_shift(half, slices_take(result, LOAD_HALF, half), full,
                                slices_take(result, LOAD_FULL, full));
        *ret_rise = (struct xskim_bench_interval){exp(shift.median), exp(shift.low),
                                                  exp(shift.high), shift.count};
        return 0;
}

static int experiment_open(struct xskim_claims *claims, struct xskim_bench **ret_bench) {
        static const char *const conditions[CONDITIONS] = {"empty", "empty", "sample=64"};
        struct xskim_bench_config config;
        int r = 0;

        xskim_bench_config_init(&config);
        config.max_time_ms = claims->config.bench_ms;
        config.precision_percent = PRECISION_PERCENT; /* all of the time, for latency's sake */
        config.condition_count = CONDITIONS;
        for (int i = 0; i < CONDITIONS && r >= 0; i++)
                r = xskim_bench_condition_read(conditions[i], &config.conditions[i]);
        return r < 0 ? r : xskim_bench_open(&config, ret_bench);
}

static int experiment_run(struct xskim_claims *claims, struct xskim_bench *bench) {
        struct xskim_bench_watch watch = {
                .context = claims, .interval_ms = 200, .progress = experiment_progress};
        int r;

        claims->bench = bench;
        /* who interrupted before it was there did not reach it */
        r = claims_interrupted(claims);
        r = r < 0 ? r : xskim_bench_run(bench, &watch, &claims->experiment);
        claims->bench = NULL;
        if (r >= 0)
                r = rise(&claims->experiment, &claims->saturation);
        claims->experiment.slices = NULL;
        claims->experiment.latency_slices = NULL;
        return r;
}

static int experiment_measure(struct xskim_claims *claims, struct claims_done *done) {
        struct xskim_bench *bench = NULL;
        int r;

        if (!claims->config.bench_ms)
                return error_set(-ENODATA, "the experiment with traffic was left out");
        r = experiment_open(claims, &bench);
        if (r < 0)
                return r;
        r = experiment_run(claims, bench);
        /* before closing, which may forget the message */
        claims_done_set(done, r);
        xskim_bench_close(bench);
        return claims_done_again(done);
}

/* The outcome of 1 in 64, when there is one. */
static int outcome_get(struct xskim_claims *claims, const struct xskim_bench_outcome **ret) {
        struct claims_done *done = &claims->experimented;
        int r = done->tried ? claims_done_again(done)
                            : claims_done_set(done, experiment_measure(claims, done));

        if (r < 0)
                return r;
        *ret = &claims->experiment.outcomes[SAMPLED];
        if ((*ret)->failed)
                return error_set(-ENODATA, "%s: %s", (*ret)->name, (*ret)->note);
        return 0;
}

static void experiment_tell(const struct xskim_claims *claims, struct xskim_claim *claim) {
        const struct xskim_bench_result *result = &claims->experiment;

        claim_how(
                claim,
                "xskim bench for %lu s: 1 in 64 (tier %s) against an empty XDP program, %u B, path "
                "stack, veth, %u blocks in random order, paired",
                claims->config.bench_ms / 1000, result->outcomes[SAMPLED].tier,
                result->packet_bytes, result->blocks);
}

/* What a comparison of nothing with nothing shows as well settles nothing; and too few pairs do not
 * either. `null` in the unit of the claim. */
static void null_judge(struct xskim_claim *claim, struct xskim_bench_interval null,
                       const char *unit) {
        claim_reason(claim, "null comparison %.2f [%.2f, %.2f] %s", null.median, null.low,
                     null.high, unit);
        if (claim->verdict == XSKIM_CLAIM_does_not_hold && claim->measured.low <= null.high)
                claim_not_testable(claim, "which reaches as far: noise");
        if (claim->measured.count < PAIRS_MIN)
                claim_not_testable(claim, "%u pairs are too few for an interval of 95 %%",
                                   claim->measured.count);
}

int claims_overhead(struct xskim_claims *claims, struct xskim_claim *claim) {
        const struct xskim_bench_outcome *outcome;
        int r = outcome_get(claims, &outcome);

        if (r < 0)
                return r;
        claim->measured = outcome->loss_percent;
        experiment_tell(claims, claim);
        claim_at_most(claim, OVERHEAD_BOUND, "2 %");
        claim_reason(claim, "baseline: an empty program, at %.2f million packets a second",
                     claims->experiment.outcomes[EMPTY].mpps.median);
        null_judge(claim, claims->experiment.null_loss_percent, "%");
        return 0;
}

/* Ethernet's preamble, FCS and gap. */
enum { WIRE_EXTRA_BYTES = 24, FRAME_64 = 60, FRAME_1518 = 1514 };

static double wire_ns(double gbps, int frame_bytes) {
        return (frame_bytes + WIRE_EXTRA_BYTES) * 8 / gbps;
}

int claims_overhead_100g(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct claims_runs *runs = &claims->runs;
        double small_ns = wire_ns(100, FRAME_64), large_ns = wire_ns(100, FRAME_1518);
        int r = CLAIMS_ONCE(claims, runs, claims_runs_measure);

        if (r < 0)
                return r;
        /* of the time that a core has for a packet, when one core takes all of them */
        claim->measured = claim_scaled(runs->added, 100 / large_ns);
        claim_how(claim,
                  "projection by arithmetic: ns that 1 in 64 adds to an empty program "
                  "(BPF_PROG_RUN) by the time of a 1518 B packet at 100 Gbps, %.1f ns",
                  large_ns);
        claim_not_testable(
                claim,
                "there is no port of 100 Gbps: this is a projection, as share of one "
                "core; at 64 B (%.2f ns a packet) it is %.0f %% of a core, or %.2f cores",
                small_ns, 100 * runs->added.median / small_ns, runs->added.median / small_ns);
        return 0;
}

int claims_added_latency(struct xskim_claims *claims, struct xskim_claim *claim) {
        const struct xskim_bench_outcome *outcome;
        int r = outcome_get(claims, &outcome);

        if (r < 0)
                return r;
        claim->measured = claim_scaled(outcome->added_p99_ns, 1e-3);
        experiment_tell(claims, claim);
        claim_how(claim, "P99 added at half the no-drop rate");
        claim_at_most(claim, LATENCY_BOUND_US, "10 us");
        null_judge(claim, claim_scaled(claims->experiment.null_added_p99_ns, 1e-3), "us");
        return 0;
}

int claims_latency_limit(struct xskim_claims *claims, struct xskim_claim *claim) {
        const struct xskim_bench_outcome *outcome;
        const struct xskim_bench_latency *idle;
        double p50, p99;
        int r = outcome_get(claims, &outcome);

        if (r < 0)
                return r;
        idle = &outcome->latency[LOAD_IDLE];
        p50 = (double)claims->experiment.bias.back_to_back_p50_ns;
        p99 = (double)claims->experiment.bias.back_to_back_p99_ns;
        if (!(p50 > 0) || !(p99 > 0))
                return error_set(-ENODATA, "the instrument's own latency was not measured");
        claim->measured = claim_scaled(idle->added_p99_ns, 100 / p99);
        experiment_tell(claims, claim);
        claim_how(claim,
                  "P99 that 1 in 64 adds when idle, in percent of the instrument's own, with an "
                  "empty program on the port: %.1f us",
                  p99 / 1e3);
        claim_at_most(claim, LIMIT_BOUND, "5 %");
        claim_reason(claim, "P50: %.1f %% of %.1f us", 100 * idle->added_p50_ns.median / p50,
                     p50 / 1e3);
        null_judge(claim,
                   claim_scaled(
                           claims->experiment.outcomes[EMPTY_AGAIN].latency[LOAD_IDLE].added_p99_ns,
                           100 / p99),
                   "%");
        return 0;
}

int claims_saturation(struct xskim_claims *claims, struct xskim_claim *claim) {
        const struct xskim_bench_outcome *outcome;
        int r = outcome_get(claims, &outcome);

        if (r < 0)
                return r;
        claim->measured = claims->saturation;
        experiment_tell(claims, claim);
        claim_how(claim, "P99 of slices at the no-drop rate by P99 of slices at half of it; when "
                         "idle, slices have too few packets for one");
        claim_at_least(claim, 1, "1, where it does not rise");
        claim_reason(
                claim, "all slices together: P99 idle %.1f us, 50 %% %.1f us, 100 %% %.1f us",
                (double)outcome->latency[LOAD_IDLE].distribution.quantiles[XSKIM_P99].value / 1e3,
                (double)outcome->latency[LOAD_HALF].distribution.quantiles[XSKIM_P99].value / 1e3,
                (double)outcome->latency[LOAD_FULL].distribution.quantiles[XSKIM_P99].value / 1e3);
        return 0;
}

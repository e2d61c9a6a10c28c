/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost column: dollars out of CPU time as measured and a stated price of a CPU hour. See
 * claims.h. */
#include <errno.h>
#include <stdio.h>

#include <xskim/record.h>

#include "claims.h"
#include "log.h"

static const double HOUR_NS = 3.6e12;

enum { COST_PPS = 1000000, COST_SAMPLE = 64 };

/* The column has no bound to be held against. */
static int cost_tell(const struct xskim_claims *claims, struct xskim_claim *claim,
                     struct xskim_bench_interval ns) {
        claim->measured = claim_scaled(ns, claims->config.cpu_hour_dollars / HOUR_NS);
        claim_not_testable(
                claim,
                "a price is a choice: at $%g a CPU hour (--price); the paper's own price "
                "and machine are not known",
                claims->config.cpu_hour_dollars);
        return 0;
}

int claims_cost_executions(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct claims_runs *runs = &claims->runs;
        int r = CLAIMS_ONCE(claims, runs, claims_runs_measure);

        if (r < 0)
                return r;
        claim_how(claim, "CPU time of a million runs of the sampler, 1 in %d: %.1f ns each",
                  COST_SAMPLE, runs->sampled.median);
        return cost_tell(claims, claim, claim_scaled(runs->sampled, 1e6));
}

/* Collector and packet path together; their intervals are added, which is wider than needed. */
static struct xskim_bench_interval sum(struct xskim_bench_interval a,
                                       struct xskim_bench_interval b) {
        return (struct xskim_bench_interval){a.median + b.median, a.low + b.low, a.high + b.high,
                                             a.count < b.count ? a.count : b.count};
}

static int both_measure(struct xskim_claims *claims) {
        int r = CLAIMS_ONCE(claims, &claims->runs, claims_runs_measure);

        return r < 0 ? r : CLAIMS_ONCE(claims, &claims->collection, claims_collection_measure);
}

int claims_cost_collected(struct xskim_claims *claims, struct xskim_claim *claim) {
        int r = both_measure(claims);

        if (r < 0)
                return r;
        claim_how(claim,
                  "CPU time of the packet path and the collector for 10^9 / %d records: %.0f + "
                  "%.0f ns each",
                  XSKIM_RECORD_BYTES, claims->runs.added_every.median,
                  claims->collection.record_ns.median);
        return cost_tell(claims, claim,
                         claim_scaled(sum(claims->runs.added_every, claims->collection.record_ns),
                                      1e9 / XSKIM_RECORD_BYTES));
}

int claims_cost_cpu_hour(struct xskim_claims *claims, struct xskim_claim *claim) {
        double packets = 3600.0 * COST_PPS;
        struct xskim_bench_interval ns;
        int r = both_measure(claims);

        if (r < 0)
                return r;
        ns = sum(claim_scaled(claims->runs.sampled, packets),
                 claim_scaled(claims->collection.record_ns, packets / COST_SAMPLE));
        claim_how(claim,
                  "CPU time of path and collector in an hour in which a CPU takes %d packets a "
                  "second, 1 in %d: %.2f %% of it",
                  COST_PPS, COST_SAMPLE, 100 * ns.median / HOUR_NS);
        return cost_tell(claims, claim, ns);
}

int claims_cost_operations(struct xskim_claims *claims, struct xskim_claim *claim) {
        if (!claims->snapshot_ns.count)
                return error_set(-ENODATA, "snapshots were not timed");
        claim_how(claim, "elapsed time of 1000 snapshots, %.2f ms each",
                  claims->snapshot_ns.median / 1e6);
        return cost_tell(claims, claim, claim_scaled(claims->snapshot_ns, 1000));
}

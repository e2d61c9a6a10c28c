/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The figures of a port over the whole life of the process: one session after another, for a port
 * comes and goes. What is counted never becomes less, whatever happens to the session. Pure;
 * allocates nothing. Its readers are exports (metrics.h).
 *
 *     at first          struct figures base = {.port = "eth0"}, figures = {}
 *     while it runs     figures_now(&base, &snapshot, buckets, &figures) after every snapshot
 *     session ends      figures_base_add(&base, &summary, buckets)
 *     port is away      figures_now(&base, NULL, NULL, &figures)
 */
#ifndef XSKIM_FIGURES_OF_PORT_H
#define XSKIM_FIGURES_OF_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

enum {
        /* Value 0, then up to 1, 2, 4 … 2^44: the slots of xskim_buckets at scale 0. */
        FIGURES_OCTAVES = 46,
};

/* Bounded by powers of two: octaves[0] holds 0, octaves[i] what is above 2^(i - 2) and up to
 * 2^(i - 1), the last one all that is above, too; octaves[1] holds 1. Weighted, as the buckets. */
struct figures_histogram {
        double sum;
        uint64_t octaves[FIGURES_OCTAVES];
};

/* What of the cost is counted since the attach; the rest is as of now. ROW(name) */
#define FIGURES_COST_COUNTED(ROW)                                                                  \
        ROW(timed_runs)                                                                            \
        ROW(system_calls)                                                                          \
        ROW(wakeups)

#define FIGURES_HISTOGRAM_MEMBER(name_, doc_) struct figures_histogram name_;

/* All 0 but the name: nothing was seen yet. */
struct figures {
        char port[XSKIM_NAME_MAX]; /* as the caller calls it: in the base from the start */
        bool up;           /* watched now; else mode, verdict, tier, sample, cost and waiting are
                              those of the last session's end */
        uint64_t ended;    /* sessions that are in the base */
        uint64_t restarts; /* sessions after the first one */
        uint64_t attach_lost;
        enum xskim_verdict verdict;
        enum xskim_tier tier;
        uint32_t sample;
        struct xskim_mode mode;
        struct xskim_ledger ledger; /* `waiting` is as of now; `where` the last session's */
        struct xskim_classes classes;
        struct xskim_parse parse;
        struct xskim_cost cost;
        XSKIM_DISTRIBUTION_ROWS(FIGURES_HISTOGRAM_MEMBER)
};

/* A session has ended: its summary becomes part of the base. `buckets`: one each of enum
 * xskim_distribution_name, of the summary's moment; NULL: none. */
void figures_base_add(struct figures *base, const struct xskim_snapshot *summary,
                      const struct xskim_buckets buckets[]);

/*
 * The figures now: base and the running session; without a snapshot (NULL) the base alone, and the
 * port is not up. *figures holds what was said the time before, and what is counted never goes back
 * behind that: a live snapshot may be a packet ahead of the summary (xskim_ledger, unaccounted).
 */
void figures_now(const struct figures *base, const struct xskim_snapshot *snapshot,
                 const struct xskim_buckets buckets[], struct figures *figures);

#endif

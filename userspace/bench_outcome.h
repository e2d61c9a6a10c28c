/* SPDX-License-Identifier: BSD-2-Clause */
/* From the slices of an experiment to its figures. Pure: every slice counts, in the order in which
 * they were taken; allocates nothing. */
#ifndef XSKIM_BENCH_OUTCOME_H
#define XSKIM_BENCH_OUTCOME_H

#include <stdint.h>

#include <xskim/xskim.h>

struct bench_slices {
        const struct xskim_bench_slice *slices;
        uint32_t count;
        const struct xskim_bench_latency_slice *latency_slices;
        uint32_t latency_count;
        double *scratch; /* room for as many */
};

/* Lost throughput of a condition in percent of the first condition's, in pairs: each of its slices
 * with the baseline's that is nearest in time, in the same block. */
struct xskim_bench_interval bench_loss(const struct bench_slices *slices, uint32_t condition);

/* All figures of throughput of an outcome. */
void bench_outcome_throughput(const struct bench_slices *slices, uint32_t condition,
                              struct xskim_bench_outcome *outcome);

/* All differences of latency of an outcome. */
void bench_outcome_latency(const struct bench_slices *slices, uint32_t condition,
                           struct xskim_bench_outcome *outcome);

#endif

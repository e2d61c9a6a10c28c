/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two results of `xskim bench` held against each other: what got slower. Owns what is compared and
 * the verdicts; not how results are stored (json_compare.h) nor how it looks. Pure.
 *
 * Packets a second of two runs differ by what the machine did meanwhile. So each run is held
 * against itself first, block by block: what a condition loses to the baseline of the same block,
 * and by how much its P99 is above the baseline's. Those losses of the blocks are two samples, and
 * by how much the new ones are above the old ones is an estimate with an interval
 * (xskim_bench_unpaired).
 */
#ifndef XSKIM_COMPARE_H
#define XSKIM_COMPARE_H

#include <stdbool.h>

#include <xskim/xskim.h>

enum {
        COMPARE_FACTS_MAX = 128,
        COMPARE_FACT_BYTES = 64,
        COMPARE_LOAD_PERCENT = 50, /* of the no-drop rate, at which latency is compared */
        COMPARE_BLOCKS_MIN = 5,    /* in each run, for an interval that deserves its name */
        COMPARE_ROWS_MAX = 2 * XSKIM_BENCH_CONDITIONS_MAX,
};

/* ---- a run, as it was stored ---- */

/* What was measured where, as text. */
struct compare_fact {
        char name[COMPARE_FACT_BYTES]; /* "kernel", "mitigations.meltdown" */
        char *value;
};

struct compare_condition {
        char name[XSKIM_BENCH_NAME_BYTES];
        char tier[16];
        double mpps; /* NAN: not measured */
};

/* A figure of a block is the sum over the weight of its slices: packets over ns, or P99 over one.
 */
struct compare_slice {
        uint32_t block;
        uint32_t condition; /* below condition_count */
        double sum;
        double weight; /* above 0 */
        uint64_t start_ns;
};

struct compare_series {
        uint32_t count;
        struct compare_slice *slices; /* by block */
};

/* Owned by whoever reads it. */
struct compare_run {
        unsigned int fact_count;
        struct compare_fact facts[COMPARE_FACTS_MAX];
        unsigned int
                condition_count; /* 1 or more; the first is the baseline, the second it again */
        struct compare_condition conditions[XSKIM_BENCH_CONDITIONS_MAX];
        struct compare_series speed;
        struct compare_series p99_ns; /* at COMPARE_LOAD_PERCENT */
};

/* ---- what comes of it ---- */

/* ROW(name, word). Slower: all of the interval is above the tolerance; imprecise: part of it. */
#define COMPARE_VERDICT_ROWS(ROW)                                                                  \
        ROW(UNKNOWN, "not comparable")                                                             \
        ROW(SAME, "no slower")                                                                     \
        ROW(FASTER, "faster")                                                                      \
        ROW(IMPRECISE, "imprecise")                                                                \
        ROW(SLOWER, "slower")

#define COMPARE_VERDICT_MEMBER(name_, word_) COMPARE_##name_,
enum compare_verdict { COMPARE_VERDICT_ROWS(COMPARE_VERDICT_MEMBER) COMPARE_VERDICTS };

extern const char *const COMPARE_VERDICT_WORDS[COMPARE_VERDICTS];

/* Of each run against its own baseline, and of the runs against each other. */
struct compare_measure {
        struct xskim_bench_interval then;
        struct xskim_bench_interval now;
        struct xskim_bench_interval added;
        enum compare_verdict verdict;
};

struct compare_row {
        const struct compare_condition *then; /* NULL: only in the new run */
        const struct compare_condition *now;  /* NULL: only in the old one */
        bool null;                            /* the baseline again: what differs here is noise */
        struct compare_measure loss_percent;
        struct compare_measure added_p99_ns;
};

struct compare_tolerance {
        double loss_percent;
        double p99_ns;
};

/* Points into the runs. */
struct comparison {
        struct compare_tolerance tolerance;
        const struct compare_condition *baseline[2]; /* then, now */
        unsigned int difference_count;               /* of the environments */
        struct {
                const char *name;
                const char *then; /* "absent" */
                const char *now;
        } differences[2 * COMPARE_FACTS_MAX];
        unsigned int row_count; /* without the baseline */
        struct compare_row rows[COMPARE_ROWS_MAX];
        bool slower; /* any row but the null */
};

/* Sorts the slices by block and time: after they were read. */
void compare_run_sort(struct compare_run *run);

/* -EINVAL: they have different baselines; -ENODATA: no condition of both has blocks enough;
 * -ENOMEM; with a message. */
int compare_runs(const struct compare_run *then, const struct compare_run *now,
                 const struct compare_tolerance *tolerance, struct comparison *ret_comparison);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims that hold one way of doing something against another: a lock against state of each CPU,
 * branches against none; and what maps that overflow lose. See claims.h, claim_*.bpf.c.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "log.h"
#include "program_rivals.h"
#include "program_trial.h"
#include "util.h"

struct rivals {
        struct claims_room room;
        struct program_rivals *programs;
};

static void rivals_close(struct rivals *rivals) {
        program_rivals_close(rivals->programs);
        claims_room_leave(&rivals->room);
}

static int rivals_open(enum program_rivals_kind kind, struct rivals *rivals) {
        int r;

        *rivals = (struct rivals){.room = CLAIMS_ROOM_NULL};
        r = claims_room_enter(&rivals->room);
        r = r < 0 ? r : program_rivals_open(kind, rivals->room.ifindexes, &rivals->programs);
        if (r < 0)
                rivals_close(rivals);
        return r;
}

/* ---- a lock, or none ---- */

enum {
        LOCK_ROUNDS = 24,
        LOCK_PACKETS = 50000,
        LOCK_COUNTS_MAX = 8,   /* 1, 2, 4 … 64 CPUs, and all */
        LOCK_COUNTS_CURVE = 3, /* fewer numbers of CPUs are no curve */
};

/* A thread on each of some CPUs, all counting at once. */
struct crowd {
        const struct xskim_claims *claims;
        int program_fd;
        uint32_t threads;
        pthread_barrier_t start;
};

struct counter {
        struct crowd *crowd;
        uint32_t cpu;
        uint64_t ns;
        int error;
        pthread_t thread;
};

static void *counter_main(void *context) {
        struct counter *counter = context;
        const struct xskim_claims *claims = counter->crowd->claims;

        claims_pin(claims, counter->cpu);
        pthread_barrier_wait(&counter->crowd->start);
        counter->error = program_trial_run(counter->crowd->program_fd, claims->packet,
                                           sizeof(claims->packet), LOCK_PACKETS, &counter->ns);
        return NULL;
}

/* ns a packet, the mean over the CPUs. */
static int crowd_run(const struct xskim_claims *claims, int program_fd, uint32_t cpus,
                     double *ret_ns) {
        struct crowd crowd = {.claims = claims, .program_fd = program_fd, .threads = cpus};
        struct counter counters[CLAIMS_CPUS_MAX];
        uint32_t started = 0;
        double sum = 0;
        int r = 0;

        pthread_barrier_init(&crowd.start, NULL, cpus);
        for (; started < cpus; started++) {
                counters[started] = (struct counter){.crowd = &crowd, .cpu = started};
                if (pthread_create(&counters[started].thread, NULL, counter_main,
                                   &counters[started]))
                        abort(); /* the others wait for it at the barrier for ever */
        }
        for (uint32_t i = 0; i < started; i++) {
                pthread_join(counters[i].thread, NULL);
                r = r < 0 ? r : counters[i].error;
                sum += (double)counters[i].ns / LOCK_PACKETS;
        }
        pthread_barrier_destroy(&crowd.start);
        *ret_ns = sum / cpus;
        return r < 0 ? error_set(r, "counting on %u CPUs: %s", cpus, strerror(-r)) : 0;
}

/* 1, 2, 4 …, all. */
static uint32_t cpu_counts(uint32_t cpus, uint32_t counts[LOCK_COUNTS_MAX]) {
        uint32_t count = 0;

        for (uint32_t n = 1; n < cpus && count < LOCK_COUNTS_MAX - 1; n *= 2)
                counts[count++] = n;
        counts[count++] = cpus;
        return count;
}

struct crowds {
        uint32_t counts[LOCK_COUNTS_MAX];
        uint32_t count;
        double x[LOCK_ROUNDS * LOCK_COUNTS_MAX];
        double ns[PROGRAM_RIVALS][LOCK_ROUNDS * LOCK_COUNTS_MAX];
        uint64_t packets; /* that each has counted */
};

/* Every number of CPUs with either program once a round, in random order. */
static int crowds_round(struct xskim_claims *claims, const struct program_rivals *programs,
                        uint32_t round, struct crowds *crowds) {
        uint32_t order[LOCK_COUNTS_MAX * PROGRAM_RIVALS];
        int r = claims_interrupted(claims);

        inference_shuffle(order, crowds->count * PROGRAM_RIVALS, &claims->random);
        for (uint32_t i = 0; i < crowds->count * PROGRAM_RIVALS && r >= 0; i++) {
                uint32_t rival = order[i] % PROGRAM_RIVALS, n = order[i] / PROGRAM_RIVALS;
                uint32_t at = round * crowds->count + n;

                crowds->x[at] = crowds->counts[n];
                r = crowd_run(claims, program_rivals_fd(programs, (int)rival), crowds->counts[n],
                              &crowds->ns[rival][at]);
                if (!rival)
                        crowds->packets += (uint64_t)crowds->counts[n] * LOCK_PACKETS;
        }
        return r;
}

static void crowds_judge(const struct crowds *crowds, struct claims_locks *ret) {
        double most[PROGRAM_RIVALS][LOCK_ROUNDS], gain[LOCK_ROUNDS];

        for (int rival = 0; rival < PROGRAM_RIVALS; rival++) {
                for (uint32_t round = 0; round < LOCK_ROUNDS; round++)
                        most[rival][round] = crowds->ns[rival][(round + 1) * crowds->count - 1];
                if (crowds->count > 1)
                        ret->exponents[rival] = inference_exponent(crowds->x, crowds->ns[rival],
                                                                   LOCK_ROUNDS * crowds->count);
        }
        for (uint32_t round = 0; round < LOCK_ROUNDS; round++)
                gain[round] = most[0][round] / most[1][round];
        ret->gain = inference_median(gain, LOCK_ROUNDS);
        for (int rival = 0; rival < PROGRAM_RIVALS; rival++)
                ret->most_ns[rival] = inference_median(most[rival], LOCK_ROUNDS);
        ret->counts = crowds->count;
        ret->cpus = crowds->counts[crowds->count - 1];
}

static int locks_measure(struct xskim_claims *claims, struct claims_locks *ret) {
        struct crowds *crowds CLEANUP(free_cleanup) = calloc(1, sizeof(*crowds));
        struct xskim_lock_counts counts[PROGRAM_RIVALS];
        struct rivals rivals;
        int r = crowds ? rivals_open(PROGRAM_RIVALS_LOCK, &rivals) : -ENOMEM;

        if (r < 0)
                return r;
        crowds->count = cpu_counts(claims->cpu_count, crowds->counts);
        for (uint32_t round = 0; round < LOCK_ROUNDS && r >= 0; round++)
                r = crowds_round(claims, rivals.programs, round, crowds);
        for (int rival = 0; rival < PROGRAM_RIVALS && r >= 0; rival++)
                r = program_rivals_locked(rivals.programs, rival, &counts[rival]);
        rivals_close(&rivals);
        if (r < 0)
                return r;
        crowds_judge(crowds, ret);
        ret->exact = counts[0].packets == crowds->packets && counts[1].packets == crowds->packets;
        return 0;
}

static int lock_growth(struct xskim_claims *claims, int rival, enum claim_law law,
                       struct xskim_claim *claim) {
        struct claims_locks *locks = &claims->locks;
        int r = CLAIMS_ONCE(claims, locks, locks_measure);

        if (r < 0)
                return r;
        claim->measured = locks->exponents[rival];
        claim_how(claim,
                  "ns a packet counted on 1 to %u CPUs at once, %s, %d rounds in random order; "
                  "what was counted: %s",
                  locks->cpus, rival ? "per-CPU array" : "bpf_spin_lock in a shared array",
                  LOCK_ROUNDS, locks->exact ? "every packet, to the last" : "NOT every packet");
        if (locks->counts < LOCK_COUNTS_CURVE)
                claim_not_testable(claim, "%u CPU%s: %s", locks->cpus, locks->cpus == 1 ? "" : "s",
                                   locks->cpus == 1 ? "nothing contends"
                                                    : "two points are a ratio, not a curve");
        else
                claim_growth(claim, law, 1, locks->cpus);
        claim_reason(claim, "%.1f ns a packet with all", locks->most_ns[rival].median);
        return 0;
}

int claims_lock_shared(struct xskim_claims *claims, struct xskim_claim *claim) {
        return lock_growth(claims, 0, CLAIM_LAW_N, claim);
}

int claims_lock_own(struct xskim_claims *claims, struct xskim_claim *claim) {
        return lock_growth(claims, 1, CLAIM_LAW_LOG, claim);
}

int claims_lock_gain(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct claims_locks *locks = &claims->locks;
        int r = CLAIMS_ONCE(claims, locks, locks_measure);

        if (r < 0)
                return r;
        claim->measured = locks->gain;
        claim_how(claim,
                  "a packet under the lock by one in state of the CPU's own, %u CPUs at "
                  "once, %d rounds",
                  locks->cpus, LOCK_ROUNDS);
        claim_at_least(claim, 1, "1, where both are as fast");
        claim_reason(claim, "%.1f ns and %.1f ns a packet", locks->most_ns[0].median,
                     locks->most_ns[1].median);
        return 0;
}

/* ---- branches, or none ---- */

enum {
        BRANCH_GROUPS = 20,
        BRANCH_BATCHES = 200, /* in a group; its P99 is the second greatest but one */
        BRANCH_RUNS = 32,
};

/* 29 ms to 18 ms, in percent less. */
static const double BRANCH_BOUND = 100.0 * (29 - 18) / 29;

struct branches {
        double batches[PROGRAM_RIVALS][BRANCH_BATCHES];
        double p50[PROGRAM_RIVALS][BRANCH_GROUPS];
        double p99[PROGRAM_RIVALS][BRANCH_GROUPS];
};

static int ascending(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* One of each in turn. */
static int branches_group(const struct xskim_claims *claims, const struct program_rivals *programs,
                          int group, struct branches *b) {
        for (int batch = 0; batch < BRANCH_BATCHES * PROGRAM_RIVALS; batch++) {
                int rival = batch % PROGRAM_RIVALS;
                uint64_t ns;
                int r = program_trial_run(program_rivals_fd(programs, rival), claims->packet,
                                          sizeof(claims->packet), BRANCH_RUNS, &ns);

                if (r < 0)
                        return r;
                b->batches[rival][batch / PROGRAM_RIVALS] = (double)ns / BRANCH_RUNS;
        }
        for (int rival = 0; rival < PROGRAM_RIVALS; rival++) {
                qsort(b->batches[rival], BRANCH_BATCHES, sizeof(double), ascending);
                b->p50[rival][group] = b->batches[rival][BRANCH_BATCHES / 2];
                b->p99[rival][group] = b->batches[rival][BRANCH_BATCHES * 99 / 100 - 1];
        }
        return claims_interrupted(claims);
}

static struct xskim_bench_interval less_percent(const double *than, const double *what) {
        double less[BRANCH_GROUPS];

        for (int i = 0; i < BRANCH_GROUPS; i++)
                less[i] = 100 * (1 - what[i] / than[i]);
        return inference_median(less, BRANCH_GROUPS);
}

int claims_branches(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct branches *b CLEANUP(free_cleanup) = calloc(1, sizeof(*b));
        struct xskim_bench_interval p50;
        struct rivals rivals;
        int r = b ? rivals_open(PROGRAM_RIVALS_BRANCH, &rivals) : -ENOMEM;

        if (r < 0)
                return r;
        claims_pin(claims, 0);
        for (int group = 0; group < BRANCH_GROUPS && r >= 0; group++)
                r = branches_group(claims, rivals.programs, group, b);
        rivals_close(&rivals);
        if (r < 0)
                return r;
        claim->measured = less_percent(b->p99[0], b->p99[1]);
        p50 = less_percent(b->p50[0], b->p50[1]);
        claim_how(
                claim,
                "P99 of batches of %d runs by BPF_PROG_RUN, %d random values sampled and put into "
                "buckets a run, with branches and predicated in turn, %d groups of %d batches",
                BRANCH_RUNS, XSKIM_BRANCH_VALUES, BRANCH_GROUPS, BRANCH_BATCHES);
        claim_at_least(claim, BRANCH_BOUND, "the paper's 38 %");
        claim_reason(claim, "P99 %.0f to %.0f ns a run, P50 %.0f to %.0f ns: %.0f %% less",
                     inference_median(b->p99[0], BRANCH_GROUPS).median,
                     inference_median(b->p99[1], BRANCH_GROUPS).median,
                     inference_median(b->p50[0], BRANCH_GROUPS).median,
                     inference_median(b->p50[1], BRANCH_GROUPS).median, p50.median);
        return 0;
}

/* ---- maps that overflow ---- */

enum { OVERFLOW_PACKETS = 100000 };

static int overflow_run(struct xskim_claims *claims, int rival,
                        struct xskim_overflow_counts *ret_counts, uint64_t *ret_stored) {
        struct rivals rivals;
        uint64_t ns;
        int r = rivals_open(PROGRAM_RIVALS_OVERFLOW, &rivals);

        if (r < 0)
                return r;
        claims_pin(claims, 0); /* the programs count without any lock */
        r = program_trial_run(program_rivals_fd(rivals.programs, rival), claims->packet,
                              sizeof(claims->packet), OVERFLOW_PACKETS, &ns);
        r = r < 0 ? r : program_rivals_overflown(rivals.programs, ret_counts);
        r = r < 0 ? r : program_rivals_stored(rivals.programs, rival, ret_stored);
        rivals_close(&rivals);
        return r;
}

static int overflow_measure(struct xskim_claims *claims, int rival, const char *what,
                            const char *judge, struct xskim_claim *claim) {
        struct xskim_overflow_counts counts;
        uint64_t stored;
        int r = overflow_run(claims, rival, &counts, &stored);

        if (r < 0)
                return r;
        claim->measured = claim_exact(100.0 * (double)(counts.offered - stored) /
                                      (double)MAX(counts.offered, (__u64)1));
        claim_how(claim, "%d packets with an entry each into %s that nobody empties; %s",
                  OVERFLOW_PACKETS, what, judge);
        claim_fact(claim, stored < counts.offered);
        claim_reason(claim,
                     "the kernel refuses, and the program counts: offered %llu = kept %llu + "
                     "lost %llu; really there: %lu%s",
                     counts.offered, counts.kept, counts.lost, stored,
                     counts.kept == stored && counts.offered == counts.kept + counts.lost
                             ? ""
                             : ", which does NOT add up");
        return 0;
}

int claims_overflow_hash(struct xskim_claims *claims, struct xskim_claim *claim) {
        return overflow_measure(claims, 0, "a hash map of 1024 entries",
                                "the map gone through and counted", claim);
}

int claims_overflow_ring(struct xskim_claims *claims, struct xskim_claim *claim) {
        return overflow_measure(claims, 1, "a ring buffer of 64 KB",
                                "its entries counted by the kernel's own position", claim);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims about programs: how long a run takes, how long loading takes, what the verifier allows.
 * See claims.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "clock.h"
#include "log.h"
#include "program_trial.h"
#include "util.h"

/* ---- execution ---- */

enum {
        RUN_BLOCKS = 40,
        RUN_REPEAT = 8192, /* fits the largest staging ring: nothing is lost, which is cheaper */
        RUN_PAUSE_MS = 3,  /* until the rings are empty again */
        RUN_KINDS = 3,
};

static const uint32_t RUN_SAMPLES[RUN_KINDS] = {0, 64, 1}; /* 0: the empty program */

struct run_sides {
        struct claims_room room;
        struct xskim_session *sessions[RUN_KINDS];
        int empty_fd;
        int empty_link;
        int fds[RUN_KINDS];
};

static void sides_close(struct run_sides *sides) {
        for (int kind = 0; kind < RUN_KINDS; kind++)
                claims_session_close(sides->sessions[kind]);
        fd_cleanup(&sides->empty_link);
        fd_cleanup(&sides->empty_fd);
        claims_room_leave(&sides->room);
}

/* Each on a port of its own. */
static int sides_open(const struct xskim_claims *claims, struct run_sides *sides) {
        struct xskim_config config;
        int r = claims_room_enter(&sides->room);

        r = r < 0 ? r : program_trial_length(2, &sides->empty_fd);
        r = r < 0 ? r
                  : program_trial_attach(sides->empty_fd, sides->room.ifindexes[0],
                                         &sides->empty_link);
        sides->fds[0] = sides->empty_fd;
        for (int kind = 1; kind < RUN_KINDS && r >= 0; kind++) {
                xskim_config_init(&config);
                config.sample = RUN_SAMPLES[kind];
                config.ring_slots = XSKIM_RING_SLOTS_MAX;
                r = claims_session_open(claims, &config, kind, &sides->sessions[kind]);
                if (r >= 0)
                        sides->fds[kind] = program_sampler_fd(sides->sessions[kind]->programs, 0);
        }
        return r;
}

static int sides_run(struct xskim_claims *claims, const struct run_sides *sides,
                     double ns[RUN_KINDS][RUN_BLOCKS]) {
        uint32_t order[RUN_KINDS];
        int r = 0;

        claims_pin(claims, 0);
        for (int block = 0; block < RUN_BLOCKS && r >= 0; block++) {
                inference_shuffle(order, RUN_KINDS, &claims->random);
                for (int i = 0; i < RUN_KINDS && r >= 0; i++) {
                        uint64_t took;

                        r = program_trial_run(sides->fds[order[i]], claims->packet,
                                              sizeof(claims->packet), RUN_REPEAT, &took);
                        ns[order[i]][block] = (double)took / RUN_REPEAT;
                        claims_pause_ms(RUN_PAUSE_MS);
                }
                r = r < 0 ? r : claims_interrupted(claims);
        }
        claims_unpin(claims);
        return r;
}

static struct xskim_bench_interval added(const double *with, const double *without) {
        double differences[RUN_BLOCKS];

        for (int block = 0; block < RUN_BLOCKS; block++)
                differences[block] = with[block] - without[block];
        return inference_centre(differences, RUN_BLOCKS);
}

int claims_runs_measure(struct xskim_claims *claims, struct claims_runs *ret) {
        struct run_sides sides = {.room = CLAIMS_ROOM_NULL, .empty_fd = -1, .empty_link = -1};
        double ns[RUN_KINDS][RUN_BLOCKS];
        int r = sides_open(claims, &sides);

        r = r < 0 ? r : sides_run(claims, &sides, ns);
        sides_close(&sides);
        if (r < 0)
                return r;
        ret->added = added(ns[1], ns[0]);
        ret->added_every = added(ns[2], ns[0]);
        ret->empty = inference_median(ns[0], RUN_BLOCKS);
        ret->sampled = inference_median(ns[1], RUN_BLOCKS);
        ret->every = inference_median(ns[2], RUN_BLOCKS);
        return 0;
}

int claims_execution(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct claims_runs *runs = &claims->runs;
        int r = CLAIMS_ONCE(claims, runs, claims_runs_measure);

        if (r < 0)
                return r;
        claim->measured = runs->every;
        claim_how(claim,
                  "BPF_PROG_RUN of the sampler, every packet sampled, tier classes, %d blocks of "
                  "%d packets beside an empty program and 1 in 64, no record lost",
                  RUN_BLOCKS, RUN_REPEAT);
        claim_at_most(claim, 1000, "1 us");
        claim_reason(claim, "1 in 64: %.1f ns; empty: %.1f ns", runs->sampled.median,
                     runs->empty.median);
        return 0;
}

/* ---- loading ---- */

enum { LOADS = 15, LOAD_BOUND_MS = 30, LENGTH_ROUNDS = 9 };

int claims_loading_time(struct xskim_claims *claims, struct xskim_claim *claim) {
        double ms[LOADS];

        for (int i = 0; i < LOADS; i++) {
                uint64_t start_ns = clock_monotonic_ns();
                int r = claims_interrupted(claims);

                r = r < 0 ? r : program_trial_session();
                if (r < 0)
                        return r;
                ms[i] = (double)(clock_monotonic_ns() - start_ns) / 1e6;
        }
        claim->measured = inference_median(ms, LOADS);
        claim_how(claim, "sampler and carrier opened, verified, compiled and freed, %d times",
                  LOADS);
        claim_at_most(claim, LOAD_BOUND_MS, "the paper's 30 ms");
        return 0;
}

static int length_time(void *context, uint32_t size, double *ret_ns) {
        uint64_t start_ns = clock_monotonic_ns();
        int fd CLEANUP(fd_cleanup) = -1;
        int r = program_trial_length(size, &fd);

        (void)context;
        *ret_ns = (double)(clock_monotonic_ns() - start_ns);
        return r < 0 ? error_set(r, "a program of %u instructions: %s", size, strerror(-r)) : 0;
}

int claims_loading_growth(struct xskim_claims *claims, struct xskim_claim *claim) {
        static const uint32_t sizes[] = {2048, 4096, 8192, 16384, 32768, 65536};
        struct claims_growth growth;
        int r = claims_grow(claims, sizes, ARRAY_SIZE(sizes), LENGTH_ROUNDS, length_time, NULL,
                            &growth);

        if (r < 0)
                return r;
        claim->measured = growth.exponent;
        claim_how(claim, "straight programs of %u to %u instructions loaded, %d times each",
                  growth.low, growth.high, LENGTH_ROUNDS);
        claim_growth(claim, CLAIM_LAW_N, growth.low, growth.high);
        claim_reason(claim, "%.2f to %.2f ms", growth.smallest.median / 1e6,
                     growth.largest.median / 1e6);
        return 0;
}

/* ---- limits ---- */

int claims_instruction_limit(struct xskim_claims *claims, struct xskim_claim *claim) {
        static const uint32_t lengths[] = {4096, 4097, 65536, 1000000};
        struct program_trial *trials CLEANUP(free_cleanup) =
                calloc(PROGRAM_TRIALS_MAX, sizeof(*trials));
        uint32_t longest = 0;
        int count;

        (void)claims;
        if (!trials)
                return -ENOMEM;
        for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
                int fd CLEANUP(fd_cleanup) = -1;

                if (program_trial_length(lengths[i], &fd) < 0)
                        break;
                longest = lengths[i];
        }
        count = program_trial_registry(trials);
        if (count < 0)
                return count;
        claim->measured = claim_exact(longest);
        claim_how(claim, "straight programs of 4096, 4097, 65536 and 1000000 instructions loaded; "
                         "every program of xskim loaded and the kernel asked");
        claim_fact(claim, longest == lengths[0]);
        claim_reason(claim, "%s; xskim's, instructions (verified, bytes compiled):",
                     longest > lengths[0] ? "longer ones load" : "longer ones are refused");
        for (int i = 0; i < count; i++)
                claim_reason(claim, "%s %u (%u, %u)", trials[i].name, trials[i].instructions,
                             trials[i].verified, trials[i].jited_bytes);
        return 0;
}

enum { STACK_STEP = 8, STACK_TRIED_MAX = 4096 };

/* The most that loads; 0: none does. */
static uint32_t stack_most(void) {
        uint32_t most = 0;

        for (uint32_t bytes = STACK_STEP; bytes <= STACK_TRIED_MAX; bytes += STACK_STEP) {
                int fd CLEANUP(fd_cleanup) = -1;

                if (program_trial_stack(bytes, &fd) < 0)
                        break;
                most = bytes;
        }
        return most;
}

int claims_stack_limit(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct program_trial *trials CLEANUP(free_cleanup) =
                calloc(PROGRAM_TRIALS_MAX, sizeof(*trials));
        int count = trials ? program_trial_registry(trials) : -ENOMEM;

        (void)claims;
        if (count < 0)
                return count;
        claim->measured = claim_exact(stack_most());
        claim_how(claim, "programs that use 8, 16, 24 ... B loaded until one is refused; the depth "
                         "of each of xskim's from the verifier's log, those of all its functions "
                         "added up, which is more than is on any one way down");
        claim_fact(claim, claim->measured.median == 512);
        claim_reason(claim, "used, B, at most:");
        for (int i = 0; i < count; i++)
                claim_reason(claim, "%s %u", trials[i].name, trials[i].stack_bytes);
        return 0;
}

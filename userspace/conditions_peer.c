/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions that are a single program which observes nothing: the empty one, and the one that
 * burns a known time. See conditions.h.
 *
 * How long a step of burning takes is measured here and now, beside the empty program, as the
 * median of interleaved pairs of runs; then the program that was made from it is measured likewise,
 * and what came of it is in the outcome's note. What holds the steps in their place (see the
 * program) is there whatever is asked for, and comes on top of it. In the way of real packets a
 * processor does not take the same time: what the program itself read there is in the outcome.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conditions_private.h"
#include "log.h"
#include "program_peer.h"
#include "util.h"

enum {
        BURN_ROUNDS = 15,
        BURN_RUNS = 20000, /* a round, of either program */
        BURN_STEPS_TRIED = 1024,
        BURN_TRIES_MAX = 6,
        BURN_PACKET_BYTES = 60,
};
_Static_assert((int)XSKIM_BURNT_TURNS >= (int)XSKIM_BENCH_CONDITIONS_MAX, "a turn for each");

static struct program_peer_config config_make(const struct conditions *all) {
        return (struct program_peer_config){
                .kind = PROGRAM_PEER_empty,
                .verdict = all->verdict,
                .forward_to = all->forward_to,
                .multi_buffer = all->multi_buffer,
        };
}

static int peer_open(struct condition *condition) {
        const struct program_peer_config config = config_make(condition->all);
        struct program_peer *peer;
        char name[XSKIM_NAME_MAX];
        int r, ifindex;

        r = program_peer_open(&config, &peer);
        if (r < 0)
                return r;
        condition->own = peer;
        r = conditions_parking_port(condition->all, name, &ifindex);
        return r < 0 ? r : program_peer_park(peer, ifindex);
}

static int peer_program_fd(const struct condition *condition) {
        return program_peer_fd(condition->own);
}

static int peer_finish(struct condition *condition, struct xskim_bench_outcome *outcome) {
        outcome->memory_bytes = program_peer_memory(condition->own);
        return 0;
}

static void peer_close(struct condition *condition) {
        condition->own = program_peer_close(condition->own);
}

const struct condition_operations CONDITION_EMPTY = {
        .open = peer_open,
        .program_fd = peer_program_fd,
        .finish = peer_finish,
        .close = peer_close,
};

/* ---- burning ---- */

struct burn {
        uint32_t steps;
        double ns;       /* more than the empty program */
        double error_ns; /* half of what lies between the quartiles */
};

static int ns_compare(const void *a, const void *b) {
        double one = *(const double *)a, two = *(const double *)b;

        return (one > two) - (one < two);
}

/* What it takes with so many steps. */
static int burn_try(const struct condition *condition, struct burn *burn, uint32_t steps) {
        static const uint8_t packet[BURN_PACKET_BYTES];
        const struct program_peer *burning = condition->all->burning;
        int empty = program_peer_fd(condition->all->idle), fd = program_peer_fd(burning);
        int r = program_peer_burn(burning, steps, condition->number);
        double ns[BURN_ROUNDS];

        if (r < 0)
                return r;
        burn->steps = steps;
        for (int round = 0; round < BURN_ROUNDS; round++) {
                ns[round] = program_run_ns(fd, packet, sizeof(packet), BURN_RUNS) -
                            program_run_ns(empty, packet, sizeof(packet), BURN_RUNS);
                if (isnan(ns[round]))
                        return error_set(-EIO, "burn: BPF_PROG_RUN does not work");
        }
        qsort(ns, BURN_ROUNDS, sizeof(ns[0]), ns_compare);
        burn->ns = ns[BURN_ROUNDS / 2];
        burn->error_ns = (ns[BURN_ROUNDS * 3 / 4] - ns[BURN_ROUNDS / 4]) / 2;
        return 0;
}

/* What it takes without any step, and what a step takes. */
static int burn_learn(const struct condition *condition, struct burn *burn, double *ret_clock_ns,
                      double *ret_step_ns) {
        int r = burn_try(condition, burn, 0);

        *ret_clock_ns = burn->ns;
        r = r < 0 ? r : burn_try(condition, burn, BURN_STEPS_TRIED);
        if (r < 0)
                return r;
        *ret_step_ns = (burn->ns - *ret_clock_ns) / BURN_STEPS_TRIED;
        return *ret_step_ns > 0 ? 0 : error_set(-EIO, "burn: cannot measure what a step takes");
}

/* By how much it is off, again: the first steps are partly hidden behind the clock. */
static int burn_calibrate(const struct condition *condition, struct burn *burn,
                          double *ret_clock_ns) {
        double asked_ns = condition->asked->number, step_ns, steps;
        int r = burn_learn(condition, burn, ret_clock_ns, &step_ns);

        if (r < 0)
                return r;
        steps = round(asked_ns / step_ns);
        for (int tries = 0; tries < BURN_TRIES_MAX && !r; tries++) {
                double off_ns;

                if (steps > PROGRAM_BURN_STEPS_MAX)
                        return error_set(-ERANGE,
                                         "burn=%.0f: a step takes %.2f ns, %d are the most",
                                         asked_ns, step_ns, PROGRAM_BURN_STEPS_MAX);
                steps = fmax(steps, 0);
                r = burn_try(condition, burn, (uint32_t)steps);
                off_ns = *ret_clock_ns + asked_ns - burn->ns;
                if (fabs(off_ns) <= fmax(step_ns, burn->error_ns / 3) || !asked_ns)
                        break;
                steps += round(off_ns / step_ns);
        }
        return r;
}

/* The program that all of them share. */
static int burning_open(struct conditions *all) {
        struct program_peer_config config = config_make(all);
        char name[XSKIM_NAME_MAX];
        int ifindex, r;

        if (all->burning)
                return 0;
        config.kind = PROGRAM_PEER_burn;
        r = program_peer_open(&config, &all->burning);
        r = r < 0 ? r : conditions_parking_port(all, name, &ifindex);
        return r < 0 ? r : program_peer_park(all->burning, ifindex);
}

static int burn_open(struct condition *condition) {
        struct burn *burn = calloc(1, sizeof(*burn));
        double clock_ns;
        int r;

        if (!burn)
                return -ENOMEM;
        condition->own = burn;
        r = burning_open(condition->all);
        r = r < 0 ? r : burn_calibrate(condition, burn, &clock_ns);
        if (!r)
                snprintf(condition->note, sizeof(condition->note),
                         "burns %.1f ns more than the empty program, of which %.1f are there "
                         "whatever is asked for, by BPF_PROG_RUN (half of the runs within %.1f ns)",
                         burn->ns, clock_ns, burn->error_ns);
        return r;
}

static int burn_turn(const struct condition *condition) {
        const struct burn *burn = condition->own;

        return program_peer_burn(condition->all->burning, burn->steps, condition->number);
}

static int burn_program_fd(const struct condition *condition) {
        return program_peer_fd(condition->all->burning);
}

static int burn_finish(struct condition *condition, struct xskim_bench_outcome *outcome) {
        const struct program_peer *burning = condition->all->burning;
        struct xskim_burnt burnt;
        int r = program_peer_burnt(burning, condition->number, &burnt);

        if (r < 0)
                return error_set(r, "burn: cannot read what it burnt: %s", strerror(-r));
        if (burnt.packets)
                outcome->burnt_ns = (double)burnt.ns / (double)burnt.packets;
        outcome->memory_bytes = program_peer_memory(burning);
        return 0;
}

static void burn_close(struct condition *condition) {
        free(condition->own);
        condition->own = NULL;
}

const struct condition_operations CONDITION_BURN = {
        .optional = true,
        .open = burn_open,
        .turn = burn_turn,
        .program_fd = burn_program_fd,
        .finish = burn_finish,
        .close = burn_close,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* What drain.c (the work), drain_pace.c (when to do it) and drain_promise.c (in which order) share,
 * and nobody else. */
#ifndef XSKIM_DRAIN_PRIVATE_H
#define XSKIM_DRAIN_PRIVATE_H

#include "drain.h"
#include "loop.h"

struct drain {
        struct worker_config config;
        struct loop *loop;
        struct xsk *xsk;
        int wake_fd;
        const _Atomic int *asked;            /* a request waits: do not stay in one call */
        struct xskim_ring_control *controls; /* all rings */
        struct xskim_worker_control *plan;
        uint32_t *own; /* numbers of this worker's rings */
        uint32_t own_count;
        uint32_t next;            /* the ring to begin the next plan with */
        struct tally_ring *rings; /* by ring number */
        struct tally *tallies;    /* one a port */
        uint32_t writing;
        int record_error;
        uint64_t system_calls;
        uint64_t wakeups;
        uint64_t runs;
        uint64_t carried; /* records that the last run of carriers brought, and when */
        uint64_t carried_at_ns;
        uint64_t rate_hz; /* records a second, between the last two runs */
        uint64_t *heads;  /* of this worker's rings when it last looked, and when that was */
        uint64_t looked_ns;
};

/*
 * What is told of the rings' order to those that follow stamps (transit.h): drain_look before a run
 * of carriers, drain_promise behind it. A ring of which all has been carried that was there at the
 * look has nothing older left.
 */
void drain_look(struct drain *drain);
void drain_promise(struct drain *drain);

/* Records in a ring now. */
uint64_t drain_ring_fill(const struct drain *drain, uint32_t ring);

/* A ring is so full that a run of carriers is better than falling asleep. */
bool drain_is_high(const struct drain *drain);

/* How fast records come, from one run of carriers to the next. */
void drain_rate_measure(struct drain *drain);

/*
 * When records come so fast that half a ring fills before a sleeper could react, waits
 * awake until that much is there. Says whether it is; false: they come slowly, or stopped coming.
 */
bool drain_linger(const struct drain *drain);

#endif

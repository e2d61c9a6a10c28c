/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of arrival: stamps come out of several staging rings, each ring's in order, the rings
 * one after another; here they are merged by the time at which the sampler saw them. Pure.
 *
 * How the order is established: within a ring it is that of the ring, which is one CPU's. Between
 * rings the clock decides (all CPUs read one CLOCK_MONOTONIC), and for equal times the ring's
 * number. A stamp is held back until every ring has promised that nothing older will come of it, or
 * until ARRIVALS_HELD_MAX of them are held; so however frames were cut, in whatever order rings
 * were emptied and whoever stood still meanwhile, the order that comes out is the same. One that
 * comes too late after all is counted as `unordered` and comes out at once.
 */
#ifndef XSKIM_ARRIVALS_H
#define XSKIM_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

enum {
        ARRIVALS_HELD_MAX = 65536,
        ARRIVALS_RINGS_MAX = 1024,
};

struct arrival {
        uint64_t time_ns; /* when the sampler saw it */
        uint64_t sent_ns;
        uint64_t sequence;
        uint32_t run;
        uint16_t stream;
        uint16_t faults; /* enum xskim_stamp_fault */
};

struct arrivals;

/* Allocates everything. -ENOMEM. */
int arrivals_open(uint32_t rings, struct arrivals **ret_arrivals);
/* NULL is fine. Returns NULL. */
struct arrivals *arrivals_close(struct arrivals *arrivals);

/* Whether another one can be taken in; if not, arrivals_take gives one out first. */
bool arrivals_has_room(const struct arrivals *arrivals);

/* Takes in one that came from the ring. There must be room. */
void arrivals_put(struct arrivals *arrivals, uint32_t ring, const struct arrival *arrival);

/* What will come of the ring has this time or a later one. */
void arrivals_promise(struct arrivals *arrivals, uint32_t ring, uint64_t time_ns);

/* Gives out the next one in order; false: all that are held may still be overtaken. With `all`
 * nothing is waited for. */
bool arrivals_take(struct arrivals *arrivals, bool all, struct arrival *ret_arrival);

/* How many could not be put in order. */
uint64_t arrivals_unordered(const struct arrivals *arrivals);
uint64_t arrivals_memory(const struct arrivals *arrivals);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* When a worker sleeps, and when it must not. See drain.h and drain_private.h. */
#include <sched.h>

#include <xskim/barrier.h>

#include "clock.h"
#include "drain_private.h"
#include "util.h"

enum {
        /* What falling asleep and being woken takes at worst, most of the time, on a virtual
           machine. */
        DRAIN_REACTION_NS = 200000,
        /* A ring that has not moved for so long is not worth waiting for awake. */
        DRAIN_PATIENCE_NS = 50000,
};

uint64_t drain_ring_fill(const struct drain *d, uint32_t ring) {
        const struct xskim_ring_control *c = &d->controls[ring];

        return xskim_load_acquire(&c->head) - c->tail;
}

bool drain_is_high(const struct drain *d) {
        for (uint32_t i = 0; i < d->own_count; i++)
                if (drain_ring_fill(d, d->own[i]) >=
                    XSKIM_RING_HIGH_WATER(d->config.ring_slots) / 2)
                        return true;
        return false;
}

void drain_rate_measure(struct drain *d) {
        uint64_t now_ns = clock_monotonic_ns(), tail = 0, passed_ns = now_ns - d->carried_at_ns;

        for (uint32_t i = 0; i < d->own_count; i++)
                tail += d->controls[d->own[i]].tail;
        d->rate_hz = passed_ns ? (tail - d->carried) * 1000000000 / passed_ns : 0;
        d->carried = tail;
        d->carried_at_ns = now_ns;
}

/* The fullest ring of another CPU: for the own CPU's, waiting awake would only keep it from
 * filling. */
static uint64_t fullest_elsewhere(const struct drain *d) {
        uint32_t cpu = (uint32_t)sched_getcpu();
        uint64_t most = 0;

        for (uint32_t i = 0; i < d->own_count; i++)
                if (d->controls[d->own[i]].cpu != cpu)
                        most = MAX(most, drain_ring_fill(d, d->own[i]));
        return most;
}

bool drain_linger(const struct drain *d) {
        uint64_t quarter = d->config.ring_slots / 4, last = 0, fill, since_ns;

        if (d->rate_hz * DRAIN_REACTION_NS / 1000000000 < quarter)
                return false;
        since_ns = clock_monotonic_ns();
        while ((fill = fullest_elsewhere(d)) < quarter) {
                uint64_t now_ns = clock_monotonic_ns();

                if (fill != last)
                        since_ns = now_ns;
                else if (now_ns - since_ns > DRAIN_PATIENCE_NS)
                        return false;
                last = fill;
        }
        return true;
}

void drain_sleep_mark(struct drain *d) {
        for (uint32_t i = 0; i < d->own_count; i++)
                xskim_mark_asleep(&d->controls[d->own[i]].asleep);
}

void drain_sleep_unmark(struct drain *d) {
        for (uint32_t i = 0; i < d->own_count; i++)
                xskim_mark_awake(&d->controls[d->own[i]].asleep);
}

bool drain_is_urgent(const struct drain *d) {
        return xsk_room(d->xsk) && drain_is_high(d);
}

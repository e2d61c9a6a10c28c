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
        DRAIN_REACTION_NS = 300000,
        /* A ring that has not moved for so long is not worth waiting for awake. */
        DRAIN_PATIENCE_NS = 50000,
        DRAIN_LINGER_NS = 2 * DRAIN_REACTION_NS,
        DRAIN_SLEEP_NS_MIN = 100000,
        /* Between two looks at the rings. */
        DRAIN_LOOK_NS = 5000,
};

/* A fill that is worth a run of carriers: what the run costs at all is shared by that many records.
 */
#define DRAIN_ENOUGH(slots) ((slots) / 2)

uint64_t drain_ring_fill(const struct drain *d, uint32_t ring) {
        const struct xskim_ring_control *c = &d->controls[ring];

        return xskim_load_acquire(&c->head) - c->tail;
}

bool drain_is_high(const struct drain *d) {
        for (uint32_t i = 0; i < d->own_count; i++)
                if (drain_ring_fill(d, d->own[i]) >= DRAIN_ENOUGH(d->config.ring_slots))
                        return true;
        return false;
}

/* Of the rings of other CPUs only: while a worker waits awake, its own CPU's rings do not fill. */
void drain_rate_measure(struct drain *d) {
        uint64_t now_ns = clock_monotonic_ns(), tail = 0, passed_ns = now_ns - d->carried_at_ns;
        uint32_t cpu = (uint32_t)sched_getcpu();

        for (uint32_t i = 0; i < d->own_count; i++)
                if (d->controls[d->own[i]].cpu != cpu)
                        tail += d->controls[d->own[i]].tail;
        /* the worker may have moved: then this tells nothing */
        d->rate_hz =
                passed_ns && tail >= d->carried ? (tail - d->carried) * 1000000000 / passed_ns : 0;
        d->carried = tail;
        d->carried_at_ns = now_ns;
}

static uint64_t fullest_elsewhere(const struct drain *d) {
        uint32_t cpu = (uint32_t)sched_getcpu();
        uint64_t most = 0;

        for (uint32_t i = 0; i < d->own_count; i++)
                if (d->controls[d->own[i]].cpu != cpu)
                        most = MAX(most, drain_ring_fill(d, d->own[i]));
        return most;
}

/* Waits awake without touching what the packet path writes: each look at a ring's head takes its
 * cache line away from the sampler. */
static void wait_awake(uint64_t ns) {
        uint64_t until_ns = clock_monotonic_ns() + ns;

        while (clock_monotonic_ns() < until_ns)
                ;
}

bool drain_linger(const struct drain *d) {
        uint64_t enough = DRAIN_ENOUGH(d->config.ring_slots), last = 0, fill;
        uint64_t begin_ns, moved_ns, now_ns;

        if (d->rate_hz * DRAIN_REACTION_NS / 1000000000 < enough)
                return false;
        begin_ns = moved_ns = clock_monotonic_ns();
        while ((fill = fullest_elsewhere(d)) < enough) {
                now_ns = clock_monotonic_ns();
                if (fill != last)
                        moved_ns = now_ns;
                if (now_ns - begin_ns > DRAIN_LINGER_NS || now_ns - moved_ns > DRAIN_PATIENCE_NS)
                        return false;
                last = fill;
                wait_awake(DRAIN_LOOK_NS);
        }
        return true;
}

uint64_t drain_timeout_ns(const struct drain *d) {
        uint64_t high = XSKIM_RING_HIGH_WATER(d->config.ring_slots), fill = fullest_elsewhere(d);
        uint64_t expected_ns;

        if (!d->rate_hz || fill >= high || d->config.doorbell_only)
                return d->config.flush_ns;
        expected_ns = (high - fill) * 1000000000 / d->rate_hz;
        expected_ns = MAX(expected_ns + expected_ns / 4, (uint64_t)DRAIN_SLEEP_NS_MIN);
        return MIN(expected_ns, d->config.flush_ns);
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

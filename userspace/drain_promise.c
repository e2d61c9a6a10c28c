/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what a worker tells of the order of its rings. See drain_private.h. */
#include <xskim/barrier.h>

#include "clock.h"
#include "drain_private.h"
#include "transit_share.h"

/* From when the sampler reads the clock until the record is in the ring; a virtual CPU can stand
 * still in between. */
enum { DRAIN_PROMISE_SLACK_NS = 20000000 };

/* Of all ports or none. Else the heads' cache lines are left to the sampler. */
static bool is_followed(const struct drain *d) {
        return d->config.transits && d->config.transits[0];
}

void drain_look(struct drain *d) {
        if (!is_followed(d))
                return;
        d->looked_ns = clock_monotonic_ns();
        for (uint32_t i = 0; i < d->own_count; i++)
                d->heads[i] = xskim_load_acquire(&d->controls[d->own[i]].head);
}

void drain_promise(struct drain *d) {
        if (!is_followed(d))
                return;
        for (uint32_t i = 0; i < d->own_count; i++) {
                uint32_t ring = d->own[i];

                if (d->controls[ring].tail >= d->heads[i])
                        transit_share_promise(d->config.transits[ring / d->config.cpus],
                                              ring % d->config.cpus,
                                              d->looked_ns - DRAIN_PROMISE_SLACK_NS);
        }
}

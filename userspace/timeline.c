/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns when a packet of a capture is due, counted from its first. See timeline.h. */
#include "timeline.h"
#include "util.h"

static void step_forward(struct timeline *t, uint64_t stamp_ns) {
        uint64_t gap = stamp_ns - t->newest_ns;

        if (gap > t->gap_ns_max) {
                gap = t->gap_ns_max;
                t->shortened++;
        }
        t->offset_ns += gap;
        t->newest_ns = stamp_ns;
}

static void step_back(struct timeline *t, uint64_t stamp_ns) {
        t->backwards++;
        if (t->newest_ns - stamp_ns > TIMELINE_DISORDER_NS)
                t->newest_ns = stamp_ns;
}

uint64_t timeline_place(struct timeline *t, uint64_t stamp_ns) {
        t->packets++;
        if (!t->started) {
                t->started = true;
                t->newest_ns = stamp_ns;
        } else if (stamp_ns >= t->newest_ns) {
                step_forward(t, stamp_ns);
        } else {
                step_back(t, stamp_ns);
        }
        return t->offset_ns;
}

uint64_t timeline_pause_ns(const struct timeline *t) {
        return t->packets > 1 ? t->offset_ns / (t->packets - 1) : 0;
}

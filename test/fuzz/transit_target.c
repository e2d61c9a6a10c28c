/* SPDX-License-Identifier: BSD-2-Clause */
/* The transit under any stamps in any order: nothing is counted twice or not at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/stamp.h>

#include "transit.h"
#include "transit_target.h"
#include "util.h"

enum { STEP = 6, RINGS = 16 };

#define HOLDS(condition_)                                                                          \
        ({                                                                                         \
                if (!(condition_)) {                                                               \
                        fprintf(stderr, "transit: does not hold: %s\n", #condition_);              \
                        abort();                                                                   \
                }                                                                                  \
        })

static void stamp_feed(struct transit *transit, const uint8_t *bytes, uint64_t *number,
                       uint64_t *time_ns) {
        int64_t step = (int8_t)bytes[1];
        struct arrival arrival = {
                .stream = bytes[0] & 15,
                .run = bytes[5] >> 6,
                .faults = bytes[5] & 3,
                .sent_ns = *time_ns - ((uint64_t)bytes[4] << (bytes[3] & 63)),
        };

        *number += (uint64_t)(step * (step < 0 ? -step : step));
        *time_ns += (uint64_t)bytes[2] << (bytes[3] & 31);
        arrival.sequence = *number & XSKIM_STAMP_SEQUENCE_MASK;
        arrival.time_ns = *time_ns;
        transit_put(transit, bytes[0] >> 4, &arrival);
        if (bytes[5] & 1)
                transit_promise(transit, bytes[0] & 15, *time_ns - (uint64_t)(bytes[5] >> 1));
}

static void check(const struct xskim_transit *t, uint64_t stamps) {
        uint64_t arrived = t->unattributed + t->untracked;

        for (unsigned int i = 0; i < t->stream_count; i++) {
                const struct xskim_stream *s = &t->streams[i];

                arrived += s->received + s->duplicated + s->beyond_window;
                HOLDS(s->latency.count == s->received);
                HOLDS(s->reordered < s->received || !s->received);
                HOLDS(s->delay_variation.ipdv.count < s->received || !s->received);
                HOLDS(s->before_sent <= s->received);
                HOLDS(s->reorder_extent_max <= s->received);
                HOLDS(s->received + s->lost <= XSKIM_STAMP_SEQUENCE_MASK + 1);
        }
        HOLDS(arrived == stamps);
        HOLDS(t->unordered <= stamps);
        HOLDS(t->sum.latency.count == t->sum.received);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
        const struct transit_config config = {.rings = RINGS};
        struct xskim_transit *report = calloc(1, sizeof(*report));
        uint64_t number = 0, time_ns = 1ULL << 40, stamps = 0;
        struct transit *transit;

        HOLDS(report && !transit_open(&config, &transit));
        for (; length >= STEP; bytes += STEP, length -= STEP, stamps++)
                stamp_feed(transit, bytes, &number, &time_ns);
        transit_settle(transit);
        transit_report(transit, stamps, true, report);
        HOLDS(!report->unrecorded);
        check(report, stamps);
        transit_close(transit);
        free(report);
        return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns due times. See pacing.h. */
#include "pacing.h"
#include "util.h"

enum { NS_A_SECOND = 1000000000, BITS_A_BYTE = 8 };

static uint64_t ratio(uint64_t value, uint64_t numerator, uint64_t denominator) {
        unsigned __int128 product = (unsigned __int128)value * numerator / denominator;

        return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

static uint64_t after_start(const struct pacing *s, uint64_t offset_ns) {
        switch (s->config.pace) {
        case XSKIM_REPLAY_CAPTURED:
                return ratio(s->round_ns + offset_ns, XSKIM_REPLAY_SPEED_ONE, s->config.speed);
        case XSKIM_REPLAY_PACKETS:
                return ratio(s->packets, NS_A_SECOND, s->config.rate);
        case XSKIM_REPLAY_BITS:
                return ratio(s->bytes * BITS_A_BYTE, NS_A_SECOND, s->config.rate);
        case XSKIM_REPLAY_TOP:
                break;
        }
        return 0;
}

uint64_t pacing_due(const struct pacing *s, uint64_t offset_ns) {
        uint64_t due;

        if (__builtin_add_overflow(s->start_ns, after_start(s, offset_ns), &due))
                return UINT64_MAX;
        return due;
}

void pacing_advance(struct pacing *s, uint32_t bytes) {
        s->packets++;
        s->bytes += bytes;
}

void pacing_round(struct pacing *s, uint64_t offset_ns, uint64_t pause_ns) {
        s->round_ns += offset_ns + pause_ns;
}

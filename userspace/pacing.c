/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns due times. See pacing.h. */
#include "pacing.h"
#include "util.h"

enum { NS_A_SECOND = 1000000000, BITS_A_BYTE = 8 };

static uint64_t on_axis(const struct pacing_round *round, uint64_t offset_ns) {
        switch (round->pace) {
        case XSKIM_REPLAY_CAPTURED:
                return offset_ns;
        case XSKIM_REPLAY_PACKETS:
                return round->packets;
        case XSKIM_REPLAY_BITS:
                return round->bytes;
        case XSKIM_REPLAY_TOP:
                break;
        }
        return 0;
}

struct pacing_place pacing_place(struct pacing_round *round, uint64_t offset_ns, uint32_t bytes) {
        struct pacing_place place = {.at = on_axis(round, offset_ns), .number = round->packets};

        round->packets++;
        round->bytes += bytes;
        return place;
}

struct pacing_place pacing_end(const struct pacing_round *round, uint64_t offset_ns,
                               uint64_t pause_ns) {
        return (struct pacing_place){.at = on_axis(round, offset_ns + pause_ns),
                                     .number = round->packets};
}

static uint64_t ratio(uint64_t value, uint64_t numerator, uint64_t denominator) {
        unsigned __int128 product = (unsigned __int128)value * numerator / denominator;

        return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

static uint64_t after_start(const struct pacing *s, uint64_t at) {
        switch (s->config.pace) {
        case XSKIM_REPLAY_CAPTURED:
                return ratio(at, XSKIM_REPLAY_SPEED_ONE, s->config.speed);
        case XSKIM_REPLAY_PACKETS:
                return ratio(at, NS_A_SECOND, s->config.rate);
        case XSKIM_REPLAY_BITS:
                return ratio(at * BITS_A_BYTE, NS_A_SECOND, s->config.rate);
        case XSKIM_REPLAY_TOP:
                break;
        }
        return 0;
}

uint64_t pacing_due(const struct pacing *s, const struct pacing_place *place) {
        uint64_t due;

        if (__builtin_add_overflow(s->start_ns, after_start(s, s->before.at + place->at), &due))
                return UINT64_MAX;
        return due;
}

uint64_t pacing_number(const struct pacing *s, const struct pacing_place *place) {
        return s->before.number + place->number;
}

void pacing_next(struct pacing *s, const struct pacing_place *end) {
        s->before.at += end->at;
        s->before.number += end->number;
}

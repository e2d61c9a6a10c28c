/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When each packet is due. Absolute: every due time is computed from the start of the run, so that
 * what was late before moves nothing. Pure.
 *
 *     place = pacing_place(&round, offset_ns, bytes);   whoever reads: once, in the capture's order
 *     due = pacing_due(&schedule, &place);              whoever sends: any packet, in any order
 *
 * So the packets of a capture may be sent by several threads: each has a schedule, all of them with
 * one start, and is told the end of every round.
 */
#ifndef XSKIM_PACING_H
#define XSKIM_PACING_H

#include <stdint.h>

#include <xskim/xskim.h>

/* Of a packet in its round of the capture, or of the round's end. */
struct pacing_place {
        uint64_t at;     /* what the pace counts: ns as captured, packets, or bytes before it */
        uint64_t number; /* packets before it */
};

/* A round that is being laid out. Zeroed, with `pace` set, is a new one. */
struct pacing_round {
        enum xskim_replay_pace_kind pace;
        uint64_t packets;
        uint64_t bytes;
};

/* The next packet, of `bytes` bytes, with this offset in its round (timeline.h). */
struct pacing_place pacing_place(struct pacing_round *round, uint64_t offset_ns, uint32_t bytes);

/* The end, which is where the next round begins; offset of the last packet, and pause behind it. */
struct pacing_place pacing_end(const struct pacing_round *round, uint64_t offset_ns,
                               uint64_t pause_ns);

struct pacing {
        struct xskim_replay_pace config;
        uint64_t start_ns;          /* any clock; the due times are of the same */
        struct pacing_place before; /* all the rounds that are over */
};

/* XSKIM_REPLAY_TOP: start_ns. Times beyond 2^64 are UINT64_MAX. */
uint64_t pacing_due(const struct pacing *schedule, const struct pacing_place *place);

/* Which packet of the run this is, from 0 on. */
uint64_t pacing_number(const struct pacing *schedule, const struct pacing_place *place);

/* A round is over that ended there. */
void pacing_next(struct pacing *schedule, const struct pacing_place *end);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When each packet is due. Absolute: every due time is computed from the start of the run, so that
 * what was late before moves nothing. Pure.
 */
#ifndef XSKIM_PACING_H
#define XSKIM_PACING_H

#include <stdint.h>

#include <xskim/xskim.h>

struct pacing {
        struct xskim_replay_pace config;
        uint64_t start_ns; /* any clock; the due times are of the same */
        uint64_t round_ns; /* offset at which this round of the capture began, unscaled */
        uint64_t packets;  /* before the next one, over all rounds */
        uint64_t bytes;
};

/* The packet that comes next, with this offset in its round (timeline.h). XSKIM_REPLAY_TOP:
 * start_ns. Times beyond 2^64 are UINT64_MAX. */
uint64_t pacing_due(const struct pacing *schedule, uint64_t offset_ns);

/* It was handed over. */
void pacing_advance(struct pacing *schedule, uint32_t bytes);

/* The round is over; `offset_ns`: of its last packet, and `pause_ns` until the next one's first. */
void pacing_round(struct pacing *schedule, uint64_t offset_ns, uint64_t pause_ns);

#endif

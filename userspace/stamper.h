/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stamps of one stream of a run: numbers the packets of a chunk that can carry one, and writes
 * their stamps right before they are handed over. Owned by the thread that sends.
 *
 * Numbers are those of packets that were handed over: one that has to be tried again is numbered
 * anew, which leaves no hole. One that the port refuses is somewhere between others that it took,
 * so its number is gone, and the other end counts it as lost.
 */
#ifndef XSKIM_STAMPER_H
#define XSKIM_STAMPER_H

#include <stdint.h>

#include <xskim/xskim.h>

#include "belt.h"

struct stamper {
        uint16_t stream;
        struct xskim_replay_stamps stamps; /* so far; the next number is stamps.stamped */
};

/* Writes the stamps of these packets of the chunk, which has `stamps`, as of sent_ns. */
void stamper_write(const struct stamper *stamper, const struct belt_chunk *chunk, uint32_t first,
                   uint32_t count, uint64_t sent_ns);

/* So many of them are done with: sent or refused. */
void stamper_advance(struct stamper *stamper, const struct belt_chunk *chunk, uint32_t first,
                     uint32_t count);

#endif

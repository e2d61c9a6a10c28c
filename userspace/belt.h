/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The belt between the feeder, which reads the capture, and the stage, which sends it: a ring of
 * chunks of packets, one thread at either end. Bounded: the feeder waits while it is full.
 *
 * A chunk belongs to the feeder from belt_take_empty to belt_post, and to the stage from
 * belt_take_filled to belt_release. A capture that fits in the belt stays there (belt_is_resident),
 * and the stage goes round in it.
 */
#ifndef XSKIM_BELT_H
#define XSKIM_BELT_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/launch.h>

#include "pacing.h"
#include "stamp.h"

/* What stamp_prepare said of a packet. */
struct belt_stamp {
        enum stamp_outcome outcome;
        struct stamp_spot spot; /* STAMP_done: where it is */
};

struct belt_chunk {
        uint32_t number; /* of its place in the belt */
        uint32_t count;  /* packets */
        uint32_t longest;
        uint32_t used;           /* bytes of the area */
        bool last;               /* of a round of the capture; it may be empty then */
        struct pacing_place end; /* last: of the round */
        uint64_t position;       /* in the file, at its end */
        uint8_t *bytes;          /* XSKIM_LAUNCH_CHUNK_BYTES, of the sender */
        struct xskim_launch_packet *rows;
        struct pacing_place *places; /* of each packet */
        struct belt_stamp *stamps;   /* of each packet; NULL: none are wanted */
};

struct belt;

/* With room for `stamps` or without: 192 KB a chunk, of which only what is used is touched. */
int belt_open(uint32_t chunks, bool stamps, struct belt **ret_belt);
struct belt *belt_close(struct belt *belt);

/* For setting the pointers up, before the threads start. */
struct belt_chunk *belt_chunk(struct belt *belt, uint32_t number);

/* Blocks while the belt is full if it is to `wait`. NULL: the belt is full, or belt_stop was
 * called. The chunk is empty. */
struct belt_chunk *belt_take_empty(struct belt *belt, bool wait);
void belt_post(struct belt *belt);

/* No more chunks will come. resident: all that were posted are still here, and are a whole capture.
 */
void belt_end(struct belt *belt, bool resident);

/* Whether the chunks posted so far are all still in the belt, never overwritten. */
bool belt_holds_all(struct belt *belt);

/* The next chunk; waits up to timeout_ns. NULL: none yet, or, when belt_is_ended, none any more. */
struct belt_chunk *belt_take_filled(struct belt *belt, uint64_t timeout_ns);
void belt_release(struct belt *belt);

bool belt_is_ended(struct belt *belt);
bool belt_is_resident(struct belt *belt);

/* Lets whoever waits go. */
void belt_stop(struct belt *belt);
bool belt_is_stopped(struct belt *belt);

#endif

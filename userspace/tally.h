/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tally: what decoding metadata frames adds up to. Pure: the live worker and `xskim read` run
 * this very code, so that a record file gives the same figures as the run.
 *
 * A worker owns one tally_ring for each staging ring it drains, one tally for each port. Frames go
 * into the ring's open interval; tally_fold closes the interval: if records of that ring were lost
 * in it, what is left is reweighted to stand for them and the port's tally is marked biased.
 * Nothing here allocates after tally_ring_open.
 */
#ifndef XSKIM_TALLY_H
#define XSKIM_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/classes.h>
#include <xskim/frame.h>

#include "histogram.h"

/* Distributions and estimates; merging two is adding (exact, in any order). */
struct tally {
        struct histogram gap;      /* ns */
        struct histogram delivery; /* ns */
        struct histogram size;     /* bytes */
        uint64_t class_samples[XSKIM_CLASS_COUNT];
        double class_packets[XSKIM_CLASS_COUNT]; /* weighted, after reweighting */
        uint64_t samples;                        /* records decoded */
        double packets;                          /* sum of weights */
        double bytes;                            /* sum of weight * wire length */
        double bytes_square; /* sum of (weight * wire length)^2, for the variance */
        bool biased;
        /* ledger terms, counted where they happen */
        uint64_t frames;         /* frames received */
        uint64_t received;       /* records in frames received */
        uint64_t malformed;      /* records in frames that do not decode */
        uint64_t decoded;        /* records decoded */
        uint64_t frames_missing; /* sequence numbers that never came */
        uint64_t lost_in_socket; /* records in those, as the carrier logged them */
        uint64_t frames_foreign; /* frames of no ring of ours: bad magic, version, ring or length */
        uint64_t recorded;       /* records written to the file */
        uint64_t record_dropped; /* records not written */
};

/* One staging ring as seen by its consumer. */
struct tally_ring {
        uint64_t sequence;     /* of the next frame expected */
        uint64_t first_record; /* of the next frame expected: records received or lost so far */
        uint64_t ring_full;    /* cumulative, from the last frame's header */
        uint64_t ring_full_folded;
        uint64_t lost_open; /* records lost in the socket, this interval */
        struct tally *open; /* this interval; owned */
};

#define TALLY_RING_NULL ((struct tally_ring){0})

/* -ENOMEM. */
int tally_ring_open(struct tally_ring *ring);
void tally_ring_close(struct tally_ring *ring);

enum tally_outcome {
        TALLY_DECODED = 0,
        TALLY_MALFORMED = 1, /* the header is ours but the frame contradicts itself; counted */
        TALLY_FOREIGN = 2,   /* not a metadata frame for this ring; counted */
};

/*
 * Decodes one frame of `bytes` bytes into the ring's open interval. `now_ns` is CLOCK_MONOTONIC at
 * decoding (from the header's decoded_ns when read from a file). `loaded` is the carrier's log
 * (struct xskim_ring_control.loaded) for the frames that are missing before this one, or NULL: then
 * the gap in first_record tells. Hot path: no allocation, no system call.
 */
enum tally_outcome tally_frame(struct tally_ring *ring, const void *frame, uint32_t bytes,
                               uint64_t now_ns, const uint8_t *loaded);

/*
 * Books what the carrier says it loaded up to frame number `frames` and that has not arrived:
 * called after a run of carriers when the RX ring is empty, so nothing is under way any more.
 */
void tally_missing(struct tally_ring *ring, uint64_t frames, const uint8_t *loaded);

/* Closes the ring's open interval into the port's tally, reweighted if records were lost in it. */
void tally_fold(struct tally_ring *ring, struct tally *into);

/* into += from. */
void tally_merge(struct tally *into, const struct tally *from);
void tally_reset(struct tally *tally);

#endif

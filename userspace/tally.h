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

#include "estimate.h"
#include "histogram.h"

/* Distributions and estimates; merging two is adding. The histograms and counts are integers, exact
 * in any order; the estimates are floating-point, the same for the same order of merges. */
struct tally {
        struct histogram gap;      /* ns */
        struct histogram delivery; /* ns */
        struct histogram size;     /* bytes */
        struct estimate_tally bytes;
        struct estimate_tally classes[XSKIM_CLASS_COUNT]; /* packets, a class byte each */
        bool biased;
        /* ledger terms, counted where they happen */
        uint64_t frames;         /* frames received */
        uint64_t received;       /* records in frames received */
        uint64_t malformed;      /* records in frames that do not decode */
        uint64_t decoded;        /* records decoded */
        uint64_t beside;         /* of those, the ones of stamps and contents: in no distribution or
                                    estimate */
        uint64_t frames_missing; /* sequence numbers that never came */
        uint64_t lost_in_socket; /* records in those, as the carrier logged them */
        uint64_t frames_foreign; /* bad magic, version, length, ring or turn: nothing of ours */
        uint64_t recorded;       /* records written to the file */
        uint64_t record_dropped; /* records not written */
};

/* A ring's open interval. Samples are counted as integers as long as their weight stays the same,
 * which it does for a whole run; tally.c turns them into estimates. */
struct tally_interval {
        struct tally tally;
        uint32_t weight; /* of the samples below */
        uint64_t bytes;
        uint64_t byte_squares;
        uint64_t class_samples[XSKIM_CLASS_COUNT];
};

/* What several samples of one weight add up to until tally_batch_book. */
struct tally_batch {
        struct histogram_batch gap;
        struct histogram_batch delivery;
        struct histogram_batch size;
        uint64_t byte_squares;
};

/* One staging ring as seen by its consumer. */
struct tally_ring {
        uint64_t sequence;     /* of the next frame expected */
        uint64_t first_record; /* of the next frame expected: records received or lost so far */
        uint64_t ring_full;    /* cumulative, from the last frame's header */
        uint64_t ring_full_folded;
        uint64_t lost_open; /* records lost in the socket or malformed, not reweighted for yet */
        struct tally_interval *open; /* owned; NULL: not opened */
};

#define TALLY_RING_NULL ((struct tally_ring){0})

enum {
        /* The sampler's clock (ktime_get_mono_fast_ns) may be some nanoseconds out of order between
         * CPUs while the kernel adjusts it. */
        TALLY_LATER_NS_MAX = 1000000,
        TALLY_FAULTS_END = 4,       /* above every enum xskim_stamp_fault and both of them */
        TALLY_WIRE_LENGTH_MIN = 14, /* with less there is no EtherType, hence no record */
};

/* More missing at once than this, frames or samples, is not a gap but a frame that is not ours. */
#define TALLY_GAP_MAX (1ULL << 32)

/* How long before its frame a record was taken: the 48 bits of its time tell. Negative: after it.
 */
static inline int64_t tally_record_age_ns(uint64_t frame_time_ns, uint64_t record_time_ns) {
        return (int64_t)((frame_time_ns - record_time_ns) << 16) >> 16;
}

/*
 * The hot path: one record into the open interval, whose weight is the record's. Its frame was
 * loaded at frame_time_ns and is decoded at now_ns. The interval is whole again after
 * tally_batch_book, which uses the batch up.
 */
static inline void tally_batch_add(struct tally_interval *open, struct tally_batch *batch,
                                   const struct xskim_record *record, uint64_t frame_time_ns,
                                   uint64_t now_ns) {
        int64_t age_ns = tally_record_age_ns(frame_time_ns, record->time_ns);
        int64_t delivery_ns = (int64_t)(now_ns - frame_time_ns + (uint64_t)age_ns);
        uint64_t length = record->wire_length;
        uint32_t weight = open->weight;

        if (record->gap)
                histogram_batch_add(&open->tally.gap, &batch->gap, xskim_gap_decode(record->gap),
                                    weight);
        histogram_batch_add(&open->tally.delivery, &batch->delivery,
                            delivery_ns > 0 ? (uint64_t)delivery_ns : 0, weight);
        histogram_batch_add(&open->tally.size, &batch->size, length, weight);
        open->class_samples[record->class]++;
        batch->byte_squares += length * length;
}

static inline void tally_batch_book(struct tally_interval *open, const struct tally_batch *batch) {
        histogram_batch_book(&open->tally.gap, &batch->gap, open->weight);
        histogram_batch_book(&open->tally.delivery, &batch->delivery, open->weight);
        histogram_batch_book(&open->tally.size, &batch->size, open->weight);
        open->bytes += (uint64_t)batch->size.sum;
        open->byte_squares += batch->byte_squares;
        open->tally.decoded += batch->size.samples;
}

/* -ENOMEM. */
int tally_ring_open(struct tally_ring *ring);
void tally_ring_close(struct tally_ring *ring);

enum tally_outcome {
        TALLY_DECODED = 0,
        TALLY_MALFORMED = 1, /* the header is ours but the frame contradicts itself; counted */
        TALLY_FOREIGN = 2,   /* not a metadata frame, or not in its turn; counted */
};

/*
 * Decodes one frame of `bytes` bytes, aligned to 8, into the ring's open interval: all of its
 * records or none. `now_ns` is CLOCK_MONOTONIC at decoding (from the header's decoded_ns when read
 * from a file). `loaded` is the carrier's log (struct xskim_ring_control.loaded) for the frames
 * that are missing before this one, or NULL: then the gap in first_record tells. The caller has
 * checked header->ring. Hot path: no allocation, no system call.
 *
 * What the log and first_record tell differently is not mended: received + lost_in_socket then
 * differ from carried, and the ledger shows it.
 */
enum tally_outcome tally_frame(struct tally_ring *ring, const void *frame, uint32_t bytes,
                               uint64_t now_ns, const uint8_t *loaded);

/*
 * Books what the carrier says it loaded up to frame number `frames` and that has not arrived:
 * called after a run of carriers when the RX ring is empty, so nothing is under way any more. At
 * most XSKIM_PLAN_MAX frames, which is how far the log goes back.
 */
void tally_missing(struct tally_ring *ring, uint64_t frames, const uint8_t *loaded);

/* The same when reading a file, where the writer has noted the sum: the frames up to number
 * `frames` held the records up to number `first_record`. */
void tally_missing_noted(struct tally_ring *ring, uint64_t frames, uint64_t first_record);

/*
 * Closes the ring's open interval into the port's tally, reweighted if records of the ring were
 * lost in it (socket, ring full, malformed). If none arrived that could stand for the lost ones,
 * they are left to the next interval. Says whether there was anything to close: frames, received or
 * missing.
 */
bool tally_fold(struct tally_ring *ring, struct tally *into);

/* into += from. */
void tally_merge(struct tally *into, const struct tally *from);
void tally_reset(struct tally *tally);

#endif

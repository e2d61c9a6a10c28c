/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoder under any frames: what it counts adds up, whatever they say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/control.h>

#include "tally.h"
#include "tally_target.h"
#include "util.h"

enum { MEND_HEADER = 1, MEND_TURN = 2, MEND_RECORDS = 4, MEND_LOG = 8, FOLD = 16 };

#define HOLDS(condition_)                                                                          \
        ({                                                                                         \
                if (!(condition_)) {                                                               \
                        fprintf(stderr, "tally: does not hold: %s\n", #condition_);                \
                        abort();                                                                   \
                }                                                                                  \
        })

static void frame_mend(const struct tally_ring *ring, uint8_t mend, uint32_t records, void *frame) {
        struct xskim_frame_header *header = frame;
        struct xskim_record *record = (void *)(header + 1);
        static const struct xskim_record stamp_record = {0};

        if (mend & MEND_HEADER) {
                header->magic = XSKIM_FRAME_MAGIC;
                header->version = XSKIM_FRAME_VERSION;
                header->records = (uint16_t)records;
        }
        if (mend & MEND_TURN) {
                header->sequence = ring->sequence + header->sequence % 4;
                header->ring_full = ring->ring_full + header->ring_full % 8;
        }
        for (uint32_t i = 0; mend & MEND_RECORDS && i < records; i++) {
                if (record[i].class & 1)
                        record[i].weight |= 1;
                else
                        record[i] = stamp_record;
                record[i].wire_length |= 64;
                record[i].time_ns = header->time_ns - record[i].time_ns % (1ULL << 40);
        }
}

/* Sums are modulo 2^64, but they are sums. */
static void check_histogram(const struct histogram *histogram) {
        uint64_t sum = 0;

        for (uint32_t slot = 0; slot < HISTOGRAM_SLOTS; slot++)
                sum += histogram->counts[slot];
        HOLDS(sum == histogram->weight);
}

static void check_tally(const struct tally *tally, uint64_t calls) {
        HOLDS(tally->received == tally->decoded + tally->malformed);
        HOLDS(tally->frames + tally->frames_foreign == calls);
        HOLDS(tally->size.samples + tally->beside == tally->decoded);
        HOLDS(tally->delivery.samples == tally->size.samples);
        HOLDS(tally->gap.samples <= tally->size.samples);
        HOLDS(tally->bytes.samples == tally->size.samples);
        check_histogram(&tally->gap);
        check_histogram(&tally->delivery);
        check_histogram(&tally->size);
}

/* One frame; returns how many bytes of the input it took. */
static size_t frame_feed(struct tally_ring *ring, const uint8_t *bytes, size_t length) {
        uint8_t mend = bytes[0];
        uint32_t records = bytes[1];
        size_t size = sizeof(struct xskim_frame_header) + records * sizeof(struct xskim_record);
        size_t taken = MIN(size, length - 2);
        uint8_t *frame = calloc(1, mend & MEND_HEADER ? size : MAX(taken, (size_t)1));
        struct tally before;

        HOLDS(frame != NULL);
        memcpy(frame, bytes + 2, taken);
        if (mend & MEND_HEADER)
                frame_mend(ring, mend, records, frame);
        else
                size = taken;
        before = ring->open->tally;
        if (tally_frame(ring, frame, (uint32_t)size, 1ULL << 40, mend & MEND_LOG ? bytes : NULL) ==
            TALLY_FOREIGN)
                HOLDS(before.received == ring->open->tally.received);
        free(frame);
        return 2 + taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
        struct tally *total = calloc(1, sizeof(*total));
        struct tally_ring ring;
        uint64_t calls = 0;

        HOLDS(total != NULL && !tally_ring_open(&ring));
        /* the log is as long as the carrier's */
        while (length >= XSKIM_PLAN_MAX) {
                size_t taken = frame_feed(&ring, bytes, length);

                if (bytes[0] & FOLD)
                        tally_fold(&ring, total);
                calls++;
                bytes += taken;
                length -= taken;
        }
        tally_fold(&ring, total);
        check_tally(total, calls);
        tally_ring_close(&ring);
        free(total);
        return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the decoding of metadata frames and what is lost between them. See tally.h. Who reads the
 * frames from where is not its business.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/control.h>

#include "tally.h"
#include "util.h"

int tally_ring_open(struct tally_ring *ring) {
        *ring = TALLY_RING_NULL;
        ring->open = calloc(1, sizeof(*ring->open));
        if (!ring->open)
                return -ENOMEM;
        /* not 0, which is no sample's */
        ring->open->weight = 1;
        return 0;
}

void tally_ring_close(struct tally_ring *ring) {
        free(ring->open);
        *ring = TALLY_RING_NULL;
}

void tally_reset(struct tally *tally) {
        memset(tally, 0, sizeof(*tally));
}

/* Makes estimates of the samples counted so far, all of one weight. */
static void interval_settle(struct tally_interval *open) {
        struct tally *tally = &open->tally;
        uint64_t samples = 0;

        for (uint32_t class = 0; class < XSKIM_CLASS_COUNT; class ++) {
                if (!open->class_samples[class])
                        continue;
                samples += open->class_samples[class];
                estimate_tally_packets(&tally->classes[class], open->class_samples[class],
                                       open->weight);
        }
        if (samples)
                estimate_tally_bytes(&tally->bytes, samples, open->bytes,
                                     (double)open->byte_squares, open->weight);
        memset(open->class_samples, 0, sizeof(open->class_samples));
        open->bytes = 0;
        open->byte_squares = 0;
}

static bool header_is_ours(const struct tally_ring *ring, const struct xskim_frame_header *header,
                           uint32_t bytes) {
        return bytes >= sizeof(*header) && header->magic == XSKIM_FRAME_MAGIC &&
               header->version == XSKIM_FRAME_VERSION && header->records >= 1 &&
               header->records <= XSKIM_FRAME_RECORDS_MAX &&
               bytes == sizeof(*header) + header->records * sizeof(struct xskim_record) &&
               header->sequence - ring->sequence < TALLY_GAP_MAX; /* an earlier one: far above */
}

/* The records of the last `missing` frames before frame number `frames`, by the carrier's log. */
static uint64_t log_sum(const uint8_t *loaded, uint64_t frames, uint64_t missing) {
        uint64_t records = 0;

        for (uint64_t i = 1; i <= MIN(missing, (uint64_t)XSKIM_PLAN_MAX); i++)
                records += loaded[(frames - i) % XSKIM_PLAN_MAX];
        return records;
}

static void missing_book(struct tally_ring *ring, uint64_t missing, uint64_t records) {
        ring->open->tally.frames_missing += missing;
        ring->open->tally.lost_in_socket += records;
        ring->lost_open += records;
        ring->sequence += missing;
        ring->first_record += records;
}

void tally_missing(struct tally_ring *ring, uint64_t frames, const uint8_t *loaded) {
        uint64_t missing = frames - ring->sequence;

        if (frames > ring->sequence)
                missing_book(ring, missing, log_sum(loaded, frames, missing));
}

/* What missing frames can have held; a file may say anything. */
static uint64_t records_between(uint64_t missing, uint64_t from, uint64_t to) {
        return MIN(to > from ? to - from : 0, missing * XSKIM_FRAME_RECORDS_MAX);
}

void tally_missing_noted(struct tally_ring *ring, uint64_t frames, uint64_t first_record) {
        uint64_t missing = frames - ring->sequence;

        if (frames > ring->sequence && missing < TALLY_GAP_MAX)
                missing_book(ring, missing,
                             records_between(missing, ring->first_record, first_record));
}

static void frame_missing(struct tally_ring *ring, const struct xskim_frame_header *header,
                          const uint8_t *loaded) {
        if (loaded && header->sequence - ring->sequence <= XSKIM_PLAN_MAX)
                tally_missing(ring, header->sequence, loaded);
        else
                tally_missing_noted(ring, header->sequence, header->first_record);
}

/* Whatever has no meaning in it is 0. */
static bool stamp_is_possible(const struct xskim_stamp_record *record) {
        return record->faults < TALLY_FAULTS_END &&
               !(record->zero_32 | record->zero_64 | record->zero_128 | record->zero_192);
}

static bool content_is_possible(const struct xskim_content_record *record) {
        return !(record->zero_16 | record->zero_64 | record->zero_128 | record->zero_192 |
                 record->zero_256);
}

/* Not that of a sample. */
static bool beside_is_possible(const struct xskim_stamp_record *record) {
        switch (record->kind) {
        case XSKIM_RECORD_OF_STAMP:
                return stamp_is_possible(record);
        case XSKIM_RECORD_OF_CONTENT:
                return content_is_possible((const void *)record);
        default:
                return false;
        }
}

static bool record_is_possible(const struct xskim_record *record, uint64_t frame_time_ns) {
        return (record->weight || beside_is_possible((const void *)record)) &&
               record->wire_length >= TALLY_WIRE_LENGTH_MIN &&
               tally_record_age_ns(frame_time_ns, record->time_ns) >= -TALLY_LATER_NS_MAX;
}

static bool frame_is_sound(const struct tally_ring *ring, const struct xskim_frame_header *header,
                           const struct xskim_record *records) {
        bool sound = header->ring_full >= ring->ring_full &&
                     header->ring_full - ring->ring_full < TALLY_GAP_MAX;

        for (uint32_t i = 0; i < header->records; i++)
                sound &= record_is_possible(&records[i], header->time_ns);
        return sound;
}

/* The samples so far were of another weight. */
static void weight_change(struct tally_interval *open, struct tally_batch *batch, uint32_t weight) {
        tally_batch_book(open, batch);
        *batch = (struct tally_batch){0};
        interval_settle(open);
        open->weight = weight;
}

static void records_add(struct tally_interval *open, const struct xskim_frame_header *header,
                        const struct xskim_record *records, uint64_t now_ns) {
        struct tally_batch batch = {0};

        for (uint32_t i = 0; i < header->records; i++) {
                if (__builtin_expect(records[i].weight != open->weight, 0)) {
                        if (!records[i].weight) {
                                open->tally.beside++;
                                open->tally.decoded++;
                                continue;
                        }
                        weight_change(open, &batch, records[i].weight);
                }
                tally_batch_add(open, &batch, &records[i], header->time_ns, now_ns);
        }
        tally_batch_book(open, &batch);
}

enum tally_outcome tally_frame(struct tally_ring *ring, const void *frame, uint32_t bytes,
                               uint64_t now_ns, const uint8_t *loaded) {
        const struct xskim_frame_header *header = frame;
        const struct xskim_record *records = (const void *)(header + 1);
        struct tally *tally = &ring->open->tally;

        if (!header_is_ours(ring, header, bytes)) {
                tally->frames_foreign++;
                return TALLY_FOREIGN;
        }
        frame_missing(ring, header, loaded);
        ring->sequence = header->sequence + 1;
        ring->first_record = header->first_record + header->records;
        tally->frames++;
        tally->received += header->records;
        if (!frame_is_sound(ring, header, records)) {
                tally->malformed += header->records;
                ring->lost_open += header->records;
                return TALLY_MALFORMED;
        }
        ring->ring_full = header->ring_full;
        records_add(ring->open, header, records, now_ns);
        return TALLY_DECODED;
}

/* All weights times `factor`. variance = squares - sum of w x^2, and that sum is linear in w. */
static void estimate_scale(struct estimate_tally *estimate, double factor) {
        double linear = estimate->squares - estimate->variance;

        estimate->value *= factor;
        estimate->squares *= factor * factor;
        estimate->variance = estimate->squares - linear * factor;
}

static void interval_reweight(struct tally *tally, uint64_t lost) {
        uint64_t taken = tally->decoded + lost;
        double factor = (double)taken / (double)tally->decoded;

        histogram_reweight(&tally->gap, taken, tally->decoded);
        histogram_reweight(&tally->delivery, taken, tally->decoded);
        histogram_reweight(&tally->size, taken, tally->decoded);
        estimate_scale(&tally->bytes, factor);
        for (uint32_t class = 0; class < XSKIM_CLASS_COUNT; class ++)
                estimate_scale(&tally->classes[class], factor);
}

bool tally_fold(struct tally_ring *ring, struct tally *into) {
        struct tally *tally = &ring->open->tally;
        uint64_t lost = ring->lost_open + ring->ring_full - ring->ring_full_folded;
        bool any = tally->frames || tally->frames_missing || tally->frames_foreign;

        if (!any)
                return false;
        interval_settle(ring->open);
        tally->biased = lost > 0;
        if (tally->decoded) {
                if (lost)
                        interval_reweight(tally, lost);
                ring->lost_open = 0;
                ring->ring_full_folded = ring->ring_full;
        }
        tally_merge(into, tally);
        tally_reset(tally);
        return true;
}

void tally_merge(struct tally *into, const struct tally *from) {
        histogram_merge(&into->gap, &from->gap);
        histogram_merge(&into->delivery, &from->delivery);
        histogram_merge(&into->size, &from->size);
        estimate_tally_merge(&into->bytes, &from->bytes);
        for (uint32_t class = 0; class < XSKIM_CLASS_COUNT; class ++)
                estimate_tally_merge(&into->classes[class], &from->classes[class]);
        into->biased |= from->biased;
        into->frames += from->frames;
        into->received += from->received;
        into->malformed += from->malformed;
        into->decoded += from->decoded;
        into->beside += from->beside;
        into->frames_missing += from->frames_missing;
        into->lost_in_socket += from->lost_in_socket;
        into->frames_foreign += from->frames_foreign;
        into->recorded += from->recorded;
        into->record_dropped += from->record_dropped;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoding frames, booking what is lost between them, reweighting. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/control.h>

#include "tally.h"

static const uint64_t FRAME_NS = 0x0003ffff00000000ULL;
static const uint64_t RECORD_TIME_MASK = (1ULL << 48) - 1;

struct test_frame {
        struct xskim_frame_header header;
        struct xskim_record records[XSKIM_FRAME_RECORDS_MAX];
};

static uint32_t frame_bytes(uint32_t records) {
        return sizeof(struct xskim_frame_header) + records * sizeof(struct xskim_record);
}

/* A sound frame that continues the ring: records of weight 10, 1000 ns apart, IPv4 TCP. */
static struct test_frame frame_make(const struct tally_ring *ring, uint32_t records) {
        struct test_frame frame = {
                .header = {.magic = XSKIM_FRAME_MAGIC,
                           .version = XSKIM_FRAME_VERSION,
                           .records = (uint16_t)records,
                           .sequence = ring->sequence,
                           .first_record = ring->first_record,
                           .ring_full = ring->ring_full,
                           .time_ns = FRAME_NS},
        };

        for (uint32_t i = 0; i < records && i < XSKIM_FRAME_RECORDS_MAX; i++)
                frame.records[i] = (struct xskim_record){
                        .time_ns = (FRAME_NS - 1000 * (i + 1)) & RECORD_TIME_MASK,
                        .gap = i + 1,
                        .weight = 10,
                        .wire_length = 100 + i,
                        .class = XSKIM_L3_ipv4 | XSKIM_L4_tcp << 2};
        return frame;
}

static enum tally_outcome frame_feed(struct tally_ring *ring, const struct test_frame *frame,
                                     const uint8_t *loaded) {
        return tally_frame(ring, frame, frame_bytes(frame->header.records), FRAME_NS + 500, loaded);
}

static struct tally_ring ring_make(void) {
        struct tally_ring ring;

        cr_assert_eq(tally_ring_open(&ring), 0);
        return ring;
}

static struct tally *tally_make(void) {
        struct tally *tally = calloc(1, sizeof(*tally));

        cr_assert(tally != NULL);
        return tally;
}

Test(tally, a_frame_adds_its_records_to_every_sum) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 3);
        struct tally *tally = tally_make();
        struct estimate_tally *cell = &tally->classes[XSKIM_L3_ipv4 | XSKIM_L4_tcp << 2];

        cr_assert_eq(frame_feed(&ring, &frame, NULL), TALLY_DECODED);
        cr_assert(tally_fold(&ring, tally));
        cr_assert_eq(tally->frames, 1);
        cr_assert_eq(tally->received, 3);
        cr_assert_eq(tally->decoded, 3);
        cr_assert_eq(tally->gap.samples, 3);
        cr_assert_eq(tally->gap.weight, 30);
        cr_assert_eq(histogram_min(&tally->delivery), 1500);
        cr_assert_eq(tally->delivery.max, 3500);
        cr_assert_eq((uint64_t)tally->size.sum, 10 * (100 + 101 + 102));
        cr_assert_eq(tally->bytes.value, 10 * (100 + 101 + 102));
        cr_assert_eq(tally->bytes.squares, 100.0 * (100 * 100 + 101 * 101 + 102 * 102));
        cr_assert_eq(cell->samples, 3);
        cr_assert_eq(cell->value, 30);
        cr_assert_not(tally->biased);
        cr_assert_not(tally_fold(&ring, tally), "nothing is left");
        tally_ring_close(&ring);
        free(tally);
}

Test(tally, a_record_without_a_gap_adds_nothing_to_gap) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 2);

        frame.records[0].gap = 0;
        frame.records[1].gap = xskim_gap_encode(1ULL << 35);
        frame_feed(&ring, &frame, NULL);
        cr_assert_eq(ring.open->tally.gap.samples, 1);
        cr_assert_eq(ring.open->tally.gap.max, 1ULL << 35);
        tally_ring_close(&ring);
}

Test(tally, records_of_stamps_are_decoded_and_stand_for_nothing) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 5);
        struct xskim_stamp_record stamp = {.time_ns = frame.records[0].time_ns,
                                           .wire_length = 100,
                                           .sequence = 5,
                                           .faults = 2};
        struct tally *tally = &ring.open->tally;

        memcpy(&frame.records[0], &stamp, sizeof(stamp));
        memcpy(&frame.records[3], &stamp, sizeof(stamp));
        cr_assert_eq(frame_feed(&ring, &frame, NULL), TALLY_DECODED);
        cr_assert_eq(tally->decoded, 5);
        cr_assert_eq(tally->beside, 2);
        cr_assert_eq(tally->size.samples, 3);
        cr_assert_eq(tally->size.weight, 30);
        cr_assert_eq(tally->delivery.samples, 3);
        tally_ring_close(&ring);
}

Test(tally, records_of_contents_are_decoded_and_stand_for_nothing) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 5);
        struct xskim_content_record content = {.time_ns = frame.records[0].time_ns,
                                               .wire_length = 100,
                                               .kind = XSKIM_RECORD_OF_CONTENT,
                                               .content = UINT64_MAX,
                                               .identity = UINT64_MAX};
        struct tally *tally = &ring.open->tally;

        memcpy(&frame.records[1], &content, sizeof(content));
        cr_assert_eq(frame_feed(&ring, &frame, NULL), TALLY_DECODED);
        cr_assert_eq(tally->decoded, 5);
        cr_assert_eq(tally->beside, 1);
        cr_assert_eq(tally->size.samples, 4);
        tally_ring_close(&ring);
}

Test(tally, samples_of_different_weights_each_count_with_their_own) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 3);
        struct tally *tally = tally_make();

        frame.records[1].weight = 7;
        frame_feed(&ring, &frame, NULL);
        tally_fold(&ring, tally);
        cr_assert_eq(tally->size.weight, 27);
        cr_assert_eq(tally->bytes.value, 10 * 100 + 7 * 101 + 10 * 102);
        cr_assert_eq(tally->bytes.samples, 3);
        tally_ring_close(&ring);
        free(tally);
}

Test(tally, times_are_completed_across_the_48_bit_wrap) {
        uint64_t frame_ns = (5ULL << 48) + 10;
        uint64_t record_ns = (5ULL << 48) - 990;

        cr_assert_eq(tally_record_age_ns(frame_ns, record_ns & RECORD_TIME_MASK), 1000);
        cr_assert_eq(tally_record_age_ns(record_ns, frame_ns & RECORD_TIME_MASK), -1000);
        cr_assert_eq(tally_record_age_ns(frame_ns, frame_ns & RECORD_TIME_MASK), 0);
}

static void check_malformed(struct test_frame *frame, const char *what) {
        struct tally_ring ring = ring_make();
        struct test_frame good = frame_make(&ring, 4);

        cr_assert_eq(frame_feed(&ring, frame, NULL), TALLY_MALFORMED, "%s", what);
        cr_assert_eq(ring.open->tally.received, 4, "%s", what);
        cr_assert_eq(ring.open->tally.malformed, 4, "%s", what);
        cr_assert_eq(ring.open->tally.size.samples, 0, "%s: half a frame was added", what);
        cr_assert_eq(ring.sequence, 1, "%s", what);
        good.header.sequence = 1;
        good.header.first_record = 4;
        cr_assert_eq(frame_feed(&ring, &good, NULL), TALLY_DECODED, "%s: the next one", what);
        tally_ring_close(&ring);
}

Test(tally, a_frame_with_an_impossible_record_is_malformed_as_a_whole) {
        struct tally_ring ring = TALLY_RING_NULL;
        struct test_frame frame = frame_make(&ring, 4);

        frame.records[3].weight = 0;
        check_malformed(&frame, "weight 0");
        frame = frame_make(&ring, 4);
        frame.records[2].time_ns = (FRAME_NS + TALLY_LATER_NS_MAX + 1) & RECORD_TIME_MASK;
        check_malformed(&frame, "later than its frame");
        frame = frame_make(&ring, 4);
        frame.records[1].wire_length = TALLY_WIRE_LENGTH_MIN - 1;
        check_malformed(&frame, "no room for an EtherType");
        frame = frame_make(&ring, 4);
        frame.header.ring_full = TALLY_GAP_MAX;
        check_malformed(&frame, "ring_full jumps");
        for (uint8_t kind = 0; kind <= XSKIM_RECORD_KINDS; kind++) {
                struct xskim_content_record record = {.time_ns = frame.records[0].time_ns,
                                                      .wire_length = 100,
                                                      .kind = kind,
                                                      .zero_256 = kind < XSKIM_RECORD_KINDS};

                frame = frame_make(&ring, 4);
                memcpy(&frame.records[1], &record, sizeof(record));
                check_malformed(&frame, "of no kind, or with something where nothing is");
        }
}

Test(tally, a_record_just_after_its_frame_is_the_clock_and_not_an_error) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 1);

        frame.records[0].time_ns = (FRAME_NS + TALLY_LATER_NS_MAX) & RECORD_TIME_MASK;
        cr_assert_eq(frame_feed(&ring, &frame, NULL), TALLY_DECODED);
        cr_assert_eq(ring.open->tally.delivery.max, 0, "not below 0");
        tally_ring_close(&ring);
}

static void check_foreign(const struct test_frame *frame, uint32_t bytes, const char *what) {
        struct tally_ring ring = ring_make();

        ring.sequence = 5;
        ring.first_record = 100;
        cr_assert_eq(tally_frame(&ring, frame, bytes, FRAME_NS, NULL), TALLY_FOREIGN, "%s", what);
        cr_assert_eq(ring.open->tally.frames_foreign, 1, "%s", what);
        cr_assert_eq(ring.open->tally.frames, 0, "%s", what);
        cr_assert_eq(ring.sequence, 5, "%s", what);
        cr_assert_eq(ring.first_record, 100, "%s", what);
        tally_ring_close(&ring);
}

Test(tally, what_is_not_a_frame_of_this_ring_changes_nothing) {
        struct tally_ring ring = {.sequence = 5, .first_record = 100};
        struct test_frame good = frame_make(&ring, 4), frame;
        uint32_t bytes = frame_bytes(4);

        check_foreign(&good, bytes - 1, "a byte short");
        check_foreign(&good, bytes + 64, "a record long");
        check_foreign(&good, 127, "half a header");
        check_foreign(&good, 0, "nothing");
        frame = good;
        frame.header.magic++;
        check_foreign(&frame, bytes, "magic");
        frame = good;
        frame.header.version++;
        check_foreign(&frame, bytes, "version");
        frame = good;
        frame.header.records = 0;
        check_foreign(&frame, 128, "no records");
        frame.header.records = 49;
        check_foreign(&frame, frame_bytes(49), "too many records");
        frame = good;
        frame.header.sequence = 4;
        check_foreign(&frame, bytes, "out of turn");
        frame.header.sequence = 5 + TALLY_GAP_MAX;
        check_foreign(&frame, bytes, "a gap that cannot be");
}

Test(tally, missing_frames_are_booked_from_the_carriers_log) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 2);
        uint8_t loaded[XSKIM_PLAN_MAX] = {0};

        /* frames 62, 63 and 64 are lost: the log wraps */
        ring.sequence = 62;
        loaded[62] = 48;
        loaded[63] = 7;
        loaded[0] = 5;
        loaded[1] = 2;
        frame.header.sequence = 65;
        frame.header.first_record = 60;
        cr_assert_eq(frame_feed(&ring, &frame, loaded), TALLY_DECODED);
        cr_assert_eq(ring.open->tally.frames_missing, 3);
        cr_assert_eq(ring.open->tally.lost_in_socket, 60);
        cr_assert_eq(ring.sequence, 66);
        cr_assert_eq(ring.first_record, 62);
        loaded[2] = 9;
        tally_missing(&ring, 67, loaded);
        tally_missing(&ring, 67, loaded);
        cr_assert_eq(ring.open->tally.frames_missing, 4);
        cr_assert_eq(ring.open->tally.lost_in_socket, 69);
        cr_assert_eq(ring.first_record, 71);
        tally_ring_close(&ring);
}

Test(tally, without_a_log_the_gap_in_first_record_tells) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 2);

        frame.header.sequence = 3;
        frame.header.first_record = 130;
        frame_feed(&ring, &frame, NULL);
        cr_assert_eq(ring.open->tally.frames_missing, 3);
        cr_assert_eq(ring.open->tally.lost_in_socket, 130);
        tally_missing_noted(&ring, 6, 140);
        cr_assert_eq(ring.open->tally.frames_missing, 5);
        cr_assert_eq(ring.open->tally.lost_in_socket, 138);
        tally_missing_noted(&ring, 7, UINT64_MAX);
        cr_assert_eq(ring.open->tally.lost_in_socket, 138 + 48, "no frame holds more");
        tally_ring_close(&ring);
}

/* The ledger's term must not be mended to fit: whoever is wrong, the difference is to be seen. */
Test(tally, a_log_that_contradicts_first_record_leaves_the_difference) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 2);
        uint8_t loaded[XSKIM_PLAN_MAX] = {40};
        uint64_t carried = 48 + 2;

        frame.header.sequence = 1;
        frame.header.first_record = 48;
        frame_feed(&ring, &frame, loaded);
        cr_assert_eq(ring.open->tally.lost_in_socket, 40);
        cr_assert_eq(ring.open->tally.received + ring.open->tally.lost_in_socket, carried - 8);
        tally_ring_close(&ring);
}

Test(tally, the_rest_of_an_interval_stands_for_what_was_lost_in_it) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 4);
        struct tally *tally = tally_make();
        double linear;

        frame.header.sequence = 1;
        frame.header.first_record = 6;
        frame.header.ring_full = 2;
        frame_feed(&ring, &frame, NULL);
        tally_fold(&ring, tally);
        cr_assert(tally->biased);
        cr_assert_eq(tally->decoded, 4);
        cr_assert_eq(tally->size.samples, 4);
        cr_assert_eq(tally->size.weight, 10 * (4 + 6 + 2));
        cr_assert_eq(tally->gap.weight, 120);
        cr_assert_eq(tally->delivery.weight, 120);
        /* as if the weight had been 30 from the start */
        linear = 100 * 100 + 101 * 101 + 102 * 102 + 103 * 103;
        cr_assert_eq(tally->bytes.value, 30 * 406);
        cr_assert_eq(tally->bytes.squares, 900 * linear);
        cr_assert_eq(tally->bytes.variance, 30 * 29 * linear);
        /* the next interval is whole again */
        frame = frame_make(&ring, 4);
        frame_feed(&ring, &frame, NULL);
        tally_fold(&ring, tally);
        cr_assert_eq(tally->size.weight, 120 + 40);
        cr_assert(tally->biased, "once biased, the sum stays so");
        tally_ring_close(&ring);
        free(tally);
}

Test(tally, the_rest_of_an_interval_stands_for_what_was_malformed) {
        struct tally_ring ring = ring_make();
        struct test_frame frame = frame_make(&ring, 6);
        struct tally *tally = tally_make();

        frame.records[3].weight = 0;
        cr_assert_eq(frame_feed(&ring, &frame, NULL), TALLY_MALFORMED);
        frame = frame_make(&ring, 4);
        frame_feed(&ring, &frame, NULL);
        tally_fold(&ring, tally);
        cr_assert(tally->biased);
        cr_assert_eq(tally->malformed, 6);
        cr_assert_eq(tally->size.weight, 10 * (4 + 6));
        tally_ring_close(&ring);
        free(tally);
}

Test(tally, what_nothing_can_stand_for_waits_for_the_next_interval) {
        struct tally_ring ring = ring_make();
        struct tally *tally = tally_make();
        uint8_t loaded[XSKIM_PLAN_MAX] = {8};
        struct test_frame frame;

        tally_missing(&ring, 1, loaded);
        cr_assert(tally_fold(&ring, tally));
        cr_assert(tally->biased);
        cr_assert_eq(tally->lost_in_socket, 8);
        frame = frame_make(&ring, 4);
        frame_feed(&ring, &frame, loaded);
        tally_fold(&ring, tally);
        cr_assert_eq(tally->lost_in_socket, 8, "counted once");
        cr_assert_eq(tally->size.weight, 10 * (4 + 8));
        tally_ring_close(&ring);
        free(tally);
}

Test(tally, merging_is_adding_in_any_order) {
        struct tally *ab = tally_make(), *ba = tally_make(), *parts[2];

        for (uint32_t i = 0; i < 2; i++) {
                struct tally_ring ring = ring_make();
                struct test_frame frame = frame_make(&ring, 5 + i * 20);

                frame.header.sequence = i;
                frame.header.first_record = i;
                frame_feed(&ring, &frame, NULL);
                parts[i] = tally_make();
                tally_fold(&ring, parts[i]);
                parts[i]->frames_foreign = parts[i]->recorded = parts[i]->record_dropped = 1 + i;
                tally_ring_close(&ring);
        }
        tally_merge(ab, parts[0]);
        tally_merge(ab, parts[1]);
        tally_merge(ba, parts[1]);
        tally_merge(ba, parts[0]);
        cr_assert_eq(memcmp(&ab->gap, &ba->gap, sizeof(ab->gap)), 0);
        cr_assert_eq(memcmp(&ab->delivery, &ba->delivery, sizeof(ab->delivery)), 0);
        cr_assert_eq(memcmp(&ab->size, &ba->size, sizeof(ab->size)), 0);
        cr_assert_eq(ab->decoded, 30);
        cr_assert_eq(ab->frames, 2);
        cr_assert_eq(ab->frames_foreign, 3);
        cr_assert_eq(ab->recorded, 3);
        cr_assert_eq(ab->record_dropped, 3);
        cr_assert_eq(ab->frames_missing, 1);
        cr_assert_eq(ab->lost_in_socket, 1);
        cr_assert_eq(ab->received, ba->received);
        cr_assert(ab->biased && ba->biased);
        cr_assert_float_eq(ab->bytes.value, ba->bytes.value, 1e-9 * ab->bytes.value);
        free(parts[0]);
        free(parts[1]);
        free(ab);
        free(ba);
}

Test(tally, the_ledger_terms_balance_whatever_bit_is_flipped) {
        struct tally_ring ring = ring_make();
        struct test_frame good = frame_make(&ring, 3);

        for (uint32_t bit = 0; bit < frame_bytes(3) * 8; bit++) {
                struct test_frame frame = good;
                struct tally *t = &ring.open->tally;

                ((uint8_t *)&frame)[bit / 8] ^= (uint8_t)(1 << bit % 8);
                tally_reset(t);
                ring = (struct tally_ring){.open = ring.open};
                tally_frame(&ring, &frame, frame_bytes(3), FRAME_NS + 500, NULL);
                cr_assert_eq(t->received, t->decoded + t->malformed, "bit %u", bit);
                cr_assert_eq(t->frames + t->frames_foreign, 1, "bit %u", bit);
                cr_assert_eq(t->size.samples, t->decoded, "bit %u", bit);
        }
        tally_ring_close(&ring);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The record file: reading gives back the run; cut anywhere, any bit flipped, anything at all. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/skip.h>

#include "log.h"
#include "recording.h"
#include "recordfile.h"

static const struct recording_plan SMALL = {
        .seed = 1, .ports = 1, .cpus = 1, .workers = 1, .intervals = 1};
static const struct recording_plan LARGE = {.seed = 2,
                                            .ports = 2,
                                            .cpus = 4,
                                            .workers = 2,
                                            .intervals = 6,
                                            .lossy = true,
                                            .extra = true};

static void check_round_trip(const struct recording_plan *plan) {
        struct xskim_snapshot snapshots[XSKIM_PORTS_MAX];
        struct recording recording;
        struct recordfile file;

        recording_make(plan, &recording);
        cr_assert_gt(recording_read(recording.bytes, recording.length, &file, snapshots), 0);
        cr_expect_not(recordfile_is_cut(&file));
        cr_expect_not(recordfile_is_damaged(&file));
        cr_expect_eq(file.records, recording.records);
        cr_expect_eq(file.offset, recording.length);
        for (uint32_t port = 0; port < plan->ports; port++) {
                cr_expect_eq(recording.live[port].ledger.unaccounted, 0, "%s",
                             recording.live[port].ledger.where);
                cr_expect_not(snapshots[port].partial);
                recording_same(&snapshots[port], &recording.live[port]);
        }
        recording_free(&recording);
}

Test(recordfile, reading_gives_the_summary_of_the_run) {
        check_round_trip(&SMALL);
}

Test(recordfile, with_losses_and_several_workers_too) {
        struct recording recording;

        recording_make(&LARGE, &recording);
        cr_assert(recording.live[0].gap.biased, "the plan has no losses to test");
        cr_assert_gt(recording.live[0].ledger.lost_in_socket, 0);
        cr_assert_gt(recording.live[0].ledger.malformed + recording.live[1].ledger.malformed, 0);
        recording_free(&recording);
        for (uint64_t seed = 0; seed < 20; seed++) {
                struct recording_plan plan = LARGE;

                plan.seed = seed;
                check_round_trip(&plan);
        }
}

Test(recordfile, facts_and_fields_come_back) {
        struct recording recording;
        struct recordfile file;
        uint32_t bits = 0;

        recording_make(&LARGE, &recording);
        cr_assert_gt(recording_read(recording.bytes, recording.length, &file, NULL), 0);
#define SAME(name_, least_, most_, doc_)                                                           \
        cr_expect_eq(file.facts.name_, (least_) == (most_) ? (least_) : recording.facts.name_,     \
                     #name_);
        RECORDFILE_FACTS(SAME)
#undef SAME
        cr_assert_eq(file.facts.port_count, 2);
        cr_assert_str_eq(file.facts.ports[1], "eth1");
        for (uint32_t i = 0; i < file.facts.field_count; i++)
                bits += file.facts.fields[i].bits;
        cr_assert_eq(bits, XSKIM_RECORD_BYTES * 8, "the fields cover the record");
        cr_assert_eq(file.unknown, 5);
        cr_assert_eq(file.hole_bytes, 5 * 3 * RECORDFILE_STEP);
        recording_free(&recording);
}

Test(recordfile, fields_are_found_where_the_table_says) {
        struct xskim_record record = {
                .time_ns = 0xabcdef012345,
                .vlan_tci = 0x1234,
                .source = {1, 2},
                .destination = {3, 4},
                .source_port = 5,
                .destination_port = 6,
                .gap = 7,
                .tcp_timestamp = 0x89abcdef,
                .tcp_echo = 9,
                .weight = XSKIM_WEIGHT_MAX,
                .wire_length = 11,
                .protocol = 12,
                .tcp_flags = 13,
                .class = 255,
        };
        struct recording recording;
        struct recordfile file;
        uint8_t address[16];
        uint32_t i = 0;

        recording_make(&SMALL, &recording);
        cr_assert_gt(recording_read(recording.bytes, recording.length, &file, NULL), 0);
#define NUMBER(name_, bits_, unit_, doc_)                                                          \
        cr_expect_str_eq(file.facts.fields[i].name, #name_);                                       \
        cr_expect_str_eq(file.facts.fields[i].unit, unit_);                                        \
        cr_expect_neq(file.facts.fields[i].kind, XSKIM_COLUMN_ADDRESS);                            \
        cr_expect_eq(recordfile_field_value(&file.facts.fields[i++], &record), record.name_);
#define ADDRESS(name_, doc_)                                                                       \
        cr_expect_eq(file.facts.fields[i].kind, XSKIM_COLUMN_ADDRESS);                             \
        recordfile_field_address(&file.facts.fields[i++], &record, address);                       \
        cr_expect_eq(memcmp(address, record.name_, 16), 0, #name_);
        XSKIM_RECORD_FIELDS(NUMBER, ADDRESS)
#undef NUMBER
#undef ADDRESS
        cr_expect_eq(i, file.facts.field_count);
        cr_expect_eq(file.facts.fields[0].kind, XSKIM_COLUMN_TIME);
        recording_free(&recording);
}

/* How many pieces end at or before an offset. */
static uint64_t records_before(const struct recording *recording, size_t end) {
        uint64_t records = 0;

        for (uint32_t i = 0; i < recording->piece_count; i++) {
                const struct xskim_frame_header *header =
                        (const void *)(recording->bytes + recording->pieces[i]);
                size_t next = i + 1 < recording->piece_count ? recording->pieces[i + 1]
                                                             : recording->length;

                if (next <= end && header->magic == XSKIM_FRAME_MAGIC)
                        records += header->records;
        }
        return records;
}

Test(recordfile, cut_at_any_byte_it_is_read_up_to_the_cut) {
        struct recording recording;
        struct recordfile file;

        recording_make(&SMALL, &recording);
        for (size_t end = 0; end < recording.length; end++) {
                int r = recording_read(recording.bytes, end, &file, NULL);

                if (end < recording.pieces[0]) {
                        cr_assert_eq(r, -EBADMSG, "%zu: %d", end, r);
                        cr_assert_str_not_empty(error_message());
                        error_clear();
                        continue;
                }
                cr_assert_gt(r, 0, "%zu", end);
                cr_assert(recordfile_is_cut(&file), "%zu", end);
                cr_assert_not(recordfile_is_damaged(&file), "%zu", end);
                cr_assert_eq(file.records, records_before(&recording, end), "%zu", end);
                cr_assert_eq(file.offset, end);
        }
        recording_free(&recording);
}

Test(recordfile, a_cut_run_still_has_percentiles_and_a_ledger) {
        struct xskim_snapshot snapshots[XSKIM_PORTS_MAX];
        struct recording recording;
        struct recordfile file;

        recording_make(&LARGE, &recording);
        for (uint32_t i = 0; i < recording.piece_count; i++) {
                size_t end = recording.pieces[i] + i % 3;
                uint64_t records = records_before(&recording, end), counted = 0;

                cr_assert_gt(recording_read(recording.bytes, end, &file, snapshots), 0);
                for (uint32_t port = 0; port < LARGE.ports; port++) {
                        const struct xskim_snapshot *s = &snapshots[port];

                        counted += s->size.count;
                        cr_assert_eq(s->ledger.unaccounted, 0, "%u: %s", i, s->ledger.where);
                        cr_assert(s->partial || file.ports_complete >> port & 1);
                        cr_assert_leq(s->ledger.seen, recording.live[port].ledger.seen);
                }
                cr_assert_eq(counted, records, "piece %u", i);
        }
        recording_free(&recording);
}

/* Any flip is noticed, costs at most the piece that it is in, and nothing else. */
Test(recordfile, a_flipped_bit_costs_one_piece_and_is_counted) {
        struct recording recording;
        struct recordfile file;

        recording_make(&SMALL, &recording);
        for (size_t bit = 0; bit < recording.length * 8; bit++) {
                int r;

                recording.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                r = recording_read(recording.bytes, recording.length, &file, NULL);
                recording.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                if (r < 0) {
                        cr_assert_lt(bit / 8, recording.pieces[0]);
                        cr_assert_str_not_empty(error_message());
                        error_clear();
                        continue;
                }
                cr_assert_geq(bit / 8, recording.pieces[0], "bit %zu of the beginning", bit);
                cr_assert(recordfile_is_damaged(&file) || recordfile_is_cut(&file), "bit %zu", bit);
                cr_assert_geq(file.records + XSKIM_FRAME_RECORDS_MAX, recording.records);
                cr_assert_eq(file.frames + file.marks + file.accounts, recording.piece_count - 1,
                             "bit %zu", bit);
        }
        recording_free(&recording);
}

Test(recordfile, a_lost_frame_shows_as_records_that_are_absent) {
        struct xskim_snapshot snapshots[XSKIM_PORTS_MAX];
        struct recording recording;
        struct recordfile file;

        recording_make(&SMALL, &recording);
        recording.bytes[recording.pieces[0] + sizeof(struct xskim_frame_header)] ^= 1;
        cr_assert_gt(recording_read(recording.bytes, recording.length, &file, snapshots), 0);
        cr_assert_eq(file.damages, 1);
        cr_assert_eq(file.damaged_bytes, recording.pieces[1] - recording.pieces[0]);
        cr_assert(snapshots[0].partial);
        cr_assert(snapshots[0].size.biased, "the rest stands for it");
        cr_assert_eq(snapshots[0].ledger.recorded, recording.live[0].ledger.recorded);
        cr_assert_eq(snapshots[0].ledger.unaccounted, 0);
        recording_free(&recording);
}

Test(recordfile, garbage_between_pieces_is_passed_over) {
        struct recording recording;
        struct recordfile file;
        uint8_t *spoiled;
        size_t at, extra = 7 * RECORDFILE_STEP;
        __u64 random = 5;

        recording_make(&SMALL, &recording);
        spoiled = malloc(recording.length + extra);
        cr_assert_not_null(spoiled);
        at = recording.pieces[2];
        memcpy(spoiled, recording.bytes, at);
        for (size_t i = 0; i < extra; i++)
                spoiled[at + i] = (uint8_t)xskim_random_next(&random);
        memcpy(spoiled + at + extra, recording.bytes + at, recording.length - at);
        cr_assert_gt(recording_read(spoiled, recording.length + extra, &file, NULL), 0);
        cr_assert_eq(file.records, recording.records);
        cr_assert_eq(file.damages, 1);
        cr_assert_eq(file.damaged_bytes, extra);
        cr_assert_not(recordfile_is_cut(&file));
        free(spoiled);
        recording_free(&recording);
}

Test(recordfile, what_is_no_record_file_is_refused_by_name) {
        struct recordfile file;
        char text[RECORDFILE_STEP * 3];

        memset(text, 'x', sizeof(text));
        cr_assert_eq(recordfile_open(&file, text, sizeof(text)), -EINVAL);
        error_clear();
        memset(text, 0, sizeof(text));
        cr_assert_eq(recordfile_open(&file, text, sizeof(text)), -EINVAL);
        error_clear();
        snprintf(text, sizeof(text), "%-63s\n", "xskim record file 2");
        cr_assert_eq(recordfile_open(&file, text, sizeof(text)), -EPROTONOSUPPORT);
}

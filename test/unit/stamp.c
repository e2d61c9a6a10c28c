/* SPDX-License-Identifier: BSD-2-Clause */
/* Stamps: what may carry one, that it is read back, that lengths and checksums stay right (judged
 * by sums over everything, made anew), and that damage is seen. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "stamp.h"
#include "util.h"

enum { PLANS = 20000, FLIPS = 2000, RUN = 0x12345678, STREAM = 77, ROOM = PACKET_BYTES_MAX };

static const uint64_t SEQUENCE = 0x0000a1b2c3d4e5f6, SENT_NS = 0x0123456789abcdef;

static struct packet packet;

/* ---- the judge ---- */

static uint64_t words_sum(const uint8_t *at, uint32_t bytes) {
        uint64_t sum = 0;

        for (uint32_t i = 0; i < bytes; i++)
                sum += (uint64_t)at[i] << (i % 2 ? 0 : 8);
        return sum;
}

static uint16_t fold(uint64_t sum) {
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        return (uint16_t)sum;
}

static uint16_t get16(const uint8_t *at) {
        return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint32_t value) {
        at[0] = (uint8_t)(value >> 8);
        at[1] = (uint8_t)value;
}

static uint32_t end_of(const uint8_t *frame, uint32_t l3) {
        return frame[l3] >> 4 == 4 ? l3 + get16(frame + l3 + 2) : l3 + 40 + get16(frame + l3 + 4);
}

/* Over everything that the transport checksum covers, itself included. */
static uint16_t transport_sum(const uint8_t *frame, uint32_t l3, uint32_t l4, uint8_t protocol) {
        uint32_t bytes = end_of(frame, l3) - l4;
        uint64_t sum = words_sum(frame + l4, bytes);

        if (protocol == 1)
                return fold(sum);
        sum += frame[l3] >> 4 == 4 ? words_sum(frame + l3 + 12, 8) : words_sum(frame + l3 + 8, 32);
        return fold(sum + bytes + protocol);
}

static uint32_t checksum_at(uint32_t l4, uint8_t protocol) {
        return l4 + (protocol == 6 ? 16 : protocol == 17 ? 6 : 2);
}

static void right(const uint8_t *frame, const struct packet *of) {
        uint32_t l3 = of->parsed.l3_offset, l4 = of->parsed.l4_offset;
        uint8_t protocol = of->parsed.protocol;
        uint32_t end = end_of(frame, l3);

        if (frame[l3] >> 4 == 4)
                cr_assert_eq(fold(words_sum(frame + l3, (frame[l3] & 15U) * 4)), 0xffff);
        if (protocol == 17) {
                cr_assert_eq(get16(frame + l4 + 4), end - l4);
                cr_assert_neq(get16(frame + l4 + 6), 0);
        }
        cr_assert_eq(transport_sum(frame, l3, l4, protocol), 0xffff, "protocol %u, %u bytes",
                     protocol, end - l4);
}

/* ---- packets that carry stamps ---- */

static void checksums_set(struct packet *of) {
        uint32_t l3 = of->parsed.l3_offset, l4 = of->parsed.l4_offset;
        uint8_t protocol = of->parsed.protocol, *frame = of->bytes;
        uint32_t at = checksum_at(l4, protocol);
        uint16_t checksum;

        if (frame[l3] >> 4 == 4) {
                put16(frame + l3 + 10, 0);
                put16(frame + l3 + 10, (uint16_t)~fold(words_sum(frame + l3, l4 - l3)));
        }
        if (protocol == 17)
                put16(frame + l4 + 4, end_of(frame, l3) - l4);
        put16(frame + at, 0);
        checksum = (uint16_t)~transport_sum(frame, l3, l4, protocol);
        put16(frame + at, protocol == 17 && !checksum ? 0xffff : checksum);
}

static void packet_make(uint64_t *random, uint16_t type, uint8_t protocol, uint16_t payload) {
        struct packet_plan plan;

        do
                packet_plan_draw(random, &plan);
        while (plan.extensions > 4 || plan.tags > XSKIM_TAGS_MAX);
        plan.type = type;
        plan.fault = PACKET_SOUND;
        plan.fragment = 0;
        plan.protocol = protocol;
        plan.payload = payload;
        for (uint32_t i = 0; i < plan.extensions; i++)
                plan.extension[i] = plan.extension[i] == 44 ? 60 : plan.extension[i];
        packet_build(random, &plan, &packet);
        cr_assert_eq(packet.parsed.outcome, XSKIM_OUTCOME_complete);
        checksums_set(&packet);
}

static void packet_draw(uint64_t *random) {
        static const uint8_t protocols[][4] = {{6, 17, 1, 17}, {6, 17, 58, 17}};
        uint32_t six = packet_below(random, 2);
        uint16_t payload =
                (uint16_t)(8 + packet_below(random, packet_below(random, 4) ? 80 : 1500));

        packet_make(random, six ? XSKIM_TYPE_IPV6 : XSKIM_TYPE_IPV4,
                    protocols[six][packet_below(random, 4)], payload);
}

static void same(const struct stamp_reading *got, uint64_t sequence, uint64_t sent_ns) {
        cr_assert_eq(got->run, RUN);
        cr_assert_eq(got->stream, STREAM);
        cr_assert_eq(got->faults, 0);
        cr_assert_eq(got->sequence, sequence);
        cr_assert_eq(got->sent_ns, sent_ns);
}

Test(stamp, hash_is_xxh64_of_the_payload_filled_up) {
        static uint8_t bytes[4096];
        uint64_t random = 1;

        for (uint32_t length = 0; length <= 2000; length++) {
                uint32_t padded = length ? (length + 31) / 32 * 32 : 32;

                memset(bytes, 0, sizeof(bytes));
                for (uint32_t i = 0; i < length; i++)
                        bytes[i] = (uint8_t)packet_below(&random, 256);
                cr_assert_eq(stamp_payload_check(bytes, length), (uint32_t)XXH64(bytes, padded, 0));
        }
}

Test(stamp, is_laid_out_as_documented) {
        static uint8_t frame[ROOM];
        uint64_t random = 2;
        struct stamp_spot spot;
        static const uint8_t head[] = {'x',  's',    't',  'p',  0x12, 0x34, 0x56, 0x78,
                                       0,    STREAM, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6,
                                       0x01, 0x23,   0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
        uint8_t covered[32] = {0};
        const uint8_t *stamp;

        packet_make(&random, XSKIM_TYPE_IPV4, 17, 100);
        memcpy(frame, packet.bytes, packet.length);
        cr_assert_eq(stamp_prepare(frame, packet.length, ROOM, STAMP_APPEND, &spot), STAMP_done);
        stamp_write(frame, &spot, RUN, STREAM, SEQUENCE, SENT_NS);
        stamp = frame + end_of(frame, packet.parsed.l3_offset) - 32;
        cr_assert_eq(memcmp(stamp, head, sizeof(head)), 0);
        memcpy(covered, stamp, 28);
        cr_assert_eq((uint32_t)XXH64(covered, 32, 0),
                     (uint32_t)get16(stamp + 28) << 16 | get16(stamp + 30));
}

/* Appended: the packet as it was, and the stamp; over: as it was up to the stamp. */
static void stamped(enum stamp_mode mode) {
        static uint8_t frame[ROOM], first[ROOM];
        uint64_t random = 3 + mode, done = 0;
        struct stamp_reading got;
        struct stamp_spot spot;

        for (uint32_t i = 0; i < PLANS; i++) {
                uint32_t payload, end;

                packet_draw(&random);
                end = end_of(packet.bytes, packet.parsed.l3_offset);
                memcpy(frame, packet.bytes, packet.length);
                if (stamp_prepare(frame, packet.length, ROOM, mode, &spot) != STAMP_done) {
                        cr_assert_eq(mode, STAMP_OVER);
                        cr_assert_eq(memcmp(frame, packet.bytes, packet.length), 0);
                        continue;
                }
                right(frame, &packet);
                cr_assert_eq(spot.length, packet.length + (mode == STAMP_APPEND ? 32 : 0));
                payload = mode == STAMP_APPEND ? end : end - 32;
                cr_assert_eq(spot.trailer, payload);
                stamp_write(frame, &spot, ~RUN, 1, SEQUENCE + i, i);
                right(frame, &packet);
                memcpy(first, frame, spot.length);
                stamp_write(frame, &spot, RUN, STREAM, SEQUENCE, SENT_NS + i);
                right(frame, &packet);
                cr_assert_eq(stamp_read(first, spot.length, &got), STAMP_done);
                cr_assert(got.run == (uint32_t)~RUN && got.stream == 1 && !got.faults &&
                          got.sequence == SEQUENCE + i && got.sent_ns == i);
                cr_assert_eq(stamp_read(frame, spot.length, &got), STAMP_done);
                same(&got, SEQUENCE, SENT_NS + i);
                cr_assert_eq(memcmp(frame + packet.parsed.l4_offset + 20,
                                    packet.bytes + packet.parsed.l4_offset + 20,
                                    payload > packet.parsed.l4_offset + 20
                                            ? payload - packet.parsed.l4_offset - 20
                                            : 0),
                             0);
                done++;
        }
        cr_assert_gt(done, PLANS / 3);
}

Test(stamp, appended_is_read_back_and_everything_adds_up) {
        stamped(STAMP_APPEND);
}

Test(stamp, laid_over_is_read_back_and_everything_adds_up) {
        stamped(STAMP_OVER);
}

Test(stamp, udp_without_checksum_stays_without) {
        static uint8_t frame[ROOM];
        struct stamp_reading got;
        struct stamp_spot spot;
        uint64_t random = 5;

        for (uint32_t i = 0; i < 200; i++) {
                packet_make(&random, i % 2 ? XSKIM_TYPE_IPV4 : XSKIM_TYPE_IPV6, 17, 60);
                memcpy(frame, packet.bytes, packet.length);
                put16(frame + packet.parsed.l4_offset + 6, 0);
                cr_assert_eq(stamp_prepare(frame, packet.length, ROOM,
                                           i % 3 ? STAMP_APPEND : STAMP_OVER, &spot),
                             STAMP_done);
                stamp_write(frame, &spot, RUN, STREAM, i, i);
                cr_assert_eq(get16(frame + packet.parsed.l4_offset + 6), 0);
                cr_assert_eq(stamp_read(frame, spot.length, &got), STAMP_done);
                same(&got, i, i);
        }
}

/* Among so many numbers there is one with which the sum comes out as 0. */
Test(stamp, udp_checksum_that_comes_out_as_0_is_written_as_all_ones) {
        static uint8_t frame[ROOM];
        struct stamp_spot spot;
        uint64_t random = 6;
        uint32_t ones = 0;

        packet_make(&random, XSKIM_TYPE_IPV4, 17, 21);
        memcpy(frame, packet.bytes, packet.length);
        cr_assert_eq(stamp_prepare(frame, packet.length, ROOM, STAMP_APPEND, &spot), STAMP_done);
        for (uint64_t sequence = 0; sequence < 300000; sequence++) {
                stamp_write(frame, &spot, RUN, STREAM, sequence, SENT_NS);
                cr_assert_neq(get16(frame + packet.parsed.l4_offset + 6), 0);
                if (get16(frame + packet.parsed.l4_offset + 6) != 0xffff)
                        continue;
                right(frame, &packet);
                ones++;
        }
        cr_assert_gt(ones, 0);
}

Test(stamp, padding_is_neither_counted_nor_needed) {
        static uint8_t frame[ROOM];
        struct stamp_reading got;
        struct stamp_spot spot;
        uint64_t random = 7;

        for (uint32_t padding = 0; padding < 60; padding++) {
                packet_make(&random, XSKIM_TYPE_IPV4, 17, 8);
                memset(frame, 0xee, sizeof(frame));
                memcpy(frame, packet.bytes, packet.length);
                cr_assert_eq(
                        stamp_prepare(frame, packet.length + padding, ROOM, STAMP_APPEND, &spot),
                        STAMP_done);
                stamp_write(frame, &spot, RUN, STREAM, padding, SENT_NS);
                cr_assert_eq(spot.length, packet.length + MAX(padding, 32U));
                right(frame, &packet);
                cr_assert_eq(stamp_read(frame, spot.length + 5, &got), STAMP_done);
                same(&got, padding, SENT_NS);
        }
}

/* ---- damage ---- */

static void flip(uint8_t *frame, uint32_t bit) {
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

Test(stamp, damage_is_seen_and_told_apart) {
        static uint8_t frame[ROOM];
        struct stamp_reading got;
        struct stamp_spot spot;
        uint64_t random = 8;

        for (uint32_t i = 0; i < FLIPS; i++) {
                uint32_t payload, bit;

                packet_draw(&random);
                memcpy(frame, packet.bytes, packet.length);
                cr_assert_eq(stamp_prepare(frame, packet.length, ROOM, STAMP_APPEND, &spot),
                             STAMP_done);
                stamp_write(frame, &spot, RUN, STREAM, SEQUENCE, SENT_NS);
                bit = spot.trailer * 8 + packet_below(&random, 256);
                flip(frame, bit);
                if (bit / 8 - spot.trailer < 4)
                        cr_assert_eq(stamp_read(frame, spot.length, &got), STAMP_absent);
                else
                        cr_assert(stamp_read(frame, spot.length, &got) == STAMP_done &&
                                  got.faults == XSKIM_STAMP_DAMAGED);
                flip(frame, bit);
                payload = xskim_payload_start(frame, frame + spot.length, &packet.parsed);
                if (payload == spot.trailer)
                        continue;
                flip(frame, payload * 8 + packet_below(&random, (spot.trailer - payload) * 8));
                cr_assert_eq(stamp_read(frame, spot.length, &got), STAMP_done);
                cr_assert_eq(got.faults, XSKIM_PAYLOAD_DAMAGED);
                cr_assert_eq(got.sequence, SEQUENCE);
        }
}

Test(stamp, what_routers_change_is_no_damage) {
        static uint8_t frame[ROOM];
        struct stamp_reading got;
        struct stamp_spot spot;
        uint64_t random = 9;

        for (uint32_t i = 0; i < 500; i++) {
                uint8_t *network;

                packet_draw(&random);
                memcpy(frame, packet.bytes, packet.length);
                cr_assert_eq(stamp_prepare(frame, packet.length, ROOM, STAMP_APPEND, &spot),
                             STAMP_done);
                stamp_write(frame, &spot, RUN, STREAM, SEQUENCE, SENT_NS);
                network = frame + packet.parsed.l3_offset;
                memset(frame, 0x5a, 12);
                if (network[0] >> 4 == 4) {
                        network[1] ^= 0xb8;
                        network[8]--;
                        put16(network + 10, 0x1234);
                        memset(network + 12, 10, 8);
                } else {
                        network[7]--;
                        memset(network + 8, 0x20, 32);
                }
                put16(frame + checksum_at(packet.parsed.l4_offset, packet.parsed.protocol), 0x4321);
                cr_assert_eq(stamp_read(frame, spot.length, &got), STAMP_done);
                same(&got, SEQUENCE, SENT_NS);
        }
}

/* ---- what carries none ---- */

static void refuses(uint32_t length, uint32_t room, enum stamp_mode mode, enum stamp_outcome why) {
        uint8_t *copy CLEANUP(free_cleanup) = malloc(room);
        struct stamp_spot spot;
        enum stamp_outcome got;

        memcpy(copy, packet.bytes, length);
        got = stamp_prepare(copy, length, room, mode, &spot);
        cr_assert_eq(got, why, "%s, not %s", stamp_outcome_name(got), stamp_outcome_name(why));
        cr_assert_eq(memcmp(copy, packet.bytes, length), 0);
        cr_assert_gt(strlen(stamp_outcome_doc(why)), 0);
}

static uint32_t udp_make(uint16_t payload) {
        struct packet_plan plan = {.type = XSKIM_TYPE_IPV4, .protocol = 17, .payload = payload};
        uint64_t random = 10;

        packet_build(&random, &plan, &packet);
        checksums_set(&packet);
        return packet.length;
}

Test(stamp, refuses_under_the_names_of_its_reasons) {
        uint32_t length = udp_make(31);

        refuses(length, length + 32, STAMP_OVER, STAMP_small);
        refuses(length, length + 31, STAMP_APPEND, STAMP_large);
        refuses(length - 1, length + 32, STAMP_APPEND, STAMP_cut);
        refuses(30, 100, STAMP_APPEND, STAMP_cut);
        refuses(12, 100, STAMP_APPEND, STAMP_cut);
        put16(packet.bytes + 14 + 6, 0x2000);
        refuses(length, length + 32, STAMP_APPEND, STAMP_fragment);
        length = udp_make(31);
        put16(packet.bytes + 14 + 20 + 4, 20);
        refuses(length, length + 32, STAMP_APPEND, STAMP_length);
        length = udp_make(31);
        put16(packet.bytes + 14 + 2, 0);
        refuses(length, length + 32, STAMP_APPEND, STAMP_length);
        length = udp_make(31);
        packet.bytes[14] = 0x65;
        refuses(length, length + 32, STAMP_APPEND, STAMP_malformed);
        length = udp_make(31);
        packet.bytes[14 + 9] = 132;
        refuses(length, length + 32, STAMP_APPEND, STAMP_protocol);
        length = udp_make(31);
        put16(packet.bytes + 12, 0x0806);
        refuses(length, length + 32, STAMP_APPEND, STAMP_not_ip);
        length = udp_make(31);
        packet.bytes[14 + 9] = 6;
        packet.bytes[14 + 20 + 12] = 0xf0;
        refuses(length, length + 32, STAMP_APPEND, STAMP_malformed);
}

Test(stamp, refuses_what_would_exceed_the_length_field) {
        static uint8_t frame[70000];
        struct stamp_spot spot;

        udp_make(0);
        memcpy(frame, packet.bytes, packet.length);
        put16(frame + 14 + 2, 65535 - 31);
        put16(frame + 14 + 20 + 4, 65535 - 31 - 20);
        cr_assert_eq(stamp_prepare(frame, 66000, sizeof(frame), STAMP_APPEND, &spot), STAMP_large);
        put16(frame + 14 + 2, 65535 - 32);
        put16(frame + 14 + 20 + 4, 65535 - 32 - 20);
        cr_assert_eq(stamp_prepare(frame, 66000, sizeof(frame), STAMP_APPEND, &spot), STAMP_done);
}

Test(stamp, absent_where_none_was_written) {
        struct stamp_reading got;
        uint64_t random = 11;

        for (uint32_t i = 0; i < 1000; i++) {
                packet_draw(&random);
                cr_assert_eq(stamp_read(packet.bytes, packet.length, &got), STAMP_absent);
        }
}

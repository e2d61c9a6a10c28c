/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet is: the content against libxxhash over bytes that the test picks by itself, any
 * packet and any cut of it; which bytes are in content and identity, one by one. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/classes.h>

#include "content.h"
#include "packets.h"
#include "util.h"

enum { PLANS = 20000, ETHERNET = 14, FRAME = 100 };

static struct packet packet;
static uint8_t buffer[PACKET_BYTES_MAX + 64];

/* ---- the judge ---- */

/* A copy of exactly that size: what reads beyond it is found by the sanitizers. */
static struct content content_made(const uint8_t *frame, uint32_t bytes) {
        uint8_t *copy = malloc(bytes ? bytes : 1);
        struct content content = {0};

        memcpy(copy, frame, bytes);
        cr_assert(content_of(copy, bytes, &content));
        free(copy);
        return content;
}

static uint64_t judged(const uint8_t *from, uint32_t bytes, uint32_t least, uint8_t l3) {
        uint32_t length = MAX(bytes, least);

        memset(buffer, 0, length + 32);
        memcpy(buffer, from, bytes);
        if (l3 == XSKIM_L3_ipv4)
                buffer[1] = buffer[8] = buffer[10] = buffer[11] = 0;
        if (l3 == XSKIM_L3_ipv6) {
                buffer[0] &= 0xf0;
                buffer[1] &= 0x0f;
                buffer[7] = 0;
        }
        return XXH64(buffer, (length + 31) / 32 * 32, length);
}

static uint64_t judged_content(const struct packet_plan *plan, uint32_t bytes) {
        uint8_t l3 = xskim_class_l3(packet.parsed.class);
        uint32_t at = packet.parsed.l3_offset, header = l3 == XSKIM_L3_ipv6 ? 40 : 20;
        uint32_t tags = 0;

        if ((l3 == XSKIM_L3_ipv4 || l3 == XSKIM_L3_ipv6) && at + header <= bytes &&
            packet.parsed.outcome != XSKIM_OUTCOME_malformed)
                return judged(packet.bytes + at, MIN(bytes, packet.limit) - at, 0, l3);
        while (tags < plan->tags && 18 + 4 * tags <= bytes)
                tags++;
        if (tags < plan->tags || tags > 4)
                tags = 0;
        return judged(packet.bytes + 12 + 4 * tags, bytes - 12 - 4 * tags, 48, 0);
}

Test(content, is_that_of_the_judge_for_any_packet_and_any_cut) {
        uint64_t random = 3;

        for (int i = 0; i < PLANS; i++) {
                struct packet_plan plan;
                uint32_t bytes;

                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                bytes = packet.length;
                if (i % 2)
                        bytes = 13 + packet_below(&random, bytes - 12);
                cr_assert_eq(content_made(packet.bytes, bytes).content,
                             judged_content(&plan, bytes), "plan %d, %u of %u bytes", i, bytes,
                             packet.length);
        }
}

/* ---- byte by byte ---- */

struct plain {
        uint8_t bytes[FRAME];
        uint32_t l4; /* offset of the transport header */
};

static struct plain plain_make(uint16_t type, uint8_t protocol) {
        struct plain p = {.l4 = ETHERNET + (type == 0x0800 ? 20 : 40)};

        for (int i = 0; i < FRAME; i++)
                p.bytes[i] = (uint8_t)(i * 37 + 11);
        p.bytes[12] = (uint8_t)(type >> 8);
        p.bytes[13] = (uint8_t)type;
        if (type == 0x0800) {
                memcpy(p.bytes + 14, "\x45\x00\x00\x56\x12\x34\x00\x00\x40", 9);
                p.bytes[23] = protocol;
        } else {
                memcpy(p.bytes + 14, "\x60\x00\x12\x34\x00\x2e", 6);
                p.bytes[20] = protocol;
        }
        if (protocol == 6)
                p.bytes[p.l4 + 12] = 0x50;
        return p;
}

/* What a flip of each byte changes: '.' nothing, 'i' the identity alone (never), 'c' the content
 * alone, 'b' both. */
static void flips_find(const struct plain *p, uint32_t bytes, char *ret) {
        struct content whole = content_made(p->bytes, bytes), flipped;
        struct plain copy = *p;

        for (uint32_t at = 0; at < bytes; at++) {
                copy.bytes[at] ^= 0x11;
                flipped = content_made(copy.bytes, bytes);
                copy.bytes[at] ^= 0x11;
                ret[at] = flipped.content == whole.content
                                  ? (flipped.identity == whole.identity ? '.' : 'i')
                                  : (flipped.identity == whole.identity ? 'c' : 'b');
        }
        ret[bytes] = '\0';
}

static void flips_are(uint16_t type, uint8_t protocol, const char *headers) {
        struct plain p = plain_make(type, protocol);
        char found[FRAME + 1], expected[FRAME + 1];
        size_t length = strlen(headers);

        flips_find(&p, FRAME, found);
        memset(expected, 'c', FRAME);
        memcpy(expected, headers, length);
        expected[FRAME] = '\0';
        cr_expect_str_eq(found, expected, "type %04x protocol %u", type, protocol);
}

#define MACS "............"
#define TYPE "bb"
/* a changed version, header length, total length or protocol makes it something else altogether */
#define IPV4                                                                                       \
        "b.bb"                                                                                     \
        "bbbb"                                                                                     \
        ".b.."                                                                                     \
        "bbbbbbbb"
#define ADDRESSES "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
Test(content, what_may_change_is_left_out_and_what_numbers_packets_is_in_the_identity) {
        flips_are(0x0800, 6,
                  MACS TYPE IPV4 "bbbbbbbbbbbb"
                                 "cccccccc");
        flips_are(0x0800, 17,
                  MACS TYPE IPV4 "bbbbbb"
                                 "cc");
        flips_are(0x0800, 1, MACS TYPE IPV4 "bbccbbbb");
        flips_are(0x0800, 132,
                  MACS TYPE IPV4 "bbbbbbbb"
                                 "cccc");
        flips_are(0x0800, 47, MACS TYPE IPV4);
        flips_are(0x0806, 0, MACS TYPE "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
}

/* In IPv6 a flip of the nibbles beside the traffic class matters, one of the nibbles in it does
 * not. */
Test(content, ipv6_traffic_class_and_hop_limit_are_left_out) {
        struct plain p = plain_make(0x86dd, 17), copy = p;
        struct content whole = content_made(p.bytes, FRAME), other;
        char found[FRAME + 1];

        flips_find(&p, FRAME, found);
        cr_expect_eq(memcmp(found + 16,
                            "bbbb"
                            "b.",
                            6),
                     0, "%s", found);
        cr_expect_eq(memcmp(found + 22, ADDRESSES "bbbbbbcc", 40), 0, "%s", found);
        copy.bytes[14] = 0x6f;
        copy.bytes[15] = 0xf0;
        other = content_made(copy.bytes, FRAME);
        cr_expect(other.content == whole.content && other.identity == whole.identity);
        copy.bytes[15] = 0xf1;
        other = content_made(copy.bytes, FRAME);
        cr_expect(other.content != whole.content && other.identity != whole.identity);
}

/* ---- frames ---- */

/* Tags come and go, and so does what Ethernet adds to short frames. */
static void frame_is_same(const uint8_t *frame, uint32_t bytes) {
        struct content whole = content_made(frame, bytes), other;
        uint8_t copy[FRAME + 64] = {0};

        memcpy(copy, frame, bytes);
        other = content_made(copy, MAX(bytes, 60u));
        cr_expect_eq(other.content, whole.content, "padded");
        cr_expect_eq(other.identity, whole.identity, "padded");
        for (int tag = 0; tag < 4; tag++) {
                memmove(copy + 16, copy + 12, bytes - 12 + (uint32_t)tag * 4);
                memcpy(copy + 12, tag % 2 ? "\x88\xa8\x01\x02" : "\x81\x00\x00\x07", 4);
                other = content_made(copy, bytes + 4 + (uint32_t)tag * 4);
                cr_expect_eq(other.content, whole.content, "%d tags", tag + 1);
                cr_expect_eq(other.identity, whole.identity, "%d tags", tag + 1);
        }
}

Test(content, tags_and_padding_do_not_matter) {
        struct plain p = plain_make(0x0800, 17), arp = plain_make(0x0806, 0);

        frame_is_same(p.bytes, FRAME);
        p.bytes[17] = 30;
        frame_is_same(p.bytes, ETHERNET + 30);
        frame_is_same(arp.bytes, ETHERNET + 28);
        frame_is_same(arp.bytes, ETHERNET + 3);
}

/* A zero more at the end is another frame, when it is not padding. */
Test(content, the_length_counts) {
        uint8_t frame[FRAME] = {[12] = 0x88, [13] = 0xb5};

        for (uint32_t bytes = 60; bytes < FRAME; bytes++)
                cr_expect_neq(content_made(frame, bytes).content,
                              content_made(frame, bytes + 1).content, "%u", bytes);
}

Test(content, a_frame_of_addresses_has_none) {
        struct content content = {7, 7, 7};
        uint8_t frame[12] = {0};

        for (uint32_t bytes = 0; bytes <= sizeof(frame); bytes++)
                cr_expect(!content_of(frame, bytes, &content), "%u", bytes);
        cr_expect(content.content == 7 && content.identity == 7 && content.class == 7);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a replay changes in packets, judged by checksums computed over whole packets, never by the
 * difference as the code under test does.
 */
#include <criterion/criterion.h>
#include <string.h>

#include <xskim/skip.h>

#include "editing.h"
#include "util.h"

enum { BYTES_MAX = 400, ROUNDS = 20000, ETHERNET = 14 };

struct made {
        uint8_t bytes[BYTES_MAX + 64];
        uint32_t length;
        uint32_t l3;
        uint32_t l4; /* of a transport header with a checksum; 0: none */
        uint8_t protocol;
        bool ipv6;
};

static __u64 seed;

static uint32_t below(uint32_t limit) {
        return (uint32_t)(xskim_random_next(&seed) >> 20) % limit;
}

static void put16(uint8_t *at, uint32_t value) {
        at[0] = (uint8_t)(value >> 8);
        at[1] = (uint8_t)value;
}

static uint32_t get16(const uint8_t *at) {
        return (uint32_t)at[0] << 8 | at[1];
}

/* RFC 1071 over the bytes, an odd one filled up with 0. */
static uint32_t sum_of(const uint8_t *bytes, uint32_t length, uint32_t sum) {
        for (uint32_t i = 0; i < length; i++)
                sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        return sum;
}

static uint32_t checksum_place(const struct made *m) {
        return m->l4 + (m->protocol == 6 ? 16 : m->protocol == 17 ? 6 : 2);
}

/* The sum over pseudo header and transport, its checksum included: 0xffff when that is right. */
static uint32_t transport_sum(const struct made *m) {
        uint32_t length = m->length - m->l4, sum = length + m->protocol;

        sum = m->ipv6 ? sum_of(m->bytes + m->l3 + 8, 32, sum)
                      : sum_of(m->bytes + m->l3 + 12, 8, sum);
        return sum_of(m->bytes + m->l4, length, sum);
}

static void seal(struct made *m) {
        uint8_t *ip = m->bytes + m->l3;

        if (!m->ipv6) {
                put16(ip + 10, 0);
                put16(ip + 10, ~sum_of(ip, (ip[0] & 15U) * 4, 0));
        }
        if (!m->l4)
                return;
        put16(m->bytes + checksum_place(m), 0);
        put16(m->bytes + checksum_place(m), ~transport_sum(m));
        if (m->protocol == 17 && !get16(m->bytes + checksum_place(m)))
                put16(m->bytes + checksum_place(m), 0xffff);
}

static void make_ipv4(struct made *m) {
        uint8_t *ip = m->bytes + m->l3;
        uint32_t header = 20 + 4 * below(5);
        bool later = !below(5);

        ip[0] = (uint8_t)(0x40 | header / 4);
        ip[9] = m->protocol;
        put16(ip + 6, later ? 1 + below(0x1fff) : below(2) * 0x2000);
        m->l4 = later ? 0 : m->l3 + header;
}

static void make_ipv6(struct made *m) {
        static const uint8_t kinds[] = {0, 43, 60, 51, 44};
        uint8_t *ip = m->bytes + m->l3, *next = ip + 6;
        uint32_t at = 40;

        ip[0] = 0x60;
        for (uint32_t i = below(4); i; i--) {
                uint8_t kind = kinds[below(ARRAY_SIZE(kinds))];

                *next = kind;
                next = ip + at;
                ip[at + 1] = (uint8_t)below(3);
                if (kind == 44)
                        put16(ip + at + 2, below(8) & 1);
                at += kind == 44 ? 8 : kind == 51 ? (ip[at + 1] + 2U) * 4 : (ip[at + 1] + 1U) * 8;
        }
        *next = m->protocol;
        m->l4 = m->l3 + at;
}

static struct made make(void) {
        static const uint8_t protocols[] = {6, 17, 58};
        struct made m = {.length = BYTES_MAX - below(100), .ipv6 = below(2)};
        uint32_t tags = below(3);

        for (uint32_t i = 0; i < m.length; i++)
                m.bytes[i] = (uint8_t)below(256);
        for (uint32_t i = 0; i < tags; i++)
                put16(m.bytes + 12 + 4 * i, below(2) ? 0x8100 : 0x88a8);
        put16(m.bytes + 12 + 4 * tags, m.ipv6 ? 0x86dd : 0x0800);
        m.l3 = ETHERNET + 4 * tags;
        m.protocol = protocols[below(m.ipv6 ? 3 : 2)];
        if (m.ipv6)
                make_ipv6(&m);
        else
                make_ipv4(&m);
        seal(&m);
        return m;
}

/* A net that the packet's address is in, and one to move to. */
static struct xskim_replay_net net_around(const struct made *m, bool source) {
        uint32_t bytes = m->ipv6 ? 16 : 4, at = m->ipv6 ? 8 : 12;
        struct xskim_replay_net net = {.family = m->ipv6 ? XSKIM_REPLAY_IPV6 : XSKIM_REPLAY_IPV4,
                                       .bits = below(bytes * 8 + 1)};

        memcpy(net.from, m->bytes + m->l3 + at + (source ? 0 : bytes), bytes);
        for (uint32_t i = 0; i < bytes; i++)
                net.to[i] = (uint8_t)below(256);
        for (uint32_t bit = net.bits; bit < bytes * 8; bit++) {
                net.from[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
                net.to[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
        }
        return net;
}

static struct xskim_replay_editing moves(const struct made *m) {
        struct xskim_replay_editing editing = {0};

        if (below(4))
                editing.source_net = net_around(m, true);
        if (below(4))
                editing.destination_net = net_around(m, false);
        return editing;
}

static struct made edited(const struct xskim_replay_editing *editing, struct made m) {
        uint32_t length = editing_apply(editing, m.bytes, m.length, m.length);

        cr_assert_eq(length, m.length);
        return m;
}

Test(editing, nothing_is_changed_unasked) {
        static const struct xskim_replay_editing nothing;

        seed = 1;
        cr_expect(!editing_is_needed(&nothing));
        for (int i = 0; i < 1000; i++) {
                struct made before = make(), after = edited(&nothing, before);

                cr_assert_eq(memcmp(before.bytes, after.bytes, before.length), 0);
        }
}

Test(editing, checksums_stay_right) {
        seed = 2;
        for (int i = 0; i < ROUNDS; i++) {
                struct made before = make(), after;
                struct xskim_replay_editing editing = moves(&before);
                const uint8_t *ip;

                after = edited(&editing, before);
                ip = after.bytes + after.l3;
                if (!after.ipv6)
                        cr_assert_eq(sum_of(ip, (ip[0] & 15U) * 4, 0), 0xffff);
                if (after.l4)
                        cr_assert_eq(transport_sum(&after), 0xffff, "packet %d", i);
        }
}

/* Addresses have the new network's bits and keep the host's; nothing else but checksums moves. */
Test(editing, only_the_networks_bits_move) {
        seed = 3;
        for (int i = 0; i < ROUNDS; i++) {
                struct made before = make(), after;
                struct xskim_replay_editing editing = {.destination_net =
                                                               net_around(&before, false)};
                uint32_t bytes = before.ipv6 ? 16 : 4, at = before.l3 + (before.ipv6 ? 24 : 16);
                uint32_t sum = before.l4 ? checksum_place(&before) : 0;

                after = edited(&editing, before);
                for (uint32_t bit = 0; bit < bytes * 8; bit++) {
                        const uint8_t *want = bit < editing.destination_net.bits
                                                      ? editing.destination_net.to
                                                      : before.bytes + at;

                        cr_assert_eq((after.bytes[at + bit / 8] ^ want[bit / 8]) & 0x80 >> bit % 8,
                                     0);
                }
                for (uint32_t b = 0; b < before.length; b++)
                        if (!(b >= at && b < at + bytes) && !(sum && b / 2 == sum / 2) &&
                            !(!before.ipv6 && b / 2 == (before.l3 + 10) / 2))
                                cr_assert_eq(before.bytes[b], after.bytes[b], "byte %u", b);
        }
}

Test(editing, other_networks_are_left_alone) {
        seed = 4;
        for (int i = 0; i < ROUNDS; i++) {
                struct made before = make(), after;
                struct xskim_replay_editing editing = {.source_net = net_around(&before, true)};
                uint32_t bits = editing.source_net.bits, other = bits ? below(bits) : 0;

                if (!bits)
                        continue;
                editing.source_net.from[other / 8] ^= (uint8_t)(0x80 >> other % 8);
                after = edited(&editing, before);
                cr_assert_eq(memcmp(before.bytes, after.bytes, before.length), 0);
        }
}

/* A checksum that was wrong is as wrong as before: a replay does not repair. */
Test(editing, wrong_checksums_stay_wrong) {
        seed = 5;
        for (int i = 0; i < ROUNDS; i++) {
                struct made before = make(), after;
                struct xskim_replay_editing editing = moves(&before);

                if (!before.l4)
                        continue;
                before.bytes[before.l4] ^= (uint8_t)(1 + below(255));
                after = edited(&editing, before);
                cr_assert_eq(transport_sum(&before) % 0xffff, transport_sum(&after) % 0xffff);
        }
}

/* RFC 768: 0 is "no checksum", and stays so. */
Test(editing, absent_udp_checksums_stay_absent) {
        seed = 6;
        for (int i = 0; i < ROUNDS; i++) {
                struct made before = make(), after;
                struct xskim_replay_editing editing = moves(&before);

                if (!before.l4 || before.protocol != 17)
                        continue;
                put16(before.bytes + checksum_place(&before), 0);
                after = edited(&editing, before);
                cr_assert_eq(get16(after.bytes + checksum_place(&after)), 0);
        }
}

/* Editing a packet that was cut is cutting the edited one, wherever it is cut. */
Test(editing, cut_packets_are_edited_alike) {
        seed = 7;
        for (int i = 0; i < 300; i++) {
                struct made whole = make(), after;
                struct xskim_replay_editing editing = moves(&whole);

                after = edited(&editing, whole);
                for (uint32_t length = ETHERNET; length < whole.l3; length++) {
                        struct made cut = whole;

                        cut.length = length;
                        cr_assert_eq(memcmp(edited(&editing, cut).bytes, whole.bytes, length), 0);
                }
                for (uint32_t length = whole.l3 + (whole.ipv6 ? 40 : 20); length < whole.length;
                     length++) {
                        struct made cut = whole;

                        cut.length = length;
                        cut = edited(&editing, cut);
                        /* a checksum of which one byte is there cannot be right */
                        if (whole.l4 && length == checksum_place(&whole) + 1)
                                continue;
                        cr_assert_eq(memcmp(cut.bytes, after.bytes, length), 0, "%u", length);
                        cr_assert_eq(memcmp(cut.bytes + length, whole.bytes + length, 64), 0);
                }
        }
}

Test(editing, tags_come_and_go) {
        seed = 8;
        for (int i = 0; i < 1000; i++) {
                const struct xskim_replay_editing push = {.vlan_push = true, .vlan_tci = 1234};
                const struct xskim_replay_editing pop = {.vlan_pop = true};
                struct made before = make(), m = before;

                m.length = editing_apply(&push, m.bytes, m.length, m.length);
                cr_assert_eq(m.length, before.length + 4);
                cr_assert_eq(memcmp(m.bytes, before.bytes, 12), 0);
                cr_assert_eq(memcmp(m.bytes + 12, "\x81\x00\x04\xd2", 4), 0);
                cr_assert_eq(memcmp(m.bytes + 16, before.bytes + 12, before.length - 12), 0);
                m.length = editing_apply(&pop, m.bytes, m.length, m.length);
                cr_assert_eq(m.length, before.length);
                cr_assert_eq(memcmp(m.bytes, before.bytes, m.length), 0);
        }
}

Test(editing, a_packet_without_tag_is_not_popped) {
        const struct xskim_replay_editing pop = {.vlan_pop = true};
        uint8_t plain[64] = {[12] = 8}, tagged[16] = {[12] = 0x81};

        cr_expect_eq(editing_apply(&pop, plain, 60, 60), 60);
        /* cut inside its tag: there is nothing behind it to move up */
        cr_expect_eq(editing_apply(&pop, tagged, 16, 16), 16);
}

Test(editing, addresses_of_the_link) {
        const struct xskim_replay_editing editing = {.destination = {true, {1, 2, 3, 4, 5, 6}},
                                                     .source = {true, {7, 8, 9, 10, 11, 12}}};
        uint8_t packet[15] = {[12] = 0xaa, 0xbb, 0xcc};

        cr_expect_eq(editing_apply(&editing, packet, 15, 15), 15);
        cr_expect_eq(memcmp(packet, "\1\2\3\4\5\6\7\10\11\12\13\14\xaa\xbb\xcc", 15), 0);
}

Test(editing, lengths) {
        static const struct {
                struct xskim_replay_editing editing;
                uint32_t captured, wire, expected;
        } cases[] = {
                {{.truncate_bytes = 60}, 100, 100, 60},
                {{.truncate_bytes = 60}, 50, 100, 50},
                {{.pad = true}, 50, 100, 100},
                {{.pad = true}, 100, 100, 100},
                {{.pad = true, .truncate_bytes = 60}, 50, 100, 60},
                {{.min_bytes = 60}, 50, 50, 60},
                {{.min_bytes = 60}, 70, 70, 70},
                {{.min_bytes = 60, .truncate_bytes = 20}, 70, 70, 60},
                {{.min_bytes = 60, .vlan_push = true}, 58, 58, 62},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                uint8_t packet[200];

                memset(packet, 0x55, sizeof(packet));
                cr_expect(editing_is_needed(&cases[i].editing));
                cr_expect_eq(
                        editing_apply(&cases[i].editing, packet, cases[i].captured, cases[i].wire),
                        cases[i].expected, "case %zu", i);
                for (uint32_t at = MIN(cases[i].captured, cases[i].expected) + 4;
                     at < cases[i].expected; at++)
                        cr_expect_eq(packet[at], 0, "case %zu byte %u", i, at);
        }
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser natively: single packets named by what they are, then properties over packets of every
 * kind, whole and cut at every byte (in buffers of exact size, so that a sanitizer sees one byte
 * too many). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "util.h"

enum { PLANS = 100000, PLANS_CUT = 1000, JUNK = 200000 };

#define CLASS(l3_, l4_) (XSKIM_L3_##l3_ | XSKIM_L4_##l4_ << XSKIM_CLASS_L4_SHIFT)

static struct packet packet;

/* From a copy that ends where the packet ends. */
static struct xskim_parsed parse(const uint8_t *bytes, uint32_t length,
                                 struct xskim_record *ret_record) {
        uint8_t *copy CLEANUP(free_cleanup) = malloc(length ? length : 1);
        struct xskim_record record = {};
        struct xskim_parsed parsed;

        cr_assert_not_null(copy);
        memcpy(copy, bytes, length);
        xskim_classify(copy, copy + length, &parsed);
        xskim_describe(copy, copy + length, &parsed, &record);
        *ret_record = record;
        return parsed;
}

static _Bool parsed_equal(const struct xskim_parsed *a, const struct xskim_parsed *b) {
        return a->l3_offset == b->l3_offset && a->l4_offset == b->l4_offset &&
               a->vlan_tci == b->vlan_tci && a->class == b->class && a->outcome == b->outcome &&
               a->protocol == b->protocol;
}

static void expect(uint32_t length, const char *what) {
        struct xskim_parsed wanted = packet_expected(&packet, length);
        struct xskim_record record;
        struct xskim_parsed got = parse(packet.bytes, length, &record);

        cr_assert(parsed_equal(&got, &wanted),
                  "%s, %u of %u bytes: class %#x outcome %u protocol %u l3 %u l4 %u tci %u; "
                  "expected class %#x outcome %u protocol %u l3 %u l4 %u tci %u",
                  what, length, packet.length, got.class, got.outcome, got.protocol, got.l3_offset,
                  got.l4_offset, got.vlan_tci, wanted.class, wanted.outcome, wanted.protocol,
                  wanted.l3_offset, wanted.l4_offset, wanted.vlan_tci);
}

struct example {
        const char *name;
        struct packet_plan plan;
        uint8_t class;
        uint8_t outcome;
};

#define IPV4(protocol_) .type = XSKIM_TYPE_IPV4, .protocol = protocol_, .payload = 10
#define IPV6(protocol_) .type = XSKIM_TYPE_IPV6, .protocol = protocol_, .payload = 10
#define FRAGMENT XSKIM_CLASS_fragments
#define VLAN XSKIM_CLASS_vlan
#define CUT XSKIM_CLASS_truncated
#define OUTCOME(name_) XSKIM_OUTCOME_##name_

static const struct example examples[] = {
        {"IPv4 TCP", {IPV4(6)}, CLASS(ipv4, tcp), OUTCOME(complete)},
        {"IPv4 UDP", {IPV4(17)}, CLASS(ipv4, udp), OUTCOME(complete)},
        {"IPv4 ICMP", {IPV4(1)}, CLASS(ipv4, icmp), OUTCOME(complete)},
        {"IPv4 SCTP", {IPV4(132)}, CLASS(ipv4, sctp), OUTCOME(complete)},
        {"IPv4 GRE", {IPV4(47)}, CLASS(ipv4, other), OUTCOME(complete)},
        {"IPv4 AH: no extension header there", {IPV4(51)}, CLASS(ipv4, other), OUTCOME(complete)},
        {"IPv4 options", {IPV4(6), .option_words = 10}, CLASS(ipv4, tcp), OUTCOME(complete)},
        {"IPv4 first fragment",
         {IPV4(17), .fragment = 0x2000},
         CLASS(ipv4, udp) | FRAGMENT,
         OUTCOME(complete)},
        {"IPv4 later fragment",
         {IPV4(6), .fragment = 1},
         CLASS(ipv4, tcp) | FRAGMENT,
         OUTCOME(complete)},
        {"IPv4 with version 5",
         {IPV4(6), .fault = PACKET_VERSION},
         CLASS(ipv4, none),
         OUTCOME(malformed)},
        {"IPv4 with IHL below 5",
         {IPV4(6), .fault = PACKET_IHL},
         CLASS(ipv4, none),
         OUTCOME(malformed)},
        {"IPv4 with total length below its header",
         {IPV4(6), .fault = PACKET_TOTAL},
         CLASS(ipv4, none),
         OUTCOME(malformed)},
        {"IPv4 with total length 0",
         {IPV4(6), .fault = PACKET_LENGTH_ZERO},
         CLASS(ipv4, tcp),
         OUTCOME(complete)},
        {"IPv4 whose payload is padding",
         {IPV4(17), .fault = PACKET_LENGTH_SHORT, .short_bytes = 10},
         CLASS(ipv4, udp),
         OUTCOME(complete)},
        {"IPv4 whose total length cuts UDP",
         {IPV4(17), .fault = PACKET_LENGTH_SHORT, .short_bytes = 11},
         CLASS(ipv4, udp) | CUT,
         OUTCOME(cut_l4)},
        {"IPv6 TCP", {IPV6(6)}, CLASS(ipv6, tcp), OUTCOME(complete)},
        {"IPv6 UDP", {IPV6(17)}, CLASS(ipv6, udp), OUTCOME(complete)},
        {"IPv6 ICMPv6", {IPV6(58)}, CLASS(ipv6, icmpv6), OUTCOME(complete)},
        {"IPv6 ESP", {IPV6(50)}, CLASS(ipv6, other), OUTCOME(complete)},
        {"IPv6 no next header", {IPV6(59)}, CLASS(ipv6, other), OUTCOME(complete)},
        {"IPv6 with version 4",
         {IPV6(6), .fault = PACKET_VERSION},
         CLASS(ipv6, none),
         OUTCOME(malformed)},
        {"IPv6 jumbogram",
         {IPV6(6), .fault = PACKET_LENGTH_ZERO},
         CLASS(ipv6, tcp),
         OUTCOME(complete)},
        {"IPv6 whose payload length cuts TCP",
         {IPV6(6), .fault = PACKET_LENGTH_SHORT, .short_bytes = 11},
         CLASS(ipv6, tcp) | CUT,
         OUTCOME(cut_l4)},
        {"IPv6 every extension header",
         {IPV6(6), .extensions = 8, .extension = {0, 43, 60, 44, 51, 135, 139, 140},
          .extension_length = {0, 2, 1, 0, 4, 1, 2, 0}},
         CLASS(ipv6, tcp) | FRAGMENT,
         OUTCOME(complete)},
        {"IPv6 nine extension headers",
         {IPV6(6), .extensions = 9, .extension = {0, 60, 60, 60, 60, 60, 60, 60, 60}},
         CLASS(ipv6, none),
         OUTCOME(too_deep)},
        {"IPv6 longest extension headers",
         {IPV6(17), .extensions = 8, .extension = {60, 60, 60, 60, 60, 60, 60, 60},
          .extension_length = {255, 255, 255, 255, 255, 255, 255, 255}},
         CLASS(ipv6, udp),
         OUTCOME(complete)},
        {"IPv6 first fragment",
         {IPV6(17), .fragment = 1, .extensions = 1, .extension = {44}},
         CLASS(ipv6, udp) | FRAGMENT,
         OUTCOME(complete)},
        {"IPv6 later fragment",
         {IPV6(17), .fragment = 0x8, .extensions = 2, .extension = {0, 44}},
         CLASS(ipv6, udp) | FRAGMENT,
         OUTCOME(complete)},
        {"ARP", {.type = XSKIM_TYPE_ARP, .payload = 28}, CLASS(arp, none), OUTCOME(complete)},
        {"802.3", {.type = 38, .payload = 38}, CLASS(other_l3, none), OUTCOME(complete)},
        {"MPLS", {.type = 0x8847, .payload = 38}, CLASS(other_l3, none), OUTCOME(complete)},
        {"VLAN",
         {IPV4(6), .tags = 1, .tag_types = {0x8100}},
         CLASS(ipv4, tcp) | VLAN,
         OUTCOME(complete)},
        {"QinQ",
         {IPV6(17), .tags = 2, .tag_types = {0x88a8, 0x8100}},
         CLASS(ipv6, udp) | VLAN,
         OUTCOME(complete)},
        {"four tags",
         {IPV4(17), .tags = 4, .tag_types = {0x9100, 0x9100, 0x8100, 0x8100}},
         CLASS(ipv4, udp) | VLAN,
         OUTCOME(complete)},
        {"five tags",
         {IPV4(17), .tags = 5, .tag_types = {0x8100, 0x8100, 0x8100, 0x8100, 0x8100}},
         CLASS(other_l3, none) | VLAN,
         OUTCOME(too_deep)},
};

Test(parse, names_what_a_packet_is) {
        struct xskim_record record;
        struct xskim_parsed parsed;
        uint64_t random = 1;
        uint32_t i;

        for (i = 0; i < ARRAY_SIZE(examples); i++) {
                packet_build(&random, &examples[i].plan, &packet);
                parsed = parse(packet.bytes, packet.length, &record);
                cr_expect_eq(parsed.class, examples[i].class, "%s: class %#x, expected %#x",
                             examples[i].name, parsed.class, examples[i].class);
                cr_expect_eq(parsed.outcome, examples[i].outcome, "%s: outcome %u, expected %u",
                             examples[i].name, parsed.outcome, examples[i].outcome);
        }
}

Test(parse, examples_cut_at_every_byte) {
        uint64_t random = 2;
        uint32_t i, length;

        for (i = 0; i < ARRAY_SIZE(examples); i++) {
                packet_build(&random, &examples[i].plan, &packet);
                for (length = 0; length <= packet.length; length++)
                        expect(length, examples[i].name);
        }
}

Test(parse, says_what_the_builder_wrote) {
        struct packet_plan plan;
        uint64_t random = 3;
        uint32_t i;

        for (i = 0; i < PLANS; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                expect(packet.length, "random plan");
        }
}

Test(parse, cut_at_every_byte) {
        struct packet_plan plan;
        uint64_t random = 4;
        uint32_t i, length;

        for (i = 0; i < PLANS_CUT; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                for (length = 0; length <= packet.length; length++)
                        expect(length, "random plan");
        }
}

/* A cut packet is never taken for a whole one: more bytes, later outcome. */
Test(parse, outcome_rises_with_length) {
        struct xskim_parsed parsed;
        struct xskim_record record;
        struct packet_plan plan;
        uint64_t random = 5;
        uint32_t i, length, rank, reached;

        for (i = 0; i < PLANS_CUT; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                for (length = 0, reached = XSKIM_OUTCOME_cut_l2; length <= packet.length;
                     length++) {
                        parsed = parse(packet.bytes, length, &record);
                        rank = parsed.outcome == XSKIM_OUTCOME_complete ? XSKIM_OUTCOME_COUNT
                                                                        : parsed.outcome;
                        cr_assert_geq(rank, reached, "outcome fell at byte %u", length);
                        reached = rank;
                }
        }
}

static void expect_record(const struct xskim_record *got, const struct xskim_parsed *parsed) {
        static const struct xskim_record empty;
        _Bool complete = parsed->outcome == XSKIM_OUTCOME_complete;
        const struct xskim_record *wanted = complete && parsed->l4_offset ? &packet.record : &empty;

        cr_assert_eq(got->class, parsed->class);
        cr_assert_eq(got->protocol, parsed->protocol);
        cr_assert_eq(got->vlan_tci, parsed->vlan_tci);
        if (complete) {
                cr_assert_arr_eq(got->source, packet.record.source, 16);
                cr_assert_arr_eq(got->destination, packet.record.destination, 16);
        }
        cr_assert_eq(got->source_port, wanted->source_port,
                     "class %#x protocol %u: source port %u, expected %u", parsed->class,
                     parsed->protocol, (unsigned)got->source_port, (unsigned)wanted->source_port);
        cr_assert_eq(got->destination_port, wanted->destination_port);
        cr_assert_eq(got->tcp_flags, wanted->tcp_flags);
        cr_assert_eq(got->tcp_timestamp, wanted->tcp_timestamp, "timestamp %#x, expected %#x",
                     got->tcp_timestamp, wanted->tcp_timestamp);
        cr_assert_eq(got->tcp_echo, wanted->tcp_echo);
}

Test(parse, describes_what_the_builder_wrote) {
        struct xskim_record record;
        struct xskim_parsed parsed;
        struct packet_plan plan;
        uint64_t random = 6;
        uint32_t i, timestamps = 0;

        for (i = 0; i < PLANS; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                parsed = parse(packet.bytes, packet.length, &record);
                expect_record(&record, &parsed);
                timestamps += record.tcp_timestamp != 0;
        }
        cr_assert_gt(timestamps, PLANS / 100, "only %u packets with a timestamp", timestamps);
}

/* A TCP packet with exactly these options, and a timestamp option early in its payload. */
static struct xskim_record with_options(const uint8_t *options, uint32_t bytes) {
        static const uint8_t timestamp[] = {1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
        const struct packet_plan plan = {.type = XSKIM_TYPE_IPV4, .protocol = 6, .payload = 80};
        uint8_t *header;
        struct xskim_record record;
        uint64_t random = 10;

        packet_build(&random, &plan, &packet);
        header = packet.bytes + packet.parsed.l4_offset;
        header[12] = (uint8_t)((20 + bytes) / 4 << 4);
        memcpy(header + 20, options, bytes);
        memcpy(header + 20 + bytes, timestamp, sizeof(timestamp));
        parse(packet.bytes, packet.length, &record);
        return record;
}

Test(parse, options_end_with_the_header) {
        static const uint8_t exact[] = {2, 4, 0, 0, 2, 4, 0, 0, 2, 4, 0, 0, 2, 4, 0, 0, 2, 4, 0, 0};
        static const uint8_t beyond[] = {1, 2, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        static const uint8_t empty[] = {3, 0, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};

        cr_expect_eq(with_options(exact, sizeof(exact)).tcp_timestamp, 0);
        cr_expect_eq(with_options(beyond, sizeof(beyond)).tcp_timestamp, 0);
        cr_expect_eq(with_options(empty, sizeof(empty)).tcp_timestamp, 0);
}

Test(parse, timestamp_is_found_up_to_the_tenth_option) {
        uint8_t options[20] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 0};

        cr_expect_eq(with_options(options, sizeof(options)).tcp_timestamp, 7);
        cr_expect_eq(with_options(options, sizeof(options)).tcp_echo, 9);
        memmove(options + 1, options, sizeof(options) - 1);
        cr_expect_eq(with_options(options, sizeof(options)).tcp_timestamp, 0);
}

/* What the caller keeps in the record (time, gap, weight, length) is not the parser's. */
Test(parse, leaves_the_callers_fields_alone) {
        struct xskim_record record;
        struct packet_plan plan;
        uint64_t random = 7;
        uint32_t i;

        for (i = 0; i < PLANS / 10; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                parse(packet.bytes, packet.length, &record);
                cr_assert(!record.time_ns && !record.gap && !record.weight && !record.wire_length);
        }
}

/* The short cut for most packets says what the long way says. */
Test(parse, plain_packets_are_no_exception) {
        struct xskim_parsed plain, any;
        struct packet_plan plan;
        uint64_t random = 8;
        uint32_t i, taken = 0;

        for (i = 0; i < PLANS; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                if (packet_below(&random, 2))
                        packet_spoil(&random, &packet);
                if (!xskim_classify_plain(packet.bytes, packet.bytes + packet.length, &plain))
                        continue;
                xskim_classify_any(packet.bytes, packet.bytes + packet.length, &any);
                cr_assert(parsed_equal(&plain, &any));
                taken++;
        }
        cr_assert_gt(taken, PLANS / 100, "only %u packets took the short cut", taken);
}

/* Any bytes: nothing read beyond them, offsets within, class and outcome agree. */
Test(parse, survives_junk) {
        struct xskim_record record;
        struct xskim_parsed parsed;
        struct packet_plan plan;
        uint64_t random = 9;
        uint32_t i;
        _Bool cut;

        for (i = 0; i < JUNK; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                packet_spoil(&random, &packet);
                parsed = parse(packet.bytes, packet.length, &record);
                cr_assert_leq(parsed.l3_offset, packet.length);
                cr_assert_leq(parsed.l4_offset, packet.length);
                cr_assert_lt(parsed.outcome, XSKIM_OUTCOME_COUNT);
                cut = parsed.outcome >= XSKIM_OUTCOME_cut_l2 &&
                      parsed.outcome <= XSKIM_OUTCOME_cut_l4;
                cr_assert_eq(cut, !!(parsed.class & XSKIM_CLASS_truncated));
        }
}

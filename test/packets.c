/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <string.h>

#include <xskim/skip.h>

#include "packets.h"
#include "util.h"

uint32_t packet_below(uint64_t *random, uint32_t bound) {
        __u64 state = *random;
        uint32_t drawn = xskim_random_next(&state) >> 33;

        *random = state;
        return drawn % bound;
}

static uint8_t draw_byte(uint64_t *random) {
        return (uint8_t)packet_below(random, 256);
}

/* One of the listed numbers, or (one time in eight) any. */
static uint8_t draw_of(uint64_t *random, const uint8_t *list, uint32_t count) {
        return packet_below(random, 8) ? list[packet_below(random, count)] : draw_byte(random);
}

static void draw_extensions(uint64_t *random, struct packet_plan *plan) {
        static const uint8_t kinds[] = {0, 43, 44, 51, 60, 135, 139, 140};
        static const uint8_t counts[] = {0, 0, 0, 1, 1, 2, 3, 4, 7, 8, 9, 10};
        uint32_t i;

        plan->extensions = counts[packet_below(random, ARRAY_SIZE(counts))];
        for (i = 0; i < plan->extensions; i++) {
                plan->extension[i] = kinds[packet_below(random, ARRAY_SIZE(kinds))];
                plan->extension_length[i] =
                        (uint8_t)packet_below(random, packet_below(random, 50) ? 4 : 256);
        }
}

static void draw_options(uint64_t *random, struct packet_plan *plan) {
        static const uint8_t layouts[][8] = {
                {1, 1, 8}, {2, 4, 8, 1, 3}, {1, 1, 8, 1, 1, 5}, {8},
                {5, 8},    {0, 8},          {1, 1, 5, 1, 8},
        };
        static const uint8_t lengths[] = {3, 5, 6, 1, 2, 2, 5};
        static const uint8_t kinds[] = {0, 1, 1, 1, 2, 3, 4, 5, 8};
        uint32_t i, layout = packet_below(random, ARRAY_SIZE(layouts) + 4);

        if (layout < ARRAY_SIZE(layouts)) {
                plan->options = lengths[layout];
                memcpy(plan->option, layouts[layout], plan->options);
                return;
        }
        plan->options = (uint8_t)packet_below(random, PACKET_OPTIONS_MAX + 1);
        for (i = 0; i < plan->options; i++)
                plan->option[i] = kinds[packet_below(random, ARRAY_SIZE(kinds))];
}

static uint16_t draw_fragment(uint64_t *random, uint16_t type) {
        uint16_t offset = (uint16_t)(1 + packet_below(random, 0x1fff));
        uint16_t more = type == XSKIM_TYPE_IPV6 ? 1 : 0x2000;

        switch (packet_below(random, 6)) {
        case 0:
                return more;
        case 1:
                return type == XSKIM_TYPE_IPV6 ? (uint16_t)(offset << 3) : offset;
        case 2:
                return more | (type == XSKIM_TYPE_IPV6 ? (uint16_t)(offset << 3) : offset);
        default:
                return 0;
        }
}

void packet_plan_draw(uint64_t *random, struct packet_plan *ret_plan) {
        static const uint16_t tag_types[] = {0x8100, 0x88a8, 0x9100};
        static const uint16_t types[] = {XSKIM_TYPE_IPV4, XSKIM_TYPE_IPV4, XSKIM_TYPE_IPV4,
                                         XSKIM_TYPE_IPV6, XSKIM_TYPE_IPV6, XSKIM_TYPE_IPV6,
                                         XSKIM_TYPE_ARP,  0x0040,          0x8847};
        static const uint8_t protocols[] = {1, 6, 6, 17, 58, 132, 47, 50, 59};
        struct packet_plan plan = {};
        uint32_t i;

        plan.tags = packet_below(random, 2) ? 0 : (uint8_t)packet_below(random, PACKET_TAGS_MAX);
        for (i = 0; i < PACKET_TAGS_MAX; i++)
                plan.tag_types[i] = tag_types[packet_below(random, ARRAY_SIZE(tag_types))];
        plan.type = types[packet_below(random, ARRAY_SIZE(types))];
        plan.option_words = packet_below(random, 2) ? 0 : (uint8_t)packet_below(random, 11);
        plan.fragment = draw_fragment(random, plan.type);
        plan.protocol = draw_of(random, protocols, ARRAY_SIZE(protocols));
        plan.payload = (uint16_t)packet_below(random, packet_below(random, 8) ? 64 : 600);
        if (!packet_below(random, 4))
                plan.fault = packet_below(random, PACKET_LENGTH_SHORT + 1);
        plan.short_bytes = (uint16_t)packet_below(random, plan.payload + 60U);
        draw_extensions(random, &plan);
        draw_options(random, &plan);
        *ret_plan = plan;
}

/* ---- building: bytes are appended, knowledge grows in packet->parsed and packet->record ---- */

static uint8_t *add(uint64_t *random, struct packet *packet, uint32_t bytes) {
        uint8_t *at = packet->bytes + packet->length;
        uint32_t i;

        for (i = 0; i < bytes; i++)
                at[i] = draw_byte(random);
        packet->length += bytes;
        return at;
}

static void put16(uint8_t *at, uint32_t value) {
        at[0] = (uint8_t)(value >> 8);
        at[1] = (uint8_t)value;
}

static uint32_t get32(const uint8_t *at) {
        return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* What the packet is when it ends before `end`. */
static void mark(struct packet *packet, uint32_t end, enum xskim_outcome outcome) {
        struct packet_mark *made = &packet->mark[packet->marks++];

        made->end = end;
        made->parsed = packet->parsed;
        made->parsed.outcome = outcome;
        made->parsed.class |= XSKIM_CLASS_truncated;
}

static uint8_t l4_of(uint8_t protocol) {
        return protocol == 6     ? XSKIM_L4_tcp
               : protocol == 17  ? XSKIM_L4_udp
               : protocol == 1   ? XSKIM_L4_icmp
               : protocol == 58  ? XSKIM_L4_icmpv6
               : protocol == 132 ? XSKIM_L4_sctp
                                 : XSKIM_L4_other;
}

/* Writes one TCP option at `at` if its kind fits into `room`; returns its length. */
static uint32_t option_write(uint64_t *random, uint8_t *at, uint8_t kind, uint32_t room) {
        static const uint8_t lengths[] = {
                [0] = 1, [1] = 1, [2] = 4, [3] = 3, [4] = 2, [5] = 10, [8] = 10};
        uint32_t i, bytes = kind < ARRAY_SIZE(lengths) ? lengths[kind] : 0;

        if (!bytes || bytes > room)
                return 0;
        at[0] = kind;
        for (i = 2; i < bytes; i++)
                at[i] = draw_byte(random);
        if (bytes > 1)
                at[1] = (uint8_t)bytes;
        return bytes;
}

static void add_tcp(uint64_t *random, const struct packet_plan *plan, struct packet *packet) {
        uint8_t *header = add(random, packet, 60);
        uint32_t i, written, bytes = 20;
        int ended = 0, seen = 0;

        for (i = 0; i < plan->options; i++) {
                written = option_write(random, header + bytes, plan->option[i], 60 - bytes);
                if (written == 10 && plan->option[i] == 8 && !ended) {
                        packet->record.tcp_timestamp = get32(header + bytes + 2);
                        packet->record.tcp_echo = get32(header + bytes + 6);
                        ended = 1;
                }
                seen += written > 0;
                ended |= (written && !plan->option[i]) || seen == XSKIM_TCP_OPTIONS_MAX;
                bytes += written;
        }
        while (bytes % 4)
                header[bytes++] = 0;
        header[12] = (uint8_t)(bytes / 4 << 4);
        packet->record.tcp_flags = header[13];
        packet->length -= 60 - bytes;
}

static void add_l4(uint64_t *random, const struct packet_plan *plan, struct packet *packet) {
        uint8_t *header = packet->bytes + packet->length;
        uint32_t start = packet->length;
        uint8_t l4 = l4_of(plan->protocol);

        if (plan->protocol != 59)
                packet->parsed.l4_offset = start;
        switch (l4) {
        case XSKIM_L4_tcp:
                mark(packet, start + 20, XSKIM_OUTCOME_cut_l4);
                add_tcp(random, plan, packet);
                break;
        case XSKIM_L4_sctp:
                mark(packet, start + 12, XSKIM_OUTCOME_cut_l4);
                add(random, packet, 12);
                break;
        case XSKIM_L4_icmpv6:
                mark(packet, start + 4, XSKIM_OUTCOME_cut_l4);
                add(random, packet, 4);
                header[0] = 128; /* echo: dissectors need no more to be content */
                break;
        case XSKIM_L4_udp:
        case XSKIM_L4_icmp:
                mark(packet, start + 8, XSKIM_OUTCOME_cut_l4);
                add(random, packet, 8);
                if (l4 == XSKIM_L4_udp)
                        put16(header + 4, plan->payload + 8U);
                else
                        header[0] = 8;
                break;
        default:
                return;
        }
        if (l4 == XSKIM_L4_icmp || l4 == XSKIM_L4_icmpv6) {
                packet->record.source_port = (header[0] | header[1] << 8) & 0xffff;
                return;
        }
        packet->record.source_port = (header[0] << 8 | header[1]) & 0xffff;
        packet->record.destination_port = (header[2] << 8 | header[3]) & 0xffff;
}

/* The last next-header is known; the network header and what belongs to it end here. */
static void add_rest(uint64_t *random, const struct packet_plan *plan, uint8_t protocol, int later,
                     struct packet *packet) {
        packet->parsed.protocol = protocol;
        packet->parsed.class |= l4_of(protocol) << XSKIM_CLASS_L4_SHIFT;
        mark(packet, packet->length, XSKIM_OUTCOME_cut_l3);
        if (!later)
                add_l4(random, plan, packet);
        add(random, packet, plan->payload);
}

/* The length field at `at` counts from offset `from`, and leaves `least` bytes at least. */
static void set_length(const struct packet_plan *plan, uint8_t *at, uint32_t from, uint32_t least,
                       struct packet *packet) {
        uint32_t bytes = packet->length - from;

        if (plan->fault == PACKET_LENGTH_SHORT && bytes > least) {
                bytes -= MIN(plan->short_bytes, bytes - least);
                packet->limit = from + bytes;
        }
        put16(at, plan->fault == PACKET_LENGTH_ZERO ? 0 : bytes);
}

static void add_ipv4(uint64_t *random, const struct packet_plan *plan, struct packet *packet) {
        uint32_t start = packet->length, bytes = 20U + plan->option_words * 4U;
        uint8_t *header;

        packet->parsed.class |= XSKIM_L3_ipv4;
        mark(packet, start + 20, XSKIM_OUTCOME_cut_l3);
        header = add(random, packet, bytes);
        header[0] = (uint8_t)(0x40 | bytes / 4);
        put16(header + 6, plan->fragment);
        header[9] = plan->protocol;
        memset(header + 20, 1, bytes - 20);
        if (plan->fault == PACKET_VERSION || plan->fault == PACKET_IHL ||
            plan->fault == PACKET_TOTAL) {
                packet->parsed.outcome = XSKIM_OUTCOME_malformed;
                add(random, packet, plan->payload);
                put16(header + 2, packet->length - start);
                if (plan->fault == PACKET_VERSION)
                        header[0] ^= (uint8_t)((1 + packet_below(random, 15)) << 4);
                else if (plan->fault == PACKET_IHL)
                        header[0] = (uint8_t)(0x40 | packet_below(random, 5));
                else
                        put16(header + 2, 1 + packet_below(random, bytes - 1));
                return;
        }
        packet->record.source[1] = packet->record.destination[1] = 0;
        memset((uint8_t *)packet->record.source + 10, 0xff, 2);
        memcpy((uint8_t *)packet->record.source + 12, header + 12, 4);
        memset((uint8_t *)packet->record.destination + 10, 0xff, 2);
        memcpy((uint8_t *)packet->record.destination + 12, header + 16, 4);
        if (plan->fragment)
                packet->parsed.class |= XSKIM_CLASS_fragments;
        add_rest(random, plan, plan->protocol, plan->fragment & 0x1fff, packet);
        set_length(plan, header + 2, start, bytes, packet);
}

/* Adds the extension headers that are followed; returns whether one was a later fragment's, -1 when
 * there are too many. */
static int add_extensions(uint64_t *random, const struct packet_plan *plan, uint8_t *next,
                          struct packet *packet) {
        uint32_t i, bytes;
        uint8_t *header;

        for (i = 0; i < plan->extensions; i++) {
                *next = plan->extension[i];
                if (i < XSKIM_EXTENSIONS_MAX)
                        mark(packet, packet->length + 8, XSKIM_OUTCOME_cut_l3);
                bytes = *next == 44   ? 8
                        : *next == 51 ? (plan->extension_length[i] + 2U) * 4
                                      : (plan->extension_length[i] + 1U) * 8;
                header = add(random, packet, bytes);
                if (plan->calm)
                        memset(header, 0, bytes);
                header[1] = plan->extension_length[i];
                next = header;
                if (plan->extension[i] != 44 || i >= XSKIM_EXTENSIONS_MAX)
                        continue;
                put16(header + 2, plan->fragment);
                packet->parsed.class |= XSKIM_CLASS_fragments;
                if (plan->fragment >> 3) {
                        *next = plan->protocol;
                        return 1;
                }
        }
        *next = plan->protocol;
        return plan->extensions > XSKIM_EXTENSIONS_MAX ? -1 : 0;
}

static _Bool is_extension(uint8_t protocol) {
        return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 ||
               protocol == 60 || protocol == 135 || protocol == 139 || protocol == 140;
}

static void add_ipv6(uint64_t *random, const struct packet_plan *plan, struct packet *packet) {
        uint32_t start = packet->length;
        uint8_t *header;
        int later;

        packet->parsed.class |= XSKIM_L3_ipv6;
        mark(packet, start + 40, XSKIM_OUTCOME_cut_l3);
        header = add(random, packet, 40);
        header[0] = 0x60;
        if (plan->fault == PACKET_VERSION) {
                packet->parsed.outcome = XSKIM_OUTCOME_malformed;
                header[0] ^= (uint8_t)((1 + packet_below(random, 15)) << 4);
                return;
        }
        memcpy(packet->record.source, header + 8, 16);
        memcpy(packet->record.destination, header + 24, 16);
        later = add_extensions(random, plan, header + 6, packet);
        if (later >= 0)
                add_rest(random, plan, plan->protocol, later, packet);
        else
                packet->parsed.outcome = XSKIM_OUTCOME_too_deep;
        set_length(plan, header + 4, start + 40, 1, packet);
}

static void add_tags(uint64_t *random, const struct packet_plan *plan, struct packet *packet) {
        uint32_t i;
        uint8_t *tag;

        for (i = 0; i < plan->tags; i++) {
                put16(packet->bytes + packet->length - 2, plan->tag_types[i]);
                if (i < XSKIM_TAGS_MAX)
                        mark(packet, packet->length + 4, XSKIM_OUTCOME_cut_l2);
                tag = add(random, packet, 4);
                if (!i)
                        packet->parsed.vlan_tci = (uint16_t)(tag[0] << 8 | tag[1]);
                packet->parsed.class |= XSKIM_CLASS_vlan;
        }
        put16(packet->bytes + packet->length - 2, plan->type);
}

void packet_build(uint64_t *random, const struct packet_plan *plan, struct packet *ret_packet) {
        struct packet_plan sound = *plan;
        struct packet *packet = ret_packet;

        /* The last header of an IPv6 chain is not one more extension header, unless fragmented. */
        if (plan->type == XSKIM_TYPE_IPV6 && is_extension(plan->protocol))
                sound.protocol = 253;
        memset(packet, 0, offsetof(struct packet, bytes));
        packet->limit = UINT32_MAX;
        mark(packet, XSKIM_ETHERNET_BYTES, XSKIM_OUTCOME_cut_l2);
        add(random, packet, XSKIM_ETHERNET_BYTES);
        packet->bytes[0] &= 0xfe;
        add_tags(random, &sound, packet);
        if (plan->tags > XSKIM_TAGS_MAX) {
                packet->parsed.outcome = XSKIM_OUTCOME_too_deep;
                return;
        }
        if (plan->type == XSKIM_TYPE_IPV4 || plan->type == XSKIM_TYPE_IPV6 ||
            plan->type == XSKIM_TYPE_ARP)
                packet->parsed.l3_offset = packet->length;
        if (plan->type == XSKIM_TYPE_IPV4)
                add_ipv4(random, &sound, packet);
        else if (plan->type == XSKIM_TYPE_IPV6)
                add_ipv6(random, &sound, packet);
        else
                add(random, packet, plan->payload);
        if (plan->type == XSKIM_TYPE_ARP)
                packet->parsed.class |= XSKIM_L3_arp;
}

struct xskim_parsed packet_expected(const struct packet *packet, uint32_t length) {
        uint32_t i, end = MIN(length, packet->limit);

        for (i = 0; i < packet->marks; i++)
                if (end < packet->mark[i].end)
                        return packet->mark[i].parsed;
        return packet->parsed;
}

void packet_spoil(uint64_t *random, struct packet *packet) {
        uint32_t changes;

        if (packet_below(random, 2)) {
                packet->length = packet_below(random, packet->length + 1);
                return;
        }
        for (changes = 1 + packet_below(random, 4); changes; changes--)
                packet->bytes[packet_below(random, MIN(packet->length, 120))] = draw_byte(random);
}

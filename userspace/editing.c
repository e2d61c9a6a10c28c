/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns changes to packets. See editing.h. */
#include <string.h>

#include "editing.h"
#include "util.h"

enum {
        ETHERNET_BYTES = 14,
        TYPE_AT = 12,
        TYPE_IPV4 = 0x0800,
        TYPE_IPV6 = 0x86dd,
        TYPE_VLAN = 0x8100,
        TYPE_SERVICE_VLAN = 0x88a8,
        TAGS_MAX = 4,

        IPV4_BYTES = 20,
        IPV4_FRAGMENT_AT = 6,
        IPV4_PROTOCOL_AT = 9,
        IPV4_CHECKSUM_AT = 10,
        IPV4_SOURCE_AT = 12,
        IPV4_DESTINATION_AT = 16,
        FRAGMENT_OFFSET_MASK = 0x1fff,

        IPV6_BYTES = 40,
        IPV6_NEXT_AT = 6,
        IPV6_SOURCE_AT = 8,
        IPV6_DESTINATION_AT = 24,
        IPV6_HEADERS_MAX = 8,
        HOP_BY_HOP = 0,
        ROUTING = 43,
        FRAGMENT = 44,
        AUTHENTICATION = 51,
        DESTINATION_OPTIONS = 60,
        FRAGMENT_BYTES = 8,
        IPV6_OFFSET_MASK = 0xfff8,

        TCP = 6,
        UDP = 17,
        ICMPV6 = 58,
        TCP_CHECKSUM_AT = 16,
        UDP_CHECKSUM_AT = 6,
        ICMPV6_CHECKSUM_AT = 2,
};

static uint16_t word_at(const uint8_t *bytes) {
        return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void word_put(uint8_t *bytes, uint16_t word) {
        bytes[0] = (uint8_t)(word >> 8);
        bytes[1] = (uint8_t)word;
}

/* ---- checksums ---- */

/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m'), over the words of an address. */
static uint16_t checksum_update(uint16_t checksum, const uint8_t *before, const uint8_t *after,
                                uint32_t bytes) {
        uint32_t sum = (uint16_t)~checksum;

        for (uint32_t i = 0; i < bytes; i += 2)
                sum += (uint16_t)~word_at(before + i) + (uint32_t)word_at(after + i);
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        return (uint16_t)~sum;
}

/* Where the checksum of the transport header is that covers the addresses; 0: none is known. */
static uint32_t transport_checksum_at(uint8_t protocol, bool ipv6) {
        switch (protocol) {
        case TCP:
                return TCP_CHECKSUM_AT;
        case UDP:
                return UDP_CHECKSUM_AT;
        case ICMPV6:
                return ipv6 ? ICMPV6_CHECKSUM_AT : 0;
        default:
                return 0;
        }
}

/* Of an IP packet: what must follow when an address changes. NULL: there is none. */
struct checksums {
        uint8_t *header; /* of IPv4 */
        uint8_t *transport;
        bool udp; /* 0 means none, and a computed 0 is sent as 0xffff (RFC 768) */
};

static void checksums_update(const struct checksums *sums, const uint8_t *before,
                             const uint8_t *after, uint32_t bytes) {
        uint16_t sum;

        if (sums->header)
                word_put(sums->header,
                         checksum_update(word_at(sums->header), before, after, bytes));
        if (!sums->transport || (sums->udp && !word_at(sums->transport)))
                return;
        sum = checksum_update(word_at(sums->transport), before, after, bytes);
        word_put(sums->transport, sums->udp && !sum ? 0xffff : sum);
}

/* ---- addresses ---- */

static bool is_in_net(const struct xskim_replay_net *net, const uint8_t *address) {
        uint32_t whole = net->bits / 8, rest = net->bits % 8;

        if (memcmp(address, net->from, whole) != 0)
                return false;
        return !rest || !((address[whole] ^ net->from[whole]) >> (8 - rest));
}

static void address_move(const struct xskim_replay_net *net, uint8_t *address) {
        uint32_t whole = net->bits / 8, rest = net->bits % 8;
        uint8_t host = (uint8_t)(0xff >> rest);

        memcpy(address, net->to, whole);
        if (rest)
                address[whole] = (uint8_t)((net->to[whole] & ~host) | (address[whole] & host));
}

static void address_edit(const struct xskim_replay_net *net, enum xskim_replay_family family,
                         uint8_t *address, const struct checksums *sums) {
        uint32_t bytes = family == XSKIM_REPLAY_IPV4 ? 4 : XSKIM_REPLAY_ADDRESS_BYTES_MAX;
        uint8_t before[XSKIM_REPLAY_ADDRESS_BYTES_MAX];

        if (net->family != family || !is_in_net(net, address))
                return;
        memcpy(before, address, bytes);
        address_move(net, address);
        checksums_update(sums, before, address, bytes);
}

/* ---- IP ---- */

/* `room`: bytes of the transport header that are there. */
static void transport_find(struct checksums *sums, uint8_t *transport, uint32_t room,
                           uint8_t protocol, bool ipv6) {
        uint32_t at = transport_checksum_at(protocol, ipv6);

        if (!at || at + 2 > room)
                return;
        sums->transport = transport + at;
        sums->udp = protocol == UDP;
}

static void ipv4_edit(const struct xskim_replay_editing *editing, uint8_t *ip, uint32_t bytes) {
        struct checksums sums = {.header = ip + IPV4_CHECKSUM_AT};
        uint32_t header;

        if (bytes < IPV4_BYTES || ip[0] >> 4 != 4)
                return;
        header = (ip[0] & 15U) * 4;
        /* later fragments begin with payload */
        if (header >= IPV4_BYTES && header < bytes &&
            !(word_at(ip + IPV4_FRAGMENT_AT) & FRAGMENT_OFFSET_MASK))
                transport_find(&sums, ip + header, bytes - header, ip[IPV4_PROTOCOL_AT], false);
        address_edit(&editing->source_net, XSKIM_REPLAY_IPV4, ip + IPV4_SOURCE_AT, &sums);
        address_edit(&editing->destination_net, XSKIM_REPLAY_IPV4, ip + IPV4_DESTINATION_AT, &sums);
}

/* Length of an extension header, RFC 8200 section 4; 0: it is none that can be passed. */
static uint32_t extension_bytes(uint8_t kind, const uint8_t *header) {
        switch (kind) {
        case HOP_BY_HOP:
        case ROUTING:
        case DESTINATION_OPTIONS:
                return (header[1] + 1U) * 8;
        case AUTHENTICATION:
                return (header[1] + 2U) * 4;
        case FRAGMENT:
                return word_at(header + 2) & IPV6_OFFSET_MASK ? 0 : FRAGMENT_BYTES;
        default:
                return 0;
        }
}

/* A routing header that has segments left is checked with another destination than the one in the
 * header (RFC 8200 section 8.1): changing both alike keeps the difference, so nothing special. */
static void ipv6_edit(const struct xskim_replay_editing *editing, uint8_t *ip, uint32_t bytes) {
        struct checksums sums = {0};
        uint32_t at = IPV6_BYTES, length;
        uint8_t next;

        if (bytes < IPV6_BYTES || ip[0] >> 4 != 6)
                return;
        next = ip[IPV6_NEXT_AT];
        for (int i = 0; i < IPV6_HEADERS_MAX && at + 4 <= bytes; i++) {
                length = extension_bytes(next, ip + at);
                if (!length)
                        break;
                next = ip[at];
                at += length;
        }
        if (at < bytes)
                transport_find(&sums, ip + at, bytes - at, next, true);
        address_edit(&editing->source_net, XSKIM_REPLAY_IPV6, ip + IPV6_SOURCE_AT, &sums);
        address_edit(&editing->destination_net, XSKIM_REPLAY_IPV6, ip + IPV6_DESTINATION_AT, &sums);
}

/* ---- Ethernet ---- */

static bool is_tag(const uint8_t *type) {
        return word_at(type) == TYPE_VLAN || word_at(type) == TYPE_SERVICE_VLAN;
}

static void nets_edit(const struct xskim_replay_editing *editing, uint8_t *packet, uint32_t bytes) {
        uint32_t at = TYPE_AT;

        for (int i = 0; i < TAGS_MAX && at + 6 <= bytes && is_tag(packet + at); i++)
                at += EDITING_TAG_BYTES;
        if (word_at(packet + at) == TYPE_IPV4)
                ipv4_edit(editing, packet + at + 2, bytes - at - 2);
        else if (word_at(packet + at) == TYPE_IPV6)
                ipv6_edit(editing, packet + at + 2, bytes - at - 2);
}

static uint32_t tags_edit(const struct xskim_replay_editing *editing, uint8_t *packet,
                          uint32_t bytes) {
        uint8_t *type = packet + TYPE_AT;

        if (editing->vlan_pop && bytes >= ETHERNET_BYTES + EDITING_TAG_BYTES && is_tag(type)) {
                memmove(type, type + EDITING_TAG_BYTES, bytes - TYPE_AT - EDITING_TAG_BYTES);
                bytes -= EDITING_TAG_BYTES;
        }
        if (editing->vlan_push) {
                memmove(type + EDITING_TAG_BYTES, type, bytes - TYPE_AT);
                word_put(type, TYPE_VLAN);
                word_put(type + 2, editing->vlan_tci);
                bytes += EDITING_TAG_BYTES;
        }
        return bytes;
}

static uint32_t fill_up(uint8_t *packet, uint32_t bytes, uint32_t wanted) {
        if (wanted <= bytes)
                return bytes;
        memset(packet + bytes, 0, wanted - bytes);
        return wanted;
}

static void mac_edit(const struct xskim_replay_mac *mac, uint8_t *place) {
        if (mac->wanted)
                memcpy(place, mac->bytes, XSKIM_REPLAY_MAC_BYTES);
}

/* IEEE 802, the I/G bit: broadcast and multicast. */
static bool is_group(const uint8_t *address) {
        return address[0] & 1;
}

bool editing_is_needed(const struct xskim_replay_editing *e) {
        return e->truncate_bytes || e->pad || e->vlan_pop || e->vlan_push ||
               e->destination.wanted || e->source.wanted || e->source_net.family ||
               e->destination_net.family || e->min_bytes;
}

uint32_t editing_room(const struct xskim_replay_editing *editing) {
        return editing->min_bytes + EDITING_TAG_BYTES;
}

uint32_t editing_apply(const struct xskim_replay_editing *editing, uint8_t *packet,
                       uint32_t captured, uint32_t wire) {
        uint32_t bytes = captured;

        if (editing->truncate_bytes)
                wire = MIN(wire, editing->truncate_bytes);
        bytes = MIN(bytes, wire);
        if (editing->pad)
                bytes = fill_up(packet, bytes, wire);
        bytes = tags_edit(editing, packet, bytes);
        if (!editing->group_kept || !is_group(packet))
                mac_edit(&editing->destination, packet);
        mac_edit(&editing->source, packet + XSKIM_REPLAY_MAC_BYTES);
        nets_edit(editing, packet, bytes);
        return fill_up(packet, bytes, editing->min_bytes);
}

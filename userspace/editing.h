/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a replay changes in packets: addresses, tags, lengths. Checksums are kept right where they
 * were, by the difference (RFC 1624): a packet whose checksum was wrong stays wrong, one that was
 * cut short needs no rest. Pure.
 */
#ifndef XSKIM_EDITING_H
#define XSKIM_EDITING_H

#include <stdbool.h>
#include <stdint.h>

enum {
        EDITING_MAC_BYTES = 6,
        EDITING_ADDRESS_BYTES_MAX = 16,
        EDITING_TAG_BYTES = 4,
};

enum editing_family { EDITING_NO_NET, EDITING_IPV4, EDITING_IPV6 };

/* Addresses of the family that begin with the first `bits` of `from` get those of `to`. */
struct editing_net {
        enum editing_family family;
        uint32_t bits;
        uint8_t from[EDITING_ADDRESS_BYTES_MAX];
        uint8_t to[EDITING_ADDRESS_BYTES_MAX];
};

struct editing_mac {
        bool wanted;
        uint8_t bytes[EDITING_MAC_BYTES];
};

/* In the order in which it is done; zeroed changes nothing. */
struct editing {
        uint32_t truncate_bytes; /* longer packets are cut; 0: none */
        bool pad;                /* what the capture cut off becomes zeros */
        bool vlan_pop;           /* the outermost tag, where there is one */
        bool vlan_push;          /* then one is put in front (802.1Q) */
        uint16_t vlan_tci;
        struct editing_mac destination;
        struct editing_mac source;
        struct editing_net source_net;
        struct editing_net destination_net;
        uint32_t min_bytes; /* shorter packets are filled up with zeros; 0: none */
};

bool editing_is_needed(const struct editing *editing);

/* Bytes of room that editing a packet may need beyond its length on the wire. */
uint32_t editing_room(const struct editing *editing);

/*
 * Edits the packet in place and returns its new length. `wire` >= `captured` >= 14; there must be
 * room for editing_room more than `wire`. Packets of other shapes than Ethernet with IPv4 or IPv6
 * keep all but what Ethernet says. ARP is left alone.
 */
uint32_t editing_apply(const struct editing *editing, uint8_t *packet, uint32_t captured,
                       uint32_t wire);

#endif

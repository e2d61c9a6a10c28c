/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what a flow is. See flow.h. */
#include <stdbool.h>
#include <string.h>

#include <xskim/stamp.h>

#include "flow.h"
#include "util.h"

enum {
        IPV4_SOURCE_AT = 12,
        IPV4_ADDRESSES_BYTES = 8,
        IPV6_SOURCE_AT = 8,
        IPV6_ADDRESSES_BYTES = 32,
        MACS_BYTES = 12,
        PORTS_BYTES = 4,
};

/* Two stripes of XSKIM_HASH_STRIPE. */
struct key {
        uint8_t addresses[IPV6_ADDRESSES_BYTES];
        uint8_t ports[PORTS_BYTES];
        uint8_t protocol;
        uint8_t class;
        uint8_t zeros[26];
};

_Static_assert(sizeof(struct key) == 2 * XSKIM_HASH_STRIPE, "a flow's key is hashed whole");

/* As much of them as there is. */
static void take(uint8_t *into, const uint8_t *packet, uint32_t packet_bytes, uint32_t at,
                 uint32_t bytes) {
        if (at < packet_bytes)
                memcpy(into, packet + at, MIN(bytes, packet_bytes - at));
}

static bool has_ports(const struct xskim_parsed *parsed) {
        uint8_t l4 = xskim_class_l4(parsed->class);

        return parsed->l4_offset &&
               (l4 == XSKIM_L4_tcp || l4 == XSKIM_L4_udp || l4 == XSKIM_L4_sctp);
}

static struct key key_of(const uint8_t *packet, uint32_t bytes) {
        struct xskim_parsed parsed;
        struct key key = {0};

        xskim_classify(packet, packet + bytes, &parsed);
        key.class = xskim_class_l3(parsed.class);
        if (key.class == XSKIM_L3_ipv4) {
                take(key.addresses, packet, bytes, parsed.l3_offset + IPV4_SOURCE_AT,
                     IPV4_ADDRESSES_BYTES);
        } else if (key.class == XSKIM_L3_ipv6) {
                take(key.addresses, packet, bytes, parsed.l3_offset + IPV6_SOURCE_AT,
                     IPV6_ADDRESSES_BYTES);
        } else {
                take(key.addresses, packet, bytes, 0, MACS_BYTES);
        }
        if (parsed.class & XSKIM_CLASS_fragments)
                return key;
        key.protocol = parsed.protocol;
        if (has_ports(&parsed))
                take(key.ports, packet, bytes, parsed.l4_offset, PORTS_BYTES);
        return key;
}

uint32_t flow_share(const uint8_t *packet, uint32_t bytes, uint32_t shares) {
        struct key key = key_of(packet, bytes);
        struct xskim_hash hash;

        xskim_hash_begin(&hash);
        xskim_hash_stripe(&hash, (const uint8_t *)&key);
        xskim_hash_stripe(&hash, (const uint8_t *)&key + XSKIM_HASH_STRIPE);
        return (uint32_t)(xskim_hash_end(&hash, sizeof(key)) % shares);
}

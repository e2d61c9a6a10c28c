/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a packet is, in two numbers, so that one that arrives can be found among those of a capture:
 * `xskim watch --expect` makes them in the kernel of what arrives and natively, by this very code,
 * of the capture.
 *
 * `content` says whether it is the same packet. It covers an IPv4 or IPv6 packet from its outermost
 * network header to the end that its length field names, and every other frame from its EtherType
 * to its end. Left out is what a path may rightly change:
 *
 *   the MAC addresses, VLAN tags, Ethernet's padding and what follows the network packet
 *   IPv4: DSCP and ECN, TTL, header checksum      IPv6: traffic class, hop limit
 *
 * Translated addresses or ports, a cleared DF bit, changed TCP options make it another packet.
 *
 * `identity` says which packet it is, whatever became of its payload and wherever it was cut:
 * addresses, protocol, the length field, IPv4 identification and fragment or IPv6 flow label, and
 * of the transport header what numbers packets: TCP ports, sequence and acknowledgement numbers,
 * UDP ports and length, the first 8 bytes of ICMP and ICMPv6 without the checksum, SCTP ports and
 * verification tag; of an IPv6 fragment its fragment header. Of other frames: the 32 bytes from the
 * EtherType on. Packets that share it are told apart by how many they are.
 *
 * The hash is XXH64: of the content filled up with zeros to a multiple of 32, its length being the
 * seed; of the 64 bytes of struct xskim_identity, seed 0. A frame that is not IP counts as at least
 * 48 bytes long, which is what Ethernet pads it to.
 */
#ifndef XSKIM_CONTENT_H
#define XSKIM_CONTENT_H

#include <linux/types.h>
#include "bytes.h"
#include "parse.h"
#include "stamp.h"

enum {
        XSKIM_ADDRESSES_BYTES = 12, /* of Ethernet, in front of tags and EtherType */
        XSKIM_PADDED_BYTES = 48,    /* an EtherType and the least that Ethernet carries */
};

/* The first bytes of a content, zeros behind its end. */
struct xskim_stripe {
        __u64 words[XSKIM_HASH_STRIPE / 8];
};

struct xskim_identity {
        struct xskim_stripe first;
        __u64 kind;   /* L3, protocol */
        __u64 number; /* of the network header: what tells its packets apart, and its length field
                       */
        __u64 transport[2];
};

_Static_assert(sizeof(struct xskim_identity) == 2 * XSKIM_HASH_STRIPE, "an identity has no holes");

/* What a content covers, in bytes from the frame's start. */
struct xskim_span {
        __u32 start;
        __u32 bytes;
        __u8 l3; /* XSKIM_L3_ipv4 or _ipv6; any other frame: XSKIM_L3_other_l3 */
};

/* Where the EtherType behind the tags is; with too many of them, or cut, that of the first. */
XSKIM_INLINE __u32 xskim_type_at(const void *data, const void *data_end) {
        struct xskim_parsed parsed = {0};
        __u16 type = 0;
        __u32 offset = xskim_classify_tags(data, data_end, &type, &parsed);

        return offset ? offset - 2 : XSKIM_ADDRESSES_BYTES;
}

/* `parsed` is what xskim_classify said; L3 is that of a sound network header that is there. */
XSKIM_INLINE __u8 xskim_content_l3(const void *data, const void *data_end,
                                   const struct xskim_parsed *parsed) {
        __u8 l3 = xskim_class_l3(parsed->class);
        __u32 bytes = l3 == XSKIM_L3_ipv6 ? XSKIM_IPV6_BYTES : XSKIM_IPV4_BYTES;

        if (l3 != XSKIM_L3_ipv4 && l3 != XSKIM_L3_ipv6)
                return XSKIM_L3_other_l3;
        if (parsed->outcome == XSKIM_OUTCOME_malformed ||
            !xskim_bytes(data, data_end, parsed->l3_offset, bytes))
                return XSKIM_L3_other_l3;
        return l3;
}

/* Of a frame of `length` bytes, of which the first buffer is [data, data_end) and `type_at` is
 * xskim_type_at: false when there is nothing behind its addresses. */
XSKIM_INLINE _Bool xskim_content_span(const void *data, const void *data_end,
                                      const struct xskim_parsed *parsed, __u32 type_at,
                                      __u32 length, struct xskim_span *ret) {
        __u32 end = length;

        ret->l3 = xskim_content_l3(data, data_end, parsed);
        ret->start = type_at;
        if (ret->l3 != XSKIM_L3_other_l3) {
                ret->start = parsed->l3_offset;
                end = xskim_network_end(data, data_end, parsed);
                if (!end || end > length)
                        end = length;
        }
        ret->bytes = end - ret->start;
        return end > ret->start;
}

/* What the first stripe of a network packet is without what a path may change. */
XSKIM_INLINE void xskim_content_mask(__u8 l3, struct xskim_stripe *first) {
        if (l3 == XSKIM_L3_ipv4) {
                first->words[0] &= XSKIM_LITTLE64(~0xff00ULL);
                first->words[1] &= XSKIM_LITTLE64(~0xffff00ffULL);
        } else if (l3 == XSKIM_L3_ipv6) {
                first->words[0] &= XSKIM_LITTLE64(~0xff0000000000f00fULL);
        }
}

/* The length that goes into the hash. */
XSKIM_INLINE __u32 xskim_content_length(const struct xskim_span *span) {
        if (span->l3 == XSKIM_L3_other_l3 && span->bytes < XSKIM_PADDED_BYTES)
                return XSKIM_PADDED_BYTES;
        return span->bytes;
}

/* Begins the hash of a content, whose first stripe is masked; what follows goes in stripe by
 * stripe. */
XSKIM_INLINE void xskim_content_begin(struct xskim_hash *hash, const struct xskim_span *span,
                                      const struct xskim_stripe *first) {
        static const __u8 empty[XSKIM_HASH_STRIPE] __attribute__((aligned(8)));
        __u64 seed = xskim_content_length(span);

        xskim_hash_begin(hash);
        hash->lanes[0] += seed;
        hash->lanes[1] += seed;
        hash->lanes[2] += seed;
        hash->lanes[3] += seed;
        xskim_hash_stripe(hash, (const __u8 *)first);
        if (span->l3 == XSKIM_L3_other_l3 && span->bytes <= XSKIM_HASH_STRIPE)
                xskim_hash_stripe(hash, empty);
}

XSKIM_INLINE __u64 xskim_content_end(const struct xskim_hash *hash, const struct xskim_span *span) {
        return xskim_hash_end(hash, xskim_hash_padded(xskim_content_length(span)));
}

/* ---- identity ---- */

XSKIM_INLINE void xskim_identify_l4(const void *data, const void *data_end,
                                    const struct xskim_parsed *parsed,
                                    struct xskim_identity *identity) {
        __u8 l4 = xskim_class_l4(parsed->class);
        __u32 offset = parsed->l4_offset;
        const __u8 *header;

        if (parsed->outcome != XSKIM_OUTCOME_complete || !offset)
                return;
        /* one comparison for both would be of a sum, from which Linux 6.1 learns nothing */
        XSKIM_HIDE(offset);
        if (offset >= XSKIM_OFFSET_MAX)
                return;
        header = xskim_bytes(data, data_end, offset, XSKIM_UDP_BYTES);
        if (!header || l4 == XSKIM_L4_other || l4 == XSKIM_L4_none)
                return;
        identity->transport[0] = XSKIM_LOAD(__u64, header);
        if (l4 == XSKIM_L4_udp)
                identity->transport[0] &= XSKIM_LITTLE64(0xffffffffffffULL);
        if (l4 == XSKIM_L4_icmp || l4 == XSKIM_L4_icmpv6)
                identity->transport[0] &= XSKIM_LITTLE64(~0xffff0000ULL);
        if (l4 != XSKIM_L4_tcp)
                return;
        header = xskim_bytes(data, data_end, offset, XSKIM_TCP_BYTES);
        if (header)
                identity->transport[1] = XSKIM_LOAD(__u32, header + 8);
}

XSKIM_INLINE void xskim_identify_ipv4(const void *data, const void *data_end, __u32 offset,
                                      struct xskim_identity *identity) {
        const __u8 *header = xskim_bytes(data, data_end, offset, XSKIM_IPV4_BYTES);

        if (!header)
                return;
        identity->first.words[0] = XSKIM_LOAD(__u64, header + 12);
        identity->number = XSKIM_LOAD(__u32, header + 4) | (__u64)xskim_read16(header + 2) << 32;
}

XSKIM_INLINE void xskim_identify_ipv6(const void *data, const void *data_end,
                                      const struct xskim_parsed *parsed,
                                      struct xskim_identity *identity) {
        __u32 offset = parsed->l3_offset;
        const __u8 *header = xskim_bytes(data, data_end, offset, XSKIM_IPV6_BYTES);

        if (!header)
                return;
        identity->first.words[0] = XSKIM_LOAD(__u64, header + 8);
        identity->first.words[1] = XSKIM_LOAD(__u64, header + 16);
        identity->first.words[2] = XSKIM_LOAD(__u64, header + 24);
        identity->first.words[3] = XSKIM_LOAD(__u64, header + 32);
        identity->number = (xskim_read32(header) & 0xfffff) | (__u64)xskim_read16(header + 4) << 32;
        if (!(parsed->class & XSKIM_CLASS_fragments))
                return;
        header = xskim_bytes(data, data_end, offset + XSKIM_IPV6_BYTES, 8);
        if (header)
                identity->transport[1] = XSKIM_LOAD(__u64, header);
}

/* Which packet it is; `first` is the content's first stripe as it is in the packet. */
XSKIM_INLINE __u64 xskim_identify(const void *data, const void *data_end,
                                  const struct xskim_parsed *parsed, const struct xskim_span *span,
                                  const struct xskim_stripe *first) {
        struct xskim_identity identity = {0};
        struct xskim_hash hash;

        identity.kind = span->l3;
        if (span->l3 == XSKIM_L3_other_l3)
                identity.first = *first;
        else
                identity.kind |= (__u64)parsed->protocol << 8;
        if (span->l3 == XSKIM_L3_ipv4)
                xskim_identify_ipv4(data, data_end, parsed->l3_offset, &identity);
        if (span->l3 == XSKIM_L3_ipv6)
                xskim_identify_ipv6(data, data_end, parsed, &identity);
        if (span->l3 != XSKIM_L3_other_l3)
                xskim_identify_l4(data, data_end, parsed, &identity);
        xskim_hash_begin(&hash);
        xskim_hash_stripe(&hash, (const __u8 *)&identity);
        xskim_hash_stripe(&hash, (const __u8 *)&identity + XSKIM_HASH_STRIPE);
        return xskim_hash_end(&hash, sizeof(identity));
}

#endif

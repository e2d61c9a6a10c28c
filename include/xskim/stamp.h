/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The stamp: 32 bytes that a packet carries so that the receiving end can tell which one it is,
 * when it was sent, and whether it is still what was sent. `xskim replay --stamp` writes it,
 * `xskim watch --transit` reads it; see userspace/stamp.h for writing.
 *
 * Where it is: the last 32 bytes of the network packet, as the outermost IPv4 total length or IPv6
 * payload length says; so it is found without a search, and what follows (Ethernet padding, a
 * trailer of a switch) does not matter. Only whole packets of TCP, UDP, ICMP and ICMPv6 carry one:
 * no fragments, no length of 0.
 *
 * What it covers: `check` covers the stamp itself, `payload_check` what lies between the transport
 * header and the stamp. Everything that a path may change stays out of both: MAC addresses, VLAN
 * tags, the network header (TTL, DSCP, translated addresses) and the transport header (ports,
 * checksum, TCP options). With `check` right and `payload_check` wrong, the packet was damaged but
 * it is known which one it is.
 *
 * The hash is XXH64, seed 0, of which the low 32 bits are kept: a change goes unseen once in 2^32.
 */
#ifndef XSKIM_STAMP_H
#define XSKIM_STAMP_H

#include <linux/types.h>
#include "bytes.h"
#include "parse.h"

/* ROW(bits, name, unit, doc): the stamp on the wire, all in network byte order. */
#define XSKIM_STAMP_FIELDS(ROW)                                                                    \
        ROW(32, magic, "", "XSKIM_STAMP_MAGIC")                                                    \
        ROW(32, run, "", "random number of the sending run")                                       \
        ROW(64, place, "packets",                                                                  \
            "which packet: the stream in the upper 16 bits, its sequence number, from 0 on, in "   \
            "the lower 48")                                                                        \
        ROW(64, sent_ns, "ns", "when it was sent: CLOCK_MONOTONIC of the sender")                  \
        ROW(32, payload_check, "",                                                                 \
            "of the payload filled up with zeros to a multiple of 32, not "                        \
            "to 0: the low half of XXH64")                                                         \
        ROW(32, check, "", "of this stamp with this field 0: the low half of XXH64")

#define XSKIM_STAMP_MEMBER(bits_, name_, unit_, doc_) __u##bits_ name_;

struct xskim_stamp {
        XSKIM_STAMP_FIELDS(XSKIM_STAMP_MEMBER)
};

enum {
        XSKIM_STAMP_MAGIC = 0x78737470, /* "xstp" */
        XSKIM_STAMP_BYTES = 32,
        XSKIM_STAMP_SEQUENCE_BITS = 48,
        XSKIM_HASH_STRIPE = 32,
        XSKIM_ICMP_BYTES = 8, /* of ICMPv6 too: type, code, checksum, and what they call rest */
};

_Static_assert(sizeof(struct xskim_stamp) == XSKIM_STAMP_BYTES, "a stamp has no holes");

/* What is wrong with a stamped packet. */
enum xskim_stamp_fault {
        XSKIM_STAMP_DAMAGED = 1,   /* the stamp itself: nothing that it says is to be believed */
        XSKIM_PAYLOAD_DAMAGED = 2, /* only known when the stamp is not damaged */
};

#define XSKIM_STAMP_SEQUENCE_MASK ((1ULL << XSKIM_STAMP_SEQUENCE_BITS) - 1)

XSKIM_INLINE __u64 xskim_stamp_sequence(__u64 place) {
        return place & XSKIM_STAMP_SEQUENCE_MASK;
}

XSKIM_INLINE __u16 xskim_stamp_stream(__u64 place) {
        return place >> XSKIM_STAMP_SEQUENCE_BITS;
}

/* ---- XXH64 (the xxHash specification, version 0.1.1), for whole stripes ---- */

#define XSKIM_HASH_PRIME_1 0x9e3779b185ebca87ULL
#define XSKIM_HASH_PRIME_2 0xc2b2ae3d27d4eb4fULL
#define XSKIM_HASH_PRIME_3 0x165667b19e3779f9ULL
#define XSKIM_HASH_PRIME_4 0x85ebca77c2b2ae63ULL

struct xskim_hash {
        __u64 lanes[4];
};

XSKIM_INLINE __u64 xskim_rotate(__u64 value, __u32 bits) {
        return value << bits | value >> (64 - bits);
}

XSKIM_INLINE __u64 xskim_hash_round(__u64 lane, __u64 word) {
        return xskim_rotate(lane + word * XSKIM_HASH_PRIME_2, 31) * XSKIM_HASH_PRIME_1;
}

XSKIM_INLINE void xskim_hash_begin(struct xskim_hash *hash) {
        hash->lanes[0] = XSKIM_HASH_PRIME_1 + XSKIM_HASH_PRIME_2;
        hash->lanes[1] = XSKIM_HASH_PRIME_2;
        hash->lanes[2] = 0;
        hash->lanes[3] = -XSKIM_HASH_PRIME_1;
}

/* The 32 bytes at `at`. */
XSKIM_INLINE void xskim_hash_stripe(struct xskim_hash *hash, const __u8 *at) {
        hash->lanes[0] = xskim_hash_round(hash->lanes[0], XSKIM_LITTLE64(XSKIM_LOAD(__u64, at)));
        hash->lanes[1] =
                xskim_hash_round(hash->lanes[1], XSKIM_LITTLE64(XSKIM_LOAD(__u64, at + 8)));
        hash->lanes[2] =
                xskim_hash_round(hash->lanes[2], XSKIM_LITTLE64(XSKIM_LOAD(__u64, at + 16)));
        hash->lanes[3] =
                xskim_hash_round(hash->lanes[3], XSKIM_LITTLE64(XSKIM_LOAD(__u64, at + 24)));
}

XSKIM_INLINE __u64 xskim_hash_join(__u64 hash, __u64 lane) {
        return (hash ^ xskim_hash_round(0, lane)) * XSKIM_HASH_PRIME_1 + XSKIM_HASH_PRIME_4;
}

/* The hash of the `bytes` bytes that the stripes were; at least one stripe. */
XSKIM_INLINE __u64 xskim_hash_end(const struct xskim_hash *from, __u64 bytes) {
        __u64 hash = xskim_rotate(from->lanes[0], 1) + xskim_rotate(from->lanes[1], 7) +
                     xskim_rotate(from->lanes[2], 12) + xskim_rotate(from->lanes[3], 18);

        hash = xskim_hash_join(hash, from->lanes[0]);
        hash = xskim_hash_join(hash, from->lanes[1]);
        hash = xskim_hash_join(hash, from->lanes[2]);
        hash = xskim_hash_join(hash, from->lanes[3]);
        hash += bytes;
        hash = (hash ^ hash >> 33) * XSKIM_HASH_PRIME_2;
        hash = (hash ^ hash >> 29) * XSKIM_HASH_PRIME_3;
        return hash ^ hash >> 32;
}

/* How many bytes of stripes a payload is hashed as. */
XSKIM_INLINE __u32 xskim_hash_padded(__u32 bytes) {
        return bytes ? (bytes + XSKIM_HASH_STRIPE - 1) & ~(XSKIM_HASH_STRIPE - 1U)
                     : XSKIM_HASH_STRIPE;
}

/* ---- the stamp ---- */

/* What its `check` is to be; the stamp is as on the wire. */
XSKIM_INLINE __u32 xskim_stamp_check(const struct xskim_stamp *wire) {
        struct xskim_stamp covered = *wire;
        struct xskim_hash hash;

        covered.check = 0;
        xskim_hash_begin(&hash);
        xskim_hash_stripe(&hash, (const __u8 *)&covered);
        return xskim_hash_end(&hash, XSKIM_STAMP_BYTES);
}

XSKIM_INLINE _Bool xskim_stamp_is_there(const struct xskim_stamp *wire) {
        return wire->magic == XSKIM_NET32(XSKIM_STAMP_MAGIC);
}

XSKIM_INLINE _Bool xskim_stamp_is_whole(const struct xskim_stamp *wire) {
        return wire->check == XSKIM_NET32(xskim_stamp_check(wire));
}

/*
 * Where the network packet ends, from the frame's start, or 0: there is no network header, it is
 * cut, or its length of 0 says nothing. `parsed` is what xskim_classify said of the packet.
 */
XSKIM_INLINE __u32 xskim_network_end(const void *data, const void *data_end,
                                     const struct xskim_parsed *parsed) {
        __u8 l3 = xskim_class_l3(parsed->class);
        const __u8 *header;
        __u32 bytes;

        if (l3 != XSKIM_L3_ipv4 && l3 != XSKIM_L3_ipv6)
                return 0;
        header = xskim_bytes(data, data_end, parsed->l3_offset, XSKIM_IPV4_BYTES);
        if (!header)
                return 0;
        bytes = xskim_read16(header + (l3 == XSKIM_L3_ipv4 ? 2 : 4));
        if (!bytes)
                return 0;
        return parsed->l3_offset + bytes + (l3 == XSKIM_L3_ipv4 ? 0 : XSKIM_IPV6_BYTES);
}

/* Where the payload begins that a stamp covers, or 0: of a protocol that carries none, or cut. */
XSKIM_INLINE __u32 xskim_payload_start(const void *data, const void *data_end,
                                       const struct xskim_parsed *parsed) {
        __u32 offset = parsed->l4_offset;
        const __u8 *header;

        if (!offset || offset >= XSKIM_OFFSET_MAX || parsed->class & XSKIM_CLASS_fragments)
                return 0;
        switch (xskim_class_l4(parsed->class)) {
        case XSKIM_L4_udp:
                return offset + XSKIM_UDP_BYTES;
        case XSKIM_L4_icmp:
        case XSKIM_L4_icmpv6:
                return offset + XSKIM_ICMP_BYTES;
        case XSKIM_L4_tcp:
                header = xskim_bytes(data, data_end, offset, XSKIM_TCP_BYTES);
                if (!header || header[12] >> 4 < XSKIM_TCP_BYTES / 4)
                        return 0;
                return offset + (header[12] >> 4) * 4U;
        default:
                return 0;
        }
}

#endif

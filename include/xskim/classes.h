/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a packet is counted as. One class byte holds everything, so that the packet path needs one
 * increment and every count by class is a sum over the 256 cells (exact, and the sum over all cells
 * is `seen`).
 *
 *   bits 0..1  L3: the outermost network header after VLAN/QinQ tags
 *   bits 2..4  L4: the last next-header of that network header, through IPv6 extension headers
 *   bit  5     fragment: IPv4 with offset or more-fragments set, IPv6 with a fragment header
 *   bit  6     VLAN-tagged, as far as XDP sees tags (a port that strips them has none left)
 *   bit  7     truncated: the packet ends inside a header that the parser wanted
 */
#ifndef XSKIM_CLASSES_H
#define XSKIM_CLASSES_H

#include <linux/types.h>

/* ROW(name, value, doc) */
#define XSKIM_L3_TABLE(ROW)                                                                        \
        ROW(other_l3, 0, "neither IPv4, IPv6 nor ARP, or cut before the EtherType")                \
        ROW(ipv4, 1, "IPv4 (EtherType 0x0800)")                                                    \
        ROW(ipv6, 2, "IPv6 (EtherType 0x86dd)")                                                    \
        ROW(arp, 3, "ARP (EtherType 0x0806)")

#define XSKIM_L4_TABLE(ROW)                                                                        \
        ROW(none, 0, "not IPv4 or IPv6, or cut before the last next-header is known")              \
        ROW(tcp, 1, "TCP (protocol 6)")                                                            \
        ROW(udp, 2, "UDP (protocol 17)")                                                           \
        ROW(icmp, 3, "ICMP (protocol 1)")                                                          \
        ROW(icmpv6, 4, "ICMPv6 (protocol 58)")                                                     \
        ROW(sctp, 5, "SCTP (protocol 132)")                                                        \
        ROW(other, 6, "any other protocol over IPv4 or IPv6")

#define XSKIM_FLAG_TABLE(ROW)                                                                      \
        ROW(fragments, 5, "IPv4 and IPv6 fragments, the first one of a packet included")           \
        ROW(vlan, 6, "with at least one VLAN tag")                                                 \
        ROW(truncated, 7, "ended inside a header that the parser wanted")

/* How parsing ended; exactly one per packet, the sum over all is `seen`. */
#define XSKIM_OUTCOME_TABLE(ROW)                                                                   \
        ROW(complete, 0, "every header down to L4 was read, or there is none to read")             \
        ROW(cut_l2, 1, "ends inside the Ethernet header or a VLAN tag: no EtherType, no record")   \
        ROW(cut_l3, 2, "ends inside the network header or an extension header")                    \
        ROW(cut_l4, 3, "ends inside the fixed part of the transport header")                       \
        ROW(malformed, 4, "a network header contradicts itself: version, IHL or total length")     \
        ROW(too_deep, 5, "more VLAN tags or extension headers than the parser follows")

#define XSKIM_L3_ENUM(name_, value_, doc_) XSKIM_L3_##name_ = value_,
#define XSKIM_L4_ENUM(name_, value_, doc_) XSKIM_L4_##name_ = value_,
#define XSKIM_FLAG_ENUM(name_, value_, doc_) XSKIM_CLASS_##name_ = 1 << value_,
#define XSKIM_OUTCOME_ENUM(name_, value_, doc_) XSKIM_OUTCOME_##name_ = value_,

enum xskim_l3 { XSKIM_L3_TABLE(XSKIM_L3_ENUM) XSKIM_L3_COUNT };
enum xskim_l4 { XSKIM_L4_TABLE(XSKIM_L4_ENUM) XSKIM_L4_COUNT };
enum xskim_class_flag { XSKIM_FLAG_TABLE(XSKIM_FLAG_ENUM) };
enum xskim_outcome { XSKIM_OUTCOME_TABLE(XSKIM_OUTCOME_ENUM) XSKIM_OUTCOME_COUNT };

enum {
        XSKIM_CLASS_COUNT = 256,
        XSKIM_CLASS_L3_MASK = 3,
        XSKIM_CLASS_L4_SHIFT = 2,
        XSKIM_CLASS_L4_MASK = 7,
};

static inline __u8 xskim_class_l3(__u8 class_byte) {
        return class_byte & XSKIM_CLASS_L3_MASK;
}

static inline __u8 xskim_class_l4(__u8 class_byte) {
        return (class_byte >> XSKIM_CLASS_L4_SHIFT) & XSKIM_CLASS_L4_MASK;
}

#endif

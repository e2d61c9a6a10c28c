/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each count by class as a tshark display filter, so that tshark can judge it: one table for the
 * parser's test over capture files and for replays through the whole path.
 *
 * A class is that of the outermost network header. frame.protocols tells which that is; `field#1`
 * is the field in the outermost header of its kind (Wireshark 4.0 and later). Reassembly has to be
 * off (CLASSES_TSHARK), or the last fragment carries what was found in all of them.
 *
 * What these filters cannot follow: IPv6 beyond the extension headers of CLASSES_CHAIN (tshark ends
 * the chain at mobility, HIP and shim6) or cut within them, IPv4 cut within its options, ICMP other
 * than echo cut between 4 and 8 bytes, five tags and more, a version that contradicts the
 * EtherType.
 */
#ifndef XSKIM_TEST_CLASSES_H
#define XSKIM_TEST_CLASSES_H

#include <xskim/classes.h>

#define CLASSES_TSHARK "-o ip.defragment:FALSE -o ipv6.defragment:FALSE"

#define CLASSES_TAG ":ethertype:(vlan|ieee8021ad)"
#define CLASSES_CHAIN "ipv6(:ipv6.(hopopts|routing|fraghdr|dstopts)|:ah)+"
#define CLASSES_LAYERS(regex_) "frame.protocols matches \"^eth(" CLASSES_TAG ")*" regex_ "\""
#define CLASSES_L3(name_) CLASSES_LAYERS(":ethertype:" name_ "(:|$)")

#define CLASSES_OTHER_L3 "!(" CLASSES_L3("(ip|ipv6|arp)") ")"

/* The whole network header is there, so its protocol counts; tshark dissects no more of a malformed
 * one. */
#define CLASSES_IPV4 CLASSES_L3("ip") " && ip.dst#1"
#define CLASSES_IPV6 CLASSES_L3("ipv6") " && ipv6.dst#1"

/* After extension headers: by tshark's name for what it dissected; or, when it dissected nothing (a
 * later fragment, the end), by a next-header field. */
#define CLASSES_AFTER(name_) CLASSES_LAYERS(":ethertype:" CLASSES_CHAIN ":" name_ "(:|$)")
#define CLASSES_NEXT(number_)                                                                      \
        "(" CLASSES_LAYERS(":ethertype:" CLASSES_CHAIN                                             \
                           "(:data)?$") " && (ipv6.hopopts.nxt == " number_                        \
                                        " || ipv6.routing.nxt == " number_                         \
                                        " || ipv6.fraghdr.nxt == " number_                         \
                                        " || ipv6.dstopts.nxt == " number_                         \
                                        " || ah.next_header == " number_ "))"

#define CLASSES_L4(number_, name_)                                                                 \
        "(" CLASSES_IPV4 " && ip.proto#1 == " number_ ") || (" CLASSES_IPV6                        \
        " && (ipv6.nxt#1 == " number_                                                              \
        " || " CLASSES_AFTER(name_) " || " CLASSES_NEXT(number_) "))"

#define CLASSES_TCP CLASSES_L4("6", "tcp")
#define CLASSES_UDP CLASSES_L4("17", "udp")
#define CLASSES_ICMP CLASSES_L4("1", "icmp")
#define CLASSES_ICMPV6 CLASSES_L4("58", "icmpv6")
#define CLASSES_SCTP CLASSES_L4("132", "sctp")
#define CLASSES_OTHER                                                                              \
        "((" CLASSES_IPV4 ") || (" CLASSES_IPV6 ")) && !(" CLASSES_TCP " || " CLASSES_UDP          \
        " || " CLASSES_ICMP " || " CLASSES_ICMPV6 " || " CLASSES_SCTP ")"

#define CLASSES_FRAGMENTS                                                                          \
        "(" CLASSES_IPV4 " && (ip.flags.mf#1 == 1 || ip.frag_offset#1 > 0)) || (" CLASSES_LAYERS(  \
                ":ethertype:" CLASSES_CHAIN) " && ipv6.fraghdr.ident#1)"

#define CLASSES_VLAN "frame.protocols matches \"^eth" CLASSES_TAG "\" && frame.cap_len >= 18"

/* A header's last field is missing, and it is no later fragment. */
#define CLASSES_CUT_L2                                                                             \
        "frame.cap_len < 14 || (frame.protocols matches \"(vlan|ieee8021ad)$\" && _ws.malformed)"
#define CLASSES_CUT_L3                                                                             \
        "(" CLASSES_L3("ip") " && !ip.dst#1 && _ws.malformed) || (" CLASSES_L3(                    \
                "ipv6") " && !ipv6.dst#1)"
#define CLASSES_CUT_L4                                                                             \
        "!(ip.frag_offset#1 > 0) && !(ipv6.fraghdr.offset#1 > 0) && (((" CLASSES_TCP               \
        ") && !tcp.urgent_pointer) || ((" CLASSES_UDP ") && !udp.checksum) || ((" CLASSES_ICMP     \
        ") && (!icmp.checksum || (icmp.type#1 == 8 && !icmp.seq) || (icmp.type#1 == 0 && "         \
        "!icmp.seq))) || ((" CLASSES_ICMPV6 ") && !icmpv6.checksum) || ((" CLASSES_SCTP            \
        ") && !sctp.checksum))"
#define CLASSES_TRUNCATED "(" CLASSES_CUT_L2 ") || " CLASSES_CUT_L3 " || (" CLASSES_CUT_L4 ")"

/* ROW(name, predicate over a class byte, filter) */
#define CLASSES_TABLE(ROW)                                                                         \
        ROW(ipv4, xskim_class_l3(class) == XSKIM_L3_ipv4, CLASSES_L3("ip"))                        \
        ROW(ipv6, xskim_class_l3(class) == XSKIM_L3_ipv6, CLASSES_L3("ipv6"))                      \
        ROW(arp, xskim_class_l3(class) == XSKIM_L3_arp, CLASSES_L3("arp"))                         \
        ROW(other_l3, xskim_class_l3(class) == XSKIM_L3_other_l3, CLASSES_OTHER_L3)                \
        ROW(tcp, xskim_class_l4(class) == XSKIM_L4_tcp, CLASSES_TCP)                               \
        ROW(udp, xskim_class_l4(class) == XSKIM_L4_udp, CLASSES_UDP)                               \
        ROW(icmp, xskim_class_l4(class) == XSKIM_L4_icmp, CLASSES_ICMP)                            \
        ROW(icmpv6, xskim_class_l4(class) == XSKIM_L4_icmpv6, CLASSES_ICMPV6)                      \
        ROW(sctp, xskim_class_l4(class) == XSKIM_L4_sctp, CLASSES_SCTP)                            \
        ROW(other, xskim_class_l4(class) == XSKIM_L4_other, CLASSES_OTHER)                         \
        ROW(fragments, !!(class & XSKIM_CLASS_fragments), CLASSES_FRAGMENTS)                       \
        ROW(vlan, !!(class & XSKIM_CLASS_vlan), CLASSES_VLAN)                                      \
        ROW(truncated, !!(class & XSKIM_CLASS_truncated), CLASSES_TRUNCATED)

#define CLASSES_ENUM(name_, predicate_, filter_) CLASSES_ROW_##name_,
enum classes_row { CLASSES_TABLE(CLASSES_ENUM) CLASSES_ROWS };

#endif

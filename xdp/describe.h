/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What of a classified packet goes into its record: addresses, ports, TCP flags and timestamps. The
 * second half of the parser; see parse.h for how packets are addressed.
 */
#ifndef XSKIM_DESCRIBE_H
#define XSKIM_DESCRIBE_H

#include <xskim/parse.h>

#include "packed.h"

/* The timestamp option (RFC 7323, section 3.2) among the `left` bytes of options at offset; looks
 * at the first XSKIM_TCP_OPTIONS_MAX options. */
XSKIM_INLINE void xskim_describe_timestamp(const void *data, const void *data_end, __u32 offset,
                                           __u32 left, struct xskim_record *record) {
        const __u8 *option;
        __u32 bytes;
        int looked;

        for (looked = 0; looked < XSKIM_TCP_OPTIONS_MAX && left >= 10; looked++) {
                option = xskim_bytes(data, data_end, offset, 10);
                if (!option || option[0] == 0)
                        return;
                if (option[0] == 8) {
                        if (option[1] != 10)
                                return;
                        record->tcp_timestamp = xskim_read32(option + 2);
                        record->tcp_echo = xskim_read32(option + 6);
                        return;
                }
                bytes = option[0] == 1 ? 1 : option[1];
                if (bytes > left)
                        return;
                offset += bytes;
                left -= bytes;
        }
}

XSKIM_INLINE void xskim_describe_tcp(const void *data, const void *data_end, __u32 offset,
                                     struct xskim_record *record) {
        const __u8 *header = xskim_bytes(data, data_end, offset, XSKIM_TCP_BYTES);
        const __u8 *options;
        __u32 bytes;

        if (!header)
                return;
        record->tcp_flags = header[13];
        bytes = (header[12] >> 4) * 4U;
        if (bytes < XSKIM_TCP_BYTES + 10)
                return;
        options = xskim_bytes(data, data_end, offset + XSKIM_TCP_BYTES, 12);
        /* The layout of RFC 7323, appendix A, that nearly every stack sends. */
        if (options && bytes >= XSKIM_TCP_BYTES + 12 && xskim_read32(options) == 0x0101080a) {
                record->tcp_timestamp = xskim_read32(options + 4);
                record->tcp_echo = xskim_read32(options + 8);
                return;
        }
        xskim_describe_timestamp(data, data_end, offset + XSKIM_TCP_BYTES, bytes - XSKIM_TCP_BYTES,
                                 record);
}

XSKIM_INLINE void xskim_describe_l4(const void *data, const void *data_end, __u32 offset, __u8 l4,
                                    struct xskim_record *record) {
        const __u8 *header = xskim_bytes(data, data_end, offset, 4);

        if (!header)
                return;
        if (l4 == XSKIM_L4_icmp || l4 == XSKIM_L4_icmpv6) {
                record->source_port = header[0] | header[1] << 8;
                return;
        }
        if (l4 != XSKIM_L4_tcp && l4 != XSKIM_L4_udp && l4 != XSKIM_L4_sctp)
                return;
        record->source_port = xskim_read16(header);
        record->destination_port = xskim_read16(header + 2);
        if (l4 == XSKIM_L4_tcp)
                xskim_describe_tcp(data, data_end, offset, record);
}

XSKIM_INLINE void xskim_describe_l3(const void *data, const void *data_end, __u32 offset, __u8 l3,
                                    struct xskim_record *record) {
        const __u8 *header;

        if (l3 == XSKIM_L3_ipv4) {
                header = xskim_bytes(data, data_end, offset, XSKIM_IPV4_BYTES);
                if (!header)
                        return;
                record->source[1] = XSKIM_MAPPED(XSKIM_LOAD(__u32, header + 12));
                record->destination[1] = XSKIM_MAPPED(XSKIM_LOAD(__u32, header + 16));
        } else if (l3 == XSKIM_L3_ipv6) {
                header = xskim_bytes(data, data_end, offset, XSKIM_IPV6_BYTES);
                if (!header)
                        return;
                record->source[0] = XSKIM_LOAD(__u64, header + 8);
                record->source[1] = XSKIM_LOAD(__u64, header + 16);
                record->destination[0] = XSKIM_LOAD(__u64, header + 24);
                record->destination[1] = XSKIM_LOAD(__u64, header + 32);
        }
}

/* What nearly all packets are (xskim_classify_plain), with everything in its usual place. */
#define XSKIM_PLAIN(l4_, protocol_)                                                                \
        ((struct xskim_parsed){                                                                    \
                .l3_offset = XSKIM_ETHERNET_BYTES,                                                 \
                .l4_offset = XSKIM_ETHERNET_BYTES + XSKIM_IPV4_BYTES,                              \
                .class = XSKIM_L3_ipv4 | (l4_) << XSKIM_CLASS_L4_SHIFT,                            \
                .outcome = XSKIM_OUTCOME_complete,                                                 \
                .protocol = (protocol_),                                                           \
        })

/* The TCP header of those. Says whether all of it is where nearly every stack puts it. */
XSKIM_INLINE _Bool xskim_describe_plain_tcp(const __u8 *header, const void *data_end,
                                            struct xskim_record *record) {
        if (header + XSKIM_TCP_BYTES > (const __u8 *)data_end)
                return 0;
        record->tcp_flags = header[13];
        if (header[12] >> 4 <= XSKIM_TCP_BYTES / 4)
                return 1;
        /* RFC 7323, appendix A */
        if (header[12] >> 4 != XSKIM_TCP_BYTES / 4 + 3 ||
            header + XSKIM_TCP_BYTES + 12 > (const __u8 *)data_end ||
            xskim_read32(header + XSKIM_TCP_BYTES) != 0x0101080a)
                return 0;
        record->tcp_timestamp = xskim_read32(header + XSKIM_TCP_BYTES + 4);
        record->tcp_echo = xskim_read32(header + XSKIM_TCP_BYTES + 8);
        return 1;
}

/* Says whether it was one of those, described whole. */
XSKIM_INLINE _Bool xskim_describe_plain(const void *data, const void *data_end, __u64 packed,
                                        struct xskim_record *record) {
        const struct xskim_parsed udp = XSKIM_PLAIN(XSKIM_L4_udp, XSKIM_PROTOCOL_UDP);
        const struct xskim_parsed tcp = XSKIM_PLAIN(XSKIM_L4_tcp, XSKIM_PROTOCOL_TCP);
        const struct xskim_parsed parsed = parsed_unpack(packed);
        const __u8 *frame = data;

        if ((packed != parsed_pack(&udp) && packed != parsed_pack(&tcp)) ||
            frame + XSKIM_ETHERNET_BYTES + XSKIM_IPV4_BYTES + XSKIM_UDP_BYTES >
                    (const __u8 *)data_end)
                return 0;
        record->source[1] = XSKIM_MAPPED(XSKIM_LOAD(__u32, frame + 26));
        record->destination[1] = XSKIM_MAPPED(XSKIM_LOAD(__u32, frame + 30));
        record->source_port = xskim_read16(frame + 34);
        record->destination_port = xskim_read16(frame + 36);
        record->protocol = parsed.protocol;
        record->class = parsed.class;
        return packed == parsed_pack(&udp) ||
               xskim_describe_plain_tcp(frame + XSKIM_ETHERNET_BYTES + XSKIM_IPV4_BYTES, data_end,
                                        record);
}

/*
 * Fills the fields that come from the packet: addresses when the network header's fixed part is
 * there and not malformed; ports, TCP flags and timestamps when the outcome is `complete`;
 * protocol, VLAN, class. `parsed` is what xskim_classify said of the same packet; the record must
 * be zero before. Options that reach beyond the frame are not read.
 */
XSKIM_INLINE void xskim_describe_any(const void *data, const void *data_end,
                                     const struct xskim_parsed *parsed,
                                     struct xskim_record *record) {
        const __u8 *frame = xskim_bytes(data, data_end, 0, XSKIM_ETHERNET_BYTES);
        __u32 l3_offset = parsed->l3_offset, l4_offset = parsed->l4_offset, unknown;
        __u32 outcome = parsed->outcome, class = parsed->class;

        record->vlan_tci = parsed->vlan_tci;
        record->protocol = parsed->protocol;
        record->class = parsed->class;
        if (!frame)
                return;
        unknown = XSKIM_LOAD(__u32, frame);
        XSKIM_FORGET(l3_offset, unknown);
        XSKIM_FORGET(l4_offset, unknown);
        XSKIM_FORGET(outcome, unknown);
        XSKIM_FORGET(class, unknown);
        if (outcome != XSKIM_OUTCOME_malformed && l3_offset < XSKIM_OFFSET_MAX)
                xskim_describe_l3(data, data_end, l3_offset, xskim_class_l3(class), record);
        if (outcome == XSKIM_OUTCOME_complete && l4_offset && l4_offset < XSKIM_OFFSET_MAX)
                xskim_describe_l4(data, data_end, l4_offset, xskim_class_l4(class), record);
}

/* The same, the shorter way when there is one. */
XSKIM_INLINE void xskim_describe(const void *data, const void *data_end,
                                 const struct xskim_parsed *parsed, struct xskim_record *record) {
        if (!xskim_describe_plain(data, data_end, parsed_pack(parsed), record))
                xskim_describe_any(data, data_end, parsed, record);
}

#endif

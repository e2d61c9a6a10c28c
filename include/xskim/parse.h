/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The packet parser, one source for kernel and user space: sanitizers and fuzzers run the code that
 * the kernel runs. It owns what a packet is counted as and which of its fields go into a record;
 * whether and when a packet is counted or sampled is the sampler's.
 *
 * Where a packet ends: at the frame's end, or where the network header says when that is earlier
 * (bytes after it are padding or a trailer, not headers). An IPv4 total length or IPv6 payload
 * length of 0 says nothing (segmentation offload, jumbograms). An IPv4 total length below the
 * header's own length is malformed.
 *
 * A header's fixed part is read whole or not at all: one that is cut leaves the L4 class `none`. If
 * only what follows the fixed part is cut (IPv4 options, the rest of an extension header), the
 * protocol is known and counts. A packet with more tags or extension headers than are followed
 * (too_deep) has L4 `none` too; with too many tags it is `other_l3`.
 *
 * For the verifier see bytes.h.
 */
#ifndef XSKIM_PARSE_H
#define XSKIM_PARSE_H

#include <linux/types.h>
#include "classes.h"
#include "record.h"
#include "bytes.h"

/* What classification found; enough to count the packet and to describe it later. */
struct xskim_parsed {
        __u32 l3_offset; /* of the outermost network header; 0 when there is none */
        __u32 l4_offset; /* of the header after the last next-header; 0 when unknown, a later
                            fragment, or no next header */
        __u16 vlan_tci;  /* outermost tag, host order */
        __u8 class;      /* classes.h */
        __u8 outcome;    /* enum xskim_outcome */
        __u8 protocol;   /* last next-header; 0 when unknown */
};

enum {
        XSKIM_TAGS_MAX = 4,
        XSKIM_EXTENSIONS_MAX = 8,
        XSKIM_TCP_OPTIONS_MAX = 10,

        XSKIM_ETHERNET_BYTES = 14,
        XSKIM_IPV4_BYTES = 20,
        XSKIM_IPV6_BYTES = 40,
        XSKIM_TCP_BYTES = 20,
        XSKIM_UDP_BYTES = 8,

        XSKIM_TYPE_IPV4 = 0x0800,
        XSKIM_TYPE_ARP = 0x0806,
        XSKIM_TYPE_IPV6 = 0x86dd,

        XSKIM_PROTOCOL_TCP = 6,
        XSKIM_PROTOCOL_UDP = 17,
        XSKIM_PROTOCOL_NONE = 59,

        /* Above every offset that the parser makes; far below the verifier's limit of 65535. */
        XSKIM_OFFSET_MAX = 20000,
        XSKIM_FAR = 1 << 20,
};

/*
 * What a protocol number (next-header) means. A table rather than branches: for the verifier every
 * protocol is then the same path, and its work stays a small multiple of the program's length.
 *
 * Extension headers (unit > 0): RFC 7045, section 3, and IANA's registry; ESP ends the chain,
 * because what follows is encrypted. A header is ((its length byte & mask) + extra) * unit bytes:
 * AH counts in words of 4 bytes (RFC 4302), a fragment header has no length (RFC 8200,
 * section 4.5).
 *
 * Others: `bytes` is what each of its messages has at least (RFC 9293, 768, 792, 4443 section 2.1,
 * 9260).
 */
struct xskim_protocol {
        __u8 l4;        /* XSKIM_L4_ ^ XSKIM_L4_other, so that rows left out are `other` */
        __u8 bytes;     /* of the fixed part of its header */
        __u8 unit;      /* 0: not an extension header */
        __u8 extra;     /* extension header */
        __u8 mask;      /* extension header */
        __u8 class;     /* extension header: the bits that it adds to the class */
        __u16 fragment; /* extension header: where its second 16 bits hold a fragment offset */
};

#define XSKIM_PROTOCOL_L4(name_, bytes_)                                                           \
        { .l4 = XSKIM_L4_##name_ ^ XSKIM_L4_other, .bytes = bytes_ }
#define XSKIM_PROTOCOL_OPTIONS                                                                     \
        { .unit = 8, .extra = 1, .mask = 0xff }

static const struct xskim_protocol xskim_protocols[256] = {
        [1] = XSKIM_PROTOCOL_L4(icmp, 8),
        [6] = XSKIM_PROTOCOL_L4(tcp, XSKIM_TCP_BYTES),
        [17] = XSKIM_PROTOCOL_L4(udp, XSKIM_UDP_BYTES),
        [58] = XSKIM_PROTOCOL_L4(icmpv6, 4),
        [132] = XSKIM_PROTOCOL_L4(sctp, 12),
        [0] = XSKIM_PROTOCOL_OPTIONS,  /* hop-by-hop options */
        [43] = XSKIM_PROTOCOL_OPTIONS, /* routing */
        [44] = {.unit = 8, .extra = 1, .class = XSKIM_CLASS_fragments, .fragment = 0xfff8},
        [51] = {.unit = 4, .extra = 2, .mask = 0xff}, /* authentication */
        [60] = XSKIM_PROTOCOL_OPTIONS,                /* destination options */
        [135] = XSKIM_PROTOCOL_OPTIONS,               /* mobility */
        [139] = XSKIM_PROTOCOL_OPTIONS,               /* host identity protocol */
        [140] = XSKIM_PROTOCOL_OPTIONS,               /* shim6 */
};

XSKIM_INLINE _Bool xskim_is_tag(__u16 type) {
        return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* Where `bytes` from offset end; far away when they are 0. Without a branch. */
XSKIM_INLINE __u32 xskim_limit(__u32 offset, __u16 bytes) {
        return offset + 1 + (((__u32)bytes - 1) & (XSKIM_FAR - 1));
}

XSKIM_INLINE void xskim_cut(struct xskim_parsed *parsed, enum xskim_outcome outcome) {
        parsed->outcome = outcome;
        parsed->class |= XSKIM_CLASS_truncated;
}

/* The protocol is known; `offset` is where its header starts, or the payload of a later fragment,
 * which has no such header. `limit` is where the network header says that the packet ends. */
XSKIM_INLINE void xskim_classify_l4(const void *data, const void *data_end, __u32 offset,
                                    __u32 limit, _Bool later, struct xskim_parsed *parsed) {
        const struct xskim_protocol *protocol = &xskim_protocols[parsed->protocol];

        parsed->class |= (protocol->l4 ^ XSKIM_L4_other) << XSKIM_CLASS_L4_SHIFT;
        if (offset > limit || !xskim_bytes(data, data_end, offset, 0)) {
                xskim_cut(parsed, XSKIM_OUTCOME_cut_l3);
                return;
        }
        if (later || parsed->protocol == XSKIM_PROTOCOL_NONE)
                return;
        parsed->l4_offset = offset;
        if (offset + protocol->bytes > limit ||
            !xskim_bytes(data, data_end, offset, protocol->bytes))
                xskim_cut(parsed, XSKIM_OUTCOME_cut_l4);
}

XSKIM_INLINE void xskim_classify_ipv4(const void *data, const void *data_end, __u32 offset,
                                      struct xskim_parsed *parsed) {
        const __u8 *header = xskim_bytes(data, data_end, offset, XSKIM_IPV4_BYTES);
        __u32 bytes, total, fragment;

        parsed->class |= XSKIM_L3_ipv4;
        if (!header) {
                xskim_cut(parsed, XSKIM_OUTCOME_cut_l3);
                return;
        }
        bytes = (header[0] & 15U) * 4;
        total = xskim_read16(header + 2);
        if (header[0] >> 4 != 4 || bytes < XSKIM_IPV4_BYTES || (total && total < bytes)) {
                parsed->outcome = XSKIM_OUTCOME_malformed;
                return;
        }
        parsed->protocol = header[9];
        fragment = xskim_read16(header + 6) & 0x3fff;
        if (fragment)
                parsed->class |= XSKIM_CLASS_fragments;
        total = xskim_limit(offset, total);
        xskim_classify_l4(data, data_end, offset + bytes, total, fragment & 0x1fff, parsed);
}

XSKIM_INLINE __u32 xskim_extension_bytes(const struct xskim_protocol *extension, __u8 length) {
        __u32 bytes = ((__u32)(length & extension->mask) + extension->extra) * extension->unit;

        XSKIM_HIDE(bytes);
        return bytes & 0xfff; /* at most 2048; the mask tells the verifier */
}

/* From the first next-header to the last; offset is where its header would start. */
XSKIM_INLINE void xskim_classify_chain(const void *data, const void *data_end, __u32 offset,
                                       __u32 limit, __u8 next, struct xskim_parsed *parsed) {
        const struct xskim_protocol *extension;
        const __u8 *header;
        __u16 later = 0;
        int followed;

        for (followed = 0; !later && (extension = &xskim_protocols[next])->unit; followed++) {
                if (followed == XSKIM_EXTENSIONS_MAX) {
                        parsed->outcome = XSKIM_OUTCOME_too_deep;
                        return;
                }
                header = xskim_bytes(data, data_end, offset, 8);
                if (offset + 8 > limit || !header) {
                        xskim_cut(parsed, XSKIM_OUTCOME_cut_l3);
                        return;
                }
                next = header[0];
                later = xskim_read16(header + 2) & extension->fragment;
                parsed->class |= extension->class;
                offset += xskim_extension_bytes(extension, header[1]);
        }
        parsed->protocol = next;
        xskim_classify_l4(data, data_end, offset, limit, later, parsed);
}

XSKIM_INLINE void xskim_classify_ipv6(const void *data, const void *data_end, __u32 offset,
                                      struct xskim_parsed *parsed) {
        const __u8 *header = xskim_bytes(data, data_end, offset, XSKIM_IPV6_BYTES);
        __u32 payload;

        parsed->class |= XSKIM_L3_ipv6;
        if (!header) {
                xskim_cut(parsed, XSKIM_OUTCOME_cut_l3);
                return;
        }
        if (header[0] >> 4 != 6) {
                parsed->outcome = XSKIM_OUTCOME_malformed;
                return;
        }
        payload = xskim_read16(header + 4);
        offset += XSKIM_IPV6_BYTES;
        xskim_classify_chain(data, data_end, offset, xskim_limit(offset, payload), header[6],
                             parsed);
}

/* Past the tags. Returns where the network header starts, or 0 when the outcome is decided. */
XSKIM_INLINE __u32 xskim_classify_tags(const void *data, const void *data_end, __u16 *type,
                                       struct xskim_parsed *parsed) {
        const __u8 *header = xskim_bytes(data, data_end, 0, XSKIM_ETHERNET_BYTES);
        __u32 tags, offset = XSKIM_ETHERNET_BYTES;

        if (!header)
                goto cut;
        *type = xskim_read16(header + 12);
        for (tags = 0; xskim_is_tag(*type); tags++, offset += 4) {
                if (tags == XSKIM_TAGS_MAX) {
                        parsed->outcome = XSKIM_OUTCOME_too_deep;
                        return 0;
                }
                header = xskim_bytes(data, data_end, offset, 4);
                if (!header)
                        goto cut;
                if (!tags)
                        parsed->vlan_tci = xskim_read16(header);
                parsed->class |= XSKIM_CLASS_vlan;
                *type = xskim_read16(header + 2);
        }
        return offset;
cut:
        xskim_cut(parsed, XSKIM_OUTCOME_cut_l2);
        return 0;
}

XSKIM_INLINE void xskim_classify_any(const void *data, const void *data_end,
                                     struct xskim_parsed *parsed) {
        __u16 type = 0;
        __u32 offset;

        *parsed = (struct xskim_parsed){};
        offset = xskim_classify_tags(data, data_end, &type, parsed);
        if (!offset)
                return;
        if (type == XSKIM_TYPE_IPV4) {
                parsed->l3_offset = offset;
                xskim_classify_ipv4(data, data_end, offset, parsed);
        } else if (type == XSKIM_TYPE_IPV6) {
                parsed->l3_offset = offset;
                xskim_classify_ipv6(data, data_end, offset, parsed);
        } else if (type == XSKIM_TYPE_ARP) {
                parsed->l3_offset = offset;
                parsed->class |= XSKIM_L3_arp;
        }
}

/* Most packets: untagged IPv4 without options or fragments, TCP or UDP, nothing missing. Returns
 * whether it was one; what it says is what xskim_classify_any would say. */
XSKIM_INLINE _Bool xskim_classify_plain(const void *data, const void *data_end,
                                        struct xskim_parsed *parsed) {
        const __u8 *frame = data;
        __u32 total;

        if (frame + XSKIM_ETHERNET_BYTES + XSKIM_IPV4_BYTES + XSKIM_UDP_BYTES >
            (const __u8 *)data_end)
                return 0;
        if (xskim_read16(frame + 12) != XSKIM_TYPE_IPV4 || frame[14] != 0x45 ||
            xskim_read16(frame + 20) & 0x3fff)
                return 0;
        total = xskim_read16(frame + 16);
        *parsed = (struct xskim_parsed){
                .l3_offset = XSKIM_ETHERNET_BYTES,
                .l4_offset = XSKIM_ETHERNET_BYTES + XSKIM_IPV4_BYTES,
                .protocol = frame[23],
        };
        if (frame[23] == XSKIM_PROTOCOL_TCP) {
                parsed->class = XSKIM_L3_ipv4 | XSKIM_L4_tcp << XSKIM_CLASS_L4_SHIFT;
                return total >= XSKIM_IPV4_BYTES + XSKIM_TCP_BYTES &&
                       frame + XSKIM_ETHERNET_BYTES + XSKIM_IPV4_BYTES + XSKIM_TCP_BYTES <=
                               (const __u8 *)data_end;
        }
        parsed->class = XSKIM_L3_ipv4 | XSKIM_L4_udp << XSKIM_CLASS_L4_SHIFT;
        return frame[23] == XSKIM_PROTOCOL_UDP && total >= XSKIM_IPV4_BYTES + XSKIM_UDP_BYTES;
}

/* What the packet [data, data_end) is counted as. Every byte of *parsed is written. */
XSKIM_INLINE void xskim_classify(const void *data, const void *data_end,
                                 struct xskim_parsed *parsed) {
        if (!xskim_classify_plain(data, data_end, parsed))
                xskim_classify_any(data, data_end, parsed);
}

#endif

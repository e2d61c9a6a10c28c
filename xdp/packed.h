/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What classification found, in one register: the record is made in a function of its own, which
 * the verifier looks at once instead of once for each way through the classification.
 */
#ifndef XSKIM_PACKED_H
#define XSKIM_PACKED_H

#include <xskim/parse.h>

XSKIM_INLINE __u64 parsed_pack(const struct xskim_parsed *parsed) {
        return (__u64)(parsed->l3_offset & 0xff) | (__u64)(parsed->l4_offset & 0xffff) << 8 |
               (__u64)parsed->vlan_tci << 24 | (__u64)parsed->class << 40 |
               (__u64)parsed->outcome << 48 | (__u64)parsed->protocol << 56;
}

XSKIM_INLINE struct xskim_parsed parsed_unpack(__u64 packed) {
        return (struct xskim_parsed){
                .l3_offset = packed & 0xff,
                .l4_offset = packed >> 8 & 0xffff,
                .vlan_tci = packed >> 24,
                .class = packed >> 40,
                .outcome = packed >> 48,
                .protocol = packed >> 56,
        };
}

#endif

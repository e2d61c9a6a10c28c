/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How the parser reads a packet so that compiler, verifier and sanitizers all agree to it: bounds,
 * alignment, byte order. It knows no protocol.
 *
 * The caller reads data and data_end from the context once and passes them on. A packet is
 * addressed by a pointer made from data and a bounded offset, hidden from the optimiser so that the
 * pointer that was checked is the one that is read. Pointers are never subtracted: that would need
 * CAP_PERFMON.
 */
#ifndef XSKIM_BYTES_H
#define XSKIM_BYTES_H

#include <linux/types.h>

#define XSKIM_INLINE static inline __attribute__((always_inline))
#define XSKIM_HIDE(variable_) __asm__("" : "+r"(variable_))

/* Makes the verifier forget what it knows of a variable of 32 bits, so that the paths that lead
 * here become one: the sum with an unknown value is unknown, although the difference restores it.
 * Not by xor: after it Linux 6.1 does not even know that the upper half is 0. */
#define XSKIM_FORGET(variable_, unknown_)                                                          \
        ({                                                                                         \
                (variable_) += (unknown_);                                                         \
                XSKIM_HIDE(variable_);                                                             \
                (variable_) -= (unknown_);                                                         \
        })

/* Packet bytes have no alignment. The kernel reads them as they are where it can; elsewhere the
 * compiler takes them apart. */
#if defined(__bpf__) && (defined(__TARGET_ARCH_x86) || defined(__TARGET_ARCH_arm64))
#define XSKIM_LOAD(type_, at_) (*(const type_ *)(at_))
#else
#define XSKIM_LOAD(type_, at_)                                                                     \
        ({                                                                                         \
                type_ loaded_;                                                                     \
                __builtin_memcpy(&loaded_, at_, sizeof(loaded_));                                  \
                loaded_;                                                                           \
        })
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define XSKIM_NET16(value_) ((__u16)__builtin_bswap16(value_))
#define XSKIM_NET32(value_) __builtin_bswap32(value_)
#define XSKIM_NET64(value_) __builtin_bswap64(value_)
#define XSKIM_LITTLE64(value_) ((__u64)(value_))
#define XSKIM_MAPPED(address_) ((__u64)(address_) << 32 | 0xffff0000U)
#else
#define XSKIM_NET16(value_) ((__u16)(value_))
#define XSKIM_NET32(value_) ((__u32)(value_))
#define XSKIM_NET64(value_) ((__u64)(value_))
#define XSKIM_LITTLE64(value_) __builtin_bswap64(value_)
#define XSKIM_MAPPED(address_) ((__u64)0xffff << 32 | (address_))
#endif

XSKIM_INLINE __u16 xskim_read16(const __u8 *at) {
        return XSKIM_NET16(XSKIM_LOAD(__u16, at));
}

XSKIM_INLINE __u32 xskim_read32(const __u8 *at) {
        return XSKIM_NET32(XSKIM_LOAD(__u32, at));
}

/* The bytes at offset, or NULL when the frame ends before `bytes` of them. */
XSKIM_INLINE const __u8 *xskim_bytes(const void *data, const void *data_end, __u32 offset,
                                     __u32 bytes) {
        const __u8 *at = (const __u8 *)data + offset;

        XSKIM_HIDE(at);
        if (at + bytes > (const __u8 *)data_end)
                return 0;
        return at;
}

#endif

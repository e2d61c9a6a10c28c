/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How many packets to go on to the next sample: a geometric variate, so that every packet is
 * sampled independently with probability 1/N although a random number is drawn only once a sample.
 * (Devroye, Non-Uniform Random Variate Generation, chapter X.2: ceil(log U / log(1-p)).) Fixed
 * point throughout; kernel and user space run this very code.
 */
#ifndef XSKIM_SKIP_H
#define XSKIM_SKIP_H

#include <linux/types.h>
#include "bucket.h"
#include "log2-table.h"

enum { XSKIM_LOG2_BITS = 26 }; /* binary places of xskim_minus_log2 */

/* -1/log2(1-1/N), by the unit of xskim_minus_log2, as mantissa * 2^-shift; the mantissa below 2^31.
 * N = 1: both 0. Made by user space, see sampling.c. */
struct xskim_skip {
        __u32 mantissa;
        __u32 shift;
};

/* Marsaglia, Xorshift RNGs (2003), with the multiplier of Vigna's xorshift64*. The state is never
 * 0. */
static inline __u64 xskim_random_next(__u64 *state) {
        __u64 x = *state;

        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        *state = x;
        return x * 2685821657736338717ULL;
}

/* -log2(u / 2^64) in units of 2^-26, for u > 1 (for 1 it would need 33 bits); interpolated between
 * 1024 points, error below 2^-22. */
static inline __u32 xskim_minus_log2(__u64 u) {
        __u32 zeros = xskim_leading_zeros(u);
        __u64 mantissa = (u << zeros) & ~(1ULL << 63);
        __u32 cell = mantissa >> 53;
        __u32 rest = (mantissa >> 37) & 0xffff;
        __u32 low = XSKIM_LOG2_TABLE[cell & 1023];
        __u32 high = XSKIM_LOG2_TABLE[(cell & 1023) + 1];
        __u32 fraction = low + (__u32)(((__u64)(high - low) * rest) >> 16);

        return ((zeros + 1) << XSKIM_LOG2_BITS) - fraction;
}

/* The skip that belongs to a uniform u: 1 or more, greater than k for a share (1 - 1/N)^k of all u.
 */
static inline __u64 xskim_skip_of(__u64 u, struct xskim_skip skip) {
        if (!skip.mantissa)
                return 1;
        return 1 + (((__u64)xskim_minus_log2(u | 2) * skip.mantissa) >> skip.shift);
}

/* Packets to count down to the next sample, itself included: 1 or more. */
static inline __u64 xskim_skip_draw(__u64 *random, struct xskim_skip skip) {
        return xskim_skip_of(xskim_random_next(random), skip);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The bucket function: base-2 exponential buckets, 2^scale per doubling, with the layout of
 * OpenTelemetry's exponential histogram (metrics data model, "ExponentialHistogram": bucket i holds
 * base^i < v <= base^(i+1), base = 2^(2^-scale)). So merging is adding counts, a coarser scale is a
 * shift, and export loses nothing.
 *
 * Arrays here are indexed by slot: slot 0 holds the value 0, slot 1 + (index + 1) holds
 * OpenTelemetry's bucket `index` for index >= -1 (the value 1 is the upper bound of bucket -1).
 * Values are integers.
 */
#ifndef XSKIM_BUCKET_H
#define XSKIM_BUCKET_H

#include <linux/types.h>
/* XSKIM_BUCKET_BOUNDS[256] and XSKIM_BUCKET_CELLS[256], made by scripts/make-tables */
#include "bucket-table.h"

enum {
        XSKIM_SCALE_KERNEL = 5, /* a value is known within 2.2 % */
        XSKIM_SCALE_USER = 7,   /* 0.55 % */
};

/* Slots needed for values up to 2^octaves. */
#define XSKIM_BUCKETS(scale, octaves) (((octaves) << (scale)) + 2)

/* Branch-free, and of nothing but shifts: BPF before v4 has no instruction for it. value > 0. */
static inline __u32 xskim_leading_zeros_by_shifts(__u64 value) {
        __u32 shift, log2;

        log2 = (value > 0xffffffffULL) << 5;
        value >>= log2;
        shift = (value > 0xffff) << 4;
        value >>= shift;
        log2 |= shift;
        shift = (value > 0xff) << 3;
        value >>= shift;
        log2 |= shift;
        shift = (value > 0xf) << 2;
        value >>= shift;
        log2 |= shift;
        shift = (value > 0x3) << 1;
        value >>= shift;
        log2 |= shift;
        log2 |= value >> 1;
        return 63 - log2;
}

static inline __u32 xskim_leading_zeros(__u64 value) {
#ifdef __bpf__
        return xskim_leading_zeros_by_shifts(value);
#else
        return __builtin_clzll(value);
#endif
}

/*
 * Slot of a value at XSKIM_SCALE_USER. The high bits of the mantissa name a cell that holds at most
 * one bucket bound; one comparison decides. Strict, because an upper bound belongs to its bucket;
 * among integers only powers of two lie on a bound.
 */
static inline __u32 xskim_bucket_slot(__u64 value) {
        __u32 zeros, cell, below;
        __u64 mantissa;

        if (!value)
                return 0;
        zeros = xskim_leading_zeros(value);
        mantissa = value << zeros;
        cell = (mantissa >> 55) & 255;
        below = XSKIM_BUCKET_CELLS[cell];
        below += mantissa > XSKIM_BUCKET_BOUNDS[below & 255];
        return ((63 - zeros) << XSKIM_SCALE_USER) + below + 1;
}

/* The same value's slot at a coarser scale. Slot 1 is index -1 at every scale. */
static inline __u32 xskim_bucket_coarsen(__u32 slot, __u32 shift) {
        return slot < 2 ? slot : ((slot - 2) >> shift) + 2;
}

#endif

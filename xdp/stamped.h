/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Stamped packets (include/xskim/stamp.h), for the sampler alone: finds the stamp at the packet's
 * end, checks it and the payload, and leaves a record of it, whether the packet is sampled or not.
 * Sampling knows nothing of it: skips, gaps and weights are those of a run without stamps.
 */
#ifndef XSKIM_STAMPED_H
#define XSKIM_STAMPED_H

#include <linux/bpf.h>
#include <xskim/stamp.h>

#include "hashed.h"

/* Most packets have none, and most lie in one buffer: false when there surely is no stamp. */
static inline int stamp_may_be(const void *data, const void *data_end, __u32 trailer) {
        const __u8 *at;

        if (trailer >= XSKIM_OFFSET_MAX)
                return 1;
        at = xskim_bytes(data, data_end, trailer, XSKIM_STAMP_BYTES);
        return !at || XSKIM_LOAD(__u32, at) == XSKIM_NET32(XSKIM_STAMP_MAGIC);
}

/* What payload_check is to be of the `bytes` bytes at offset. */
static inline __u32 payload_check(struct xdp_md *ctx, __u32 offset, __u32 bytes) {
        struct hashed payload = {.ctx = ctx, .offset = offset, .left = bytes};
        static const __u8 empty[XSKIM_HASH_STRIPE] __attribute__((aligned(8)));

        xskim_hash_begin(&payload.hash);
        if (bytes)
                hashed_rest(&payload);
        else
                xskim_hash_stripe(&payload.hash, empty);
        return xskim_hash_end(&payload.hash, xskim_hash_padded(bytes));
}

/* enum xskim_stamp_fault; the payload lies between the two offsets. */
static inline __u32 stamp_faults(struct xdp_md *ctx, const struct xskim_stamp *wire, __u32 payload,
                                 __u32 trailer) {
        if (!xskim_stamp_is_whole(wire))
                return XSKIM_STAMP_DAMAGED;
        if (payload_check(ctx, payload, trailer - payload) != XSKIM_NET32(wire->payload_check))
                return XSKIM_PAYLOAD_DAMAGED;
        return 0;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Stamped packets (include/xskim/stamp.h), for the sampler alone: finds the stamp at the packet's
 * end, checks it and the payload, and leaves a record of it, whether the packet is sampled or not.
 * Sampling knows nothing of it: skips, gaps and weights are those of a run without stamps.
 */
#ifndef XSKIM_STAMPED_H
#define XSKIM_STAMPED_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/stamp.h>

enum { STAMPED_CHUNK = 2 * XSKIM_HASH_STRIPE, STAMPED_DIRECT = 4 * XSKIM_HASH_STRIPE };

/* Most packets have none, and most lie in one buffer: false when there surely is no stamp. */
static inline int stamp_may_be(const void *data, const void *data_end, __u32 trailer) {
        const __u8 *at;

        if (trailer >= XSKIM_OFFSET_MAX)
                return 1;
        at = xskim_bytes(data, data_end, trailer, XSKIM_STAMP_BYTES);
        return !at || XSKIM_LOAD(__u32, at) == XSKIM_NET32(XSKIM_STAMP_MAGIC);
}

/* The payload on its way through the hash. */
struct stamped_payload {
        struct xdp_md *ctx;
        struct xskim_hash hash;
        __u32 offset;
        __u32 left;
};

/* As much as lies in the first buffer, without copying; says whether there was so much. */
static inline int payload_direct(struct stamped_payload *payload) {
        const void *data = (const void *)(long)payload->ctx->data;
        const void *data_end = (const void *)(long)payload->ctx->data_end;
        __u32 offset = payload->offset;
        const __u8 *at;

        if (payload->left < STAMPED_DIRECT || offset >= XSKIM_OFFSET_MAX)
                return 0;
        at = xskim_bytes(data, data_end, offset, STAMPED_DIRECT);
        if (!at)
                return 0;
        xskim_hash_stripe(&payload->hash, at);
        xskim_hash_stripe(&payload->hash, at + XSKIM_HASH_STRIPE);
        xskim_hash_stripe(&payload->hash, at + 2 * XSKIM_HASH_STRIPE);
        xskim_hash_stripe(&payload->hash, at + 3 * XSKIM_HASH_STRIPE);
        payload->offset = offset + STAMPED_DIRECT;
        payload->left -= STAMPED_DIRECT;
        return 1;
}

/* The next chunk of it, wherever it lies: the packet may have several buffers. */
static long payload_chunk(__u32 turn, void *context) {
        struct stamped_payload *payload = context;
        __u8 chunk[STAMPED_CHUNK] __attribute__((aligned(8))) = {0};
        __u32 bytes;

        (void)turn;
        if (payload_direct(payload))
                return !payload->left;
        bytes = payload->left;
        if (bytes > STAMPED_CHUNK)
                bytes = STAMPED_CHUNK;
        /* Not 0 is nothing that the verifier of Linux 6.1 learns from a comparison with 0. */
        bytes--;
        XSKIM_HIDE(bytes);
        if (bytes >= STAMPED_CHUNK)
                return 1;
        bytes++;
        if (bpf_xdp_load_bytes(payload->ctx, payload->offset, chunk, bytes))
                return 1;
        xskim_hash_stripe(&payload->hash, chunk);
        if (bytes > XSKIM_HASH_STRIPE)
                xskim_hash_stripe(&payload->hash, chunk + XSKIM_HASH_STRIPE);
        payload->offset += bytes;
        payload->left -= bytes;
        return !payload->left;
}

/* What payload_check is to be of the `bytes` bytes at offset. */
static inline __u32 payload_check(struct xdp_md *ctx, __u32 offset, __u32 bytes) {
        struct stamped_payload payload = {.ctx = ctx, .offset = offset, .left = bytes};
        static const __u8 empty[XSKIM_HASH_STRIPE] __attribute__((aligned(8)));

        xskim_hash_begin(&payload.hash);
        if (bytes)
                bpf_loop(XSKIM_FAR / STAMPED_CHUNK, payload_chunk, &payload, 0);
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

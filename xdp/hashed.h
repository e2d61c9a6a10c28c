/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A packet's bytes on their way through the hash, wherever they lie: a packet may have several
 * buffers. For the sampler alone; what is hashed is the business of stamped.h and expected.h.
 */
#ifndef XSKIM_HASHED_H
#define XSKIM_HASHED_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/stamp.h>

enum { HASHED_CHUNK = 2 * XSKIM_HASH_STRIPE, HASHED_DIRECT = 4 * XSKIM_HASH_STRIPE };

struct hashed {
        struct xdp_md *ctx;
        struct xskim_hash hash;
        __u32 offset; /* of what is still to be hashed */
        __u32 left;
};

/* As much as lies in the first buffer, without copying; says whether there was so much. */
static inline int hashed_direct(struct hashed *hashed) {
        const void *data = (const void *)(long)hashed->ctx->data;
        const void *data_end = (const void *)(long)hashed->ctx->data_end;
        __u32 offset = hashed->offset;
        const __u8 *at;

        if (hashed->left < HASHED_DIRECT || offset >= XSKIM_OFFSET_MAX)
                return 0;
        at = xskim_bytes(data, data_end, offset, HASHED_DIRECT);
        if (!at)
                return 0;
        xskim_hash_stripe(&hashed->hash, at);
        xskim_hash_stripe(&hashed->hash, at + XSKIM_HASH_STRIPE);
        xskim_hash_stripe(&hashed->hash, at + 2 * XSKIM_HASH_STRIPE);
        xskim_hash_stripe(&hashed->hash, at + 3 * XSKIM_HASH_STRIPE);
        hashed->offset = offset + HASHED_DIRECT;
        hashed->left -= HASHED_DIRECT;
        return 1;
}

/* The next chunk, copied; says whether that is the end. */
static long hashed_chunk(__u32 turn, void *context) {
        struct hashed *hashed = context;
        __u8 chunk[HASHED_CHUNK] __attribute__((aligned(8))) = {0};
        __u32 bytes;

        (void)turn;
        if (hashed_direct(hashed))
                return !hashed->left;
        bytes = hashed->left;
        if (bytes > HASHED_CHUNK)
                bytes = HASHED_CHUNK;
        /* Not 0 is nothing that the verifier of Linux 6.1 learns from a comparison with 0. */
        bytes--;
        XSKIM_HIDE(bytes);
        if (bytes >= HASHED_CHUNK)
                return 1;
        bytes++;
        if (bpf_xdp_load_bytes(hashed->ctx, hashed->offset, chunk, bytes))
                return 1;
        xskim_hash_stripe(&hashed->hash, chunk);
        if (bytes > XSKIM_HASH_STRIPE)
                xskim_hash_stripe(&hashed->hash, chunk + XSKIM_HASH_STRIPE);
        hashed->offset += bytes;
        hashed->left -= bytes;
        return !hashed->left;
}

/* All that is left, filled up with zeros to whole stripes. */
static inline void hashed_rest(struct hashed *hashed) {
        if (hashed->left)
                bpf_loop(XSKIM_FAR / HASHED_CHUNK, hashed_chunk, hashed, 0);
}

#endif

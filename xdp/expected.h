/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a packet is (include/xskim/content.h), for the sampler alone, which leaves a record of it
 * with --expect. A packet may have several buffers; its headers are in the first.
 */
#ifndef XSKIM_EXPECTED_H
#define XSKIM_EXPECTED_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/content.h>

#include "hashed.h"

/* The first bytes of the span, zeros behind its end; says whether they could be had. */
static inline int content_first(struct xdp_md *ctx, const void *data, const void *data_end,
                                const struct xskim_span *span, struct xskim_stripe *ret) {
        __u32 start = span->start, bytes = span->bytes;
        const __u8 *at = xskim_bytes(data, data_end, start, XSKIM_HASH_STRIPE);

        if (at && bytes >= XSKIM_HASH_STRIPE) {
                ret->words[0] = XSKIM_LOAD(__u64, at);
                ret->words[1] = XSKIM_LOAD(__u64, at + 8);
                ret->words[2] = XSKIM_LOAD(__u64, at + 16);
                ret->words[3] = XSKIM_LOAD(__u64, at + 24);
                return 1;
        }
        if (bytes > XSKIM_HASH_STRIPE)
                bytes = XSKIM_HASH_STRIPE;
        /* as in hashed_chunk */
        bytes--;
        XSKIM_HIDE(bytes);
        if (bytes >= XSKIM_HASH_STRIPE)
                return 0;
        bytes++;
        return !bpf_xdp_load_bytes(ctx, start, ret, bytes);
}

/* What follows the first stripe, which is masked already. */
static inline __u64 content_hash(struct xdp_md *ctx, const struct xskim_span *span,
                                 const struct xskim_stripe *first) {
        struct hashed hashed = {.ctx = ctx, .offset = span->start + XSKIM_HASH_STRIPE};

        if (span->bytes > XSKIM_HASH_STRIPE)
                hashed.left = span->bytes - XSKIM_HASH_STRIPE;
        xskim_content_begin(&hashed.hash, span, first);
        hashed_rest(&hashed);
        return xskim_content_end(&hashed.hash, span);
}

#endif

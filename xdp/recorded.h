/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How a sampled packet becomes its record: for the sampler, and for those that leave records
 * elsewhere than in a staging ring, so that they differ by that alone: linked with the sampler
 * (sampler_weak.h), they replace its record_stage; the counters are incremented in the sampler.
 * What is not plain is described by a function of its own, which keeps the common way short.
 */
#ifndef XSKIM_RECORDED_H
#define XSKIM_RECORDED_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/control.h>
#include <xskim/record.h>

#include "describe.h"
#include "packed.h"

extern const volatile __u32 weight;

/* The sampler's: what of a packet that is not plain goes into its record, which is zeroed. */
int record_describe_any(struct xdp_md *ctx, __u64 packed, struct xskim_record *record);

static inline __attribute__((always_inline)) __u64 record_length(__u64 length) {
        return length < XSKIM_WIRE_LENGTH_MAX ? length : XSKIM_WIRE_LENGTH_MAX;
}

static inline __attribute__((always_inline)) void
record_complete(const struct xskim_sampler_state *state, __u64 now_ns, __u64 length,
                struct xskim_record *record) {
        record->time_ns = now_ns;
        record->gap = state->gap;
        record->weight = weight;
        record->wire_length = record_length(length);
}

/* Two records rather than one, so that the one that is usual is never in memory before `to`. */
static inline __attribute__((always_inline)) void
record_write(struct xdp_md *ctx, const struct xskim_sampler_state *state, __u64 now_ns,
             __u64 packed, __u64 length, struct xskim_record *to) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;
        struct xskim_record plain = {0}, any;

        if (__builtin_expect(xskim_describe_plain(start, end, packed, &plain), 1)) {
                record_complete(state, now_ns, length, &plain);
                *to = plain;
                return;
        }
        __builtin_memset(&any, 0, sizeof(any));
        record_describe_any(ctx, packed, &any);
        record_complete(state, now_ns, length, &any);
        *to = any;
}

#endif

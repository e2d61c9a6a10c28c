/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The sampler's record, for those that leave it elsewhere than in a staging ring: linked with
 * the sampler (sampler_weak.h), whose record_stage they replace. The counters are incremented
 * there.
 */
#ifndef XSKIM_ELSEWHERE_H
#define XSKIM_ELSEWHERE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/control.h>
#include <xskim/record.h>

#include "describe.h"
#include "packed.h"

extern const volatile __u32 weight;

/* Fills the record, which is zeroed. */
static inline __attribute__((always_inline)) void
elsewhere_fill(struct xdp_md *ctx, const struct xskim_sampler_state *state, __u64 now_ns,
               __u64 packed, __u64 length, struct xskim_record *record) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;
        struct xskim_parsed parsed = parsed_unpack(packed);

        xskim_describe(start, end, &parsed, record);
        record->time_ns = now_ns;
        record->gap = state->gap;
        record->weight = weight;
        record->wire_length = length < XSKIM_WIRE_LENGTH_MAX ? length : XSKIM_WIRE_LENGTH_MAX;
}

#endif

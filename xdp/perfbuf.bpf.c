/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* To be compared with: the sampler's record goes into the perf event buffer of its CPU. See
 * recorded.h. */
#include "recorded.h"

struct {
        __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
        __uint(key_size, sizeof(__u32));
        __uint(value_size, sizeof(__u32));
} events SEC(".maps");

__attribute__((noinline)) int record_stage(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                           __u64 now_ns, __u64 packed, __u64 length) {
        struct xskim_record record;

        if (!state)
                return 1;
        record_write(ctx, state, now_ns, packed, length, &record);
        if (bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &record, sizeof(record)))
                return 0;
        state->gap = 0;
        return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

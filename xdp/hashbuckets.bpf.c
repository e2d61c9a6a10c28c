/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * To be compared with: a sample leaves no record but is counted in the kernel as netstacklat does
 * it, in a per-CPU hash map: one look-up for its power-of-two bucket, one for the sum. See
 * recorded.h.
 */
#include "recorded.h"

#include <xskim/bucket.h>
#include <xskim/skip.h>

enum { BUCKET_SUM = 64 };

struct bucket_key {
        __u32 class;
        __u32 bucket; /* values below 2^bucket ns, or BUCKET_SUM */
};

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
        __uint(max_entries, 4096);
        __type(key, struct bucket_key);
        __type(value, __u64);
} buckets SEC(".maps");

static inline __attribute__((always_inline)) int bucket_add(const struct bucket_key *key,
                                                            __u64 value) {
        __u64 *found = bpf_map_lookup_elem(&buckets, key);

        if (!found)
                return !bpf_map_update_elem(&buckets, key, &value, BPF_NOEXIST);
        *found += value;
        return 1;
}

__attribute__((noinline)) int record_stage(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                           __u64 now_ns, __u64 packed, __u64 length) {
        struct bucket_key key = {.class = parsed_unpack(packed).class};
        __u64 gap_ns;

        (void)ctx;
        (void)now_ns;
        (void)length;
        if (!state)
                return 1;
        gap_ns = xskim_gap_decode(state->gap);
        key.bucket = gap_ns ? 64 - xskim_leading_zeros(gap_ns) : 0;
        state->gap = 0;
        if (!bucket_add(&key, 1))
                return 0;
        key.bucket = BUCKET_SUM;
        return bucket_add(&key, gap_ns);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

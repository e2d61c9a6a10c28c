/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One packet counted in two ways, for `xskim bench claims`: in state that all CPUs share under a
 * lock, and in state of each CPU's own. What is counted is the same.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/rivals.h>

#define always_inline inline __attribute__((always_inline))

struct shared {
        struct bpf_spin_lock lock;
        struct xskim_lock_counts counts;
};

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct shared);
} shared_map SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct xskim_lock_counts);
} own_map SEC(".maps");

static always_inline void count(struct xskim_lock_counts *counts, __u64 bytes) {
        counts->packets++;
        counts->bytes += bytes;
        counts->sizes[bytes / 32 & (XSKIM_LOCK_SIZES - 1)]++;
}

SEC("xdp")
int claim_lock_shared(struct xdp_md *ctx) {
        __u64 bytes = (long)ctx->data_end - (long)ctx->data;
        __u32 first = 0;
        struct shared *shared = bpf_map_lookup_elem(&shared_map, &first);

        if (!shared)
                return XDP_PASS;
        bpf_spin_lock(&shared->lock);
        count(&shared->counts, bytes);
        bpf_spin_unlock(&shared->lock);
        return XDP_PASS;
}

SEC("xdp")
int claim_lock_own(struct xdp_md *ctx) {
        __u64 bytes = (long)ctx->data_end - (long)ctx->data;
        __u32 first = 0;
        struct xskim_lock_counts *counts = bpf_map_lookup_elem(&own_map, &first);

        if (!counts)
                return XDP_PASS;
        count(counts, bytes);
        return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The sink at the end of an experiment's path: counts what arrives, and drops it, or lets it pass
 * to the socket that takes latency.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/sink.h>

/* Set while packets are to pass. */
__u64 passing = 0;

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct xskim_sink_counts);
} counts SEC(".maps");

SEC("xdp")
int sink(struct xdp_md *ctx) {
        __u32 first = 0;
        struct xskim_sink_counts *c = bpf_map_lookup_elem(&counts, &first);

        if (c) {
                c->packets++;
                c->bytes += ctx->data_end - ctx->data;
        }
        return passing ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

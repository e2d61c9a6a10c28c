/* SPDX-License-Identifier: BSD-2-Clause */
/* The program that does nothing: what a packet path costs with any XDP program at all. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int empty(struct xdp_md *ctx) {
        (void)ctx;
        return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

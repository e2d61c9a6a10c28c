/* SPDX-License-Identifier: BSD-2-Clause */
/* Somebody else's program: counts what reaches it and lets it pass. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 counted = 0;

SEC("xdp")
int counter(struct xdp_md *ctx) {
        (void)ctx;
        __sync_fetch_and_add(&counted, 1);
        return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

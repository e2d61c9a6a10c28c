/* SPDX-License-Identifier: BSD-2-Clause */
/* A receiver that takes its time: each packet costs it so many rounds of nothing, then it drops it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 rounds = 0;

static long idle(__u32 index, void *context) {
        (void)index;
        (void)context;
        return 0;
}

SEC("xdp")
int slow(struct xdp_md *ctx) {
        (void)ctx;
        bpf_loop(rounds, idle, NULL, 0);
        return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

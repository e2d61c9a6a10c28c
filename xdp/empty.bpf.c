/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The baseline of every comparison: the verdict and nothing else, not so much as a constant to
 * read. A program for each verdict; the first is what perf/ and the tests use, the others are
 * loaded only when asked for.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 forward_to = 0; /* the interface that empty_forward sends packets out of */

SEC("xdp")
int empty(struct xdp_md *ctx) {
        (void)ctx;
        return XDP_PASS;
}

SEC("?xdp")
int empty_drop(struct xdp_md *ctx) {
        (void)ctx;
        return XDP_DROP;
}

SEC("?xdp")
int empty_forward(struct xdp_md *ctx) {
        (void)ctx;
        return (int)bpf_redirect(forward_to, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

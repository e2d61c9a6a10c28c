/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The baseline of every comparison: passes each packet and does nothing. Used by perf/ and by the
 * tests. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int sampler(struct xdp_md *ctx) {
        (void)ctx;
        return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

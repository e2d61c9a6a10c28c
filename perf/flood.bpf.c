/* SPDX-License-Identifier: BSD-2-Clause */
/* The baseline of a replay at top speed: one packet over and over, as live frames, redirected to a
 * port; and what the port's other end does with everything. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 target = 0;

SEC("xdp")
int flood(struct xdp_md *ctx) {
        (void)ctx;
        return bpf_redirect(target, 0);
}

SEC("xdp")
int discard(struct xdp_md *ctx) {
        (void)ctx;
        return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

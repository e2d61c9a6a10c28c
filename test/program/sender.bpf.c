/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends whatever it runs on out of one interface. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 target = 0;

SEC("xdp")
int sender(struct xdp_md *ctx) {
        (void)ctx;
        return bpf_redirect(target, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Burns a known time a packet: an injected cost that an experiment has to find. So many steps, each
 * of which needs the one before, without a branch that could be predicted wrongly: the verifier
 * leaves in only the groups that add up to them. A processor works on other things meanwhile if it
 * can, which would hide the cost; atomic operations before and after the steps hold it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/barrier.h>

const volatile __u32 verdict = XDP_PASS;
const volatile __u32 steps = 0;  /* below 4096 */
const volatile __u32 fences = 0; /* 0 to 2 */
const volatile __u32 forward_to = 0;

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, __u64);
} cells SEC(".maps");

#define GROUP(count_)                                                                              \
        if (steps & (count_))                                                                      \
        asm volatile(".rept " #count_ "\n\t%0 *= 3\n\t.endr" : "+r"(value))

static inline __attribute__((always_inline)) void burn_time(void) {
        __u64 value = 1, *cell;
        __u32 key = 0;

        if (!steps && !fences)
                return;
        cell = bpf_map_lookup_elem(&cells, &key);
        if (!cell)
                return;
        if (fences > 1)
                value = xskim_hold(cell, 1);
        GROUP(1);
        GROUP(2);
        GROUP(4);
        GROUP(8);
        GROUP(16);
        GROUP(32);
        GROUP(64);
        GROUP(128);
        GROUP(256);
        GROUP(512);
        GROUP(1024);
        GROUP(2048);
        if (fences)
                value = xskim_hold(cell, value);
        asm volatile("" : : "r"(value));
}

SEC("xdp")
int burn(struct xdp_md *ctx) {
        (void)ctx;
        burn_time();
        return verdict;
}

SEC("?xdp")
int burn_forward(struct xdp_md *ctx) {
        (void)ctx;
        burn_time();
        return (int)bpf_redirect(forward_to, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

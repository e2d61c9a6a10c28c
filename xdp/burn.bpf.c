/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Burns a known time a packet: an injected cost that an experiment has to find. So many steps, each
 * of which needs the one before, without a branch that could be predicted wrongly: the verifier
 * leaves in only the groups that add up to them. A processor works on other things meanwhile if it
 * can, which would hide the cost: a locked operation before and behind the steps left 25 ns hidden
 * when one run followed the other and 40 ns in the way of real packets. Readings of the clock wait
 * for what came before them, so that the time is the same in both.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 verdict = XDP_PASS;
const volatile __u32 steps = 0; /* below 4096 */
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
        __u64 value, *cell;
        __u32 key = 0;

        cell = bpf_map_lookup_elem(&cells, &key);
        if (!cell)
                return;
        value = bpf_ktime_get_ns();
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
        *cell = value + bpf_ktime_get_ns();
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

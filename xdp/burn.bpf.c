/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Burns a known time a packet: an injected cost that an experiment has to find. So many steps, each
 * of which needs the one before. One program for all times, so that what they differ by is the
 * steps alone and not where a program and its state lie.
 *
 * A processor works on other things meanwhile if it can, which would hide the cost: stores that
 * wait for a line of another processor's cache are done with before the first reading of the clock,
 * and each reading waits for what came before it. What is between the two is what the packet pays.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/barrier.h>
#include <xskim/burnt.h>

const volatile __u32 verdict = XDP_PASS;
const volatile __u32 forward_to = 0;

/* While packets come. */
__u32 steps = 0; /* below 4096 */
__u32 turn = 0;  /* below XSKIM_BURNT_TURNS: who burns */

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, XSKIM_BURNT_TURNS);
        __type(key, __u32);
        __type(value, struct xskim_burnt);
} burnt SEC(".maps");

enum { LOOPBACK = 1 }; /* where BPF_PROG_RUN says that its packets came in */

#define GROUP(count_)                                                                              \
        if (count & (count_))                                                                      \
        asm volatile(".rept " #count_ "\n\t%0 *= 3\n\t.endr" : "+r"(value))

static inline __attribute__((always_inline)) void burn_time(const struct xdp_md *ctx) {
        __u32 key = turn, count = steps;
        struct xskim_burnt *cell;
        __u64 begin, value;

        cell = bpf_map_lookup_elem(&burnt, &key);
        if (!cell)
                return;
        xskim_stores_done(&cell->runs);
        begin = bpf_ktime_get_ns();
        value = begin;
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
        begin = bpf_ktime_get_ns() - begin;
        if (ctx->ingress_ifindex == LOOPBACK || begin > XSKIM_BURNT_NS_MAX)
                return;
        cell->packets++;
        cell->ns += begin;
}

SEC("xdp")
int burn(struct xdp_md *ctx) {
        burn_time(ctx);
        return verdict;
}

SEC("?xdp")
int burn_forward(struct xdp_md *ctx) {
        burn_time(ctx);
        return (int)bpf_redirect(forward_to, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

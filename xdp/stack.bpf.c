/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The stack program (tc ingress, by TCX link): for packets that the sampler stamped, books the time
 * from XDP to here in a per-CPU histogram. It looks at nothing else and passes every packet on to
 * whatever comes next.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.h"

const volatile __u32 port_number = 0;

struct stacks_map stacks SEC(".maps");

enum { TCX_NEXT_PROGRAM = -1 };

static inline void stack_book(struct xskim_stack_state *state, __u64 ns) {
        __u32 slot =
                xskim_bucket_coarsen(xskim_bucket_slot(ns), XSKIM_SCALE_USER - XSKIM_SCALE_KERNEL);

        if (!state->count || ns < state->min_ns)
                state->min_ns = ns;
        if (ns > state->max_ns)
                state->max_ns = ns;
        state->count++;
        state->sum_ns += ns;
        if (slot >= XSKIM_STACK_BUCKETS)
                slot = XSKIM_STACK_BUCKETS - 1;
        state->buckets[slot]++;
}

SEC("tc")
int stack(struct __sk_buff *skb) {
        const struct xskim_stack_stamp *stamp = (const void *)(long)skb->data_meta;
        __u32 key = port_number;
        struct xskim_stack_state *state;

        if ((const void *)(stamp + 1) > (const void *)(long)skb->data ||
            stamp->magic != XSKIM_STACK_STAMP_MAGIC)
                return TCX_NEXT_PROGRAM;
        state = bpf_map_lookup_elem(&stacks, &key);
        if (state)
                stack_book(state, bpf_ktime_get_ns() - stamp->time_ns);
        return TCX_NEXT_PROGRAM;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

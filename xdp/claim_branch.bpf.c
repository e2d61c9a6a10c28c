/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The same sampling and the same histogram twice, for `xskim bench claims`: with a branch wherever
 * a programmer would write one, and predicated: every step is done for every value, and arithmetic
 * decides what counts. Each run takes XSKIM_BRANCH_VALUES random numbers, so that no branch can be
 * foretold.
 *
 * BPF has no instruction that makes a truth value of a comparison: a comparison is a jump. So the
 * predicated one subtracts and takes the sign, and hides that from the compiler, which would make a
 * jump of it again.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/rivals.h>
#include <xskim/skip.h>

#define always_inline inline __attribute__((always_inline))
#define never_inline __attribute__((noinline))
#define opaque(value) __asm__ volatile("" : "+r"(value))

enum { SHARE_BITS = 1 }; /* one value in two is sampled: the worst for whoever foretells */

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 2); /* one a program */
        __type(key, __u32);
        __type(value, struct xskim_branch_state);
} states SEC(".maps");

/* Values over all octaves; the low bits decide on sampling. */
static always_inline __u64 value_of(__u64 random) {
        return random >> 8 >> (random >> 2 & 31);
}

/* floor(log2(value)), by a ladder of ifs. */
static always_inline __u32 log2_branching(__u64 value) {
        __u32 log2 = 0;

        if (value > 0xffffffffULL) {
                value >>= 32;
                log2 += 32;
        }
        if (value > 0xffff) {
                value >>= 16;
                log2 += 16;
        }
        if (value > 0xff) {
                value >>= 8;
                log2 += 8;
        }
        if (value > 0xf) {
                value >>= 4;
                log2 += 4;
        }
        if (value > 0x3) {
                value >>= 2;
                log2 += 2;
        }
        if (value > 0x1)
                log2++;
        return log2;
}

/* 1 when value > limit, both below 2^63. */
static always_inline __u64 above(__u64 value, __u64 limit) {
        __u64 difference = limit - value;

        opaque(difference);
        return difference >> 63;
}

static always_inline __u32 log2_predicated(__u64 value) {
        __u64 shift, log2;

        log2 = above(value, 0xffffffffULL) << 5;
        value >>= log2;
        shift = above(value, 0xffff) << 4;
        value >>= shift;
        log2 |= shift;
        shift = above(value, 0xff) << 3;
        value >>= shift;
        log2 |= shift;
        shift = above(value, 0xf) << 2;
        value >>= shift;
        log2 |= shift;
        shift = above(value, 0x3) << 1;
        value >>= shift;
        log2 |= shift;
        return log2 | value >> 1;
}

never_inline int value_take_branching(struct xskim_branch_state *state) {
        __u64 random, value;

        if (!state)
                return 0;
        random = xskim_random_next(&state->random);
        value = value_of(random);
        state->seen++;
        if (random & SHARE_BITS)
                return 0;
        state->sampled++;
        state->buckets[log2_branching(value) & (XSKIM_BRANCH_BUCKETS - 1)]++;
        return 0;
}

never_inline int value_take_predicated(struct xskim_branch_state *state) {
        __u64 random, value, taken;

        if (!state)
                return 0;
        random = xskim_random_next(&state->random);
        value = value_of(random);
        taken = ~random & SHARE_BITS;
        opaque(taken);
        state->seen++;
        state->sampled += taken;
        state->buckets[log2_predicated(value) & (XSKIM_BRANCH_BUCKETS - 1)] += taken;
        return 0;
}

static always_inline struct xskim_branch_state *state_of(__u32 program) {
        struct xskim_branch_state *state = bpf_map_lookup_elem(&states, &program);

        /* both see the same numbers */
        if (state && !state->random)
                state->random = 1;
        return state;
}

SEC("xdp")
int claim_branch_branching(struct xdp_md *ctx) {
        struct xskim_branch_state *state = state_of(0);

        (void)ctx;
        for (int i = 0; i < XSKIM_BRANCH_VALUES; i++)
                value_take_branching(state);
        return XDP_PASS;
}

SEC("xdp")
int claim_branch_predicated(struct xdp_md *ctx) {
        struct xskim_branch_state *state = state_of(1);

        (void)ctx;
        for (int i = 0; i < XSKIM_BRANCH_VALUES; i++)
                value_take_predicated(state);
        return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

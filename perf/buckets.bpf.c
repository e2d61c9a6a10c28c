/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What one value costs in a histogram in the kernel: the sampler's (a bucket of a per-CPU array at
 * scale 5, branch-free) and the one that bpftrace's hist() made (a per-CPU hash keyed by the
 * power-of-two bucket: looked up, then updated). Each run draws BUCKETS_VALUES heavy-tailed
 * numbers, `draw` without storing them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/control.h>
#include <xskim/skip.h>

#include "buckets.h"

struct array {
        __u64 random;
        __u64 sum; /* so that nothing is optimised away */
        __u64 counts[XSKIM_STACK_BUCKETS];
};

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct array);
} arrays SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
        __uint(max_entries, 4096); /* bpftrace's default */
        __type(key, __u64);
        __type(value, __u64);
} hash SEC(".maps");

#define always_inline inline __attribute__((always_inline))

/* The same in all three; 0 to 35 leading bits less, so that values spread over all octaves. */
static always_inline __u64 value_draw(__u64 *random) {
        __u64 number = xskim_random_next(random);

        return (number >> 28) >> ((number & 31));
}

static always_inline void value_add_array(struct array *array, __u64 value) {
        __u32 slot = xskim_bucket_coarsen(xskim_bucket_slot(value),
                                          XSKIM_SCALE_USER - XSKIM_SCALE_KERNEL);

        if (slot >= XSKIM_STACK_BUCKETS)
                slot = XSKIM_STACK_BUCKETS - 1;
        array->counts[slot]++;
}

static always_inline void value_add_hash(__u64 value) {
        __u64 key = value ? 64 - xskim_leading_zeros(value) : 0;
        const __u64 *old = bpf_map_lookup_elem(&hash, &key);
        __u64 count = old ? *old + 1 : 1;

        bpf_map_update_elem(&hash, &key, &count, BPF_ANY);
}

#define BUCKETS_PROGRAM(name_, add_)                                                               \
        SEC("xdp") int name_(struct xdp_md *ctx) {                                                 \
                __u32 i, key = 0;                                                                  \
                struct array *array = bpf_map_lookup_elem(&arrays, &key);                          \
                __u64 random;                                                                      \
                                                                                                   \
                (void)ctx;                                                                         \
                if (!array)                                                                        \
                        return XDP_PASS;                                                           \
                random = array->random | 1;                                                        \
                for (i = 0; i < BUCKETS_VALUES; i++) {                                             \
                        __u64 value = value_draw(&random);                                         \
                                                                                                   \
                        array->sum += value;                                                       \
                        add_;                                                                      \
                }                                                                                  \
                array->random = random;                                                            \
                return XDP_PASS;                                                                   \
        }

BUCKETS_PROGRAM(buckets_none, (void)0)
BUCKETS_PROGRAM(buckets_array, value_add_array(array, value))
BUCKETS_PROGRAM(buckets_hash, value_add_hash(value))

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The peer: the sampler's record goes into a BPF ring buffer, one that all CPUs share or one for
 * each, without a wake-up. Linked with sampler_weak.bpf.c, whose record_stage it replaces; the
 * counters are incremented there.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/control.h>
#include <xskim/record.h>

#include "describe.h"

const volatile __u32 one_for_each_cpu = 0;
const volatile __u32 nothing = 0; /* leaves no record at all: what every way has in common */
extern const volatile __u32 weight;

struct buffer_map {
        __uint(type, BPF_MAP_TYPE_RINGBUF);
        __uint(max_entries, 4096);
};

struct buffer_map shared SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(__u32));
        __array(values, struct buffer_map);
} each SEC(".maps");

/* As the sampler packs it; perf-ways compares the records of both. */
static inline __attribute__((always_inline)) struct xskim_parsed unpack(__u64 packed) {
        return (struct xskim_parsed){
                .l3_offset = packed & 0xff,
                .l4_offset = packed >> 8 & 0xffff,
                .vlan_tci = packed >> 24,
                .class = packed >> 40,
                .outcome = packed >> 48,
                .protocol = packed >> 56,
        };
}

static inline __attribute__((always_inline)) struct xskim_record *room_reserve(void) {
        __u32 cpu = bpf_get_smp_processor_id();
        void *buffer;

        if (!one_for_each_cpu)
                return bpf_ringbuf_reserve(&shared, sizeof(struct xskim_record), 0);
        buffer = bpf_map_lookup_elem(&each, &cpu);
        return buffer ? bpf_ringbuf_reserve(buffer, sizeof(struct xskim_record), 0) : NULL;
}

__attribute__((noinline)) int record_stage(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                           __u64 now_ns, __u64 packed, __u64 length) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;
        struct xskim_parsed parsed = unpack(packed);
        struct xskim_record record = {0};
        struct xskim_record *room;

        if (nothing || !state)
                return 1;
        room = room_reserve();
        if (!room)
                return 0;
        xskim_describe(start, end, &parsed, &record);
        record.time_ns = now_ns;
        record.gap = state->gap;
        record.weight = weight;
        record.wire_length = length < XSKIM_WIRE_LENGTH_MAX ? length : XSKIM_WIRE_LENGTH_MAX;
        *room = record;
        bpf_ringbuf_submit(room, BPF_RB_NO_WAKEUP);
        state->gap = 0;
        return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

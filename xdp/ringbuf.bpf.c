/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * To be compared with: the sampler's record goes into a BPF ring buffer, one that all CPUs share or
 * one for each. The consumer is woken once when so much is waiting, or never. See recorded.h.
 */
#include "recorded.h"

const volatile __u32 one_for_each_cpu = 0;
const volatile __u32 wake_bytes = 0; /* waiting, when the consumer is woken; 0: never */
const volatile __u32 nothing = 0;    /* leaves no record at all: what every way has in common */

enum { ROOM_BYTES = XSKIM_RECORD_BYTES + BPF_RINGBUF_HDR_SZ };

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

static inline __attribute__((always_inline)) void *buffer_choose(void) {
        __u32 cpu = bpf_get_smp_processor_id();

        return one_for_each_cpu ? bpf_map_lookup_elem(&each, &cpu) : (void *)&shared;
}

/* Once, when the mark is passed: whoever is awake needs no waking. */
static inline __attribute__((always_inline)) __u64 wake_up(void *buffer) {
        __u64 waiting;

        if (!wake_bytes)
                return BPF_RB_NO_WAKEUP;
        waiting = bpf_ringbuf_query(buffer, BPF_RB_AVAIL_DATA);
        return waiting - wake_bytes < ROOM_BYTES ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

__attribute__((noinline)) int record_stage(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                           __u64 now_ns, __u64 packed, __u64 length) {
        struct xskim_record *room;
        void *buffer;

        if (nothing || !state)
                return 1;
        buffer = buffer_choose();
        room = buffer ? bpf_ringbuf_reserve(buffer, sizeof(*room), 0) : NULL;
        if (!room)
                return 0;
        record_write(ctx, state, now_ns, packed, length, room);
        bpf_ringbuf_submit(room, wake_up(buffer));
        state->gap = 0;
        return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

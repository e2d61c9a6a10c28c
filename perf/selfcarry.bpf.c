/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The peer for a `drop` port: the sampled packet itself carries the records. They are staged as the
 * sampler stages them; the packet that makes a frame full is grown, loaded with the records and
 * redirected to an AF_XDP socket on the port, instead of being dropped. No carriers, no doorbell.
 *
 * It takes the sampler's own steps, which are static: that is why a source file is included here.
 */
#include "sampler.bpf.c"

struct sockets_map sockets SEC(".maps");

/* The frame is full, so the ring's end (a multiple of 16 slots) may come first. */
static always_inline __u64 frame_records(__u64 tail) {
        __u64 left = ring_slots - (tail & (ring_slots - 1));

        return left < XSKIM_FRAME_RECORDS_MAX ? left : XSKIM_FRAME_RECORDS_MAX;
}

static always_inline int header_write(struct xdp_md *ctx, const struct xskim_ring_control *control,
                                      const struct xskim_sampler_state *state, __u32 ring,
                                      __u64 records) {
        struct xskim_frame_header *header = (void *)(long)ctx->data;

        if ((void *)(header + 1) > (void *)(long)ctx->data_end)
                return -1;
        header->magic = XSKIM_FRAME_MAGIC;
        header->version = XSKIM_FRAME_VERSION;
        header->records = records;
        header->ring = ring;
        header->worker = 0;
        header->sequence = control->frames;
        header->first_record = control->tail;
        header->time_ns = bpf_ktime_get_ns();
        header->seen = state->counters.seen;
        header->bytes = state->counters.bytes;
        header->drawn = state->counters.drawn;
        header->sampled = state->counters.sampled;
        header->staged = state->counters.staged;
        header->ring_full = state->counters.ring_full;
        header->unparsable = state->counters.unparsable;
        header->session = 0;
        header->reserved = 0;
        header->decoded_ns = 0;
        header->checksum = 0;
        return 0;
}

__attribute__((noinline)) int packet_load(struct xdp_md *ctx, struct xskim_sampler_state *state) {
        __u32 ring = port_number * cpu_count + bpf_get_smp_processor_id(), zero = 0;
        struct xskim_ring_control *control = bpf_map_lookup_elem(&ring_controls, &ring);
        char *slots = bpf_map_lookup_elem(&rings, &ring);
        __u64 slot, records, bytes, frame;

        if (!state || !control || !slots)
                return XDP_DROP;
        records = frame_records(control->tail);
        if (state->head - control->tail < records)
                return XDP_DROP;
        bytes = records * XSKIM_RECORD_BYTES;
        frame = (long)ctx->data_end;
        frame -= (long)ctx->data;
        if (bpf_xdp_adjust_tail(ctx, (int)(XSKIM_FRAME_HEADER_BYTES + bytes) - (int)frame))
                return XDP_DROP;
        if (header_write(ctx, control, state, ring, records))
                return XDP_DROP;
        slot = control->tail & (ring_slots - 1);
        __asm__ volatile("" : "+r"(bytes));
        if (bytes < 1 || bytes > XSKIM_FRAME_RECORDS_MAX * XSKIM_RECORD_BYTES)
                return XDP_DROP;
        if (bpf_xdp_store_bytes(ctx, XSKIM_FRAME_HEADER_BYTES, slots + slot * XSKIM_RECORD_BYTES,
                                bytes))
                return XDP_DROP;
        control->frames++;
        control->carried += records;
        control->tail += records;
        return bpf_redirect_map(&sockets, zero, XDP_DROP);
}

SEC("xdp")
int selfcarry(struct xdp_md *ctx) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;
        __u32 key = port_number;
        struct xskim_sampler_state *state = bpf_map_lookup_elem(&states, &key);

        if (!state)
                return XDP_DROP;
        if (observe(ctx, state, start, end) == XSKIM_RUN_sampled)
                return packet_load(ctx, state);
        return XDP_DROP;
}

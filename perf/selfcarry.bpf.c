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

static always_inline int header_write(struct xdp_md *ctx, const struct xskim_ring_control *control,
                                      const struct xskim_sampler_state *state, __u32 ring) {
        struct xskim_frame_header *header = (void *)(long)ctx->data;

        if ((void *)(header + 1) > (void *)(long)ctx->data_end)
                return -1;
        header->magic = XSKIM_FRAME_MAGIC;
        header->version = XSKIM_FRAME_VERSION;
        header->records = XSKIM_FRAME_RECORDS_MAX;
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
        header->beside = 0;
        header->decoded_ns = 0;
        header->checksum = 0;
        return 0;
}

/* A ring has room for a whole number of frames, so the records of one are never torn apart. */
__attribute__((noinline)) int packet_load(struct xdp_md *ctx, struct xskim_sampler_state *state) {
        const int bytes = XSKIM_FRAME_RECORDS_MAX * XSKIM_RECORD_BYTES;
        __u32 ring = port_number * cpu_count + bpf_get_smp_processor_id(), zero = 0, slot;
        struct xskim_ring_control *control = bpf_map_lookup_elem(&ring_controls, &ring);
        char *slots = bpf_map_lookup_elem(&rings, &ring);
        int length = (int)((long)ctx->data_end - (long)ctx->data);

        if (!state || !control || !slots)
                return XDP_DROP;
        if (state->head - control->tail < XSKIM_FRAME_RECORDS_MAX)
                return XDP_DROP;
        slot = control->slot;
        if (slot >= ring_slots)
                slot = 0;
        if (bpf_xdp_adjust_tail(ctx, XSKIM_FRAME_HEADER_BYTES + bytes - length))
                return XDP_DROP;
        if (header_write(ctx, control, state, ring))
                return XDP_DROP;
        if (bpf_xdp_store_bytes(ctx, XSKIM_FRAME_HEADER_BYTES, slots + slot * XSKIM_RECORD_BYTES,
                                bytes))
                return XDP_DROP;
        control->slot = slot + XSKIM_FRAME_RECORDS_MAX;
        control->frames++;
        control->carried += XSKIM_FRAME_RECORDS_MAX;
        control->tail += XSKIM_FRAME_RECORDS_MAX;
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
        if (observe(ctx, state, start, end, false) == XSKIM_RUN_sampled)
                return packet_load(ctx, state);
        return XDP_DROP;
}

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The carrier: runs on empty frames that a worker injects (BPF_PROG_RUN with live frames), loads
 * each with the records of the staging ring that the worker's plan names, and redirects it to the
 * worker's AF_XDP socket. It is the only consumer of a ring, on the collector's CPU; the packet
 * path knows nothing of it.
 *
 * A frame never holds records from both sides of the ring's end: one copy a frame.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/barrier.h>

#include "bound.h"
#include "maps.h"

#define always_inline inline __attribute__((always_inline))

const volatile __u64 session = 0;
const volatile __u32 ring_slots = XSKIM_RING_SLOTS_MIN;

struct states_map states SEC(".maps");
struct rings_map rings SEC(".maps");
struct ring_controls_map ring_controls SEC(".maps");
struct worker_controls_map worker_controls SEC(".maps");
struct sockets_map sockets SEC(".maps");

/* The sampler's counters as they were when this run of carriers came to the ring. */
static always_inline void counters_read(struct xskim_worker_control *plan,
                                        const struct xskim_ring_control *control, __u32 ring) {
        __u32 port = control->port;
        struct xskim_sampler_state *state;

        if (plan->next > 1 && plan->counted == ring)
                return;
        state = bpf_map_lookup_percpu_elem(&states, &port, control->cpu);
        if (!state)
                return;
        plan->counters = state->counters;
        plan->counted = ring;
}

static always_inline void header_count(struct xskim_frame_header *header,
                                       const struct xskim_sampler_counters *counters) {
        header->seen = counters->seen;
        header->bytes = counters->bytes;
        header->drawn = counters->drawn;
        header->sampled = counters->sampled;
        header->staged = counters->staged;
        header->ring_full = counters->ring_full;
        header->unparsable = counters->unparsable;
        header->beside = counters->stamped + counters->hashed;
}

static always_inline void header_write(struct xskim_frame_header *header,
                                       const struct xskim_ring_control *control,
                                       const struct xskim_worker_control *plan, __u32 ring,
                                       __u32 worker, __u32 records) {
        header->magic = XSKIM_FRAME_MAGIC;
        header->version = XSKIM_FRAME_VERSION;
        header->records = records;
        header->ring = ring;
        header->worker = worker;
        header->sequence = control->frames;
        header->first_record = control->tail;
        header->time_ns = bpf_ktime_get_ns();
        header->session = session;
        header->decoded_ns = 0;
        header->checksum = 0;
        header_count(header, &plan->counters);
}

/* How many records the next frame of this ring takes: up to the ring's end, at most a frame full.
 */
static always_inline __u64 records_ready(const struct xskim_ring_control *control, __u64 slot) {
        __u64 records = xskim_load_acquire(&control->head) - control->tail;

        if (records > ring_slots - slot)
                records = ring_slots - slot;
        if (records > XSKIM_FRAME_RECORDS_MAX)
                records = XSKIM_FRAME_RECORDS_MAX;
        return records;
}

static always_inline void ring_advance(struct xskim_ring_control *control, __u64 slot,
                                       __u64 records) {
        control->slot = slot + records;
        control->loaded[control->frames % XSKIM_PLAN_MAX] = records;
        control->frames++;
        control->carried += records;
        xskim_store_release(&control->tail, control->tail + records);
}

static always_inline int frame_load(struct xdp_md *ctx, struct xskim_worker_control *plan,
                                    __u32 worker, __u32 ring) {
        struct xskim_ring_control *control = bpf_map_lookup_elem(&ring_controls, &ring);
        char *slots = bpf_map_lookup_elem(&rings, &ring);
        struct xskim_frame_header *header = (void *)(long)ctx->data;
        __u64 slot, records, bytes;

        if (!control || !slots ||
            (char *)header + XSKIM_FRAME_BYTES_MAX > (char *)(long)ctx->data_end) {
                plan->refused++;
                return XDP_DROP;
        }
        slot = control->slot < ring_slots ? control->slot : 0;
        bound(slot);
        if (slot >= ring_slots)
                return XDP_DROP;
        records = records_ready(control, slot);
        if (!records) {
                plan->empty++;
                return XDP_DROP;
        }
        counters_read(plan, control, ring);
        header_write(header, control, plan, ring, worker, records);
        /* Not 0 is nothing that the verifier of Linux 6.1 learns from a comparison with 0. */
        bytes = records * XSKIM_RECORD_BYTES - 1;
        bound(bytes);
        if (bytes >= XSKIM_FRAME_RECORDS_MAX * XSKIM_RECORD_BYTES)
                return XDP_DROP;
        bytes++;
        if (bpf_xdp_store_bytes(ctx, XSKIM_FRAME_HEADER_BYTES, slots + slot * XSKIM_RECORD_BYTES,
                                bytes)) {
                plan->refused++;
                return XDP_DROP;
        }
        ring_advance(control, slot, records);
        if (records < XSKIM_FRAME_RECORDS_MAX)
                bpf_xdp_adjust_tail(ctx, (int)bytes - XSKIM_FRAME_RECORDS_MAX * XSKIM_RECORD_BYTES);
        return bpf_redirect_map(&sockets, worker, XDP_DROP);
}

/* The template of every frame carries the worker's number where the header has it. */
SEC("xdp")
int carrier(struct xdp_md *ctx) {
        struct xskim_frame_header *header = (void *)(long)ctx->data;
        struct xskim_worker_control *plan;
        __u32 worker, place;

        if ((void *)(header + 1) > (void *)(long)ctx->data_end)
                return XDP_DROP;
        worker = header->worker;
        plan = bpf_map_lookup_elem(&worker_controls, &worker);
        if (!plan)
                return XDP_DROP;
        place = plan->next++;
        if (place >= plan->plan_length || place >= XSKIM_PLAN_MAX) {
                plan->refused++;
                return XDP_DROP;
        }
        return frame_load(ctx, plan, worker, plan->plan[place]);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

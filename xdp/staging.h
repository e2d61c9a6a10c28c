/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The staging ring of this CPU as its producer uses it: a slot is taken, filled, published; above
 * the high-water mark a worker that sleeps is woken. For the sampler alone, whose constants say
 * which ring that is and how long it is.
 */
#ifndef XSKIM_STAGING_H
#define XSKIM_STAGING_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/barrier.h>
#include <xskim/bytes.h>

#include "maps.h"

const volatile __u32 port_number = 0;
const volatile __u32 cpu_count = 1;
const volatile __u32 ring_slots = XSKIM_RING_SLOTS_MIN;

struct rings_map rings SEC(".maps");
struct ring_controls_map ring_controls SEC(".maps");
struct doorbells_map doorbells SEC(".maps");

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

static __attribute__((noinline)) int doorbell_ring(struct xskim_sampler_state *state,
                                                   __u32 worker) {
        __u64 note = 0;
        void *doorbell = bpf_map_lookup_elem(&doorbells, &worker);

        if (!state)
                return 0;
        if (!doorbell || bpf_ringbuf_output(doorbell, &note, sizeof(note), BPF_RB_FORCE_WAKEUP))
                state->counters.doorbells_lost++;
        else
                state->counters.doorbells++;
        return 0;
}

/*
 * The head has reached head_next: looks at the tail, wakes a sleeping worker above the high-water
 * mark, and decides when to look again. Says whether there is room for a record.
 *
 * head_next is never later than the tail was + the high-water mark, so a crossing cannot be missed;
 * a mark set after the exchange below was preceded by a look at `head` (see barrier.h) or is seen
 * one step later.
 */
static __attribute__((noinline)) int ring_look(struct xskim_sampler_state *state,
                                               struct xskim_ring_control *control) {
        __u64 tail, fill;

        if (!state || !control)
                return 0;
        tail = xskim_load_acquire(&control->tail);
        fill = state->head - tail;
        if (fill < XSKIM_RING_HIGH_WATER(ring_slots)) {
                state->head_next = tail + XSKIM_RING_HIGH_WATER(ring_slots);
                return 1;
        }
        if (xskim_take_mark(&control->asleep))
                doorbell_ring(state, control->worker);
        if (fill >= ring_slots)
                return 0;
        state->head_next = state->head + XSKIM_RING_LOOK_AGAIN(ring_slots);
        if (state->head_next > tail + ring_slots)
                state->head_next = tail + ring_slots;
        return 1;
}

/*
 * A slot's cache line was last read by the worker's CPU, and a store to it waits in the store
 * buffer until it is back, which the next locked operation in the packet's way waits for. So the
 * lines of several slots are asked for at once: they come side by side, and one wait serves them
 * all.
 */
enum { XSKIM_CLAIM_SLOTS = 8 };
_Static_assert(XSKIM_RING_SLOTS_UNIT % XSKIM_CLAIM_SLOTS == 0, "a claim does not wrap");

/* For the slots from `slot` on, which are free. */
XSKIM_INLINE void slots_claim(struct xskim_record *slot) {
        __u32 i;

#pragma unroll
        for (i = 0; i < XSKIM_CLAIM_SLOTS; i++)
                *(volatile __u64 *)(slot + i) = 0;
}

/* The slot of this CPU's ring that the next record goes to; 0: the ring is full. */
XSKIM_INLINE struct xskim_record *slot_take(struct xskim_sampler_state *state,
                                            struct xskim_ring_control **ret_control) {
        __u32 ring = port_number * cpu_count + bpf_get_smp_processor_id();
        struct xskim_ring_control *control = bpf_map_lookup_elem(&ring_controls, &ring);
        struct xskim_record *slots = bpf_map_lookup_elem(&rings, &ring);
        __u32 place;

        if (unlikely(!state || !control || !slots))
                return 0;
        if (unlikely(state->head >= state->head_next) && !ring_look(state, control))
                return 0;
        *ret_control = control;
        place = state->slot;
        if (unlikely(place >= ring_slots))
                place = 0;
        state->slot = place + 1;
        if (unlikely(!(place % XSKIM_CLAIM_SLOTS)) &&
            state->head + XSKIM_CLAIM_SLOTS <= state->head_next)
                slots_claim(slots + place);
        return slots + place;
}

/* The record in the slot that was taken is whole. */
XSKIM_INLINE void slot_publish(struct xskim_sampler_state *state,
                               struct xskim_ring_control *control) {
        state->head++;
        xskim_store_release(&control->head, state->head);
}

#endif

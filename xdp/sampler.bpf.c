/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The sampler: counts every packet, draws which ones are sampled, leaves a record of each in the
 * staging ring of its CPU, and returns the configured verdict whatever happens. One instance a
 * port; it knows its configuration as constants, so that the verifier removes what is switched off.
 *
 * What a packet costs that is not sampled: one look-up of per-CPU state, three additions, two
 * comparisons, and in tier `classes` the parser and three array increments. No helper is called
 * before the sampling decision.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>
#include <xskim/skip.h>

#include "expected.h"
#include "packed.h"
#include "recorded.h"
#include "staging.h"
#include "stamped.h"

#define always_inline inline __attribute__((always_inline))

const volatile __u32 verdict = XDP_PASS;
const volatile __u32 count_classes = 1;
const volatile __u32 multi_buffer = 0; /* the packet may have more than its first buffer */
const volatile __u32 stamp_stack = 0;
const volatile __u32 weight = 1;
const volatile __u32 sampling_off = 0;
const volatile __u32 forward_to = 0; /* of sampler_forward: the interface that packets go out of */
const volatile struct xskim_skip skip_of = {0};

/* Read by nobody here: through it user space recognises a sampler that its process left in libxdp's
 * dispatcher, and the network namespace (cookie) of its port. 0: this one leaves nothing. */
const volatile __u64 owner_namespace SEC(".rodata.owner") = 0;

struct states_map states SEC(".maps");

/* What leaves records beside those of samples; a constant in each of the programs below. */
enum look { LOOK_NOT, LOOK_FOR_STAMPS, LOOK_AT_CONTENTS };

/* What one packet is, passed between the steps. */
struct packet {
        const void *start;
        const void *end; /* of the first buffer */
        __u64 length;    /* on the wire, all buffers */
        __u64 parsed;    /* packed */
};

static always_inline __u8 packed_class(__u64 packed) {
        return packed >> 40;
}

static always_inline __u8 packed_outcome(__u64 packed) {
        return packed >> 48;
}

/* Everything that is not plain. */
__attribute__((noinline)) __u64 packet_classify(struct xdp_md *ctx) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;
        struct xskim_parsed parsed;

        xskim_classify_any(start, end, &parsed);
        return parsed_pack(&parsed);
}

static always_inline __u64 classify(struct xdp_md *ctx, const struct packet *packet) {
        struct xskim_parsed parsed;

        if (likely(xskim_classify_plain(packet->start, packet->end, &parsed)))
                return parsed_pack(&parsed);
        return packet_classify(ctx);
}

__attribute__((noinline)) int record_describe_any(struct xdp_md *ctx, __u64 packed,
                                                  struct xskim_record *record) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;
        struct xskim_parsed parsed = parsed_unpack(packed);

        if (record)
                xskim_describe_any(start, end, &parsed, record);
        return 0;
}

/* Leaves the record of a sampled packet in this CPU's ring; says whether there was room. */
__attribute__((noinline)) int record_stage(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                           __u64 now_ns, __u64 packed, __u64 length) {
        struct xskim_ring_control *control;
        struct xskim_record *slot = slot_take(state, &control);

        if (unlikely(!slot))
                return 0;
        record_write(ctx, state, now_ns, packed, length, slot);
        state->gap = 0;
        slot_publish(state, control);
        return 1;
}

static always_inline void sample_take(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                      const struct packet *packet, __u64 now_ns) {
        state->counters.sampled++;
        if (unlikely(packed_outcome(packet->parsed) == XSKIM_OUTCOME_cut_l2))
                state->counters.unparsable++;
        else if (record_stage(ctx, state, now_ns, packet->parsed, packet->length))
                state->counters.staged++;
        else
                state->counters.ring_full++;
}

/* Draws how many packets to go on, keeps the count that the ledger checks, and arms the self-timer.
 */
static always_inline void skip_next(struct xskim_sampler_state *state, __u64 now_ns) {
        struct xskim_skip skip = {skip_of.mantissa, skip_of.shift};
        __u64 packets = 1;

        /* a constant: without it (every packet) nothing is drawn */
        if (skip_of.mantissa)
                packets = xskim_skip_draw(&state->random, skip);

        state->counters.drawn += packets;
        state->gap_start_ns = now_ns;
        state->countdown = 1;
        state->held = packets - 1;
        if (state->timed_next == XSKIM_RUN_plain || state->counters.seen < state->timed_due)
                return;
        if (state->timed_next == XSKIM_RUN_gap)
                state->timed_at = state->counters.seen;
        else
                state->timed_at = state->counters.seen + packets - 1;
}

/* The countdown is over: this packet ends a gap, is sampled, or both. */
static always_inline enum xskim_run event(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                          struct packet *packet) {
        __u64 now_ns = bpf_ktime_get_ns();

        if (state->gap_start_ns) {
                state->gap = xskim_gap_encode(now_ns - state->gap_start_ns);
                state->gap_start_ns = 0;
                state->counters.gaps++;
        }
        if (state->held) {
                state->countdown = state->held;
                state->held = 0;
                return XSKIM_RUN_gap;
        }
        if (!count_classes)
                packet->parsed = classify(ctx, packet);
        sample_take(ctx, state, packet, now_ns);
        skip_next(state, now_ns);
        return XSKIM_RUN_sampled;
}

static always_inline void classes_count(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                        struct packet *packet) {
        __u8 outcome;
        __u32 slot = xskim_bucket_coarsen(xskim_bucket_slot(packet->length),
                                          XSKIM_SCALE_USER - XSKIM_SCALE_KERNEL);

        packet->parsed = classify(ctx, packet);
        state->classes[packed_class(packet->parsed)]++;
        outcome = packed_outcome(packet->parsed);
        if (outcome < XSKIM_OUTCOME_COUNT)
                state->outcomes[outcome]++;
        if (slot >= XSKIM_SIZE_BUCKETS)
                slot = XSKIM_SIZE_BUCKETS - 1;
        state->sizes[slot]++;
}

/* Leaves a record of another kind than a sample's; says whether there was room. */
static always_inline int beside_stage(struct xskim_sampler_state *state, const void *record) {
        struct xskim_ring_control *control;
        struct xskim_record *slot = slot_take(state, &control);

        if (!slot) {
                state->counters.ring_full++;
                return 0;
        }
        __builtin_memcpy(slot, record, sizeof(*slot));
        slot_publish(state, control);
        state->counters.staged++;
        return 1;
}

/*
 * If the packet carries a stamp, leaves a record of it. The time is that before the payload is
 * looked at.
 */
__attribute__((noinline)) int stamp_look(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                         __u64 packed, __u64 length) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;
        struct xskim_parsed parsed = parsed_unpack(packed);
        __u32 payload = xskim_payload_start(start, end, &parsed);
        __u32 trailer = xskim_network_end(start, end, &parsed) - XSKIM_STAMP_BYTES;
        struct xskim_stamp_record record = {0};
        struct xskim_stamp wire;

        if (!state || parsed.outcome != XSKIM_OUTCOME_complete || !payload || trailer < payload ||
            trailer >= XSKIM_FAR || !stamp_may_be(start, end, trailer))
                return 0;
        if (bpf_xdp_load_bytes(ctx, trailer, &wire, sizeof(wire)) || !xskim_stamp_is_there(&wire))
                return 0;
        state->counters.stamped++;
        record.time_ns = bpf_ktime_get_ns();
        record.faults = stamp_faults(ctx, &wire, payload, trailer);
        record.sent_ns = XSKIM_NET64(wire.sent_ns);
        record.sequence = xskim_stamp_sequence(XSKIM_NET64(wire.place));
        record.stream = xskim_stamp_stream(XSKIM_NET64(wire.place));
        record.run = XSKIM_NET32(wire.run);
        record.wire_length = record_length(length);
        record.protocol = parsed.protocol;
        record.class = parsed.class;
        return beside_stage(state, &record);
}

/* Where the EtherType behind the tags is. A function of its own, so that the verifier does not
 * follow each number of tags through all that comes after. */
__attribute__((noinline)) __u32 type_find(struct xdp_md *ctx) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;

        return xskim_type_at(start, end);
}

/* Leaves a record of what the packet is. The time is that before it is looked at. */
__attribute__((noinline)) int content_look(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                           __u64 packed, __u64 length) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;
        struct xskim_parsed parsed = parsed_unpack(packed);
        __u32 bytes = length < XSKIM_FAR ? length : XSKIM_FAR, type_at = XSKIM_ADDRESSES_BYTES;
        struct xskim_content_record record = {0};
        struct xskim_stripe first = {0};
        struct xskim_span span;

        if (!state)
                return 0;
        if (xskim_content_l3(start, end, &parsed) == XSKIM_L3_other_l3)
                type_at = type_find(ctx);
        if (type_at >= XSKIM_OFFSET_MAX ||
            !xskim_content_span(start, end, &parsed, type_at, bytes, &span) ||
            !content_first(ctx, start, end, &span, &first))
                return 0;
        state->counters.hashed++;
        record.time_ns = bpf_ktime_get_ns();
        record.identity = xskim_identify(start, end, &parsed, &span, &first);
        xskim_content_mask(span.l3, &first);
        record.content = content_hash(ctx, &span, &first);
        record.kind = XSKIM_RECORD_OF_CONTENT;
        record.wire_length = record_length(length);
        record.protocol = parsed.protocol;
        record.class = parsed.class;
        return beside_stage(state, &record);
}

static always_inline enum xskim_run observe(struct xdp_md *ctx, struct xskim_sampler_state *state,
                                            const void *start, const void *end, enum look look) {
        struct packet packet = {.start = start, .end = end, .length = end - start};

        if (multi_buffer)
                packet.length = bpf_xdp_get_buff_len(ctx);
        state->counters.seen++;
        state->counters.bytes += packet.length;
        if (count_classes)
                classes_count(ctx, state, &packet);
        if (look != LOOK_NOT && !count_classes)
                packet.parsed = classify(ctx, &packet);
        if (look == LOOK_FOR_STAMPS)
                stamp_look(ctx, state, packet.parsed, packet.length);
        if (look == LOOK_AT_CONTENTS)
                content_look(ctx, state, packet.parsed, packet.length);
        if (--state->countdown)
                return XSKIM_RUN_plain;
        return event(ctx, state, &packet);
}

/* Books one timed run and chooses what is timed next: each kind in turn, XSKIM_TIMED_EVERY packets
 * on. */
static always_inline void timed_book(struct xskim_sampler_state *state, enum xskim_run run,
                                     __s64 ns) {
        __u64 due = state->counters.seen + XSKIM_TIMED_EVERY;

        state->timed[run].runs++;
        state->timed[run].ns += ns;
        if (!sampling_off)
                state->timed_next++;
        if (state->timed_next >= XSKIM_RUN_COUNT)
                state->timed_next = XSKIM_RUN_plain;
        state->timed_due = due;
        state->timed_at = state->timed_next == XSKIM_RUN_plain ? due : ~0ULL;
}

/* The time goes with the packet, in front of its first byte. */
static always_inline void stack_stamp(struct xdp_md *ctx, struct xskim_sampler_state *state) {
        struct xskim_stack_stamp *stamp;

        if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*stamp))) {
                state->counters.stamps_failed++;
                return;
        }
        stamp = (void *)(long)ctx->data_meta;
        if ((void *)(stamp + 1) > (void *)(long)ctx->data)
                return;
        stamp->magic = XSKIM_STACK_STAMP_MAGIC;
        stamp->time_ns = bpf_ktime_get_ns();
}

static always_inline int packet_see(struct xdp_md *ctx, bool may_stamp, enum look look) {
        const void *start = (const void *)(long)ctx->data;
        const void *end = (const void *)(long)ctx->data_end;
        __u32 key = port_number;
        struct xskim_sampler_state *state = bpf_map_lookup_elem(&states, &key);
        __u64 before = 0, begin = 0;
        enum xskim_run run;
        __u64 timing; /* 0: the run before the one to be timed; 1: that one */

        if (unlikely(!state))
                return verdict;
        /* the clock is read in the run before too: its code is in the caches then, and not timed */
        timing = state->counters.seen + 1 - state->timed_at;
        if (unlikely(timing < 2)) {
                before = bpf_ktime_get_ns();
                begin = bpf_ktime_get_ns();
        }
        run = observe(ctx, state, start, end, look);
        if (unlikely(timing < 2)) {
                __u64 done = bpf_ktime_get_ns();

                if (timing)
                        timed_book(state, run, (__s64)(done - begin) - (__s64)(begin - before));
        }
        if (may_stamp && stamp_stack && run == XSKIM_RUN_sampled)
                stack_stamp(ctx, state);
        return verdict;
}

SEC("xdp")
int sampler(struct xdp_md *ctx) {
        return packet_see(ctx, true, LOOK_NOT);
}

/* The verdict is to send the packet out of another port, for `xskim bench`. A program of its own,
 * so that the others have nothing to look at. */
SEC("?xdp")
int sampler_forward(struct xdp_md *ctx) {
        packet_see(ctx, true, LOOK_NOT);
        return (int)bpf_redirect(forward_to, 0);
}

/* In libxdp's dispatcher: newer kernels (seen on 6.12.95) refuse a program there that so much as
 * contains a call that may move the packet's bounds, unless the dispatcher has one, too. Loaded
 * only when asked for. */
SEC("?xdp")
int sampler_shared(struct xdp_md *ctx) {
        return packet_see(ctx, false, LOOK_NOT);
}

/* With --transit: also looks for stamps. Loaded only when asked for, so that the others do not pay.
 */
SEC("?xdp")
int sampler_transit(struct xdp_md *ctx) {
        return packet_see(ctx, true, LOOK_FOR_STAMPS);
}

SEC("?xdp")
int sampler_transit_shared(struct xdp_md *ctx) {
        return packet_see(ctx, false, LOOK_FOR_STAMPS);
}

/* With --expect: also hashes every packet. */
SEC("?xdp")
int sampler_expect(struct xdp_md *ctx) {
        return packet_see(ctx, true, LOOK_AT_CONTENTS);
}

SEC("?xdp")
int sampler_expect_shared(struct xdp_md *ctx) {
        return packet_see(ctx, false, LOOK_AT_CONTENTS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

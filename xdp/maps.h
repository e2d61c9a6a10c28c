/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps that the programs share. Each object declares what it uses; program.c makes them once,
 * sizes them (entries below are placeholders, set before loading) and hands them to every object by
 * descriptor.
 */
#ifndef XSKIM_MAPS_H
#define XSKIM_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/control.h>
#include <xskim/frame.h>

/* The staging rings: one element is one ring, its slots in a row, with slack for one frame behind
 * the last slot so that the verifier can see that a copy from any slot stays inside. Never mapped.
 */
struct rings_map {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(__u32));
        __uint(value_size, (XSKIM_RING_SLOTS_MIN + XSKIM_FRAME_RECORDS_MAX) * XSKIM_RECORD_BYTES);
};

struct states_map {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct xskim_sampler_state);
};

struct ring_controls_map {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct xskim_ring_control);
};

struct worker_controls_map {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct xskim_worker_control);
};

/* The doorbells: a one-page ring buffer for each worker; only the wake-up matters. */
struct doorbell_map {
        __uint(type, BPF_MAP_TYPE_RINGBUF);
        __uint(max_entries, 4096);
};

struct doorbells_map {
        __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(__u32));
        __array(values, struct doorbell_map);
};

struct sockets_map {
        __uint(type, BPF_MAP_TYPE_XSKMAP);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(__u32));
        __uint(value_size, sizeof(__u32));
};

struct stacks_map {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct xskim_stack_state);
};

#endif

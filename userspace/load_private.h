/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the load's thread (load.c) and what it sends by (load_frames.c, load_tcp.c). */
#ifndef XSKIM_LOAD_PRIVATE_H
#define XSKIM_LOAD_PRIVATE_H

#include <stdatomic.h>

#include "histogram.h"
#include "load.h"

/* A run under way. The thread writes, but for `stop`; others read the atomics. */
struct load_run {
        struct load_order order;
        atomic_bool stop;
        struct load_result result; /* of a run: number, refused, bytes, times, behind */
        struct histogram late;     /* handed over - due */
};

struct load_engine {
        int (*open)(const struct load_config *config, void **ret_engine);
        void (*close)(void *engine);
        /* Before it; nothing of an earlier one is left. */
        void (*reset)(void *engine);
        /* Until the order is done, or run->stop. */
        int (*run)(void *engine, struct load_run *run);
        void (*stop)(void *engine); /* beside run->stop, from another thread; may be NULL */
        uint64_t (*sent)(const void *engine); /* of the run under way; any thread */
        const uint8_t *(*packet)(const void *engine, uint32_t *ret_bytes); /* may be NULL */
};

extern const struct load_engine LOAD_FRAMES;
extern const struct load_engine LOAD_TCP;

/* Frames without FCS, in an order that repeats. */
enum { LOAD_MIX_FRAMES = 12, LOAD_FRAME_BYTES_MAX = 1514 };
uint32_t load_frame_bytes(uint32_t packet_bytes, uint64_t number);

/* A frame of `bytes` bytes, its mark still zeros. */
void load_frame_build(const struct arena *arena, uint32_t bytes, uint8_t *frame);

/* When packet number `number` of a run is due, since its start; how many are, at most, by then:
 * those at or before `since_ns`. Exact in integers, so nothing adds up. */
uint64_t load_due_ns(uint64_t pps, uint64_t number);
uint64_t load_due_count(uint64_t pps, uint64_t since_ns);

#endif

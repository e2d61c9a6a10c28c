/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The collector of xskim's peers: a pinned thread that takes records whenever its period is over
 * and decodes them into the very distributions that xskim's worker keeps.
 */
#ifndef XSKIM_PERF_COLLECTOR_H
#define XSKIM_PERF_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/record.h>

#include "tally.h"

struct collector;

struct collector_config {
        int cpu;
        uint64_t period_ns;        /* between two looks */
        uint64_t active_period_ns; /* while active */
        /*
         * Takes some of what is there, decodes it into the ring's open interval, returns how many
         * records that were: 0 = no more.
         */
        uint32_t (*take)(void *context, struct tally_ring *ring);
        void *context;
};

struct collector *collector_open(const struct collector_config *config);

/* Ends the thread, frees. Returns NULL. */
struct collector *collector_close(struct collector *collector);

/* A short period only matters in a slice of its own, and would disturb the others'. */
void collector_activate(struct collector *collector, bool active);

/* Records decoded, and CPU time of the thread so far. */
uint64_t collector_decoded(const struct collector *collector);
uint64_t collector_cpu_ns(const struct collector *collector);

enum { COLLECTOR_BATCH = 48 }; /* as many records as a metadata frame holds */

/* Decodes one record as tally_frame does; here the time of decoding is the frame's time too. */
static inline void collector_decode(struct tally_ring *ring, const struct xskim_record *record,
                                    uint64_t now_ns) {
        tally_record_add(ring->open, record, now_ns, now_ns);
        ring->open->tally.decoded++;
}

#endif

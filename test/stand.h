/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand: arena, load and receiver together, with a trivial program on the port under test, as an
 * experiment has them. For tests; each of its calls fails the test when it cannot.
 */
#ifndef XSKIM_TEST_STAND_H
#define XSKIM_TEST_STAND_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "load.h"
#include "receiver.h"

struct stand {
        struct arena *arena;
        struct load *load;
        struct receiver *receiver;
        int link; /* the program of the port under test */
};

struct stand_plan {
        enum xskim_bench_path path;
        uint32_t packet_bytes; /* 0: 64 */
        bool mix;
        const char *tx;
        const char *rx;
        bool same_cpu; /* the reader gets the CPU only when the load leaves it */
};

/* With a program that passes (unless nothing else is asked for there is none on stack and tcp),
 * drops, or redirects, by the path. */
struct stand stand_open(const struct stand_plan *plan);
void stand_close(struct stand *stand);

struct receiver_counts stand_counts(const struct stand *stand);

/* Frames that the port to the one under test had no room for, by its own counters. */
uint64_t stand_drops(const struct stand *stand);

/* That the port under test received, by its own counter. */
uint64_t stand_packets(const struct stand *stand);

/* At a rate for so long; pps 0: as fast as it goes. */
struct load_result stand_run(const struct stand *stand, uint64_t pps, uint64_t ms);

/* Everything that is accounted for, once it is `sent` or no more comes for two seconds: the reader
 * may have to wait for a CPU. */
uint64_t stand_accounted(const struct stand *stand, uint64_t sent);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session's insides without the engine: one port with its sampler, one worker. Packets are given
 * to the sampler by BPF_PROG_RUN on the calling thread's CPU, so a test decides to the record what
 * is in which ring and when. For the suites that look between the threads.
 */
#ifndef XSKIM_TEST_RIG_H
#define XSKIM_TEST_RIG_H

#include <stdint.h>

#include "program.h"
#include "tally.h"
#include "worker.h"

struct rig_config {
        uint32_t sample;
        uint32_t slots;
        uint32_t flush_ms;
        int worker_cpu; /* -1 = any */
        uint64_t seed;
};

struct rig {
        struct programs *programs;
        struct worker *worker;
        struct record record; /* RECORD_NULL */
        int failed_fd;
        int sampler_fd;
        uint32_t cpus;
        uint32_t slots;
        struct xskim_sampler_state *states;
};

/* Opens on LAB_PORT of the lab that the process is in; a test fails when it cannot. */
void rig_open(struct rig *rig, const struct rig_config *config);
void rig_close(struct rig *rig);

/* Pins the calling thread: its packets go to the ring of that CPU. */
void rig_pin(int cpu);

/* Runs the sampler `count` times on one packet. */
void rig_send(struct rig *rig, const void *packet, uint32_t bytes, uint32_t count);

/* The control line of the ring of that CPU, as mapped: read head and tail with xskim_load_acquire.
 */
struct xskim_ring_control *rig_control(struct rig *rig, int cpu);

/* The sampler's counters, summed over CPUs. */
struct xskim_sampler_counters rig_counters(struct rig *rig);

#endif

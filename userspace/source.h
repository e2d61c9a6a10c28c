/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's side of the account of one port: reads the sampler's state on every CPU and the
 * control pages, and adds them up. Pipeline: knows programs, not workers. Buffers are allocated
 * when opened; reading takes two system calls.
 */
#ifndef XSKIM_SOURCE_H
#define XSKIM_SOURCE_H

#include <stdint.h>

#include "account.h"
#include "program.h"

struct source {
        struct programs *programs; /* borrowed */
        uint32_t port;
        uint32_t cpus;
        bool stack;
        struct xskim_sampler_state *states; /* [cpus] */
        struct xskim_stack_state *stacks;   /* [cpus], NULL without --stack */
        /* at the end of the last interval */
        uint64_t *cpu_seen;    /* [cpus] */
        uint64_t *cpu_sampled; /* [cpus] */
        uint64_t seen;
        uint64_t bytes;
};

#define SOURCE_NULL ((struct source){0})

int source_open(struct source *source, struct programs *programs, uint32_t port, uint32_t cpus,
                bool stack);
void source_close(struct source *source);

/* The interval that ends with the next reading began at the attach: for the summary. */
void source_rewind(struct source *source);

/*
 * Fills what the kernel knows: counters, timed runs, classes, stack times, ring indexes, busiest
 * CPU. The control pages are read before the states, so that live a later stage never exceeds an
 * earlier one. `next_interval`: what comes is counted from here on.
 */
int source_read(struct source *source, bool next_interval, struct account_kernel *kernel);

#endif

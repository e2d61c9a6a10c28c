/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emptying the staging rings: plans carriers, runs them, decodes the frames that arrive, hands them
 * to the record file or back to the socket. The working half of a worker; belongs to the worker's
 * thread alone.
 */
#ifndef XSKIM_DRAIN_H
#define XSKIM_DRAIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "expect_share.h"
#include "program.h"
#include "record.h"
#include "tally.h"
#include "transit_share.h"
#include "xsk.h"

struct worker_config {
        uint32_t number;
        uint32_t ports;
        uint32_t cpus;
        uint32_t workers;
        uint32_t ring_slots;
        uint64_t flush_ns;
        bool busy;
        bool doorbell_only; /* sleeps the whole flush time: for tests that a doorbell is never lost
                             */
        int cpu;            /* to run on; -1 = any */
        int carrier_ifindex;
        const char *carrier_name;
        struct programs *programs;             /* borrowed */
        struct record *record;                 /* borrowed; shared by all workers */
        struct transit_share *const *transits; /* borrowed, one a port; NULL: without --transit */
        struct expect_share *const *expects;   /* likewise, --expect */
        int failed_fd; /* an eventfd: written when the worker ends by itself */
};

enum {
        WORKER_SOCKET_SLOTS = 64,
        /* Twice the fill ring, so that frames waiting to be written do not starve the socket. */
        WORKER_FRAMES = 256,
};

/* What a worker did, cumulative. */
struct worker_report {
        uint64_t system_calls;
        uint64_t wakeups;
        uint64_t runs; /* of carriers */
        uint64_t socket_frames_lost;
        uint64_t kernel_memory_bytes; /* io_uring and socket rings */
        uint64_t umem_bytes;
        uint64_t user_memory_bytes;
        uint64_t cpu_ns;
        int record_error; /* the first error of a write, negative errno */
        int error;        /* why it ended by itself, negative errno; 0 while it runs */
};

struct drain;

/* Opens loop and socket in the calling thread's namespace. `wake_fd` is an eventfd that ends a
 * wait; while *asked is not 0, drain_rings returns after the next run. */
int drain_open(const struct worker_config *config, int wake_fd, const _Atomic int *asked,
               struct drain **ret_drain);
struct drain *drain_close(struct drain *drain);

/* Takes everything that is in the rings now; goes on as long as a ring is above its high-water
 * mark. */
int drain_rings(struct drain *drain);

/* Before and after blocking: marks the rings as asleep, for the doorbell (barrier.h, "lost
 * wake-up"). */
void drain_sleep_mark(struct drain *drain);
void drain_sleep_unmark(struct drain *drain);

/* A ring is so full that blocking would be wrong, and there is room to empty it. */
bool drain_is_urgent(const struct drain *drain);

/*
 * How long to sleep at most: the flush time, or less when a ring is expected to reach its
 * high-water mark before, at the rate of the last two runs. The doorbell normally comes first; but
 * where a wake-up across CPUs takes milliseconds (seen on a virtual machine), the worker's own
 * timer does not wait for it.
 */
uint64_t drain_timeout_ns(const struct drain *drain);

/* Blocks for at most timeout_ns, and books what happened. */
int drain_wait(struct drain *drain, uint64_t timeout_ns);

/* Books what happened, without blocking. */
int drain_poll(struct drain *drain);

/* Empties the rings to the last record; the samplers are detached. */
int drain_finish(struct drain *drain);

/* Closes the open intervals into the ports' tallies. With a record file, marks it there. */
int drain_fold(struct drain *drain);

/* Waits until every write is done. */
int drain_flush(struct drain *drain);

const struct tally *drain_tally(const struct drain *drain, uint32_t port);
void drain_report(const struct drain *drain, struct worker_report *ret_report);

#endif

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

#include "tally.h"
#include "worker.h"

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

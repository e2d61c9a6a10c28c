/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker: a thread with one io_uring, one carrier port, one AF_XDP socket and its share of the
 * staging rings. It sleeps until a doorbell, the flush timer or a request wakes it, runs carriers,
 * decodes what they bring, and gives the frames back, after they are written when there is a record
 * file.
 *
 * The thread owns its socket, loop and open tallies; others see only what it publishes when asked
 * (worker_fold), under a mutex that is never held while packets wait. It blocks all signals and
 * holds no capability.
 */
#ifndef XSKIM_WORKER_H
#define XSKIM_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "drain.h"

struct worker;

/* Starts the thread in the calling thread's network namespace, where the carrier port is. Allocates
 * everything; when it returns 0 the worker is ready. */
int worker_open(const struct worker_config *config, struct worker **ret_worker);

/* Closes the open interval of every ring into the ports' tallies and publishes them. Blocks until
 * it is done, some microseconds to one run of carriers. */
int worker_fold(struct worker *worker);

/* While no packet comes to its samplers: empties the rings, folds, and sleeps without a flush timer
 * until it is resumed, when the timer first expires after `first_ns`. Both block as a fold does. */
int worker_rest(struct worker *worker);
int worker_resume(struct worker *worker, uint64_t first_ns);

/* Empties the rings (the samplers must be detached), waits for all writes, folds, publishes and
 * ends the thread. */
int worker_finish(struct worker *worker);

/* What was last published: adds the port's tally to `into`. */
void worker_tally(struct worker *worker, uint32_t port, struct tally *into);
void worker_report(struct worker *worker, struct worker_report *ret_report);

/* CPU time of the thread until now, from the kernel; of an ended one, what it published. */
uint64_t worker_cpu_ns(struct worker *worker);

/* Ends the thread if it runs, frees. NULL is fine. Returns NULL. */
struct worker *worker_close(struct worker *worker);

#endif

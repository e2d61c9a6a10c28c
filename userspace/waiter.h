/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits until a point in time, to the microsecond: sleeps in io_uring while that is far, spins at
 * the end, and hears meanwhile when the run is to stop or the port goes away. Belongs to the thread
 * that opened it.
 */
#ifndef XSKIM_WAITER_H
#define XSKIM_WAITER_H

#include <stdbool.h>
#include <stdint.h>

struct waiter;

struct waiter_config {
        int stop_fd; /* readable: stop */
        int ifindex; /* of the port; 0: none is watched */
        const char *port;
};

int waiter_open(const struct waiter_config *config, struct waiter **ret_waiter);
struct waiter *waiter_close(struct waiter *waiter);

enum { WAITER_DUE = 0, WAITER_STOP = 1 };

/* Until CLOCK_MONOTONIC says until_ns; at once when that is over. -ENETDOWN, with a message: the
 * port went down or is gone. */
int waiter_wait(struct waiter *waiter, uint64_t until_ns);

/* For who never waits: hears what waiter_wait would, without waiting. Looks no more often than is
 * useful. */
int waiter_look(struct waiter *waiter);

#endif

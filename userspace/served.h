/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One port of a service: watched by a session of its own, or waiting for its next try. So a port
 * has its own verdict, sampling and workers, and whatever becomes of it harms no other one. Owns
 * the session, when to try again, and the figures over all its sessions; not the loop (service.h).
 *
 * A session that ends (the port is gone, a worker failed) is booked with its summary, and the port
 * is tried again: one that is not there every SERVED_PAUSE_MS_MIN, anything else less often, up to
 * SERVED_PAUSE_MS_MAX, for a try that fails late costs some tens of ms of a CPU.
 */
#ifndef XSKIM_SERVED_H
#define XSKIM_SERVED_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "figures.h"
#include "logbook.h"
#include "serve_config.h"

enum {
        SERVED_PAUSE_MS_MIN = 200,
        SERVED_PAUSE_MS_MAX = 1000,
        SERVED_LASTED_MS = 10000, /* a session of this age was no failed try */
};

/* Of all ports of a service. */
struct served_common {
        struct logbook *book;
        uint64_t now_ns;        /* CLOCK_MONOTONIC, of this turn of the loop */
        struct xskim_sink line; /* told of every snapshot and summary of every port */
        uint64_t unaccounted;   /* of all summaries */
        struct xskim_buckets buckets[XSKIM_DISTRIBUTION_COUNT]; /* working space */
};

struct served;

/* Waits for its first try, which is due at once. `common` outlives it. NULL: no memory. */
struct served *served_new(const struct serve_port *port, struct served_common *common);

/* Ends the session, which is booked and told. NULL is fine. Returns NULL. */
struct served *served_free(struct served *served);

/* Of it, borrowed. */
const struct serve_port *served_port(const struct served *served);
const struct figures *served_figures(const struct served *served);

/* The session's descriptor, to be polled for reading, another one after each try; -1: not watched.
 */
int served_fd(const struct served *served);

/* CLOCK_MONOTONIC of the next try; UINT64_MAX while it is watched. */
uint64_t served_due_ns(const struct served *served);

/* Tries to watch it. 0, or the negative errno of xskim_open, which is logged and waited out. Blocks
 * some tens of ms. */
int served_try(struct served *served);

/* Does what is due. Returns whether it is still watched. */
bool served_dispatch(struct served *served);

/* From now on with other settings (the name stays): a session is ended, the next try is due. */
void served_change(struct served *served, const struct serve_port *port);

#endif

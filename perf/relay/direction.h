/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One direction of the relay: a thread that takes frames from one port, does to them what was told
 * and sends them out of the other. Frames go straight from the ring to the other port when nothing
 * has to wait; otherwise each is copied and leaves when it is due: the thread sleeps until shortly
 * before and then watches the clock, so that a constant delay is constant. It runs before what
 * else wants its CPU (SCHED_FIFO).
 *
 * Owns its counts and its frames; nobody reads them before direction_join. Memory is allocated in
 * direction_open.
 */
#ifndef XSKIM_RELAY_DIRECTION_H
#define XSKIM_RELAY_DIRECTION_H

#include <pthread.h>
#include <stdatomic.h>

#include "counts.h"
#include "histogram.h"
#include "port.h"
#include "schedule.h"

/* What all threads look at. */
enum direction_stop {
        DIRECTION_RUN,
        DIRECTION_FINISH, /* take no more frames; those under way leave when they are due */
        DIRECTION_HURRY,  /* leave these too */
};

struct direction_control {
        _Atomic int stop;
        _Atomic bool port_gone;
        _Atomic int ended; /* threads */
        int stop_fd;       /* readable as soon as `stop` has changed */
};

struct direction {
        enum fate_direction which;
        struct impairment told;
        struct port *in;
        struct port *out;
        struct direction_control *control;
        struct schedule schedule;
        uint8_t *frames; /* `limit` slots for frames under way */
        uint32_t *lengths;
        uint32_t *free; /* slots, a stack */
        uint32_t free_count;
        uint32_t slot_bytes;
        uint64_t rested_ns; /* when it last let others have its CPU */
        uint64_t offset_ns; /* from the time of day to monotonic time */
        struct counts counts;
        struct port_sent sent;
        /* From when a frame was due, or came when it need not wait, until the port had taken it. */
        struct histogram *lateness;
        pthread_t thread;
};

#define DIRECTION_NULL                                                                             \
        (struct direction) {                                                                       \
                0                                                                                  \
        }

/* Ports and control are lent until direction_close. A message is set with every error. */
int direction_open(struct direction *direction, enum fate_direction which,
                   const struct impairment *told, struct port *in, struct port *out,
                   struct direction_control *control);
int direction_start(struct direction *direction);

/* Waits for the end of the thread, which control->stop asks for, or which comes when a port is
 * gone. The counts are complete then. */
void direction_join(struct direction *direction);
void direction_close(struct direction *direction);

#endif

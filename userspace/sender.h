/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How packets get onto the port: an operations table for each engine of `xskim replay`. Adding one
 * is one file and one row in player.c. A sender belongs to the thread that uses it (send, finish);
 * it is opened and closed by another one while that does not run.
 *
 * A sender provides the memory of the chunks, so that the engine that keeps them in BPF maps needs
 * no copy.
 */
#ifndef XSKIM_SENDER_H
#define XSKIM_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "belt.h"
#include "netdev_port.h"

struct sender_config {
        const struct netdev_port *port;
        uint32_t chunks;
        uint32_t queue; /* of the port's TX queues, for engines that have a choice */
};

/* Packets of one chunk. */
struct sender_batch {
        const struct belt_chunk *chunk;
        uint32_t first;
        uint32_t count; /* 1 or more */
        bool timed;     /* write sent_ns into the rows: CLOCK_MONOTONIC at the hand-over */
};

struct sender_result {
        uint32_t sent;    /* handed over to the port */
        uint32_t refused; /* could not be, and will not be later */
};

struct sender_operations {
        const char *name;
        /* Most packets of a batch that is to be punctual. */
        uint32_t batch_max;
        /* Most packets of a batch whose stamps say one time of sending. */
        uint32_t stamped_max;
        uint32_t packet_bytes_max;
        /* Errors with a message; -EOPNOTSUPP: this port cannot be used this way. */
        int (*open)(const struct sender_config *config, void **ret_sender);
        void (*close)(void *sender);
        /* How the port takes them, for people. */
        const char *(*mode)(const void *sender);
        uint8_t *(*chunk_bytes)(void *sender, uint32_t chunk);
        struct xskim_launch_packet *(*chunk_rows)(void *sender, uint32_t chunk);
        /* Hands over what there is room for, in order; sent + refused may be below count, even 0
         * (try again). Copies them meanwhile: afterwards the caller may write to the chunk, as a
         * stamp that is written anew does. Blocks for milliseconds at most. */
        int (*send)(void *sender, const struct sender_batch *batch, struct sender_result *ret);
        /* Waits, bounded, until the port is done with all that was handed over. How many of the
         * last ones it never took. */
        int (*finish)(void *sender);
};

extern const struct sender_operations SENDER_AFXDP;
extern const struct sender_operations SENDER_XDP;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lanes of a replay: for each sending thread a sender, the belt that brings it packets, and the
 * stage that is the thread. Owns that they start at one time and are told as one.
 */
#ifndef XSKIM_LANES_H
#define XSKIM_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "belt.h"
#include "sender.h"
#include "stage.h"

struct lanes_config {
        const struct sender_operations *operations; /* borrowed */
        struct sender_config sender;                /* queue: of the first lane, 0 */
        uint32_t count;                             /* XSKIM_REPLAY_THREADS_MAX at most */
        bool stamps;
};

struct lanes;

/* Opens senders and belts. Errors are those of the sender's open, which nothing is left of then. */
int lanes_open(const struct lanes_config *config, struct lanes **ret_lanes);
/* Stops what runs. Whoever feeds has to be closed between lanes_stop and this. */
struct lanes *lanes_close(struct lanes *lanes);

uint32_t lanes_count(const struct lanes *lanes);
struct belt *lanes_belt(const struct lanes *lanes, uint32_t number);
const char *lanes_mode(const struct lanes *lanes);

/* Starts the threads. Of the configuration each gets what is its own: sender, belt, CPU, stream. */
int lanes_start(struct lanes *lanes, const struct stage_config *config);

/* Lets whoever waits at a belt go. */
void lanes_stop(struct lanes *lanes);

/* All together: rounds that all have finished, the latest hand-over. */
void lanes_progress(struct lanes *lanes, struct xskim_replay_progress *ret_progress);

/* Waits for the end of all threads and fills what the report says of them. What one failed with,
 * whose message becomes the caller's. */
int lanes_end(struct lanes *lanes, struct xskim_replay_report *ret_report);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that reads the capture onto the belt, so that the stage never waits for a disk. Owns
 * what is skipped and why; not when packets are sent.
 */
#ifndef XSKIM_FEEDER_H
#define XSKIM_FEEDER_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "belt.h"
#include "capture.h"
#include "editing.h"

struct feeder_config {
        struct capture *capture; /* borrowed, of the thread alone from now on */
        struct belt *belts[XSKIM_REPLAY_THREADS_MAX]; /* borrowed; flows go to the same one */
        uint32_t belt_count;
        enum xskim_replay_pace_kind pace;
        uint64_t limit;  /* packets of the run; 0: none */
        uint64_t rounds; /* 0: without end */
        struct xskim_replay_editing editing;
        uint64_t gap_ns_max;
        bool stamp;         /* make room for stamps and leave them in the chunk's `stamps` */
        bool stamp_over;    /* always over the payload */
        bool skip_bad;      /* the rest of a capture that cannot be read is no error */
        uint32_t bytes_max; /* of a packet; a VLAN tag may come on top */
};

struct feeder;

/* Starts the thread. */
int feeder_open(const struct feeder_config *config, struct feeder **ret_feeder);

/* Waits for its end; belt_stop of each belt before, unless it has ended. Counts, and what it failed
 * with, whose message becomes the caller's. Counts are of one round when the capture was resident.
 */
int feeder_end(struct feeder *feeder, struct xskim_replay_counts *ret_counts);
struct feeder *feeder_close(struct feeder *feeder);

#endif

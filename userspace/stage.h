/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage: the thread that sends what comes on the belt, each packet when it is due. Owns pace,
 * limits and punctuality; not how packets get onto the port (sender.h).
 */
#ifndef XSKIM_STAGE_H
#define XSKIM_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "belt.h"
#include "punctuality.h"
#include "pacing.h"
#include "sender.h"
#include "stamper.h"

/* What the stages of a run share. Zeroed, before the first is opened. */
struct stage_common {
        _Atomic uint64_t start_ns; /* of the first packet of the run; 0: nobody has any yet */
        _Atomic bool failed;       /* a stage did: the others end, too */
};

struct stage_config {
        const struct sender_operations *operations; /* borrowed, like all pointers here */
        void *sender;
        struct belt *belt;
        struct stage_common *common;
        int cpu;            /* the thread's own; -1: any */
        uint16_t stream;    /* of the stamps */
        bool stamp;         /* the belt has room for stamps */
        uint32_t stamp_run; /* random, not 0 */
        struct xskim_replay_pace pace;
        uint64_t rounds;      /* 0: without end */
        uint64_t limit;       /* packets of the run, of all stages; 0: none */
        uint64_t duration_ns; /* 0: none */
        int stop_fd;
        int ended_fd; /* an eventfd; written when the thread ends */
        int ifindex;
        const char *port;
};

struct stage;

/* Starts the thread. */
int stage_open(const struct stage_config *config, struct stage **ret_stage);

void stage_progress(struct stage *stage, struct xskim_replay_progress *ret_progress);

/* Waits for its end. What it failed with, whose message becomes the caller's. */
int stage_end(struct stage *stage, struct xskim_replay_result *ret_result);
struct stage *stage_close(struct stage *stage);

/* After its end. NULL when the pace was XSKIM_REPLAY_TOP: nothing is due then. */
const struct punctuality *stage_punctuality(const struct stage *stage);

#endif

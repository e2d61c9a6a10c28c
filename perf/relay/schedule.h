/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the frames of one direction leave, and in which order: the rate's queue, the delay, the
 * frames held back, the slow ones. Knows times and numbers, no frames: a slot stands for one, and
 * whoever adds it keeps the frame until it is taken. Memory is allocated when opening and bounded
 * by what was told. Pure but for that.
 *
 * A frame goes through, in this order:
 *
 *   limit    as many as `limit` under way: it is dropped.
 *   rate     one frame after the other, bytes * 8 / rate each. A frame that finds `queue` others
 *            that have not departed is dropped.
 *   delay    its own, but it never leaves before one that came before it.
 *            A slow frame holds up none but the slow ones behind it.
 *   holding  one to be reordered leaves right behind the `gap`-th frame that came after it (copies,
 *            slow frames and ones held back themselves do not count), or after SCHEDULE_HOLD_NS
 * when so many do not come.
 */
#ifndef XSKIM_RELAY_SCHEDULE_H
#define XSKIM_RELAY_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "fate.h"

enum { SCHEDULE_HOLD_NS = 100000000 };

/* One frame, or the copy of one. */
struct schedule_frame {
        uint64_t index; /* in the order of arrival; a copy has its original's */
        uint64_t due_ns;
        uint32_t slot;
        bool is_copy;
};

enum schedule_outcome {
        SCHEDULE_TAKEN,
        SCHEDULE_LIMIT_REACHED, /* too many under way */
        SCHEDULE_QUEUE_FULL,    /* too many wait for the rate */
};

/* Frames in order, `mask + 1` at most. */
struct schedule_line {
        struct schedule_frame *frames;
        uint64_t mask;
        uint64_t first;
        uint64_t end;
};

struct schedule {
        struct impairment told;
        struct schedule_line line; /* leave when due, one after the other */
        struct schedule_line slow; /* the same, beside `line` */
        struct schedule_line held; /* due_ns: when waiting for others ends */
        uint64_t *held_until;      /* as many frames as must have been passed on to `line` */
        uint64_t *departures;      /* of the last `queue` frames from the rate's queue */
        uint64_t departed;
        uint64_t departure_ns;   /* of the last */
        uint64_t departure_rest; /* what the division by the rate left */
        uint64_t due_ns;         /* of the last in the line */
        uint64_t slow_due_ns;    /* of the last slow one */
        uint64_t passed;         /* frames put into the line as they came */
        uint64_t taken_next;     /* one more than the highest index that has left */
};

#define SCHEDULE_NULL                                                                              \
        (struct schedule) {                                                                        \
                0                                                                                  \
        }

/* -ENOMEM. */
int schedule_open(struct schedule *schedule, const struct impairment *told);
void schedule_close(struct schedule *schedule);

/* A frame that arrived at this time, not before the last one; not one whose fate is to be lost. A
 * copy is added right after its original. */
enum schedule_outcome schedule_add(struct schedule *schedule, const struct schedule_frame *frame,
                                   uint32_t bytes, uint64_t arrival_ns, const struct fate *fate);

/* When there is next something to take or to do; UINT64_MAX: never, it is empty. */
uint64_t schedule_next_ns(const struct schedule *schedule);

/*
 * The next frame that is due. *ret_is_reordered: an original that leaves after one that came later
 * (RFC 4737, section 3.3, with the order of arrival as the sequence number). False: none is due.
 */
bool schedule_take(struct schedule *schedule, uint64_t now_ns, struct schedule_frame *ret_frame,
                   bool *ret_is_reordered);

/* Frames under way. */
uint64_t schedule_count(const struct schedule *schedule);

#endif

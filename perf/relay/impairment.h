/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the relay is told to do to the frames of one direction, as a person types it:
 * delay=2ms,loss=1%,seed=7. Owns the table of what can be told, reading and printing it; not what
 * comes of it (fate.h, schedule.h). Pure.
 */
#ifndef XSKIM_RELAY_IMPAIRMENT_H
#define XSKIM_RELAY_IMPAIRMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        IMPAIRMENT_ALWAYS = 1000000000, /* shares are counted in this many parts */
        IMPAIRMENT_TEXT_BYTES = 384,
};

/*
 * ROW(name, unit, default, min, max, meaning). Everything told is a number: nanoseconds, parts of
 * IMPAIRMENT_ALWAYS, bits a second or a count.
 */
#define IMPAIRMENT_ROWS(ROW)                                                                       \
        ROW(delay, time, 0, 0, 60000000000, "every frame arrives this much later")                 \
        ROW(jitter, time, 0, 0, 60000000000, "delay +- this, uniform; keeps the order")            \
        ROW(loss, share, 0, 0, IMPAIRMENT_ALWAYS, "frames that vanish")                            \
        ROW(duplicate, share, 0, 0, IMPAIRMENT_ALWAYS, "frames followed by a copy")                \
        ROW(reorder, share, 0, 0, IMPAIRMENT_ALWAYS, "frames held back until `gap` others passed") \
        ROW(gap, count, 3, 1, 1000, "see reorder")                                                 \
        ROW(slow, share, 0, 0, IMPAIRMENT_ALWAYS, "frames that arrive `extra` later; others pass") \
        ROW(extra, time, 0, 0, 60000000000, "see slow")                                            \
        ROW(corrupt, share, 0, 0, IMPAIRMENT_ALWAYS, "frames with one bit changed")                \
        ROW(rate, rate, 0, 1000, 40000000000, "bits a second, frames without FCS")                 \
        ROW(queue, count, 1000, 1, 1000000, "frames that wait for the rate at most")               \
        ROW(limit, count, 32768, 1, 1000000, "frames under way at most")                           \
        ROW(seed, count, 1, 0, UINT32_MAX, "the same seed, the same decisions")

#define IMPAIRMENT_MEMBER(name_, ...) uint64_t name_;
struct impairment {
        IMPAIRMENT_ROWS(IMPAIRMENT_MEMBER)
};

/* Nothing told: frames go on at once. */
struct impairment impairment_off(void);

/*
 * Reads `off` or NAME=VALUE,… strictly: each name once, every value with its unit (2ms, 1%,
 * 100mbit; counts have none), no blanks. -EINVAL with a message that says which word, why, and how
 * it is written; *ret_impairment untouched then.
 */
int impairment_parse(const char *text, struct impairment *ret_impairment);

/* The shortest text that impairment_parse reads as the same; "off" when nothing is told. */
void impairment_print(const struct impairment *impairment, char text[IMPAIRMENT_TEXT_BYTES]);

/* Do frames wait here at all, or may they go straight on? */
bool impairment_holds_frames(const struct impairment *impairment);

/* Does it change anything about a frame? */
bool impairment_is_off(const struct impairment *impairment);

/* One line for each thing that can be told, for the usage. */
const char *impairment_usage(void);

#endif

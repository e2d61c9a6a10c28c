/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the time stamps of a capture to offsets from its first packet that never run backwards: what
 * the schedule counts from. Pure.
 */
#ifndef XSKIM_TIMELINE_H
#define XSKIM_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

enum {
        /* A stamp that is older than the newest by no more is a packet out of order; by more, a
           clock that was set back. */
        TIMELINE_DISORDER_NS = 1000000000,
};

/* Zeroed, with gap_ns_max set, is a new one. */
struct timeline {
        uint64_t gap_ns_max; /* a longer gap is shortened to it */
        bool started;
        uint64_t newest_ns; /* stamp that the offset belongs to */
        uint64_t offset_ns;
        uint64_t packets;
        uint64_t backwards; /* stamps older than one before: due together with that one */
        uint64_t shortened; /* gaps */
};

/* The packet's offset in ns. Exact: offsets are sums of differences, nothing is rounded. */
uint64_t timeline_place(struct timeline *timeline, uint64_t stamp_ns);

/* Between the last packet of a round and the first of the next: the mean gap of the capture. */
uint64_t timeline_pause_ns(const struct timeline *timeline);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transit of stamped packets: what a path did to them, stream by stream. Pure: the live workers
 * and the reader of a record file run this very code on the same frames.
 *
 * One transit a port, whatever the number of rings and workers: what counts is the order of
 * arrival, which arrivals.h makes out of them. Several workers share it under the caller's lock.
 *
 * Bounded: XSKIM_STREAMS_MAX streams, each with a window of XSKIM_TRANSIT_WINDOW sequence numbers
 * behind the highest that arrived, for which it knows which arrived, with what delay, and what
 * leapt ahead when. Within the window every count is exact, whatever was lost, copied or
 * overtaken:
 *
 *   lost        the numbers up to the highest that have not arrived (RFC 7680). A stream begins
 *               with 0, unless the first number seen is not below the window: then with the lowest
 *   duplicated  second and further copies (RFC 5560); they count nowhere else
 *   reordered   a number below one that arrived before (RFC 4737, Type-P-Reordered); its extent is
 *               the number of packets that arrived since the first that has a later number
 *               (section 4.2.1)
 *   latency     arrival - sent - clock offset, of the first copy
 *   PDV         latency above the least of the stream (RFC 5481, section 4.2), to the width of the
 *               latency's bucket
 *   IPDV        |difference| in latency of two neighbouring numbers that both arrived (RFC 5481,
 *               section 4.1, without sign), in whatever order
 *   jitter      RFC 3550, section 6.4.1, over packets as they arrived
 *
 * What leaves the window is decided: a later arrival is `beyond_window`.
 */
#ifndef XSKIM_TRANSIT_H
#define XSKIM_TRANSIT_H

#include <stdint.h>

#include <xskim/frame.h>
#include <xskim/xskim.h>

#include "arrivals.h"

struct transit_config {
        uint32_t rings;
        int64_t clock_offset_ns; /* the watcher's clock minus the sender's */
};

struct transit;

/* Allocates everything; what no stream has used yet is not touched. -ENOMEM. */
int transit_open(const struct transit_config *config, struct transit **ret_transit);
/* NULL is fine. Returns NULL. */
struct transit *transit_close(struct transit *transit);

/* Takes in the stamps among the records of a frame that was decoded; ring below the rings. */
void transit_frame(struct transit *transit, const struct xskim_frame_header *frame, uint32_t ring);

/* The same for a single one. */
void transit_put(struct transit *transit, uint32_t ring, const struct arrival *arrival);

/* What will come of the ring arrived at this time or later; a live worker says so each time it has
 * emptied the ring. Without promises stamps are held back until there is no room for more. */
void transit_promise(struct transit *transit, uint32_t ring, uint64_t time_ns);

/* No more will come that belongs before what is held back. */
void transit_settle(struct transit *transit);

/* `stamped`: how many stamps the sampler saw; what never came here is `unrecorded`, when `final`.
 * Otherwise some are still on their way. */
void transit_report(struct transit *transit, uint64_t stamped, bool final,
                    struct xskim_transit *ret_transit);

/* What arrives from now on is the next interval's. */
void transit_next_interval(struct transit *transit);

uint64_t transit_memory(const struct transit *transit);

#endif

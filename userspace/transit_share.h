/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port's transit as its workers share it: a stream's packets may come by the rings of several
 * workers, and only together are they in order. A lock is held for the stamps of one frame. NULL,
 * without --transit, is fine everywhere.
 */
#ifndef XSKIM_TRANSIT_SHARE_H
#define XSKIM_TRANSIT_SHARE_H

#include <stdbool.h>

#include "transit.h"

struct transit_share;

int transit_share_open(const struct transit_config *config, struct transit_share **ret_share);
/* Returns NULL. */
struct transit_share *transit_share_close(struct transit_share *share);

/* As transit_frame; from any thread. */
void transit_share_frame(struct transit_share *share, const struct xskim_frame_header *frame,
                         uint32_t ring);

/* As transit_promise; from any thread. */
void transit_share_promise(struct transit_share *share, uint32_t ring, uint64_t time_ns);

/* As transit_report; `final`: no more frames will come. `next_interval`: and another begins. */
void transit_share_report(struct transit_share *share, uint64_t stamped, bool final,
                          bool next_interval, struct xskim_transit *ret_transit);

uint64_t transit_share_memory(struct transit_share *share);

#endif

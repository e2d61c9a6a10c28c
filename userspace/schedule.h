/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When each packet is due. Absolute: every due time is computed from the start of the run, so that
 * what was late before moves nothing. Pure.
 */
#ifndef XSKIM_SCHEDULE_H
#define XSKIM_SCHEDULE_H

#include <stdint.h>

enum schedule_pace {
        SCHEDULE_CAPTURED, /* as captured, times the speed */
        SCHEDULE_PACKETS,  /* so many packets a second */
        SCHEDULE_BITS,     /* so many bits a second: of packets from Ethernet header to payload */
        SCHEDULE_TOP,      /* at once */
};

enum { SCHEDULE_SPEED_ONE = 1000000 };

struct schedule_config {
        enum schedule_pace pace;
        uint64_t speed; /* millionths: SCHEDULE_SPEED_ONE is as captured */
        uint64_t rate;  /* of SCHEDULE_PACKETS or SCHEDULE_BITS, a second */
};

struct schedule {
        struct schedule_config config;
        uint64_t start_ns; /* any clock; the due times are of the same */
        uint64_t round_ns; /* offset at which this round of the capture began, unscaled */
        uint64_t packets;  /* before the next one, over all rounds */
        uint64_t bytes;
};

/* The packet that comes next, with this offset in its round (timeline.h). SCHEDULE_TOP: start_ns.
 * Times beyond 2^64 are UINT64_MAX. */
uint64_t schedule_due(const struct schedule *schedule, uint64_t offset_ns);

/* It was handed over. */
void schedule_advance(struct schedule *schedule, uint32_t bytes);

/* The round is over; `offset_ns`: of its last packet, and `pause_ns` until the next one's first. */
void schedule_round(struct schedule *schedule, uint64_t offset_ns, uint64_t pause_ns);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The relay's account of one direction: what became of every frame, each counted where it happens.
 * Owns the table from which members, sums and reports derive. Pure.
 */
#ifndef XSKIM_RELAY_COUNTS_H
#define XSKIM_RELAY_COUNTS_H

#include <stdint.h>

#include "util.h"

/* ROW(name, sign in the socket's sum, sign in the frames' sum, meaning). Both sums are 0. */
#define COUNTS_ROWS(ROW)                                                                           \
        ROW(seen, 1, 0, "frames that reached the socket, by the kernel's count")                   \
        ROW(socket_dropped, -1, 0, "no room in the socket's ring: the relay was too slow")         \
        ROW(received, -1, 1, "frames taken from the ring")                                         \
        ROW(duplicated, 0, 1, "copies made")                                                       \
        ROW(forwarded, 0, -1, "frames that the other port took")                                   \
        ROW(lost, 0, -1, "as told: loss")                                                          \
        ROW(queue_full, 0, -1, "as told: rate, and no room in its queue")                          \
        ROW(limit_reached, 0, -1, "too many frames under way: see limit")                          \
        ROW(too_long, 0, -1, "longer than the port's MTU allows")                                  \
        ROW(send_failed, 0, -1, "the other port did not take them: down, or too long for it")      \
        ROW(waiting, 0, -1, "still under way when the relay was stopped in a hurry")               \
        ROW(corrupted, 0, 0, "frames and copies sent with one bit changed, as told")               \
        ROW(held_back, 0, 0, "as told: reorder")                                                   \
        ROW(slowed, 0, 0, "as told: slow")                                                         \
        ROW(reordered, 0, 0, "of both, frames that left after one that came later (RFC 4737)")     \
        ROW(unfinished, 0, 0, "came without their checksum: an offload is on at the sender")       \
        ROW(port_dropped, 0, 0, "taken by the other port and then dropped by it (tx_dropped)")     \
        ROW(port_refused, 0, 0, "tries that the other port refused for want of room; repeated")

#define COUNTS_MEMBER(name_, ...) uint64_t name_;
struct counts {
        COUNTS_ROWS(COUNTS_MEMBER)
};

/* The absolute difference of each of the two sums from 0. */
static inline uint64_t counts_unaccounted(const struct counts *counts) {
        uint64_t socket_sum = 0, frame_sum = 0;

#define COUNTS_SUM(name_, socket_, frame_, meaning_)                                               \
        socket_sum += (uint64_t)(socket_)*counts->name_;                                           \
        frame_sum += (uint64_t)(frame_)*counts->name_;
        COUNTS_ROWS(COUNTS_SUM)
#undef COUNTS_SUM
        return MIN(socket_sum, -socket_sum) + MIN(frame_sum, -frame_sum);
}

#endif

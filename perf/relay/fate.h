/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of one frame: drawn from the seed, the direction and the frame's place in the order
 * of arrival, and from nothing else. So the same seed decides the same whatever the frames' times,
 * and whoever knows the seed can say beforehand which frames arrive. Pure.
 */
#ifndef XSKIM_RELAY_FATE_H
#define XSKIM_RELAY_FATE_H

#include <stdbool.h>
#include <stdint.h>

#include "impairment.h"

enum fate_direction { FATE_LEFT_TO_RIGHT, FATE_RIGHT_TO_LEFT, FATE_DIRECTIONS };

struct fate {
        bool is_lost; /* and nothing else */
        bool is_duplicated;
        bool is_held_back;
        bool is_slow; /* and then not held back: others pass it anyway */
        bool is_corrupted;
        uint64_t bit; /* to change, counted from the frame's start: behind the Ethernet header */
        uint64_t delay_ns; /* from delay - jitter to delay + jitter; what is slow: and `extra` */
};

/* `index`: 0 for the first frame that arrived in this direction. A frame that is no longer than its
 * Ethernet header is not corrupted. */
struct fate fate_of(const struct impairment *told, enum fate_direction direction, uint64_t index,
                    uint32_t bytes);

#endif

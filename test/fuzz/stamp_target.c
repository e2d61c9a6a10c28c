/* SPDX-License-Identifier: BSD-2-Clause */
/* Stamping any bytes: what is refused is untouched, what is stamped reads back, in buffers of exact
 * size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stamp.h"
#include "stamp_target.h"
#include "util.h"

#define HOLDS(condition_)                                                                          \
        ({                                                                                         \
                if (!(condition_)) {                                                               \
                        fprintf(stderr, "stamp: does not hold: %s\n", #condition_);                \
                        abort();                                                                   \
                }                                                                                  \
        })

static void read_back(const uint8_t *frame, uint32_t length) {
        struct stamp_reading got;

        HOLDS(stamp_read(frame, length, &got) == STAMP_done);
        HOLDS(got.run == 1 && got.stream == 2 && got.sequence == 3 && got.sent_ns == 4);
        HOLDS(!got.faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
        struct stamp_spot spot = {0};
        struct stamp_reading got;
        uint32_t frame_length, room;
        enum stamp_outcome outcome;
        uint8_t *frame;

        if (length < 2)
                return 0;
        frame_length = (uint32_t)length - 2;
        room = frame_length + bytes[1];
        frame = calloc(1, MAX(room, 1U));
        HOLDS(frame != NULL);
        memcpy(frame, bytes + 2, frame_length);
        outcome = stamp_read(frame, frame_length, &got);
        HOLDS(outcome < STAMP_OUTCOME_COUNT);
        outcome = stamp_prepare(frame, frame_length, room, bytes[0] & 1 ? STAMP_OVER : STAMP_APPEND,
                                &spot);
        if (outcome == STAMP_done) {
                HOLDS(spot.length >= frame_length && spot.length <= room);
                stamp_write(frame, &spot, 1, 2, 3, 4);
                read_back(frame, spot.length);
        } else {
                HOLDS(!memcmp(frame, bytes + 2, frame_length) && !spot.length);
        }
        free(frame);
        return 0;
}

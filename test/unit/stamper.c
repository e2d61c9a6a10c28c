/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets which number when only part of a batch was handed over. */
#include <criterion/criterion.h>
#include <string.h>

#include "lab.h"
#include "stamper.h"

enum { PACKETS = 8, BYTES = 100, PLACE = 160, RUN = 77, STREAM = 5 };

static uint8_t bytes[PACKETS * PLACE];
static struct xskim_launch_packet rows[PACKETS];
static struct belt_stamp stamps[PACKETS];
static struct belt_chunk chunk = {.bytes = bytes, .rows = rows, .stamps = stamps, .count = PACKETS};
static struct stamper stamper;

/* Every third one carries none. */
static bool is_stampable(uint32_t i) {
        return i % 3 != 1;
}

static void fill(void) {
        stamper = (struct stamper){.stream = STREAM, .stamps = {.wanted = true, .run = RUN}};
        for (uint32_t i = 0; i < PACKETS; i++) {
                uint8_t *packet = bytes + i * PLACE;

                lab_udp(packet, BYTES, (uint16_t)i, 2);
                rows[i] = (struct xskim_launch_packet){.place = i * PLACE, .bytes = BYTES};
                stamps[i].outcome = is_stampable(i) ? stamp_prepare(packet, BYTES, BYTES,
                                                                    STAMP_OVER, &stamps[i].spot)
                                                    : STAMP_fragment;
        }
}

static void number_is(uint32_t i, uint64_t sequence, uint64_t sent_ns) {
        struct stamp_reading reading;

        cr_assert_eq(stamp_read(bytes + rows[i].place, BYTES, &reading), STAMP_done, "%u", i);
        cr_expect(reading.run == RUN && reading.stream == STREAM && !reading.faults);
        cr_expect_eq(reading.sequence, sequence, "packet %u has %lu", i, reading.sequence);
        cr_expect_eq(reading.sent_ns, sent_ns);
}

Test(stamper, numbers_follow_each_other_and_leave_out_what_carries_none, .init = fill) {
        struct stamp_reading reading;
        uint64_t sequence = 0;

        stamper_write(&stamper, &chunk, 0, PACKETS, 1234);
        for (uint32_t i = 0; i < PACKETS; i++)
                if (is_stampable(i))
                        number_is(i, sequence++, 1234);
                else
                        cr_expect_eq(stamp_read(bytes + rows[i].place, BYTES, &reading),
                                     STAMP_absent);
}

Test(stamper, what_is_tried_again_is_numbered_anew_without_a_hole, .init = fill) {
        stamper_write(&stamper, &chunk, 0, PACKETS, 1000);
        stamper_advance(&stamper, &chunk, 0, 3);
        cr_expect_eq(stamper.stamps.stamped, 2);
        stamper_write(&stamper, &chunk, 3, PACKETS - 3, 2000);
        number_is(0, 0, 1000);
        number_is(2, 1, 1000);
        number_is(3, 2, 2000);
        number_is(5, 3, 2000);
        number_is(6, 4, 2000);
        stamper_advance(&stamper, &chunk, 3, 0);
        stamper_write(&stamper, &chunk, 3, 1, 3000);
        number_is(3, 2, 3000);
}

Test(stamper, every_packet_is_in_one_count, .init = fill) {
        for (uint32_t outcome = 0; outcome < STAMP_large; outcome++) {
                stamps[0].outcome = outcome;
                stamper_advance(&stamper, &chunk, 0, 1);
        }
        cr_expect_eq(stamper.stamps.stamped, 1);
#define COUNTED(name_, doc_) cr_expect_eq(stamper.stamps.unstamped.name_, 1, #name_);
        XSKIM_REPLAY_UNSTAMPED_ROWS(COUNTED)
}

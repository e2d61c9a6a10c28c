/* SPDX-License-Identifier: BSD-2-Clause */
/* From time stamps to due times to timing errors: timeline, schedule, punctuality. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/skip.h>

#include "punctuality.h"
#include "pacing.h"
#include "timeline.h"
#include "util.h"

#define NS_A_SECOND 1000000000ULL

Test(timing, offsets_are_the_captures_own) {
        struct timeline t = {.gap_ns_max = UINT64_MAX};
        uint64_t stamp = 1234567890123456789, first = stamp;
        __u64 random = 3;

        for (int i = 0; i < 1000; i++) {
                cr_assert_eq(timeline_place(&t, stamp), stamp - first);
                stamp += xskim_random_next(&random) % NS_A_SECOND;
        }
        cr_expect_eq(t.backwards, 0);
        cr_expect_eq(t.shortened, 0);
        cr_expect_eq(t.packets, 1000);
}

/* Out of order: due with the newest before it, and the others keep their places. */
Test(timing, an_older_stamp_moves_nothing) {
        struct timeline t = {.gap_ns_max = UINT64_MAX};

        cr_expect_eq(timeline_place(&t, 5000), 0);
        cr_expect_eq(timeline_place(&t, 7000), 2000);
        cr_expect_eq(timeline_place(&t, 6000), 2000);
        cr_expect_eq(timeline_place(&t, 8000), 3000);
        cr_expect_eq(t.backwards, 1);
}

Test(timing, a_clock_set_back_goes_on_from_there) {
        struct timeline t = {.gap_ns_max = UINT64_MAX};

        timeline_place(&t, 100 * NS_A_SECOND);
        cr_expect_eq(timeline_place(&t, 3 * NS_A_SECOND), 0);
        cr_expect_eq(timeline_place(&t, 4 * NS_A_SECOND), NS_A_SECOND);
        cr_expect_eq(t.backwards, 1);
}

Test(timing, long_gaps_are_shortened) {
        struct timeline t = {.gap_ns_max = NS_A_SECOND};

        timeline_place(&t, 0);
        cr_expect_eq(timeline_place(&t, NS_A_SECOND), NS_A_SECOND);
        cr_expect_eq(t.shortened, 0);
        cr_expect_eq(timeline_place(&t, UINT64_MAX), 2 * NS_A_SECOND);
        cr_expect_eq(t.shortened, 1);
        cr_expect_eq(timeline_pause_ns(&t), NS_A_SECOND);
}

Test(timing, a_lone_packet_has_no_pause) {
        struct timeline t = {.gap_ns_max = NS_A_SECOND};

        timeline_place(&t, 77);
        cr_expect_eq(timeline_pause_ns(&t), 0);
}

static uint64_t due_at(const struct pacing *s, uint64_t at) {
        return pacing_due(s, &(struct pacing_place){.at = at});
}

Test(timing, speed_divides_offsets) {
        struct pacing s = {.config = {.pace = XSKIM_REPLAY_CAPTURED, .speed = 2500000},
                           .start_ns = 10};

        cr_expect_eq(due_at(&s, 0), 10);
        cr_expect_eq(due_at(&s, 2500), 1010);
        pacing_next(&s, &(struct pacing_place){.at = 7500, .number = 2});
        cr_expect_eq(due_at(&s, 0), 3010);
        s.config.speed = 1;
        s.before.at = 0;
        cr_expect_eq(due_at(&s, 7), 7000010);
        cr_expect_eq(due_at(&s, UINT64_MAX), UINT64_MAX);
}

/* After any number of packets and rounds it is where a calculation from the start says, to the ns,
 * and the packets are numbered through. */
static void rate_does_not_drift(struct xskim_replay_pace pace) {
        enum { ROUND = 1000 };
        struct pacing s = {.config = pace};
        struct pacing_round round = {.pace = pace.pace};
        uint64_t bytes = 0;

        for (uint64_t i = 0; i < 100000; i++) {
                uint32_t length = (uint32_t)(60 + i * 7 % 1000);
                struct pacing_place place = pacing_place(&round, i % ROUND * 77, length), end;
                bool packets = pace.pace == XSKIM_REPLAY_PACKETS;

                cr_assert_eq(pacing_due(&s, &place),
                             (packets ? i : bytes * 8) * NS_A_SECOND / pace.rate);
                cr_assert_eq(pacing_number(&s, &place), i);
                bytes += length;
                if (i % ROUND != ROUND - 1)
                        continue;
                end = pacing_end(&round, i % ROUND * 77, 77);
                pacing_next(&s, &end);
                round = (struct pacing_round){.pace = pace.pace};
        }
}

Test(timing, rates_do_not_drift) {
        rate_does_not_drift(
                (struct xskim_replay_pace){.pace = XSKIM_REPLAY_PACKETS, .rate = 3000000});
        rate_does_not_drift((struct xskim_replay_pace){.pace = XSKIM_REPLAY_BITS, .rate = 7000});
}

Test(timing, a_captured_round_ends_a_pause_behind_its_last_packet) {
        struct pacing_round round = {.pace = XSKIM_REPLAY_CAPTURED};
        struct pacing_place place = pacing_place(&round, 0, 60), end;

        cr_expect_eq(place.at, 0);
        place = pacing_place(&round, 5000, 60);
        cr_expect(place.at == 5000 && place.number == 1);
        end = pacing_end(&round, 5000, 2500);
        cr_expect(end.at == 7500 && end.number == 2);
}

Test(timing, top_speed_is_at_once) {
        struct pacing s = {.config = {.pace = XSKIM_REPLAY_TOP}, .start_ns = 5};
        struct pacing_round round = {.pace = XSKIM_REPLAY_TOP};
        struct pacing_place place = pacing_place(&round, NS_A_SECOND, 1000);

        place = pacing_place(&round, NS_A_SECOND, 1000);
        cr_expect_eq(pacing_due(&s, &place), 5);
        cr_expect_eq(pacing_number(&s, &place), 1);
}

static struct punctuality p;

static void run_with(uint64_t packets, int64_t first_ns, int64_t last_ns) {
        memset(&p, 0, sizeof(p));
        for (uint64_t i = 0; i < packets; i++) {
                int64_t error = i < packets / 2 ? first_ns : last_ns;
                uint64_t due = NS_A_SECOND + i * 1000;

                /* now and then an outlier, which is no drift */
                punctuality_add(&p, due, due + (uint64_t)(error + (i % 10 == 3) * 5000000));
        }
}

Test(timing, drift_is_between_the_ends) {
        static const uint64_t counts[] = {20, 100, 2000, 2048, 2049, 100000};

        for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
                run_with(counts[i], 300, 300);
                cr_expect_eq(punctuality_drift_ns(&p), 0);
                run_with(counts[i], 300, 7300);
                cr_expect_eq(punctuality_drift_ns(&p), 7000);
                run_with(counts[i], 300, -200);
                cr_expect_eq(punctuality_drift_ns(&p), -500);
        }
        run_with(1, 300, 300);
        cr_expect_eq(punctuality_drift_ns(&p), 0);
}

Test(timing, late_and_early_are_errors_but_early_is_not_late) {
        memset(&p, 0, sizeof(p));
        punctuality_add(&p, 1000000, 1000000);
        punctuality_add(&p, 1000000, 1000000 + XSKIM_REPLAY_LATE_NS);
        punctuality_add(&p, 1000000, 1000001 + XSKIM_REPLAY_LATE_NS);
        punctuality_add(&p, 1000000, 1000000 - XSKIM_REPLAY_LATE_NS - 2);
        cr_expect_eq(p.late, 1);
        cr_expect_eq(p.errors.samples, 4);
        cr_expect_eq(p.errors.max, XSKIM_REPLAY_LATE_NS + 2);
        cr_expect_eq(histogram_min(&p.errors), 0);
}

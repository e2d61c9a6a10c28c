/* SPDX-License-Identifier: BSD-2-Clause */
/* When and in which order the lab's relay lets frames go. */
#include <criterion/criterion.h>
#include <string.h>

#include "distributions.h"
#include "log.h"
#include "schedule.h"
#include "util.h"

enum { FRAMES = 10000, BYTES = 1000 };

static const uint64_t US = 1000, MS = 1000000;
static const struct fate PLAIN = {0};
static const struct fate HELD = {.is_held_back = true};

static struct schedule opened(const char *text) {
        struct schedule schedule = SCHEDULE_NULL;
        struct impairment told;

        cr_assert_eq(impairment_parse(text, &told), 0, "%s", error_message());
        cr_assert_eq(schedule_open(&schedule, &told), 0);
        return schedule;
}

static enum schedule_outcome add(struct schedule *schedule, uint64_t index, uint64_t arrival_ns,
                                 const struct fate *fate) {
        struct schedule_frame frame = {.index = index, .slot = (uint32_t)index};

        return schedule_add(schedule, &frame, BYTES, arrival_ns, fate);
}

/* The index of the next one due by then, or -1. */
static int64_t take(struct schedule *schedule, uint64_t now_ns) {
        struct schedule_frame frame;
        bool is_reordered;

        return schedule_take(schedule, now_ns, &frame, &is_reordered) ? (int64_t)frame.index : -1;
}

Test(schedule, a_frame_leaves_when_it_is_due_and_not_before) {
        struct schedule schedule = opened("delay=2ms");
        struct fate fate = {.delay_ns = 2 * MS};

        cr_expect_eq(schedule_next_ns(&schedule), UINT64_MAX);
        cr_assert_eq(add(&schedule, 0, 5 * MS, &fate), SCHEDULE_TAKEN);
        cr_expect_eq(schedule_next_ns(&schedule), 7 * MS);
        cr_expect_eq(take(&schedule, 7 * MS - 1), -1);
        cr_expect_eq(take(&schedule, 7 * MS), 0);
        cr_expect_eq(schedule_count(&schedule), 0);
        schedule_close(&schedule);
}

Test(schedule, jitter_never_changes_the_order) {
        struct schedule schedule = opened("delay=2ms,jitter=1ms");
        uint64_t random = 3, last_ns = 0;
        struct schedule_frame frame;
        bool is_reordered;

        for (uint64_t i = 0; i < FRAMES; i++) {
                struct fate fate = {.delay_ns = MS + test_random(&random) % (2 * MS)};

                add(&schedule, i, i * 10 * US, &fate);
        }
        for (uint64_t i = 0; i < FRAMES; i++) {
                cr_assert(schedule_take(&schedule, UINT64_MAX, &frame, &is_reordered));
                cr_assert_eq(frame.index, i);
                cr_assert_not(is_reordered);
                cr_assert_geq(frame.due_ns, last_ns);
                cr_assert_geq(frame.due_ns, i * 10 * US + MS);
                last_ns = frame.due_ns;
        }
        schedule_close(&schedule);
}

Test(schedule, a_rate_is_kept_to_the_nanosecond_and_idle_time_is_not_saved_up) {
        struct schedule schedule = opened("rate=30mbit"); /* 266.67 us a frame */
        struct schedule_frame frame;
        bool is_reordered;

        for (uint64_t i = 0; i < 300; i++)
                cr_assert_eq(add(&schedule, i, 0, &PLAIN), SCHEDULE_TAKEN);
        for (uint64_t i = 0; i < 300; i++) {
                cr_assert(schedule_take(&schedule, UINT64_MAX, &frame, &is_reordered));
                cr_assert_eq(frame.due_ns, (i + 1) * 8000 * MS / 30000, "%lu", i);
        }
        cr_assert_eq(add(&schedule, 300, 1000 * MS, &PLAIN), SCHEDULE_TAKEN);
        cr_assert(schedule_take(&schedule, UINT64_MAX, &frame, &is_reordered));
        cr_expect_eq(frame.due_ns / US, 1000266);
        schedule_close(&schedule);
}

Test(schedule, a_full_queue_drops_and_empties_at_the_rate) {
        struct schedule schedule = opened("rate=8mbit,queue=5"); /* 1 ms a frame */

        for (uint64_t i = 0; i < 5; i++)
                cr_expect_eq(add(&schedule, i, 0, &PLAIN), SCHEDULE_TAKEN);
        cr_expect_eq(add(&schedule, 5, 0, &PLAIN), SCHEDULE_QUEUE_FULL);
        cr_expect_eq(add(&schedule, 6, MS - 1, &PLAIN), SCHEDULE_QUEUE_FULL);
        cr_expect_eq(add(&schedule, 7, MS, &PLAIN), SCHEDULE_TAKEN);
        cr_expect_eq(add(&schedule, 8, MS, &PLAIN), SCHEDULE_QUEUE_FULL);
        cr_expect_eq(schedule_count(&schedule), 6, "the dropped took no place");
        schedule_close(&schedule);
}

Test(schedule, no_more_than_the_limit_are_under_way) {
        struct schedule schedule = opened("delay=1ms,reorder=1%,limit=10");
        struct fate fate = {.delay_ns = MS};

        for (uint64_t i = 0; i < 10; i++)
                cr_expect_eq(add(&schedule, i, 0, i % 2 ? &HELD : &fate), SCHEDULE_TAKEN);
        cr_expect_eq(add(&schedule, 10, 0, &fate), SCHEDULE_LIMIT_REACHED);
        cr_expect_neq(take(&schedule, MS), -1);
        cr_expect_eq(add(&schedule, 11, MS, &fate), SCHEDULE_TAKEN);
        schedule_close(&schedule);
}

Test(schedule, a_held_frame_leaves_behind_the_gapth_that_came_after_it) {
        struct schedule schedule = opened("reorder=1%,gap=3");
        static const int64_t order[] = {0, 2, 3, 4, 1, 5, 7, 8, 9, 6};
        static const bool reordered[ARRAY_SIZE(order)] = {[4] = true, [9] = true};
        struct schedule_frame frame;
        bool is_reordered;

        for (uint64_t i = 0; i < ARRAY_SIZE(order); i++)
                add(&schedule, i, i, i == 1 || i == 6 ? &HELD : &PLAIN);
        for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
                cr_assert(schedule_take(&schedule, ARRAY_SIZE(order), &frame, &is_reordered));
                cr_expect_eq((int64_t)frame.index, order[i], "%lu", frame.index);
                cr_expect_eq(is_reordered, reordered[i], "%lu", frame.index);
        }
        schedule_close(&schedule);
}

Test(schedule, a_held_frame_that_nobody_overtakes_leaves_in_the_end_and_is_not_reordered) {
        struct schedule schedule = opened("reorder=1%,gap=3");
        struct schedule_frame frame;
        bool is_reordered;

        add(&schedule, 0, MS, &HELD);
        cr_expect_eq(schedule_next_ns(&schedule), MS + SCHEDULE_HOLD_NS);
        cr_expect_eq(take(&schedule, MS + SCHEDULE_HOLD_NS - 1), -1);
        cr_assert(schedule_take(&schedule, MS + SCHEDULE_HOLD_NS, &frame, &is_reordered));
        cr_expect_not(is_reordered);
        cr_expect_eq(schedule_count(&schedule), 0);
        schedule_close(&schedule);
}

Test(schedule, a_copy_is_neither_reordered_nor_does_it_overtake) {
        struct schedule schedule = opened("reorder=1%,gap=1");
        struct schedule_frame original = {.index = 0}, copy = {.index = 0, .is_copy = true}, frame;
        bool is_reordered;
        uint32_t reordered = 0;

        schedule_add(&schedule, &original, BYTES, 0, &HELD);
        schedule_add(&schedule, &copy, BYTES, 0, &HELD);
        copy.index = 1;
        original.index = 2;
        schedule_add(&schedule, &copy, BYTES, 0, &PLAIN);
        cr_expect_eq(take(&schedule, 0), 1);
        cr_expect_eq(take(&schedule, 0), -1, "a copy does not set the held ones free");
        schedule_add(&schedule, &original, BYTES, 0, &PLAIN);
        for (int i = 0; i < 3; i++) {
                cr_assert(schedule_take(&schedule, 0, &frame, &is_reordered));
                reordered += is_reordered;
        }
        cr_expect_eq(reordered, 1);
        schedule_close(&schedule);
}

Test(schedule, a_slow_frame_is_passed_and_holds_up_no_other) {
        struct schedule schedule = opened("slow=1%,extra=5ms,reorder=1%,gap=1");
        struct fate slow = {.is_slow = true, .delay_ns = 5 * MS};
        static const int64_t order[] = {1, 3, 5, 4, 0, 2};
        static const uint64_t due_ns[] = {1, 3, 5, 5, 0, 2}; /* the held one, 4, waits for 5 */
        struct schedule_frame frame;
        bool is_reordered;

        for (uint64_t i = 0; i < ARRAY_SIZE(order); i++)
                add(&schedule, i, i, i == 0 || i == 2 ? &slow : i == 4 ? &HELD : &PLAIN);
        cr_expect_eq(schedule_count(&schedule), 6);
        cr_expect_eq(take(&schedule, 0), -1);
        for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
                uint64_t now_ns = schedule_next_ns(&schedule);

                cr_assert(schedule_take(&schedule, now_ns, &frame, &is_reordered));
                cr_expect_eq(frame.due_ns, due_ns[i] + (i >= 4 ? 5 * MS : 0));
                cr_expect_eq((int64_t)frame.index, order[i], "%lu", frame.index);
                cr_expect_eq(is_reordered, i >= 4 || order[i] == 4, "%lu", frame.index);
        }
        cr_expect_eq(schedule_next_ns(&schedule), UINT64_MAX);
        schedule_close(&schedule);
}

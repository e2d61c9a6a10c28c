/* SPDX-License-Identifier: BSD-2-Clause */
/* See schedule.h. */
#include <errno.h>

#include "schedule.h"
#include "util.h"

static const uint64_t NS_PER_SECOND = 1000000000;

static int line_open(struct schedule_line *line, uint64_t limit) {
        uint64_t room = 1;

        while (room < limit)
                room *= 2;
        line->mask = room - 1;
        line->frames = calloc(room, sizeof(*line->frames));
        return line->frames ? 0 : -ENOMEM;
}

static uint64_t line_count(const struct schedule_line *line) {
        return line->end - line->first;
}

static struct schedule_frame *line_first(const struct schedule_line *line) {
        return &line->frames[line->first & line->mask];
}

static void line_append(struct schedule_line *line, const struct schedule_frame *frame) {
        line->frames[line->end++ & line->mask] = *frame;
}

int schedule_open(struct schedule *schedule, const struct impairment *told) {
        *schedule = (struct schedule){.told = *told};
        schedule->departures = calloc(told->queue, sizeof(*schedule->departures));
        if (schedule->departures && !line_open(&schedule->line, told->limit) &&
            !line_open(&schedule->held, told->limit) && !line_open(&schedule->slow, told->limit))
                schedule->held_until =
                        calloc(schedule->held.mask + 1, sizeof(*schedule->held_until));
        if (schedule->held_until)
                return 0;
        schedule_close(schedule);
        return -ENOMEM;
}

void schedule_close(struct schedule *schedule) {
        free(schedule->line.frames);
        free(schedule->held.frames);
        free(schedule->slow.frames);
        free(schedule->held_until);
        free(schedule->departures);
        *schedule = SCHEDULE_NULL;
}

uint64_t schedule_count(const struct schedule *schedule) {
        return line_count(&schedule->line) + line_count(&schedule->held) +
               line_count(&schedule->slow);
}

/* The frame `queue` before this one has not departed yet: then as many wait. */
static bool queue_is_full(const struct schedule *schedule, uint64_t now_ns) {
        uint64_t queue = schedule->told.queue;

        return schedule->departed >= queue &&
               schedule->departures[schedule->departed % queue] > now_ns;
}

static uint64_t depart(struct schedule *schedule, uint32_t bytes, uint64_t arrival_ns) {
        uint64_t bits_ns = 8ULL * bytes * NS_PER_SECOND + schedule->departure_rest;
        uint64_t rate = schedule->told.rate, start = MAX(schedule->departure_ns, arrival_ns);

        schedule->departure_ns = start + bits_ns / rate;
        schedule->departure_rest = bits_ns % rate;
        schedule->departures[schedule->departed++ % schedule->told.queue] = schedule->departure_ns;
        return schedule->departure_ns;
}

static void line_up(struct schedule *schedule, struct schedule_frame frame) {
        frame.due_ns = schedule->due_ns = MAX(schedule->due_ns, frame.due_ns);
        line_append(&schedule->line, &frame);
}

static void line_up_slow(struct schedule *schedule, struct schedule_frame frame) {
        frame.due_ns = schedule->slow_due_ns = MAX(schedule->slow_due_ns, frame.due_ns);
        line_append(&schedule->slow, &frame);
}

static void hold(struct schedule *schedule, const struct schedule_frame *frame) {
        struct schedule_frame held = *frame;

        held.due_ns += SCHEDULE_HOLD_NS;
        schedule->held_until[schedule->held.end & schedule->held.mask] =
                schedule->passed + schedule->told.gap;
        line_append(&schedule->held, &held);
}

/* The first held frame joins the line; not before `due_ns`. */
static void let_go(struct schedule *schedule, uint64_t due_ns) {
        struct schedule_frame frame = *line_first(&schedule->held);

        schedule->held.first++;
        frame.due_ns = due_ns;
        line_up(schedule, frame);
}

static bool is_overtaken(const struct schedule *schedule) {
        const struct schedule_line *held = &schedule->held;

        return line_count(held) &&
               schedule->held_until[held->first & held->mask] <= schedule->passed;
}

enum schedule_outcome schedule_add(struct schedule *schedule, const struct schedule_frame *frame,
                                   uint32_t bytes, uint64_t arrival_ns, const struct fate *fate) {
        struct schedule_frame own = *frame;

        if (schedule_count(schedule) >= schedule->told.limit)
                return SCHEDULE_LIMIT_REACHED;
        if (schedule->told.rate && queue_is_full(schedule, arrival_ns))
                return SCHEDULE_QUEUE_FULL;
        own.due_ns = arrival_ns + fate->delay_ns;
        if (schedule->told.rate)
                own.due_ns = depart(schedule, bytes, arrival_ns) + fate->delay_ns;
        if (fate->is_held_back) {
                hold(schedule, &own);
                return SCHEDULE_TAKEN;
        }
        if (fate->is_slow) {
                line_up_slow(schedule, own);
                return SCHEDULE_TAKEN;
        }
        line_up(schedule, own);
        schedule->passed += !own.is_copy;
        while (is_overtaken(schedule))
                let_go(schedule, schedule->due_ns);
        return SCHEDULE_TAKEN;
}

static uint64_t line_next_ns(const struct schedule_line *line) {
        return line_count(line) ? line_first(line)->due_ns : UINT64_MAX;
}

uint64_t schedule_next_ns(const struct schedule *schedule) {
        uint64_t line_ns = line_next_ns(&schedule->line), slow_ns = line_next_ns(&schedule->slow);

        return MIN(MIN(line_ns, slow_ns), line_next_ns(&schedule->held));
}

bool schedule_take(struct schedule *schedule, uint64_t now_ns, struct schedule_frame *ret_frame,
                   bool *ret_is_reordered) {
        struct schedule_line *line = &schedule->line, *held = &schedule->held;

        while (line_count(held) && line_first(held)->due_ns <= now_ns)
                let_go(schedule, line_first(held)->due_ns);
        if (line_next_ns(&schedule->slow) < line_next_ns(line))
                line = &schedule->slow;
        if (!line_count(line) || line_first(line)->due_ns > now_ns)
                return false;
        *ret_frame = *line_first(line);
        line->first++;
        *ret_is_reordered = !ret_frame->is_copy && ret_frame->index < schedule->taken_next;
        schedule->taken_next = MAX(schedule->taken_next, ret_frame->index + 1);
        return true;
}

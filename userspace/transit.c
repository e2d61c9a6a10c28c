/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how streams are followed. See transit.h. */
#include <errno.h>
#include <stdlib.h>

#include <xskim/stamp.h>

#include "tally.h"
#include "transit_private.h"
#include "util.h"

int transit_open(const struct transit_config *config, struct transit **ret_transit) {
        struct transit *t = calloc(1, sizeof(*t));

        if (!t || arrivals_open(config->rings, &t->arrivals) < 0) {
                transit_close(t);
                return -ENOMEM;
        }
        t->config = *config;
        *ret_transit = t;
        return 0;
}

struct transit *transit_close(struct transit *t) {
        if (!t)
                return NULL;
        arrivals_close(t->arrivals);
        free(t);
        return NULL;
}

/* ---- which numbers arrived ---- */

static bool has_arrived(const struct transit_stream *s, uint64_t number) {
        uint32_t at = number % TRANSIT_WINDOW;

        return s->arrived[at / 64] >> at % 64 & 1;
}

static void arrived_set(struct transit_stream *s, uint64_t number, bool arrived) {
        uint32_t at = number % TRANSIT_WINDOW;
        uint64_t bit = 1ULL << at % 64;

        s->arrived[at / 64] = arrived ? s->arrived[at / 64] | bit : s->arrived[at / 64] & ~bit;
}

/* ---- leaps ---- */

static struct transit_leap *leap_at(struct transit_stream *s, uint32_t place) {
        return &s->leaps[(s->leap_first + place) % TRANSIT_LEAPS];
}

/* How far behind the highest number the leap ended. */
static uint32_t leap_distance(struct transit_stream *s, uint32_t place) {
        return (uint32_t)s->highest - leap_at(s, place)->to;
}

static void leaps_forget(struct transit_stream *s) {
        while (s->leap_count && leap_distance(s, 0) >= TRANSIT_WINDOW) {
                s->leap_first = (s->leap_first + 1) % TRANSIT_LEAPS;
                s->leap_count--;
        }
}

/* What arrived first of everything behind the number, which was left out: the first leap that ended
 * behind it. */
static const struct transit_leap *leap_over(struct transit_stream *s, uint64_t number) {
        uint32_t distance = (uint32_t)(s->highest - number), low = 0, high = s->leap_count;

        while (low + 1 < high) {
                uint32_t middle = (low + high - 1) / 2;

                if (leap_distance(s, middle) < distance)
                        high = middle + 1;
                else
                        low = middle + 1;
        }
        return leap_at(s, low);
}

/* ---- one packet ---- */

/* The number is the highest so far. */
static void advance(struct transit_stream *s, uint64_t number, bool leapt) {
        uint64_t from = s->received ? s->highest + 1 : number;

        if (number - from >= TRANSIT_WINDOW)
                from = number - TRANSIT_WINDOW + 1;
        for (uint64_t n = from; n <= number; n++)
                arrived_set(s, n, false);
        s->highest = number;
        leaps_forget(s);
        if (leapt)
                *leap_at(s, s->leap_count++) = (struct transit_leap){
                        .to = (uint32_t)number, .index = (uint32_t)s->received};
}

static void begin(struct transit_stream *s, uint64_t number) {
        s->base = number < TRANSIT_WINDOW ? 0 : number;
        advance(s, number, true);
}

static void reordered_book(struct transit_stream *s, uint64_t number) {
        uint64_t extent = (uint32_t)s->received - leap_over(s, number)->index;

        s->reordered++;
        s->extent_sum += extent;
        s->extent_max = MAX(s->extent_max, extent);
        s->base = MIN(s->base, number);
}

static uint64_t difference_ns(int64_t one, int64_t other) {
        return one > other ? (uint64_t)one - (uint64_t)other : (uint64_t)other - (uint64_t)one;
}

static void variation_book(struct transit_stream *s, uint64_t number, int64_t delay_ns) {
        if (s->received) {
                uint64_t moved = difference_ns(delay_ns, s->last_delay_ns);

                s->jitter += moved - ((s->jitter + TRANSIT_JITTER_UNIT / 2) / TRANSIT_JITTER_UNIT);
        }
        s->last_delay_ns = delay_ns;
        if (number && s->highest - number + 1 < TRANSIT_WINDOW && has_arrived(s, number - 1))
                histogram_add(&s->ipdv,
                              difference_ns(delay_ns, s->delay_ns[(number - 1) % TRANSIT_WINDOW]),
                              1);
        if (number < s->highest && has_arrived(s, number + 1))
                histogram_add(&s->ipdv,
                              difference_ns(delay_ns, s->delay_ns[(number + 1) % TRANSIT_WINDOW]),
                              1);
}

static void delay_book(struct transit_stream *s, uint64_t number, int64_t delay_ns) {
        s->delay_ns[number % TRANSIT_WINDOW] = delay_ns;
        s->before_sent += delay_ns < 0;
        histogram_add(&s->latency, (uint64_t)MAX(delay_ns, 0), 1);
        variation_book(s, number, delay_ns);
}

/* False: a copy, or too late; its delay counts nowhere. */
static bool stream_book(struct transit_stream *s, uint64_t number, int64_t delay_ns,
                        bool corrupted) {
        s->corrupted += corrupted;
        if (!s->received)
                begin(s, number);
        else if (number > s->highest)
                advance(s, number, number - s->highest > 1);
        else if (s->highest - number >= TRANSIT_WINDOW) {
                s->beyond_window++;
                return false;
        } else if (has_arrived(s, number)) {
                s->duplicated++;
                return false;
        } else {
                reordered_book(s, number);
        }
        delay_book(s, number, delay_ns);
        arrived_set(s, number, true);
        s->received++;
        return true;
}

/* ---- all of them ---- */

static bool is_of(const struct transit_stream *s, const struct arrival *arrival) {
        return s->run == arrival->run && s->number == arrival->stream;
}

/* NULL: one stream too many. */
static struct transit_stream *stream_of(struct transit *t, const struct arrival *arrival) {
        struct transit_stream *s;

        if (t->stream_count && is_of(&t->streams[t->last], arrival))
                return &t->streams[t->last];
        for (t->last = 0; t->last < t->stream_count; t->last++)
                if (is_of(&t->streams[t->last], arrival))
                        return &t->streams[t->last];
        if (t->stream_count == XSKIM_STREAMS_MAX) {
                t->last = 0;
                return NULL;
        }
        s = &t->streams[t->stream_count++];
        s->run = arrival->run;
        s->number = arrival->stream;
        return s;
}

static void arrival_book(struct transit *t, const struct arrival *arrival) {
        uint64_t delay_ns =
                arrival->time_ns - arrival->sent_ns - (uint64_t)t->config.clock_offset_ns;
        struct transit_stream *s;

        s = stream_of(t, arrival);
        if (!s)
                t->untracked++;
        else if (stream_book(s, arrival->sequence, (int64_t)delay_ns,
                             arrival->faults & XSKIM_PAYLOAD_DAMAGED))
                histogram_add(&t->interval, (uint64_t)MAX((int64_t)delay_ns, 0), 1);
}

static void arrivals_book(struct transit *t, bool all) {
        struct arrival arrival;

        while (arrivals_take(t->arrivals, all, &arrival))
                arrival_book(t, &arrival);
}

void transit_put(struct transit *t, uint32_t ring, const struct arrival *arrival) {
        t->stamps++;
        if (arrival->faults & XSKIM_STAMP_DAMAGED) {
                t->unattributed++;
                return;
        }
        if (!arrivals_has_room(t->arrivals))
                arrivals_book(t, false);
        arrivals_put(t->arrivals, ring, arrival);
}

void transit_frame(struct transit *t, const struct xskim_frame_header *frame, uint32_t ring) {
        const struct xskim_stamp_record *records = (const void *)(frame + 1);

        for (uint32_t i = 0; i < frame->records; i++) {
                const struct xskim_stamp_record *record = &records[i];
                int64_t age_ns = tally_record_age_ns(frame->time_ns, record->time_ns);
                struct arrival arrival = {
                        .time_ns = frame->time_ns - (uint64_t)age_ns,
                        .sent_ns = record->sent_ns,
                        .sequence = record->sequence,
                        .run = record->run,
                        .stream = record->stream,
                        .faults = record->faults,
                };

                if (!record->weight && record->kind == XSKIM_RECORD_OF_STAMP)
                        transit_put(t, ring, &arrival);
        }
        arrivals_book(t, false);
}

void transit_promise(struct transit *t, uint32_t ring, uint64_t time_ns) {
        arrivals_promise(t->arrivals, ring, time_ns);
        arrivals_book(t, false);
}

void transit_settle(struct transit *t) {
        arrivals_book(t, true);
}

void transit_next_interval(struct transit *t) {
        histogram_reset(&t->interval);
}

uint64_t transit_memory(const struct transit *t) {
        return t ? sizeof(*t) - sizeof(t->streams) + t->stream_count * sizeof(t->streams[0]) +
                               arrivals_memory(t->arrivals)
                 : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The transit against a judge that remembers everything: permutations, losses, copies and delays of
 * all kinds; then, that it does not matter how arrivals were cut into frames and spread over rings.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/stamp.h>

#include "packets.h"
#include "quantile.h"
#include "transit.h"
#include "transit_share.h"
#include "util.h"

enum {
        SENT_MAX = 20000,
        ARRIVALS_MAX = 3 * SENT_MAX,
        ROUNDS = 60,
        RINGS = 4,
        WINDOW = XSKIM_TRANSIT_WINDOW
};

static const uint64_t START_NS = 1ULL << 50;

/* ---- what arrives ---- */

struct path {
        uint32_t sent;
        uint32_t loss;   /* per mille */
        uint32_t copies; /* per mille */
        uint32_t late;   /* per mille */
        uint32_t reach;  /* by how many sending intervals late ones are late, at most */
        uint32_t damage; /* per mille */
        uint64_t delay_ns;
        uint32_t jitter_ns;
        uint64_t first; /* number */
};

static struct arrival arrivals[ARRIVALS_MAX];
static uint32_t arrival_count;

static int by_time(const void *a, const void *b) {
        const struct arrival *one = a, *other = b;

        return one->time_ns < other->time_ns ? -1 : one->time_ns > other->time_ns;
}

static void arrival_add(uint64_t *random, const struct path *path, uint64_t number,
                        uint64_t sent_ns) {
        uint64_t late =
                packet_below(random, 1000) < path->late ? packet_below(random, path->reach + 1) : 0;

        arrivals[arrival_count++] = (struct arrival){
                .time_ns = sent_ns + path->delay_ns + packet_below(random, path->jitter_ns + 1) +
                           late * 1000,
                .sent_ns = sent_ns,
                .sequence = number,
                .run = 9,
                .stream = 3,
                .faults = packet_below(random, 1000) < path->damage ? XSKIM_PAYLOAD_DAMAGED : 0,
        };
}

static void path_run(uint64_t *random, const struct path *path) {
        arrival_count = 0;
        for (uint64_t i = 0; i < path->sent; i++) {
                uint64_t sent_ns = START_NS + i * 1000;

                if (packet_below(random, 1000) >= path->loss)
                        arrival_add(random, path, path->first + i, sent_ns);
                if (packet_below(random, 1000) < path->copies)
                        arrival_add(random, path, path->first + i, sent_ns);
        }
        qsort(arrivals, arrival_count, sizeof(arrivals[0]), by_time);
        /* no two at once: their order would be a matter of taste */
        for (uint32_t i = 1; i < arrival_count; i++)
                arrivals[i].time_ns = MAX(arrivals[i].time_ns, arrivals[i - 1].time_ns + 1);
}

static void path_draw(uint64_t *random, struct path *ret) {
        static const uint32_t shares[] = {0, 0, 10, 100, 500};

        *ret = (struct path){
                .sent = 1 + packet_below(random, packet_below(random, 4) ? 300 : 3000),
                .loss = shares[packet_below(random, 5)],
                .copies = shares[packet_below(random, 5)],
                .late = shares[packet_below(random, 5)],
                .reach = 1 + packet_below(random, packet_below(random, 2) ? 5 : 500),
                .damage = shares[packet_below(random, 5)],
                .delay_ns = packet_below(random, 3000000),
                .jitter_ns = packet_below(random, packet_below(random, 2) ? 100 : 100000),
                .first = packet_below(random, 2) ? 0 : packet_below(random, 1000000),
        };
}

/* ---- the judge ---- */

struct verdicts {
        uint64_t received, lost, duplicated, reordered, corrupted, extent_max, extent_sum;
        double jitter_ns;
        struct histogram latency, ipdv;
};

static int64_t first_copy[SENT_MAX]; /* delay; -1: none */

static void judge(const struct path *path, struct verdicts *v) {
        static uint64_t firsts[ARRIVALS_MAX];
        uint64_t lowest = UINT64_MAX, highest = 0, jitter = 0;
        int64_t last = 0;

        memset(v, 0, sizeof(*v));
        memset(first_copy, 0xff, sizeof(first_copy));
        for (uint32_t i = 0; i < arrival_count; i++) {
                const struct arrival *a = &arrivals[i];
                uint64_t number = a->sequence, extent = 0;
                int64_t delay = (int64_t)(a->time_ns - a->sent_ns);

                v->corrupted += a->faults > 0;
                if (first_copy[number - path->first] >= 0) {
                        v->duplicated++;
                        continue;
                }
                for (uint64_t j = 0; j < v->received && !extent; j++)
                        extent = firsts[j] > number ? v->received - j : 0;
                v->reordered += extent > 0;
                v->extent_sum += extent;
                v->extent_max = MAX(v->extent_max, extent);
                if (v->received)
                        jitter += (uint64_t)llabs(delay - last) - (jitter + 8) / 16;
                last = delay;
                first_copy[number - path->first] = delay;
                firsts[v->received++] = number;
                lowest = MIN(lowest, number);
                highest = MAX(highest, number);
                histogram_add(&v->latency, (uint64_t)delay, 1);
        }
        for (uint32_t i = 1; i < path->sent; i++)
                if (first_copy[i] >= 0 && first_copy[i - 1] >= 0)
                        histogram_add(&v->ipdv, (uint64_t)llabs(first_copy[i] - first_copy[i - 1]),
                                      1);
        if (v->received)
                v->lost = highest - (firsts[0] < WINDOW ? 0 : lowest) + 1 - v->received;
        v->jitter_ns = (double)jitter / 16;
}

static void same_distribution(const struct xskim_distribution *got,
                              const struct histogram *wanted) {
        struct histogram_view view = histogram_view(wanted);
        struct xskim_distribution distribution;

        quantile_fill(&view, &distribution);
        cr_assert_eq(memcmp(got, &distribution, sizeof(*got)), 0);
}

static void agrees(const struct xskim_stream *got, const struct verdicts *wanted) {
        cr_assert_eq(got->received, wanted->received);
        cr_assert_eq(got->lost, wanted->lost, "lost %lu, not %lu", got->lost, wanted->lost);
        cr_assert_eq(got->duplicated, wanted->duplicated);
        cr_assert_eq(got->reordered, wanted->reordered);
        cr_assert_eq(got->corrupted, wanted->corrupted);
        cr_assert_eq(got->beyond_window, 0);
        cr_assert_eq(got->reorder_extent_max, wanted->extent_max, "extent %lu, not %lu",
                     got->reorder_extent_max, wanted->extent_max);
        cr_assert_float_eq(got->reorder_extent_mean * (double)got->reordered,
                           (double)wanted->extent_sum, 1e-6 * (double)(1 + wanted->extent_sum));
        cr_assert_eq(got->delay_variation.jitter_ns, wanted->jitter_ns);
        same_distribution(&got->latency, &wanted->latency);
        same_distribution(&got->delay_variation.ipdv, &wanted->ipdv);
}

/* ---- the transit ---- */

static struct transit *transit_new(void) {
        const struct transit_config config = {.rings = RINGS};
        struct transit *transit;

        cr_assert_eq(transit_open(&config, &transit), 0);
        return transit;
}

static void report(struct transit *transit, struct xskim_transit *ret) {
        transit_settle(transit);
        transit_report(transit, arrival_count, true, ret);
        cr_assert(ret->enabled);
        cr_assert_eq(ret->unrecorded, 0);
        transit_close(transit);
}

static void run_in_order(struct xskim_transit *ret) {
        struct transit *transit = transit_new();

        for (uint32_t i = 0; i < arrival_count; i++)
                transit_put(transit, 0, &arrivals[i]);
        report(transit, ret);
}

struct frame {
        struct xskim_frame_header header;
        struct xskim_stamp_record records[XSKIM_FRAME_RECORDS_MAX];
};

static void frame_add(struct frame *frame, const struct arrival *arrival) {
        frame->records[frame->header.records++] = (struct xskim_stamp_record){
                .time_ns = arrival->time_ns,
                .faults = arrival->faults,
                .sent_ns = arrival->sent_ns,
                .sequence = arrival->sequence,
                .stream = arrival->stream,
                .run = arrival->run,
        };
}

/* What the arrivals [from, to) left in one ring, in frames of any size. */
static void ring_empty(uint64_t *random, struct transit *transit, const uint8_t *ring_of,
                       uint32_t ring, uint32_t from, uint32_t to) {
        struct frame frame = {.header.time_ns = arrivals[to - 1].time_ns + 77};

        for (uint32_t i = from; i < to; i++) {
                if (ring_of[i] != ring)
                        continue;
                frame_add(&frame, &arrivals[i]);
                if (frame.header.records < XSKIM_FRAME_RECORDS_MAX && packet_below(random, 20))
                        continue;
                transit_frame(transit, &frame.header, ring);
                frame.header.records = 0;
        }
        transit_frame(transit, &frame.header, ring);
}

/* Each ring is emptied when it likes, however long after the others, and may promise so. */
static void run_in_frames(uint64_t *random, const uint8_t *ring_of, struct xskim_transit *ret) {
        struct transit *transit = transit_new();
        uint32_t emptied[RINGS] = {0}, to = 0;

        while (to < arrival_count) {
                uint32_t start = packet_below(random, RINGS);

                to += 1 + packet_below(random, MIN(arrival_count - to, 4000U));
                for (uint32_t i = 0; i < RINGS; i++) {
                        uint32_t ring = (i + start) % RINGS;

                        if (to < arrival_count && !packet_below(random, 3))
                                continue;
                        ring_empty(random, transit, ring_of, ring, emptied[ring], to);
                        emptied[ring] = to;
                        if (to < arrival_count && packet_below(random, 4))
                                transit_promise(transit, ring, arrivals[to].time_ns);
                }
        }
        report(transit, ret);
}

Test(transit, agrees_with_a_judge_that_remembers_everything) {
        static struct xskim_transit got;
        static struct verdicts wanted;
        uint64_t random = 1;

        for (uint32_t round = 0; round < ROUNDS; round++) {
                struct path path;

                path_draw(&random, &path);
                path_run(&random, &path);
                judge(&path, &wanted);
                run_in_order(&got);
                if (!arrival_count)
                        continue;
                cr_assert_eq(got.stream_count, 1);
                cr_assert(got.streams[0].run == 9 && got.streams[0].number == 3);
                agrees(&got.streams[0], &wanted);
                agrees(&got.sum, &wanted);
        }
}

Test(transit, is_the_same_however_arrivals_are_cut_into_frames_and_spread_over_rings) {
        static struct xskim_transit got, wanted;
        static uint8_t ring_of[ARRIVALS_MAX];
        uint64_t random = 2;

        for (uint32_t round = 0; round < ROUNDS; round++) {
                struct path path;

                path_draw(&random, &path);
                path_run(&random, &path);
                run_in_order(&wanted);
                for (uint32_t i = 0; i < arrival_count; i++)
                        ring_of[i] = (uint8_t)packet_below(&random, RINGS);
                for (uint32_t times = 0; times < 3; times++) {
                        run_in_frames(&random, ring_of, &got);
                        cr_assert_eq(got.unordered, 0);
                        cr_assert_eq(memcmp(&got, &wanted, sizeof(got)), 0);
                }
        }
}

/* A ring whose worker said nothing any more holds the others' stamps back until there is no more.
 */
Test(transit, what_was_held_back_is_in_the_last_report) {
        static struct xskim_transit before, after;
        const struct transit_config config = {.rings = RINGS};
        struct frame frame = {.header.time_ns = START_NS + 77};
        struct transit_share *share;

        cr_assert_eq(transit_share_open(&config, &share), 0);
        for (uint64_t i = 0; i < 3; i++)
                frame_add(&frame, &(struct arrival){.time_ns = START_NS + i,
                                                    .sent_ns = START_NS - 1000,
                                                    .sequence = i,
                                                    .run = 9});
        transit_share_frame(share, &frame.header, 0);
        transit_share_report(share, 3, false, false, &before);
        transit_share_report(share, 3, true, false, &after);
        cr_expect_eq(before.sum.received, 0);
        cr_expect_eq(after.sum.received, 3);
        cr_expect_eq(after.unrecorded, 0);
        transit_share_close(share);
}

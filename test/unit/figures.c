/* SPDX-License-Identifier: BSD-2-Clause */
/* The figures of a port that comes and goes: every count goes on where it was, and never back. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "distributions.h"
#include "figures.h"
#include "histogram.h"
#include "snapshots.h"
#include "util.h"

/* Counts of a snapshot, by the tables: at most this many. */
enum { COUNTS_MAX = 64 };

struct counts {
        unsigned int count;
        uint64_t *at[COUNTS_MAX];
};

static void counts_add(struct counts *counts, uint64_t *at) {
        cr_assert_lt(counts->count, COUNTS_MAX);
        counts->at[counts->count++] = at;
}

/* The members that are counted, in one order for both; `waiting` is not. */
#define COUNTS_OF(type_)                                                                           \
        static struct counts counts_of_##type_(struct type_ *s) {                                  \
                struct counts counts = {0};                                                        \
                uint64_t *const waiting = &s->ledger.waiting;                                      \
                                                                                                   \
                counts_add(&counts, &s->attach_lost);                                              \
                XSKIM_LEDGER_ROWS(ADD_TERM)                                                        \
                XSKIM_CLASS_ROWS(ADD_CLASS)                                                        \
                XSKIM_PARSE_ROWS(ADD_OUTCOME)                                                      \
                FIGURES_COST_COUNTED(ADD_COUNTED)                                                  \
                return counts;                                                                     \
        }
#define ADD_TERM(name_, unit_, doc_)                                                               \
        if (&s->ledger.name_ != waiting)                                                           \
                counts_add(&counts, &s->ledger.name_);
#define ADD_CLASS(name_, doc_) counts_add(&counts, &s->classes.name_);
#define ADD_OUTCOME(name_, doc_) counts_add(&counts, &s->parse.name_);
#define ADD_COUNTED(name_) counts_add(&counts, &s->cost.name_);
COUNTS_OF(xskim_snapshot)
COUNTS_OF(figures)

static struct xskim_buckets buckets[XSKIM_DISTRIBUTION_COUNT];

/* A session: every count of its own value. */
static void session_make(struct xskim_snapshot *s, uint64_t from) {
        struct counts counts;

        *s = snapshot_usual();
        counts = counts_of_xskim_snapshot(s);
        for (unsigned int i = 0; i < counts.count; i++)
                *counts.at[i] = from + i;
}

static void expect_counts(struct figures *figures, uint64_t from, uint64_t step, const char *when) {
        struct counts counts = counts_of_figures(figures);

        for (unsigned int i = 0; i < counts.count; i++)
                cr_expect_eq(*counts.at[i], from + i * step, "%s: count number %u is %lu", when, i,
                             *counts.at[i]);
}

Test(figures, counts_of_all_sessions_are_one) {
        struct figures base = {.port = "eth1"}, figures = {0};
        struct xskim_snapshot s;

        figures_now(&base, NULL, NULL, &figures);
        expect_counts(&figures, 0, 0, "at first");
        session_make(&s, 1000);
        figures_now(&base, &s, NULL, &figures);
        expect_counts(&figures, 1000, 1, "the first session");
        figures_now(&base, &s, NULL, &figures);
        expect_counts(&figures, 1000, 1, "once more: nothing is added twice");
        figures_base_add(&base, &s, NULL);
        figures_now(&base, NULL, NULL, &figures);
        expect_counts(&figures, 1000, 1, "away");
        session_make(&s, 5);
        figures_now(&base, &s, NULL, &figures);
        expect_counts(&figures, 1005, 2, "the second session");
        figures_base_add(&base, &s, NULL);
        session_make(&s, 200);
        figures_now(&base, &s, NULL, &figures);
        expect_counts(&figures, 1205, 3, "the third session");
        cr_expect_str_eq(figures.port, "eth1");
}

Test(figures, what_is_as_of_now_is_that_of_the_running_session) {
        struct figures base = {.port = "eth1"}, figures = {0};
        struct xskim_snapshot s = snapshot_usual();

        s.ledger.waiting = 90;
        s.cost.path_cpu_percent = 7;
        figures_now(&base, &s, NULL, &figures);
        cr_expect_eq(figures.ledger.waiting, 90);
        s.ledger.waiting = 10;
        s.cost.path_cpu_percent = 3;
        figures_now(&base, &s, NULL, &figures);
        cr_expect_eq(figures.ledger.waiting, 10, "it may go down");
        cr_expect_eq(figures.cost.path_cpu_percent, 3);
        figures_base_add(&base, &s, NULL);
        s.sample = 1;
        s.verdict = XSKIM_VERDICT_DROP;
        s.tier = XSKIM_TIER_COUNTS;
        snprintf(s.mode.xdp, sizeof(s.mode.xdp), "generic");
        s.cost.kernel_memory_bytes = 5;
        figures_now(&base, &s, NULL, &figures);
        cr_expect_eq(figures.ledger.waiting, 10);
        cr_expect_eq(figures.sample, 1);
        cr_expect_eq(figures.verdict, XSKIM_VERDICT_DROP);
        cr_expect_eq(figures.tier, XSKIM_TIER_COUNTS);
        cr_expect_str_eq(figures.mode.xdp, "generic");
        cr_expect_eq(figures.cost.kernel_memory_bytes, 5);
}

Test(figures, say_whether_and_how_often_the_port_came_back) {
        static const struct {
                bool up;
                bool ends;
                uint64_t restarts;
        } steps[] = {
                {false, false, 0}, {true, false, 0}, {true, true, 0},   {false, false, 0},
                {true, false, 1},  {true, true, 1},  {false, false, 1}, {true, false, 2},
        };
        struct figures base = {.port = "eth1"}, figures = {0};
        struct xskim_snapshot s = snapshot_usual();

        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
                figures_now(&base, steps[i].up ? &s : NULL, NULL, &figures);
                cr_expect_eq(figures.up, steps[i].up, "step %zu", i);
                cr_expect_eq(figures.restarts, steps[i].restarts, "step %zu", i);
                if (steps[i].ends)
                        figures_base_add(&base, &s, NULL);
        }
}

/* ---- histograms ---- */

static void buckets_fill(struct xskim_buckets *to, struct histogram *histogram) {
        struct histogram_view view = histogram_view(histogram);

        memset(to, 0, sizeof(*to));
        to->scale = view.scale;
        to->slots = view.slots;
        to->samples = view.samples;
        to->count = view.weight;
        to->sum = (double)histogram->sum;
        memcpy(to->counts, view.counts, view.slots * sizeof(*view.counts));
}

/* By comparing with each power of two. */
static void octave_book(struct figures_histogram *histogram, uint64_t value, uint64_t weight) {
        unsigned int octave = 1;

        while (octave < FIGURES_OCTAVES - 1 && value > 1ULL << (octave - 1))
                octave++;
        histogram->octaves[value ? octave : 0] += weight;
        histogram->sum += (double)value * (double)weight;
}

static uint64_t value_drawn(uint64_t *random) {
        uint64_t power = 1ULL << test_random(random) % 46;

        switch (test_random(random) % 4) {
        case 0:
                return power;
        case 1:
                return power - 1;
        case 2:
                return power + 1;
        }
        return test_random(random) >> (18 + test_random(random) % 46);
}

Test(figures, histograms_count_each_value_up_to_its_power_of_two) {
        static struct histogram histogram;
        struct figures_histogram expected = {0};
        struct figures base = {.port = "eth1"}, figures = {0};
        struct xskim_snapshot s = snapshot_usual();
        uint64_t random = 7, value;

        for (int i = 0; i < 50000; i++) {
                value = value_drawn(&random);
                octave_book(&expected, value, 1 + i % 3);
                histogram_add(&histogram, value, 1 + i % 3);
        }
        for (unsigned int i = 0; i < XSKIM_DISTRIBUTION_COUNT; i++)
                buckets_fill(&buckets[i], &histogram);
        figures_now(&base, &s, buckets, &figures);
#define CHECK(name_, doc_)                                                                         \
        cr_expect_arr_eq(figures.name_.octaves, expected.octaves, sizeof(expected.octaves));       \
        cr_expect_float_eq(figures.name_.sum / expected.sum, 1, 1e-9);
        XSKIM_DISTRIBUTION_ROWS(CHECK)
#undef CHECK
}

static void buckets_one(unsigned int scale, unsigned int slot, uint64_t count, double sum) {
        for (unsigned int i = 0; i < XSKIM_DISTRIBUTION_COUNT; i++) {
                memset(&buckets[i], 0, sizeof(buckets[i]));
                buckets[i].scale = scale;
                buckets[i].slots = XSKIM_BUCKET_SLOTS_MAX;
                buckets[i].counts[slot] = count * (i + 1);
                buckets[i].sum = sum * (i + 1);
        }
}

Test(figures, histograms_of_sessions_of_several_scales_are_one) {
        struct figures base = {.port = "eth1"}, figures = {0};
        struct xskim_snapshot s = snapshot_usual();

        buckets_one(7, (10 << 7) + 1, 5, 5120); /* 2^10 at the fine scale */
        figures_base_add(&base, &s, buckets);
        buckets_one(5, (10 << 5) + 1, 3, 3072); /* and at a coarse one */
        figures_now(&base, &s, buckets, &figures);
#define CHECK(name_, doc_)                                                                         \
        cr_expect_eq(figures.name_.octaves[11], 8 * (XSKIM_DISTRIBUTION_##name_ + 1));             \
        cr_expect_float_eq(figures.name_.sum, 8192 * (XSKIM_DISTRIBUTION_##name_ + 1), 0);
        XSKIM_DISTRIBUTION_ROWS(CHECK)
#undef CHECK
}

/* ---- never back ---- */

static void expect_not_below(struct figures *figures, struct figures *before, int step) {
        struct counts now = counts_of_figures(figures), then = counts_of_figures(before);

        for (unsigned int i = 0; i < now.count; i++)
                cr_assert_geq(*now.at[i], *then.at[i], "step %d: count number %u", step, i);
        cr_assert_geq(figures->restarts, before->restarts, "step %d", step);
#define CHECK(name_, doc_)                                                                         \
        cr_assert_geq(figures->name_.sum, before->name_.sum, "step %d", step);                     \
        for (unsigned int i = 0; i < FIGURES_OCTAVES; i++)                                         \
                cr_assert_geq(figures->name_.octaves[i], before->name_.octaves[i], "step %d", step);
        XSKIM_DISTRIBUTION_ROWS(CHECK)
#undef CHECK
}

/* Live figures are now and then ahead of what is said next, the summary included. */
Test(figures, never_go_back_whatever_becomes_of_the_port) {
        struct figures base = {.port = "eth1"}, figures = {0}, before;
        uint64_t random = 3, grown = 0;
        struct xskim_snapshot s;
        bool up = false;

        for (int step = 0; step < 3000; step++) {
                before = figures;
                grown += test_random(&random) % 50;
                /* a summary, of less than what was said live */
                session_make(&s, grown - MIN(grown, test_random(&random) % 60));
                buckets_one(7, 700, s.ledger.seen, (double)s.ledger.bytes);
                if (up && test_random(&random) % 10 == 0) {
                        figures_base_add(&base, &s, buckets);
                        grown = 0;
                        up = false;
                } else if (!up) {
                        up = test_random(&random) % 3 == 0;
                        grown = 0;
                }
                session_make(&s, grown);
                buckets_one(7, 700, s.ledger.seen, (double)s.ledger.bytes);
                figures_now(&base, up ? &s : NULL, up ? buckets : NULL, &figures);
                expect_not_below(&figures, &before, step);
        }
        cr_expect_gt(figures.restarts, 50);
}

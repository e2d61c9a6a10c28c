/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two results held against each other: how often a slowdown that was put in is found, and how often
 * two runs of the same are left alone; what counts, and what only looks so. Results are made up
 * here; how they are read from files is in compare_files.c.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "compare.h"
#include "distributions.h"
#include "log.h"

enum { CONDITIONS = 5, BLOCKS_MAX = 400, TRIALS = 200 };

static const struct compare_tolerance TOLERANCE = {.loss_percent = 1, .p99_ns = 10000};

/* What a run is made of: losses and delays of the conditions. */
struct recipe {
        uint32_t blocks;
        double speed; /* of the machine on that day */
        double loss_percent[CONDITIONS];
        double delay_ns[CONDITIONS];
};

static const struct recipe USUAL = {
        .blocks = BLOCKS_MAX,
        .speed = 1e6,
        .loss_percent = {0, 0, 0.5, 1.2, 8.5},
        .delay_ns = {0, 0, 50, 200, 1100},
};

static struct compare_slice room[2][2][BLOCKS_MAX * CONDITIONS];
static struct compare_run runs[2];

/* Blocks are 10 % faster or slower than others, and so are slices of one block: see facts about
 * machines that are shared. Conditions stand in changing order. */
static struct compare_run *run_make(int which, const struct recipe *recipe, uint64_t *random) {
        static const char *const names[CONDITIONS] = {"empty", "empty again", "sample=1000",
                                                      "sample=64", "sample=1"};
        struct compare_run *run = &runs[which];

        *run = (struct compare_run){.condition_count = CONDITIONS};
        run->speed.slices = room[which][0];
        run->p99_ns.slices = room[which][1];
        for (int i = 0; i < CONDITIONS; i++) {
                strcpy(run->conditions[i].name, names[i]);
                strcpy(run->conditions[i].tier, i < 2 ? "" : "classes");
                run->conditions[i].mpps = recipe->speed / 1e6;
        }
        for (uint32_t i = 0; i < recipe->blocks * CONDITIONS; i++) {
                static double block_speed;
                uint32_t block = i / CONDITIONS, condition = (i + block) % CONDITIONS;
                double share = 1 - recipe->loss_percent[condition] / 100, pps;

                if (i % CONDITIONS == 0)
                        block_speed = recipe->speed * (1 + 0.1 * test_normal(random));
                pps = block_speed * share * (1 + 0.07 * test_normal(random));
                run->speed.slices[run->speed.count++] =
                        (struct compare_slice){block, condition, pps * 0.02, 2e7};
                if (block >= 60) /* latency takes fewer blocks */
                        continue;
                run->p99_ns.slices[run->p99_ns.count++] = (struct compare_slice){
                        block, condition,
                        20000 + recipe->delay_ns[condition] + 5000 * test_exponential(random), 1};
        }
        compare_run_sort(run);
        return run;
}

static struct comparison compare_made(const struct recipe *then, const struct recipe *now,
                                      uint64_t *random) {
        struct comparison comparison;
        int r;

        error_clear();
        run_make(0, then, random);
        run_make(1, now, random);
        r = compare_runs(&runs[0], &runs[1], &TOLERANCE, &comparison);
        cr_assert_eq(r, 0, "%s", error_message());
        return comparison;
}

static const struct compare_row *row_of(const struct comparison *comparison, const char *name) {
        const struct compare_row *row = comparison->rows;

        while (strcmp((row->now ? row->now : row->then)->name, name) != 0)
                cr_assert_lt(++row, comparison->rows + comparison->row_count, "no row %s", name);
        return row;
}

/* ---- how often it is right; the seeds are fixed ---- */

/* The machine is 10 % slower on the second day; xskim is as it was. 9 times of 10 are demanded;
 * what happens is nearly always. */
Test(compare, same_builds_are_left_alone) {
        struct recipe other_day = USUAL;
        uint32_t quiet = 0, held = 0;
        uint64_t random = 1;

        other_day.speed *= 0.9;
        for (int i = 0; i < TRIALS; i++) {
                struct comparison comparison = compare_made(&USUAL, &other_day, &random);
                struct xskim_bench_interval added =
                        row_of(&comparison, "sample=64")->loss_percent.added;

                quiet += !comparison.slower;
                held += added.low <= 0 && 0 <= added.high;
        }
        cr_assert(quiet >= 0.97 * TRIALS, "%u of %d", quiet, TRIALS);
        /* below this with probability 0.003 were it 95 % */
        cr_assert(held >= 0.90 * TRIALS, "%u of %d intervals hold 0", held, TRIALS);
}

Test(compare, a_slowdown_of_5_percent_is_found) {
        struct recipe slower = USUAL;
        uint32_t found = 0, held = 0;
        uint64_t random = 2;

        slower.loss_percent[3] += 5;
        for (int i = 0; i < TRIALS; i++) {
                struct comparison comparison = compare_made(&USUAL, &slower, &random);
                const struct compare_measure *measure =
                        &row_of(&comparison, "sample=64")->loss_percent;

                found += comparison.slower && measure->verdict == COMPARE_SLOWER;
                held += measure->added.low <= 5 && 5 <= measure->added.high;
                cr_assert_neq(row_of(&comparison, "sample=1")->loss_percent.verdict,
                              COMPARE_SLOWER);
        }
        cr_assert(found >= 0.97 * TRIALS, "%u of %d", found, TRIALS);
        cr_assert(held >= 0.90 * TRIALS, "%u of %d intervals hold 5", held, TRIALS);
}

Test(compare, added_p99_is_found) {
        struct recipe slower = USUAL;
        uint32_t found = 0, quiet = 0;
        uint64_t random = 3;

        slower.delay_ns[4] += 20000;
        for (int i = 0; i < TRIALS; i++) {
                struct comparison comparison = compare_made(&USUAL, &slower, &random);

                found += comparison.slower &&
                         row_of(&comparison, "sample=1")->added_p99_ns.verdict == COMPARE_SLOWER;
                quiet += row_of(&comparison, "sample=64")->added_p99_ns.verdict == COMPARE_SAME;
        }
        cr_assert(found >= 0.97 * TRIALS, "%u of %d", found, TRIALS);
        cr_assert(quiet >= 0.97 * TRIALS, "%u of %d", quiet, TRIALS);
}

/* ---- verdicts ---- */

Test(compare, faster_is_said_and_is_no_regression) {
        struct recipe faster = USUAL;
        struct comparison comparison;
        uint64_t random = 4;

        faster.loss_percent[4] -= 7;
        comparison = compare_made(&USUAL, &faster, &random);
        cr_assert_eq(row_of(&comparison, "sample=1")->loss_percent.verdict, COMPARE_FASTER);
        cr_assert(!comparison.slower);
}

/* 1.5 % more, by few blocks: the interval has the tolerance inside. */
Test(compare, what_is_not_precise_enough_is_not_judged) {
        struct recipe few = USUAL;
        struct comparison comparison;
        uint64_t random = 5;

        few.blocks = 30;
        few.loss_percent[3] += 1.5;
        comparison = compare_made(&few, &few, &random);
        cr_assert_eq(row_of(&comparison, "sample=64")->loss_percent.verdict, COMPARE_IMPRECISE);
        cr_assert(!comparison.slower);
}

/* What differs there is noise, however much it is. */
Test(compare, the_null_is_no_regression) {
        struct recipe noisy = USUAL;
        struct comparison comparison;
        uint64_t random = 6;

        noisy.loss_percent[1] += 20;
        comparison = compare_made(&USUAL, &noisy, &random);
        cr_assert(row_of(&comparison, "empty again")->null);
        cr_assert_eq(row_of(&comparison, "empty again")->loss_percent.verdict, COMPARE_SLOWER);
        cr_assert(!comparison.slower);
}

Test(compare, too_few_blocks_say_nothing) {
        struct recipe few = USUAL, other = USUAL;
        struct comparison comparison = {.row_count = 77};
        uint64_t random = 7;

        few.blocks = COMPARE_BLOCKS_MIN - 1;
        run_make(0, &few, &random);
        run_make(1, &other, &random);
        error_clear();
        cr_assert_eq(compare_runs(&runs[0], &runs[1], &TOLERANCE, &comparison), -ENODATA);
        cr_assert(strstr(error_message(), "nothing to compare"));
        cr_assert_eq(comparison.row_count, 77, "untouched");
        few.blocks++;
        other.loss_percent[4] = 90;
        comparison = compare_made(&few, &other, &random);
        cr_assert(comparison.slower);
}

/* ---- what belongs together ---- */

Test(compare, conditions_are_found_by_name_and_tier) {
        struct comparison comparison;
        struct compare_condition third;
        uint64_t random = 8;

        run_make(0, &USUAL, &random);
        run_make(1, &USUAL, &random);
        /* in another order, one renamed, one of another tier */
        third = runs[1].conditions[2];
        runs[1].conditions[2] = runs[1].conditions[4];
        runs[1].conditions[4] = third;
        for (uint32_t i = 0; i < runs[1].speed.count; i++) {
                uint32_t *condition = &runs[1].speed.slices[i].condition;

                *condition = *condition == 2 ? 4 : *condition == 4 ? 2 : *condition;
        }
        strcpy(runs[1].conditions[3].tier, "counts");
        cr_assert_eq(compare_runs(&runs[0], &runs[1], &TOLERANCE, &comparison), 0);
        cr_assert_eq(comparison.row_count, 5);
        cr_assert(fabs(row_of(&comparison, "sample=1")->loss_percent.added.median) < 3);
        cr_assert(fabs(row_of(&comparison, "sample=1")->loss_percent.now.median - 8.5) < 2);
        cr_assert(!comparison.rows[2].then && !strcmp(comparison.rows[2].now->tier, "counts"));
        cr_assert(!comparison.rows[4].now && !strcmp(comparison.rows[4].then->tier, "classes"));
}

Test(compare, other_baselines_are_refused) {
        struct comparison comparison;
        uint64_t random = 9;

        run_make(0, &USUAL, &random);
        run_make(1, &USUAL, &random);
        strcpy(runs[1].conditions[0].name, "off");
        error_clear();
        cr_assert_eq(compare_runs(&runs[0], &runs[1], &TOLERANCE, &comparison), -EINVAL);
        cr_assert(strstr(error_message(), "\"empty\"") && strstr(error_message(), "\"off\""));
}

/* A block without its baseline has no loss; several slices of a condition in a block are one. */
Test(compare, losses_are_those_within_a_block) {
        struct comparison comparison;
        struct compare_series *series;
        uint64_t random = 10;

        for (int which = 0; which < 2; which++) {
                run_make(which, &USUAL, &random);
                runs[which].p99_ns.count = 0;
                series = &runs[which].speed;
                series->count = 0;
                for (uint32_t block = 0; block < 20; block++) {
                        double speed = block % 2 ? 1e-3 : 5e-3;

                        series->slices[series->count++] =
                                (struct compare_slice){block, 2, 0.8 * speed * 3e7, 3e7};
                        if (block < 10)
                                series->slices[series->count++] =
                                        (struct compare_slice){block, 0, speed * 1e7, 1e7};
                        series->slices[series->count++] =
                                (struct compare_slice){block, 2, 0.6 * speed * 1e7, 1e7};
                }
                compare_run_sort(&runs[which]);
        }
        cr_assert_eq(compare_runs(&runs[0], &runs[1], &TOLERANCE, &comparison), 0);
        cr_assert_eq(row_of(&comparison, "sample=1000")->loss_percent.then.count, 10);
        cr_assert(fabs(row_of(&comparison, "sample=1000")->loss_percent.now.median - 25) < 1e-9);
        cr_assert(fabs(row_of(&comparison, "sample=1000")->loss_percent.added.median) < 1e-9);
}

/* One that is slow to switch has a baseline of its own right before it, as the run itself has it.
 */
Test(compare, the_nearest_baseline_of_the_block_is_the_one_that_counts) {
        struct compare_tolerance tolerance = {.loss_percent = 1, .p99_ns = 10000};
        struct comparison comparison = {0};

        for (int which = 0; which < 2; which++) {
                struct compare_run *run = &runs[which];

                *run = (struct compare_run){.condition_count = CONDITIONS};
                run->speed.slices = room[which][0];
                run->p99_ns.slices = room[which][1];
                strcpy(run->conditions[0].name, "empty");
                strcpy(run->conditions[1].name, "empty again");
                strcpy(run->conditions[2].name, "tcpdump");
                run->condition_count = 3;
                for (uint32_t block = 0; block < 20; block++) {
                        /* the far baseline is half as fast, the near one as fast as the other */
                        const struct compare_slice slices[] = {{block, 0, 500, 1, 1},
                                                               {block, 1, 500, 1, 2},
                                                               {block, 0, 1000, 1, 100},
                                                               {block, 2, 1000, 1, 101}};

                        for (size_t i = 0; i < sizeof(slices) / sizeof(slices[0]); i++)
                                run->speed.slices[run->speed.count++] = slices[i];
                }
                compare_run_sort(run);
        }
        cr_assert_eq(compare_runs(&runs[0], &runs[1], &tolerance, &comparison), 0);
        cr_assert_eq(row_of(&comparison, "tcpdump")->loss_percent.now.count, 20);
        cr_assert_float_eq(row_of(&comparison, "tcpdump")->loss_percent.now.median, 0, 1e-9);
}

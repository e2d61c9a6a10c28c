/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what of two runs is compared, and the verdicts. See compare.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "log.h"
#include "util.h"

#define WORD(name_, word_) word_,
const char *const COMPARE_VERDICT_WORDS[COMPARE_VERDICTS] = {COMPARE_VERDICT_ROWS(WORD)};

/* Facts that may differ: when and how it was run, and what is compared, the build. */
static const char *const IGNORED[] = {"command", "when", "xskim", "libbpf", "clang"};

/* ---- environments ---- */

static bool is_ignored(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(IGNORED); i++)
                if (!strcmp(name, IGNORED[i]))
                        return true;
        return false;
}

static const char *fact_value(const struct compare_run *run, const char *name) {
        for (unsigned int i = 0; i < run->fact_count; i++)
                if (!strcmp(run->facts[i].name, name))
                        return run->facts[i].value;
        return NULL;
}

static void difference_add(struct comparison *comparison, const char *name, const char *then,
                           const char *now) {
        unsigned int i = comparison->difference_count++;

        comparison->differences[i].name = name;
        comparison->differences[i].then = then ? then : "absent";
        comparison->differences[i].now = now ? now : "absent";
}

static void environments_compare(const struct compare_run *then, const struct compare_run *now,
                                 struct comparison *comparison) {
        for (unsigned int i = 0; i < then->fact_count; i++) {
                const struct compare_fact *fact = &then->facts[i];
                const char *other = fact_value(now, fact->name);

                if (!is_ignored(fact->name) && (!other || strcmp(other, fact->value) != 0))
                        difference_add(comparison, fact->name, fact->value, other);
        }
        for (unsigned int i = 0; i < now->fact_count; i++) {
                const struct compare_fact *fact = &now->facts[i];

                if (!is_ignored(fact->name) && !fact_value(then, fact->name))
                        difference_add(comparison, fact->name, NULL, fact->value);
        }
}

/* ---- slices ---- */

static int slice_order(const void *a, const void *b) {
        const struct compare_slice *x = a, *y = b;

        if (x->block != y->block)
                return x->block < y->block ? -1 : 1;
        return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static void series_sort(struct compare_series *series) {
        if (series->count)
                qsort(series->slices, series->count, sizeof(*series->slices), slice_order);
}

void compare_run_sort(struct compare_run *run) {
        series_sort(&run->speed);
        series_sort(&run->p99_ns);
}

static double loss_percent(double base, double own) {
        return 100 * (1 - own / base);
}

static double added(double base, double own) {
        return own - base;
}

static uint64_t distance(const struct compare_slice *a, const struct compare_slice *b) {
        return absolute_difference(a->start_ns, b->start_ns);
}

/* Writes what `cost` makes of the baseline and the condition, of each block that has both: of the
 * baseline's slices the one that is nearest in time, as in the run itself; several of the condition
 * are one. Returns how many there are. */
static uint32_t costs_of(const struct compare_series *series, uint32_t condition,
                         double (*cost)(double base, double own), double *values) {
        uint32_t count = 0, end;

        for (uint32_t i = 0; i < series->count; i = end) {
                const struct compare_slice *first = NULL, *base = NULL;
                double sum = 0, weight = 0, value;

                for (end = i;
                     end < series->count && series->slices[end].block == series->slices[i].block;
                     end++) {
                        const struct compare_slice *slice = &series->slices[end];

                        if (slice->condition != condition)
                                continue;
                        first = first ? first : slice;
                        sum += slice->sum;
                        weight += slice->weight;
                }
                for (uint32_t k = i; first && k < end; k++) {
                        const struct compare_slice *slice = &series->slices[k];

                        if (!slice->condition &&
                            (!base || distance(slice, first) < distance(base, first)))
                                base = slice;
                }
                value = base ? cost(base->sum / base->weight, sum / weight) : NAN;
                if (isfinite(value))
                        values[count++] = value;
        }
        return count;
}

/* ---- verdicts ---- */

static enum compare_verdict judge(const struct compare_measure *measure, double tolerance) {
        if (measure->then.count < COMPARE_BLOCKS_MIN || measure->now.count < COMPARE_BLOCKS_MIN)
                return COMPARE_UNKNOWN;
        if (measure->added.low > tolerance)
                return COMPARE_SLOWER;
        if (measure->added.high > tolerance)
                return COMPARE_IMPRECISE;
        return measure->added.high < -tolerance ? COMPARE_FASTER : COMPARE_SAME;
}

/* Values of the blocks of both runs; their room. */
struct samples {
        double *then;
        double *now;
};

static struct compare_measure measure_of(const struct samples *samples, uint32_t then_count,
                                         uint32_t now_count, double tolerance) {
        struct compare_measure measure = {
                .then = xskim_bench_paired(samples->then, then_count),
                .now = xskim_bench_paired(samples->now, now_count),
                .added = xskim_bench_unpaired(samples->then, then_count, samples->now, now_count),
        };

        measure.verdict = judge(&measure, tolerance);
        return measure;
}

static uint32_t condition_find(const struct compare_run *run,
                               const struct compare_condition *condition) {
        uint32_t i = 0;

        while (i < run->condition_count && (strcmp(run->conditions[i].name, condition->name) != 0 ||
                                            strcmp(run->conditions[i].tier, condition->tier) != 0))
                i++;
        return i;
}

static void row_compare(const struct compare_run *then, const struct compare_run *now,
                        uint32_t place, const struct samples *samples,
                        struct comparison *comparison) {
        struct compare_row *row = &comparison->rows[comparison->row_count++];
        const struct compare_tolerance *tolerance = &comparison->tolerance;
        uint32_t before;

        row->now = &now->conditions[place];
        before = condition_find(then, row->now);
        if (!before || before == then->condition_count)
                return;
        row->then = &then->conditions[before];
        row->null = place == 1;
        row->loss_percent = measure_of(
                samples, costs_of(&then->speed, before, loss_percent, samples->then),
                costs_of(&now->speed, place, loss_percent, samples->now), tolerance->loss_percent);
        row->added_p99_ns =
                measure_of(samples, costs_of(&then->p99_ns, before, added, samples->then),
                           costs_of(&now->p99_ns, place, added, samples->now), tolerance->p99_ns);
        comparison->slower |= !row->null && (row->loss_percent.verdict == COMPARE_SLOWER ||
                                             row->added_p99_ns.verdict == COMPARE_SLOWER);
}

static void rows_compare(const struct compare_run *then, const struct compare_run *now,
                         const struct samples *samples, struct comparison *comparison) {
        for (uint32_t i = 1; i < now->condition_count; i++)
                row_compare(then, now, i, samples, comparison);
        for (uint32_t i = 1; i < then->condition_count; i++)
                if (condition_find(now, &then->conditions[i]) == now->condition_count)
                        comparison->rows[comparison->row_count++].then = &then->conditions[i];
}

static bool is_comparable(const struct comparison *comparison) {
        for (unsigned int i = 0; i < comparison->row_count; i++)
                if (comparison->rows[i].loss_percent.verdict != COMPARE_UNKNOWN ||
                    comparison->rows[i].added_p99_ns.verdict != COMPARE_UNKNOWN)
                        return true;
        return false;
}

static double *values_new(const struct compare_run *run) {
        return calloc(MAX(run->speed.count, run->p99_ns.count) + 1UL, sizeof(double));
}

int compare_runs(const struct compare_run *then, const struct compare_run *now,
                 const struct compare_tolerance *tolerance, struct comparison *ret_comparison) {
        struct comparison comparison = {
                .tolerance = *tolerance,
                .baseline = {&then->conditions[0], &now->conditions[0]},
        };
        CLEANUP(free_cleanup) double *then_values = values_new(then);
        CLEANUP(free_cleanup) double *now_values = values_new(now);
        const struct samples samples = {then_values, now_values};

        if (!then_values || !now_values)
                return error_set(-ENOMEM, "comparing: out of memory");
        if (strcmp(then->conditions[0].name, now->conditions[0].name) != 0)
                return error_set(-EINVAL,
                                 "the baselines differ: \"%s\" was one, \"%s\" is the other; what "
                                 "is lost to one says nothing of the other",
                                 then->conditions[0].name, now->conditions[0].name);
        environments_compare(then, now, &comparison);
        rows_compare(then, now, &samples, &comparison);
        if (!is_comparable(&comparison))
                return error_set(-ENODATA,
                                 "there is nothing to compare: no condition of both results has "
                                 "%d blocks in each, beside those of the baseline",
                                 COMPARE_BLOCKS_MIN);
        *ret_comparison = comparison;
        return 0;
}

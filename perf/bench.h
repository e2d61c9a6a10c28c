/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every benchmark shares: the clock, medians with a 95 % interval, and the one way in which a
 * figure is printed. Knows nothing of what is measured. A benchmark measures its contenders in
 * turn, one short slice each, many times over, so that the machine's drift strikes all of them; it
 * ends with bench_print for each figure and returns bench_status.
 */
#ifndef XSKIM_BENCH_H
#define XSKIM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is bounded, and from which side. ROW(name, JSON name) */
#define BENCH_BOUNDS(ROW)                                                                          \
        ROW(NONE, "none")                                                                          \
        ROW(VALUE_AT_MOST, "value_at_most")                                                        \
        ROW(VALUE_AT_LEAST, "value_at_least")                                                      \
        ROW(RATIO_AT_MOST, "ratio_at_most")                                                        \
        ROW(RATIO_AT_LEAST, "ratio_at_least")

#define BENCH_BOUND_ENUM(name_, json_) BENCH_##name_,
enum bench_bound { BENCH_BOUNDS(BENCH_BOUND_ENUM) };

/* Strings are borrowed. NAN where there is nothing to say: null in JSON, a dash in text. */
struct bench_figure {
        const char *name;
        const char *unit;
        const char *baseline_name; /* what the baseline is; NULL without one */
        const char *note;          /* settings and memory where not the defaults; NULL: none */
        double value;
        double baseline; /* in the same unit */
        double ratio;    /* value / baseline */
        double ci95_low; /* of what is bounded: the ratio or else the value */
        double ci95_high;
        double bound;
        enum bench_bound kind;
};

/* The median and the order statistics that hold the median of all such slices with 95 %
 * probability; the extremes when there are fewer than 6 values, which then promise less. */
struct bench_median {
        double value;
        double low;
        double high;
};

/* CLOCK_MONOTONIC. */
uint64_t bench_now_ns(void);

/* Sorts the values. count > 0. */
struct bench_median bench_median(double *values, size_t count);

/*
 * The figure of slices measured in pairs: values[i] right beside baselines[i]. Value and baseline
 * are medians, the ratio is the median of the pairs' ratios. Sorts both arrays. baselines may be
 * NULL. Allocates; aborts when there is no memory.
 */
struct bench_figure bench_compare(double *values, double *baselines, size_t count,
                                  enum bench_bound kind, double bound);

/* Whether value or ratio keeps the bound; true without one. NAN keeps none. */
bool bench_holds(const struct bench_figure *figure);

/*
 * One line on the standard output. JSON: {"name", "value", "unit", "baseline", "ratio",
 * "ci95": [low, high], "bound", "holds"}, and "baseline_name", "bound_kind" and "note" to say
 * what is meant.
 */
void bench_print(const struct bench_figure *figure, bool json);

/* Exit status of a benchmark: 0, or 3 when one of the figures does not hold. */
int bench_status(const struct bench_figure *figures, size_t count);

/* Whether "--json" is among the arguments. */
bool bench_wants_json(int argc, char **argv);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the statistics and the printing of figures. See bench.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "quantile.h"
#include "util.h"

enum { STATUS_EXCEEDED = 3 };

#define BENCH_BOUND_NAME(name_, json_) [BENCH_##name_] = json_,
static const char *const BOUND_NAMES[] = {BENCH_BOUNDS(BENCH_BOUND_NAME)};

uint64_t bench_now_ns(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int double_compare(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

/* Between the neighbouring values of a fractional rank (1 = smallest), or the outermost one. */
static double rank_value(const double *sorted, size_t count, double rank) {
        double whole = floor(MIN(MAX(rank, 1.0), (double)count));
        size_t i = (size_t)whole - 1;

        if (i + 1 == count || rank <= 1)
                return sorted[i];
        return sorted[i] + (rank - whole) * (sorted[i + 1] - sorted[i]);
}

struct bench_median bench_median(double *values, size_t count) {
        double low, high;

        qsort(values, count, sizeof(*values), double_compare);
        quantile_ranks((double)count, 0.5, &low, &high);
        return (struct bench_median){
                .value = rank_value(values, count, ((double)count + 1) / 2),
                .low = rank_value(values, count, low),
                .high = rank_value(values, count, high),
        };
}

static bool bound_is_on_ratio(enum bench_bound kind) {
        return kind == BENCH_RATIO_AT_MOST || kind == BENCH_RATIO_AT_LEAST;
}

static struct bench_median ratio_median(const double *values, const double *baselines,
                                        size_t count) {
        CLEANUP(free_cleanup) double *ratios = calloc(count, sizeof(*ratios));

        if (!ratios)
                abort();
        for (size_t i = 0; i < count; i++)
                ratios[i] = values[i] / baselines[i];
        return bench_median(ratios, count);
}

struct bench_figure bench_compare(double *values, double *baselines, size_t count,
                                  enum bench_bound kind, double bound) {
        struct bench_median ratio = {NAN, NAN, NAN}, baseline = {NAN, NAN, NAN}, value, bounded;

        if (baselines) {
                ratio = ratio_median(values, baselines, count);
                baseline = bench_median(baselines, count);
        }
        value = bench_median(values, count);
        bounded = bound_is_on_ratio(kind) ? ratio : value;
        return (struct bench_figure){
                .value = value.value,
                .baseline = baseline.value,
                .ratio = ratio.value,
                .ci95_low = bounded.low,
                .ci95_high = bounded.high,
                .bound = kind == BENCH_NONE ? NAN : bound,
                .kind = kind,
        };
}

bool bench_holds(const struct bench_figure *figure) {
        double bounded = bound_is_on_ratio(figure->kind) ? figure->ratio : figure->value;

        if (figure->kind == BENCH_NONE)
                return true;
        if (figure->kind == BENCH_VALUE_AT_MOST || figure->kind == BENCH_RATIO_AT_MOST)
                return bounded <= figure->bound;
        return bounded >= figure->bound;
}

/* "key": value, with null for what is not a number. */
static void json_number(const char *key, double value) {
        if (isfinite(value))
                printf("\"%s\": %.6g, ", key, value);
        else
                printf("\"%s\": null, ", key);
}

static void json_print(const struct bench_figure *figure) {
        printf("{\"name\": \"%s\", ", figure->name);
        json_number("value", figure->value);
        printf("\"unit\": \"%s\", ", figure->unit);
        json_number("baseline", figure->baseline);
        if (figure->baseline_name)
                printf("\"baseline_name\": \"%s\", ", figure->baseline_name);
        json_number("ratio", figure->ratio);
        if (isfinite(figure->ci95_low) && isfinite(figure->ci95_high))
                printf("\"ci95\": [%.6g, %.6g], ", figure->ci95_low, figure->ci95_high);
        else
                printf("\"ci95\": null, ");
        json_number("bound", figure->bound);
        printf("\"bound_kind\": \"%s\", ", BOUND_NAMES[figure->kind]);
        if (figure->note)
                printf("\"note\": \"%s\", ", figure->note);
        printf("\"holds\": %s}\n", bench_holds(figure) ? "true" : "false");
}

static void text_print(const struct bench_figure *figure) {
        printf("%-34s %9.4g %-10s", figure->name, figure->value, figure->unit);
        printf(" %s[%.4g, %.4g]", bound_is_on_ratio(figure->kind) ? "ratio " : "", figure->ci95_low,
               figure->ci95_high);
        if (figure->baseline_name && isfinite(figure->ratio))
                printf("  %.3g x %s (%.4g)", figure->ratio, figure->baseline_name,
                       figure->baseline);
        else if (figure->baseline_name)
                printf("  %s %.4g", figure->baseline_name, figure->baseline);
        if (figure->kind != BENCH_NONE)
                printf("  bound %s %.4g: %s", BOUND_NAMES[figure->kind], figure->bound,
                       bench_holds(figure) ? "holds" : "DOES NOT HOLD");
        if (figure->note)
                printf("  (%s)", figure->note);
        printf("\n");
}

void bench_print(const struct bench_figure *figure, bool json) {
        if (json)
                json_print(figure);
        else
                text_print(figure);
        fflush(stdout);
}

int bench_status(const struct bench_figure *figures, size_t count) {
        for (size_t i = 0; i < count; i++) {
                if (!bench_holds(&figures[i]))
                        return STATUS_EXCEEDED;
        }
        return 0;
}

bool bench_wants_json(int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                if (!strcmp(argv[i], "--json"))
                        return true;
        }
        return false;
}

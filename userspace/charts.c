/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how a run is drawn. See charts.h. */
#include <math.h>

#include "axes.h"
#include "charts.h"
#include "util.h"

static const double NS_A_SECOND = 1e9;

static double seconds_since(const struct charts_run *run, uint64_t time_ns) {
        return ((double)time_ns - (double)run->start_ns) / NS_A_SECOND;
}

/* Points that ended before the first packet was due say nothing of the run. */
static unsigned int first_of(const struct charts_run *run, const struct series *series) {
        unsigned int i = 0;

        while (i < series->count && series->points[i].end_ns <= run->start_ns)
                i++;
        return i;
}

/* When its counts moved last. */
static double seconds_moved(const struct charts_run *run, const struct series *series) {
        unsigned int last = series->count;

        while (last > 1 && series->points[last - 1].packets == series->points[last - 2].packets)
                last--;
        return last ? seconds_since(run, series->points[last - 1].end_ns) : 0;
}

/* The same for all time lines, so that they can be compared; without the time after the end. */
static void put_time(const struct charts_run *run, FILE *to) {
        double end = fmax(seconds_moved(run, run->sent), seconds_moved(run, run->arrived));
        unsigned int first = first_of(run, run->arrived);

        /* at least one point has to be on it */
        if (first < run->arrived->count)
                end = fmax(end, seconds_since(run, run->arrived->points[first].end_ns));
        fprintf(to, "set xrange [0:%g]\n", end > 0 ? end : 1);
}

/* ---- latency over time ---- */

/* When the largest would press all others together. */
static void put_latency_axis(FILE *to, const struct xskim_distribution *all) {
        if (all->min && all->max >= 10 * all->quantiles[XSKIM_P50].value)
                axes_powers(to, 'y');
}

static void write_latency(const void *context, FILE *to) {
        const struct charts_run *run = context;
        const struct xskim_distribution *all = &run->transit->sum.latency;
        struct axes_unit unit = axes_unit_for((double)all->quantiles[XSKIM_P50].value);
        bool empty = true;
        char label[32];

        snprintf(label, sizeof(label), "latency, %s", unit.name);
        axes_frame(to, "latency", "seconds since the first packet", label);
        put_time(run, to);
        put_latency_axis(to, all);
        fprintf(to, "$points << END\n");
        for (unsigned int i = first_of(run, run->arrived); i < run->arrived->count; i++) {
                const struct series_point *point = &run->arrived->points[i];

                empty &= !point->latency_count;
                if (point->latency_count)
                        fprintf(to, "%g %g %g %g\n", seconds_since(run, point->end_ns),
                                (double)MAX(point->latency_p50_ns, 1U) / unit.ns,
                                (double)MAX(point->latency_p99_ns, 1U) / unit.ns,
                                (double)MAX(point->latency_max_ns, 1U) / unit.ns);
        }
        axes_end_block(to, empty);
        fprintf(to, "plot $points using 1:4 with lines lw 1 lc rgb \"" AXES_RED "\" title \"max\", "
                    "$points using 1:3 with lines lw 1.5 lc rgb \"" AXES_ORANGE "\" title \"P99\", "
                    "$points using 1:2 with lines lw 2 lc rgb \"" AXES_BLUE "\" title \"P50\"\n");
}

/* ---- the percentile curve ---- */

static void write_curve(const void *context, FILE *to) {
        const struct charts_run *run = context;
        const struct xskim_curve *curve = &run->transit->latency_curve;
        const struct xskim_distribution *all = &run->transit->sum.latency;
        struct axes_unit unit = axes_unit_for((double)all->quantiles[XSKIM_P50].value);
        char label[32];

        snprintf(label, sizeof(label), "latency, %s", unit.name);
        axes_frame(to, "curve", "percentile", label);
        put_latency_axis(to, all);
        axes_percentiles(to);
        fprintf(to, "$points << END\n");
        for (unsigned int i = 0; i < curve->count; i++)
                fprintf(to, "%g %g %g %g\n", axes_percentile(curve->points[i].above_ppm),
                        (double)MAX(curve->points[i].quantile.value, 1U) / unit.ns,
                        (double)MAX(curve->points[i].quantile.low, 1U) / unit.ns,
                        (double)MAX(curve->points[i].quantile.high, 1U) / unit.ns);
        axes_end_block(to, !curve->count);
        fprintf(to,
                "plot $points using 1:3:4 with filledcurves fs solid 0.35 noborder lc rgb "
                "\"" AXES_BLUE "\" title \"bounds of the bucket\", "
                "$points using 1:2 with lines lw 2 lc rgb \"" AXES_BLUE "\" title \"latency\"\n");
}

/* ---- rates ---- */

static void put_rates(const struct charts_run *run, const struct series *series, const char *name,
                      FILE *to) {
        bool empty = true;

        fprintf(to, "$%s << END\n", name);
        for (unsigned int i = MAX(first_of(run, series), 1U); i < series->count; i++) {
                const struct series_point *before = &series->points[i - 1];
                const struct series_point *point = &series->points[i];
                double seconds = ((double)point->end_ns - (double)before->end_ns) / NS_A_SECOND;

                empty &= seconds <= 0;
                if (seconds > 0)
                        fprintf(to, "%g %g\n", seconds_since(run, point->end_ns),
                                ((double)point->packets - (double)before->packets) / seconds);
        }
        axes_end_block(to, empty);
}

static void write_rates(const void *context, FILE *to) {
        const struct charts_run *run = context;

        axes_frame(to, "rates", "seconds since the first packet", "packets a second");
        put_time(run, to);
        put_rates(run, run->sent, "sent", to);
        put_rates(run, run->arrived, "received", to);
        fprintf(to,
                "set yrange [0:*]\nset format y \"%%.1s %%c\"\n"
                "plot $sent using 1:2 with lines lw 3 lc rgb \"" AXES_ORANGE "\" title \"sent\", "
                "$received using 1:2 with lines lw 1.5 lc rgb \"" AXES_BLUE
                "\" title \"received\"\n");
}

/* ---- what was found ---- */

static void put_found_lines(FILE *to) {
        static const char *const colours[] = {AXES_RED, AXES_BLUE, AXES_ORANGE, AXES_GREEN};
        static const char *const titles[] = {
#define TITLE(name_, title_) title_,
                SERIES_FOUND_ROWS(TITLE)
#undef TITLE
        };

        for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
                fprintf(to, "%s $points using 1:%zu with steps lw 2 lc rgb \"%s\" title \"%s\"",
                        i ? "," : "plot", i + 2, colours[i % ARRAY_SIZE(colours)], titles[i]);
        fprintf(to, "\n");
}

static void write_found(const void *context, FILE *to) {
        const struct charts_run *run = context;

        axes_frame(to, "found", "seconds since the first packet", "packets so far");
        put_time(run, to);
        fprintf(to, "set yrange [0:5<*]\n$points << END\n");
        for (unsigned int i = first_of(run, run->arrived); i < run->arrived->count; i++) {
                const struct series_point *point = &run->arrived->points[i];

                fprintf(to, "%g", seconds_since(run, point->end_ns));
#define COUNT(name_, title_) fprintf(to, " %lu", point->name_);
                SERIES_FOUND_ROWS(COUNT)
#undef COUNT
                fprintf(to, "\n");
        }
        axes_end_block(to, first_of(run, run->arrived) == run->arrived->count);
        put_found_lines(to);
}

const struct chart CHARTS[] = {
        {"latency", "Latency over time",
         "one way, from the stamp's time of sending to arrival at XDP, of the first copy of each "
         "packet",
         true, write_latency},
        {"curve", "Latency by percentile",
         "up to the last percentile that a packet stands for; the band is the bucket, within which "
         "the exact value lies",
         true, write_curve},
        {"rates", "Packets sent and received", "each packet received counts once", false,
         write_rates},
        {"found", "Loss, copies, reordering, damage",
         "counted so far: a straight line is an even share, a step is a burst", true, write_found},
        {},
};

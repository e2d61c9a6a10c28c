/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how a run is drawn. See charts.h. */
#include <math.h>

#include "charts.h"
#include "util.h"

/* Readable on white and on black. */
#define BLUE "#3a86c8"
#define ORANGE "#d9822b"
#define RED "#c2484e"
#define GREEN "#2e9e6b"

static const double NS_A_SECOND = 1e9;

/* A unit in which the largest value is a number of at most three digits before the point. */
struct unit {
        const char *name;
        double ns;
};

static struct unit unit_for(double ns) {
        static const struct unit units[] = {{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}, {"ns", 1}};
        size_t i = 0;

        while (i + 1 < ARRAY_SIZE(units) && ns < units[i].ns)
                i++;
        return units[i];
}

static void put_frame(FILE *to, const char *name, const char *x, const char *y) {
        fprintf(to,
                "set encoding utf8\n"
                "set terminal svg size 860,300 dynamic name \"%s\" font \"sans-serif,13\"\n"
                "set border 3\nset tics nomirror\nset grid lc rgb \"#888888\" lw 0.5\n"
                "set key outside top center horizontal samplen 2\n"
                "set xlabel \"%s\"\nset ylabel \"%s\"\n",
                name, x, y);
}

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

/* gnuplot takes no block without a point; this one is not seen. */
static void end_block(FILE *to, bool empty) {
        fprintf(to, "%sEND\n", empty ? "0 1 1 1 1\n" : "");
}

/* ---- latency over time ---- */

/* When the largest would press all others together: a scale by powers, which is labelled often
 * enough when the values span less than one. */
static void put_latency_axis(FILE *to, const struct xskim_distribution *all) {
        static const int steps[] = {1, 2, 5};

        if (!all->min || all->max < 10 * all->quantiles[XSKIM_P50].value)
                return;
        fprintf(to, "set logscale y\nset yrange [*:*] noextend\nset ytics (");
        for (int power = -9; power < 9; power++)
                for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                        fprintf(to, "%s%g", power > -9 || i ? "," : "", steps[i] * pow(10, power));
        fprintf(to, ")\n");
}

static void write_latency(const struct charts_run *run, FILE *to) {
        const struct xskim_distribution *all = &run->transit->sum.latency;
        struct unit unit = unit_for((double)all->quantiles[XSKIM_P50].value);
        bool empty = true;
        char label[32];

        snprintf(label, sizeof(label), "latency, %s", unit.name);
        put_frame(to, "latency", "seconds since the first packet", label);
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
        end_block(to, empty);
        fprintf(to, "plot $points using 1:4 with lines lw 1 lc rgb \"" RED "\" title \"max\", "
                    "$points using 1:3 with lines lw 1.5 lc rgb \"" ORANGE "\" title \"P99\", "
                    "$points using 1:2 with lines lw 2 lc rgb \"" BLUE "\" title \"P50\"\n");
}

/* ---- the percentile curve ---- */

static void write_curve(const struct charts_run *run, FILE *to) {
        const struct xskim_curve *curve = &run->transit->latency_curve;
        const struct xskim_distribution *all = &run->transit->sum.latency;
        struct unit unit = unit_for((double)all->quantiles[XSKIM_P50].value);
        char label[32];

        snprintf(label, sizeof(label), "latency, %s", unit.name);
        put_frame(to, "curve", "percentile", label);
        put_latency_axis(to, all);
        fprintf(to, "set xtics (\"50\" 0.30103, \"90\" 1, \"99\" 2, \"99.9\" 3, \"99.99\" 4, "
                    "\"99.999\" 5)\n$points << END\n");
        for (unsigned int i = 0; i < curve->count; i++)
                fprintf(to, "%g %g %g %g\n", 6 - log10(curve->points[i].above_ppm),
                        (double)MAX(curve->points[i].quantile.value, 1U) / unit.ns,
                        (double)MAX(curve->points[i].quantile.low, 1U) / unit.ns,
                        (double)MAX(curve->points[i].quantile.high, 1U) / unit.ns);
        end_block(to, !curve->count);
        fprintf(to, "plot $points using 1:3:4 with filledcurves fs solid 0.35 noborder lc rgb "
                    "\"" BLUE "\" title \"bounds of the bucket\", "
                    "$points using 1:2 with lines lw 2 lc rgb \"" BLUE "\" title \"latency\"\n");
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
        end_block(to, empty);
}

static void write_rates(const struct charts_run *run, FILE *to) {
        put_frame(to, "rates", "seconds since the first packet", "packets a second");
        put_time(run, to);
        put_rates(run, run->sent, "sent", to);
        put_rates(run, run->arrived, "received", to);
        fprintf(to,
                "set yrange [0:*]\nset format y \"%%.1s %%c\"\n"
                "plot $sent using 1:2 with lines lw 3 lc rgb \"" ORANGE "\" title \"sent\", "
                "$received using 1:2 with lines lw 1.5 lc rgb \"" BLUE "\" title \"received\"\n");
}

/* ---- what was found ---- */

static void put_found_lines(FILE *to) {
        static const char *const colours[] = {RED, BLUE, ORANGE, GREEN};
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

static void write_found(const struct charts_run *run, FILE *to) {
        put_frame(to, "found", "seconds since the first packet", "packets so far");
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
        end_block(to, first_of(run, run->arrived) == run->arrived->count);
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

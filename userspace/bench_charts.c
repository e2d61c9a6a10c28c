/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how an experiment is drawn. See bench_charts.h. Dots are boxes and whiskers are arrows
 * without heads: gnuplot's points and error bars refer to shapes elsewhere in a file, which a page
 * of several pictures cannot have. */
#include <math.h>
#include <stdlib.h>

#include "axes.h"
#include "bench_charts.h"
#include "util.h"

enum {
        ROW_PIXELS = 26,
        FRAME_PIXELS = 110,
        POINTS_MAX = 160, /* of a line over time */
        WINDOW_MAX = 4096,
        CURVE_POINTS = 60, /* of the model's line */
};
static const double NS_A_SECOND = 1e9, NS_A_US = 1e3;
static const double DOT = 0.004; /* half a dot, of the axis */

/* ---- lost throughput ---- */

static bool is_known(const struct xskim_bench_interval *interval) {
        return interval->count && isfinite(interval->median) && isfinite(interval->low) &&
               isfinite(interval->high);
}

static bool has_loss(const struct bench_charts *charts) {
        for (unsigned int i = 1; i < charts->result->outcome_count; i++)
                if (is_known(&charts->result->outcomes[i].loss_percent))
                        return true;
        return false;
}

static void put_names(const struct bench_charts *charts, FILE *to) {
        unsigned int count = charts->result->outcome_count;

        fprintf(to, "set ytics (");
        for (unsigned int i = 1; i < count; i++) {
                fprintf(to, "%s", i > 1 ? "," : "");
                axes_text(to, charts->names[i]);
                fprintf(to, " %u", i);
        }
        fprintf(to, ")\nset yrange [%u.6:0.4]\n", count - 1);
}

/* What the baseline loses to itself, as a band behind all others. */
static void put_null_band(const struct xskim_bench_interval *null, FILE *to) {
        if (is_known(null))
                fprintf(to,
                        "set object 1 rectangle from first %g, graph 0 to first %g, graph 1 "
                        "fc rgb \"#888888\" fs solid 0.25 noborder behind\n",
                        null->low, null->high);
}

static void write_loss(const void *context, FILE *to) {
        const struct bench_charts *charts = context;
        const struct xskim_bench_result *result = charts->result;
        double low = 0, high = charts->loss_percent, span;

        axes_frame(to, "loss", "throughput lost, percent of the baseline's", "");
        axes_height(to, "loss", FRAME_PIXELS + ROW_PIXELS * result->outcome_count);
        put_names(charts, to);
        put_null_band(&result->null_loss_percent, to);
        fprintf(to, "$points << END\n");
        for (unsigned int i = 1; i < result->outcome_count; i++) {
                const struct xskim_bench_interval *loss = &result->outcomes[i].loss_percent;

                if (!is_known(loss))
                        continue;
                fprintf(to, "%u %g %g %g\n", i, loss->median, loss->low, loss->high);
                low = fmin(low, loss->low);
                high = fmax(high, loss->high);
        }
        span = high - low;
        axes_end_block(to, !has_loss(charts));
        fprintf(to,
                "set arrow from first 0, graph 0 to first 0, graph 1 nohead lw 1 back\n"
                "set arrow from first %g, graph 0 to first %g, graph 1 nohead dt 2 lw 1.5 "
                "lc rgb \"" AXES_RED "\" back\n"
                "dot = %g\n"
                "plot $points using 3:1:($4-$3):(0) with vectors nohead lw 2.5 lc rgb \"" AXES_BLUE
                "\" title \"95 %% interval\", $points using "
                "2:1:($2-dot):($2+dot):($1-0.2):($1+0.2) "
                "with boxxyerror fs solid noborder lc rgb \"" AXES_ORANGE "\" title \"estimate\", "
                "NaN with lines dt 2 lc rgb \"" AXES_RED "\" title \"%g %%\"\n",
                charts->loss_percent, charts->loss_percent, span * DOT, charts->loss_percent);
}

/* ---- latency ---- */

static const struct xskim_bench_latency *half_of(const struct bench_charts *charts,
                                                 unsigned int condition) {
        return &charts->result->outcomes[condition].latency[XSKIM_BENCH_LOAD_HALF];
}

static bool has_curve(const struct bench_charts *charts) {
        for (unsigned int i = 0; i < charts->result->outcome_count; i++)
                if (half_of(charts, i)->curve.count)
                        return true;
        return false;
}

static void put_curve(const struct xskim_curve *curve, unsigned int condition, FILE *to) {
        fprintf(to, "$curve%u << END\n", condition);
        for (unsigned int i = 0; i < MIN(curve->count, (unsigned int)XSKIM_CURVE_POINTS_MAX); i++)
                fprintf(to, "%g %g\n", axes_percentile(curve->points[i].above_ppm),
                        (double)MAX(curve->points[i].quantile.value, 1U) / NS_A_US);
        fprintf(to, "END\n");
}

static void write_curves(const void *context, FILE *to) {
        const struct bench_charts *charts = context;
        const char *word = "plot";

        axes_frame(to, "curves", "percentile", "latency, µs");
        axes_powers(to, 'y');
        axes_percentiles(to);
        for (unsigned int i = 0; i < charts->result->outcome_count; i++)
                if (half_of(charts, i)->curve.count)
                        put_curve(&half_of(charts, i)->curve, i, to);
        for (unsigned int i = 0; i < charts->result->outcome_count; i++) {
                if (!half_of(charts, i)->curve.count)
                        continue;
                fprintf(to, "%s $curve%u using 1:2 with lines lw %s lc rgb \"%s\" title ", word, i,
                        i ? "1.8" : "3", axes_colour(i));
                axes_text(to, charts->names[i]);
                word = ",";
        }
        fprintf(to, "\n");
}

/* ---- cost against the sampling rate ---- */

static bool has_model(const struct bench_charts *charts) {
        return isfinite(charts->cost->model.gate_ns);
}

static void put_model(const struct bench_cost *cost, double most, FILE *to) {
        fprintf(to, "$model << END\n");
        for (int i = 0; i <= CURVE_POINTS; i++) {
                double every = pow(most, (double)i / CURVE_POINTS);

                fprintf(to, "%g %g\n", every, bench_cost_ns(cost, every));
        }
        fprintf(to, "END\n");
}

static void write_cost(const void *context, FILE *to) {
        const struct bench_charts *charts = context;
        const struct bench_cost *cost = charts->cost;
        double most = 1024, highest = 0;

        axes_frame(to, "cost", "1 packet in N is sampled", "ns a packet in the program");
        fprintf(to, "$points << END\n");
        for (uint32_t i = 0; i < cost->count; i++) {
                fprintf(to, "%g %g\n", cost->every[i], cost->ns[i]);
                most = fmax(most, cost->every[i]);
                highest = fmax(highest, cost->ns[i]);
        }
        fprintf(to, "END\n");
        put_model(cost, most, to);
        fprintf(to,
                "set logscale x 4\nset format x \"%%.0f\"\nset xrange [0.8:%g]\n"
                "set yrange [0:*]\ndot = %g\n"
                "plot $model using 1:2 with lines lw 2 lc rgb \"" AXES_BLUE
                "\" title \"%.1f + %.1f / N\", "
                "$points using 1:2:($1*0.96):($1*1.04):($2-dot):"
                "($2+dot) with boxxyerror fs solid noborder lc rgb \"" AXES_ORANGE
                "\" title \"measured\"\n",
                most * 1.25, 3 * DOT * highest, cost->model.gate_ns, cost->model.sample_ns);
}

/* ---- slices over time ---- */

static bool has_slices(const struct bench_charts *charts) {
        return charts->result->slice_count > 0;
}

static double mpps_of(const struct xskim_bench_slice *slice) {
        return slice->duration_ns ? 1e3 * (double)slice->packets / (double)slice->duration_ns : 0;
}

static int by_size(const void *a, const void *b) {
        double one = *(const double *)a, other = *(const double *)b;

        return (one > other) - (one < other);
}

/* The median of as many slices of the condition as make POINTS_MAX points of all of them. */
static void put_slices(const struct xskim_bench_result *result, uint32_t condition, FILE *to) {
        static double window[WINDOW_MAX];
        uint32_t of_it = 0, used = 0, stride;
        double seconds = 0;
        bool empty = true;

        for (uint32_t i = 0; i < result->slice_count; i++)
                of_it += result->slices[i].condition == condition;
        stride = MIN(of_it / POINTS_MAX + 1, (uint32_t)WINDOW_MAX);
        fprintf(to, "$slices%u << END\n", condition);
        for (uint32_t i = 0; i < result->slice_count; i++) {
                const struct xskim_bench_slice *slice = &result->slices[i];

                if (slice->condition != condition)
                        continue;
                seconds += (double)(slice->start_ns - result->slices[0].start_ns) / NS_A_SECOND;
                window[used++] = mpps_of(slice);
                if (used < stride)
                        continue;
                qsort(window, used, sizeof(*window), by_size);
                fprintf(to, "%g %g\n", seconds / used, window[used / 2]);
                seconds = used = 0;
                empty = false;
        }
        axes_end_block(to, empty);
}

static void write_slices(const void *context, FILE *to) {
        const struct bench_charts *charts = context;
        unsigned int count = charts->result->outcome_count;

        axes_frame(to, "slices", "seconds since the first slice", "millions of packets a second");
        for (unsigned int i = 0; i < count; i++)
                put_slices(charts->result, i, to);
        fprintf(to, "set yrange [0:*]\n");
        for (unsigned int i = 0; i < count; i++) {
                fprintf(to, "%s $slices%u using 1:2 with lines lw %s lc rgb \"%s\" title ",
                        i ? "," : "plot", i, i ? "1" : "2.5", axes_colour(i));
                axes_text(to, charts->names[i]);
        }
        fprintf(to, "\n");
}

const struct bench_chart BENCH_CHARTS[] = {
        {"loss", "Throughput lost",
         "to the baseline, paired within a block; the grey band is what the baseline loses to "
         "itself",
         has_loss, write_loss},
        {"curves", "Latency by percentile",
         "at half the no-drop rate, from when each packet was to be sent to when it was read",
         has_curve, write_curves},
        {"cost", "Cost against the sampling rate",
         "the program alone, and the model gate + sample / N that fits it best", has_model,
         write_cost},
        {"slices", "Slices over time",
         "what arrived in each slice, or the median of some in a row; what all of them share is "
         "the machine's drift",
         has_slices, write_slices},
        {},
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the page. See bench_sheet.h. */
#include <math.h>
#include <stdio.h>

#include "bench_charts.h"
#include "bench_cost.h"
#include "bench_sheet.h"
#include "format.h"
#include "html.h"
#include "projection.h"
#include "util.h"

struct contents {
        const struct bench_view *view;
        struct bench_cost cost;
        char names[XSKIM_BENCH_CONDITIONS_MAX][BENCH_VIEW_WORDS];
};

/* ---- the answer ---- */

/* The condition of which projections speak, too. */
static int shown_of(const struct contents *contents) {
        const struct xskim_bench_result *result = contents->view->result;

        for (unsigned int i = 0; i < result->outcome_count; i++)
                if (result->outcomes[i].kind == XSKIM_BENCH_KIND_sample &&
                    result->outcomes[i].number == contents->cost.shown_every &&
                    result->outcomes[i].loss_percent.count)
                        return (int)i;
        return -1;
}

static void put_answer(FILE *to, const struct contents *contents) {
        const struct xskim_bench_result *result = contents->view->result;
        char median[BENCH_VIEW_WORDS], interval[BENCH_VIEW_WORDS];
        int shown = shown_of(contents);

        fprintf(to, "<p class=\"answer\">");
        if (shown >= 0) {
                const struct xskim_bench_outcome *outcome = &result->outcomes[shown];

                bench_view_number(outcome->loss_percent.median, median);
                bench_view_interval(&outcome->loss_percent, 1, interval);
                html_print(to, "At 1 in %u, xskim cost %s %% of the throughput %s", outcome->number,
                           median, interval);
                bench_view_number(outcome->added_p99_ns.median / 1e3, median);
                bench_view_interval(&outcome->added_p99_ns, 1e3, interval);
                if (outcome->added_p99_ns.count)
                        html_print(to, " and added %s µs %s to P99", median, interval);
                html_print(to, ". ");
        }
        bench_view_precision(result, median);
        html_print(to, "%u blocks in %.0f s, %s.", result->blocks, result->duration_s, median);
        if (result->interrupted)
                fprintf(to, " <b>Interrupted: a partial result.</b>");
        fprintf(to, "</p>\n");
}

/* ---- plots ---- */

static int put_charts(FILE *to, const struct contents *contents) {
        struct bench_charts charts = {
                .result = contents->view->result,
                .cost = &contents->cost,
                .loss_percent = bench_view_loss_limit(contents->view),
        };
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(charts.names); i++)
                charts.names[i] = contents->names[i];
        for (const struct bench_chart *chart = BENCH_CHARTS; chart->name && r >= 0; chart++)
                if (chart->is_drawn(&charts))
                        r = paper_chart(to, chart->title, chart->note, chart->write, &charts);
        return r;
}

/* ---- tables ---- */

static void put_cell(FILE *to, const char *text) {
        fprintf(to, "<td class=\"n\">");
        html_text(to, text);
}

static void put_estimate(FILE *to, const struct xskim_bench_interval *estimate, double unit) {
        char median[BENCH_VIEW_WORDS], interval[BENCH_VIEW_WORDS];

        bench_view_number(estimate->count ? estimate->median / unit : NAN, median);
        bench_view_interval(estimate, unit, interval);
        fprintf(to, "<td class=\"n\">");
        html_print(to, "%s %s", median, interval);
}

static void put_number(FILE *to, double value) {
        char text[BENCH_VIEW_WORDS];

        bench_view_number(value, text);
        put_cell(to, text);
}

static void put_condition(FILE *to, const struct contents *contents, unsigned int condition) {
        const struct xskim_bench_outcome *outcome = &contents->view->result->outcomes[condition];
        char verdict[BENCH_VIEW_WORDS];

        fprintf(to, "<tr><th scope=\"row\">");
        html_text(to, contents->names[condition]);
        put_number(to, outcome->mpps.count ? outcome->mpps.median : NAN);
        put_estimate(to, &outcome->loss_percent, 1);
        put_estimate(to, &outcome->added_p99_ns, 1e3);
        put_number(to, outcome->ns_per_packet);
        put_number(to, outcome->path_cpu_percent);
        put_number(to, outcome->collector_cpu_percent);
        bench_view_verdict(contents->view, condition, verdict, NULL);
        put_cell(to, verdict);
        fprintf(to, "\n");
}

/* What is to be said of a condition beside its figures. */
static void put_notes(FILE *to, const struct contents *contents) {
        const struct xskim_bench_result *result = contents->view->result;

        for (unsigned int i = 0; i < result->outcome_count; i++) {
                if (!*result->outcomes[i].note)
                        continue;
                fprintf(to, "<p><b>");
                html_text(to, contents->names[i]);
                fprintf(to, "</b> ");
                html_text(to, result->outcomes[i].note);
                fprintf(to, "</p>\n");
        }
}

static void put_conditions(FILE *to, const struct contents *contents) {
        fprintf(to, "<h2>Conditions</h2>\n<table><tr><th>condition<th class=\"n\">Mpps"
                    "<th class=\"n\">loss %% [95 %%]<th class=\"n\">added P99, µs [95 %%]"
                    "<th class=\"n\">ns/packet<th class=\"n\">path %%<th class=\"n\">coll. %%"
                    "<th class=\"n\">verdict\n");
        for (unsigned int i = 0; i < contents->view->result->outcome_count; i++)
                put_condition(to, contents, i);
        fprintf(to, "</table>\n");
        put_notes(to, contents);
}

static void put_projected(FILE *to, double ns, int rate) {
        fprintf(to, "<tr><th scope=\"row\">%g GbE", PROJECTION_GIGABITS[rate]);
        for (int size = 0; size < PROJECTION_SIZES; size++) {
                struct projection projection =
                        projection_of(ns, (enum projection_rate)rate, (enum projection_size)size);

                put_cell(to, format_percent(projection.core_percent).text);
                put_cell(to, format_grouped(projection.cores).text);
        }
        fprintf(to, "\n");
}

static void put_projection(FILE *to, const struct contents *contents) {
        const struct bench_cost *cost = &contents->cost;
        double limit = bench_view_loss_limit(contents->view);
        uint32_t every = bench_cost_every_for(cost, limit);

        if (!isfinite(cost->shown_ns))
                return;
        fprintf(to,
                "<h2>Projection</h2>\n<p class=\"dim\">Arithmetic, not a measurement: %.1f ns "
                "a packet, as here at 1 in %.0f, at line rate elsewhere; share of a core, and "
                "cores.",
                cost->shown_ns, cost->shown_every);
        if (every)
                fprintf(to, " On this path here, a loss of %g %% is kept from 1 in %u on.", limit,
                        every);
        fprintf(to, "</p>\n<table><tr><th>");
        for (int size = 0; size < PROJECTION_SIZES; size++)
                fprintf(to, "<th class=\"n\">%s<th class=\"n\">cores",
                        PROJECTION_SIZE_TITLES[size]);
        fprintf(to, "\n");
        for (int rate = 0; rate < PROJECTION_RATES; rate++)
                put_projected(to, cost->shown_ns, rate);
        fprintf(to, "</table>\n");
}

/* ---- the run ---- */

static void put_run(FILE *to, const struct bench_view *view) {
        const struct environment *environment = view->environment;
        const struct xskim_bench_result *result = view->result;
        char text[2 * ENVIRONMENT_TEXT_BYTES];

        fprintf(to, "<h2>The run</h2>\n<table>\n");
#define ROW(name_, bytes_, title_, doc_) paper_row(to, title_, environment->name_);
        ENVIRONMENT_ROWS(ROW)
#undef ROW
        snprintf(text, sizeof(text), "%u", environment->cpus);
        paper_row(to, "CPUs", text);
        snprintf(text, sizeof(text), "%s: %s, %s XDP", result->port, result->driver, result->xdp);
        paper_row(to, "port", text);
        snprintf(text, sizeof(text), "%lu", result->seed);
        paper_row(to, "seed of the order", text);
        for (unsigned int i = 0; i < environment->mitigation_count; i++) {
                const struct environment_mitigation *mitigation = &environment->mitigations[i];

                snprintf(text, sizeof(text), "%s: %s", mitigation->name, mitigation->state);
                paper_row(to, i ? "" : "mitigations", text);
        }
        fprintf(to, "</table>\n");
}

/* ---- the whole ---- */

static int put_page(FILE *to, void *context) {
        static char text[BENCH_VIEW_BYTES];
        const struct contents *contents = context;
        struct bench_view view = *contents->view;
        char title[2 * BENCH_VIEW_WORDS], size[BENCH_VIEW_WORDS];
        int r;

        bench_view_size(view.result->packet_bytes, size);
        snprintf(title, sizeof(title), "xskim bench: path %s, %s", bench_view_path(view.result),
                 size);
        paper_begin(to, title);
        put_answer(to, contents);
        r = put_charts(to, contents);
        put_conditions(to, contents);
        put_projection(to, contents);
        put_run(to, &view);
        view.columns = BENCH_VIEW_COLUMNS;
        view.colour = false;
        bench_view(&view, text, sizeof(text));
        fprintf(to, "<h2>As printed</h2>\n<pre>");
        html_text(to, text);
        fprintf(to, "</pre>\n");
        paper_end(to);
        return r;
}

int bench_sheet_write(const struct paper *paper, const struct bench_view *view) {
        struct contents contents = {.view = view};

        bench_cost_of(view->result, &contents.cost);
        for (unsigned int i = 0; i < view->result->outcome_count; i++)
                bench_view_name(view->result, i, contents.names[i]);
        return paper_write(paper, put_page, &contents);
}

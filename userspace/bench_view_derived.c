/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how arithmetic on the figures is told, and the budget. See bench_view.h. */
#include <math.h>
#include <stdio.h>

#include "bench_cost.h"
#include "bench_view_private.h"
#include "format.h"
#include "projection.h"

/* ---- from which rate ---- */

static void put_model(struct page *page, const struct bench_cost *cost) {
        char gate[BENCH_VIEW_WORDS], sample[BENCH_VIEW_WORDS];

        bench_view_number(cost->model.gate_ns, gate);
        bench_view_number(cost->model.sample_ns, sample);
        bench_view_label(page, "model");
        page_item(page, BENCH_VIEW_LABEL, "", "%s + %s / N ns a packet at 1 in N", gate, sample);
        if (*cost->tier)
                page_item(page, BENCH_VIEW_LABEL, "  ", "(tier %s)", cost->tier);
        page_end(page);
}

static void put_holds(struct page *page, const struct bench_cost *cost, double limit) {
        uint32_t every = bench_cost_every_for(cost, limit);
        char words[256];

        if (!isfinite(cost->path_ns) || !isfinite(cost->model.gate_ns))
                return;
        bench_view_label(page, "holds");
        if (every)
                page_item(page, BENCH_VIEW_LABEL, "", "%g %% holds from 1 in %s ", limit,
                          format_grouped(every).text);
        else
                page_item(page, BENCH_VIEW_LABEL, "", "%g %% holds at no rate of sampling ", limit);
        snprintf(words, sizeof(words),
                 "(arithmetic: the model, less %.1f ns of the baseline's program, on top of %s a "
                 "packet)",
                 cost->base_ns, format_time(cost->path_ns, 3).text);
        page_words(page, BENCH_VIEW_LABEL, words);
        page_end(page);
}

/* ---- at line rate ---- */

static void put_share(struct page *page, const struct bench_cost *cost, enum projection_rate rate,
                      enum projection_size size) {
        struct projection projection = projection_of(cost->shown_ns, rate, size);

        page_item(page, BENCH_VIEW_LABEL, " · ", "%.0f GbE %s: %s of a core",
                  PROJECTION_GIGABITS[rate], PROJECTION_SIZE_TITLES[size],
                  format_percent(projection.core_percent).text);
}

static void put_projection(struct page *page, const struct bench_cost *cost) {
        if (!isfinite(cost->shown_ns))
                return;
        bench_view_label(page, "projected");
        page_item(page, BENCH_VIEW_LABEL, "", "at 1 in %.0f, %.1f ns a packet (arithmetic)",
                  cost->shown_every, cost->shown_ns);
        page_end(page);
        bench_view_label(page, "");
        put_share(page, cost, PROJECTION_10_GBE, PROJECTION_SIZE_64);
        put_share(page, cost, PROJECTION_10_GBE, PROJECTION_SIZE_imix);
        put_share(page, cost, PROJECTION_100_GBE, PROJECTION_SIZE_imix);
        put_share(page, cost, PROJECTION_100_GBE, PROJECTION_SIZE_1518);
        page_end(page);
}

/* ---- the budget ---- */

static void put_limit(struct page *page, const struct bench_view *view, unsigned int condition,
                      enum budget_limit limit, const char *gap) {
        enum budget_verdict verdict =
                budget_judge(view->budget, limit, &view->result->outcomes[condition]);

        if (verdict == BUDGET_NONE)
                return;
        page_style(page, verdict == BUDGET_EXCEEDED ? PAGE_ALARM
                         : verdict == BUDGET_HOLDS  ? PAGE_PLAIN
                                                    : PAGE_WARNING);
        page_item(page, BENCH_VIEW_LABEL, gap, "%s: %s", BUDGET_LIMIT_WORDS[limit],
                  BUDGET_VERDICT_WORDS[verdict]);
        page_style(page, PAGE_PLAIN);
}

static void put_budget(struct page *page, const struct bench_view *view) {
        char name[BENCH_VIEW_WORDS];

        for (unsigned int i = 0; view->budget && i < view->result->outcome_count; i++) {
                if (!bench_cost_is_own(&view->result->outcomes[i]))
                        continue;
                bench_view_name(view->result, i, name);
                bench_view_label(page, "budget");
                page_item(page, BENCH_VIEW_LABEL, "", "%s", name);
                for (int limit = 0; limit < BUDGET_LIMITS; limit++)
                        put_limit(page, view, i, (enum budget_limit)limit, "  ");
                page_end(page);
        }
}

void bench_view_derived(struct page *page, const struct bench_view *view) {
        struct bench_cost cost;

        bench_cost_of(view->result, &cost);
        if (isfinite(cost.model.gate_ns))
                put_model(page, &cost);
        put_holds(page, &cost, bench_view_loss_limit(view));
        put_projection(page, &cost);
        put_budget(page, view);
}

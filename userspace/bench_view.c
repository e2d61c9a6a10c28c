/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the head of the report, its first table and the progress line. See bench_view.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench_view_private.h"
#include "format.h"
#include "util.h"

enum {
        NAME_MIN = 10,
        NAME_MAX = 15,        /* in a narrow page */
        TABLE_COLUMNS = 65,   /* of the first table beside names, verdicts included */
        LATENCY_COLUMNS = 24, /* of added latency in it */
        CELL_MPPS = 6,
        CELL_LOSS = 7,
        CELL_INTERVAL = 14,
        CELL_ADDED = 9,
        CELL_NS = 7,
        CELL_CPU = 10,
        BAR_WIDTH = 24,
        NS_A_US = 1000,
};

/* ---- words ---- */

void bench_view_number(double value, char text[static BENCH_VIEW_WORDS]) {
        double size = fabs(value);
        int places = size < 9.995 ? 2 : size < 999.5 ? 1 : 0;

        if (!isfinite(value))
                snprintf(text, BENCH_VIEW_WORDS, "-");
        else if (size < 0.005) /* no minus in front of nothing */
                snprintf(text, BENCH_VIEW_WORDS, "0.00");
        else if (size >= 1e9)
                snprintf(text, BENCH_VIEW_WORDS, "%.2g", value);
        else
                snprintf(text, BENCH_VIEW_WORDS, "%.*f", places, value);
}

void bench_view_interval(const struct xskim_bench_interval *interval, double unit,
                         char text[static BENCH_VIEW_WORDS]) {
        char low[BENCH_VIEW_WORDS], high[BENCH_VIEW_WORDS];

        text[0] = '\0';
        if (!interval->count)
                return;
        bench_view_number(interval->low / unit, low);
        bench_view_number(interval->high / unit, high);
        snprintf(text, BENCH_VIEW_WORDS, "[%.32s, %.32s]", low, high);
}

void bench_view_size(uint32_t packet_bytes, char text[static BENCH_VIEW_WORDS]) {
        if (packet_bytes == XSKIM_BENCH_IMIX)
                snprintf(text, BENCH_VIEW_WORDS, "IMIX");
        else
                snprintf(text, BENCH_VIEW_WORDS, "%u B", packet_bytes);
}

void bench_view_precision(const struct xskim_bench_result *result,
                          char text[static BENCH_VIEW_WORDS]) {
        char is[BENCH_VIEW_WORDS];

        bench_view_number(result->precision_percent, is);
        if (!isfinite(result->precision_percent))
                snprintf(text, BENCH_VIEW_WORDS, "precision not reached: too few blocks");
        else if (result->precision_reached)
                snprintf(text, BENCH_VIEW_WORDS, "precision ±%.32s %% reached", is);
        else
                snprintf(text, BENCH_VIEW_WORDS, "precision not reached: ±%.32s %% (asked ±%g %%)",
                         is, result->precision_asked_percent);
}

const char *bench_view_path(const struct xskim_bench_result *result) {
        static const char *const paths[] = {
#define NAME(name_, doc_) [XSKIM_BENCH_PATH_##name_] = #name_,
                XSKIM_BENCH_PATH_ROWS(NAME)
#undef NAME
        };

        return paths[result->path];
}

/* ---- names ---- */

static bool tiers_differ(const struct xskim_bench_result *result) {
        const char *first = NULL;

        for (unsigned int i = 0; i < result->outcome_count; i++) {
                const char *tier = result->outcomes[i].tier;

                if (*tier && first && strcmp(tier, first) != 0)
                        return true;
                first = *tier ? tier : first;
        }
        return false;
}

void bench_view_name(const struct xskim_bench_result *result, unsigned int condition,
                     char text[static BENCH_VIEW_WORDS]) {
        const struct xskim_bench_outcome *outcome = &result->outcomes[condition];
        bool said = strchr(outcome->name, ':') || !strcmp(outcome->name, outcome->tier);

        snprintf(text, BENCH_VIEW_WORDS, "%s", outcome->name);
        if (*outcome->tier && !said && tiers_differ(result))
                snprintf(text, BENCH_VIEW_WORDS, "%s:%s", outcome->name, outcome->tier);
}

unsigned int bench_view_name_width(const struct page *page,
                                   const struct xskim_bench_result *result) {
        unsigned int width = NAME_MIN, most = NAME_MAX;
        char name[BENCH_VIEW_WORDS];

        for (unsigned int i = 0; i < result->outcome_count; i++) {
                bench_view_name(result, i, name);
                width = MAX(width, page_width(name));
        }
        if (page->columns > TABLE_COLUMNS + most)
                most = page->columns - TABLE_COLUMNS;
        return MIN(width, most);
}

void bench_view_put_name(struct page *page, const struct xskim_bench_result *result,
                         unsigned int condition) {
        char name[BENCH_VIEW_WORDS], cut[4 * BENCH_VIEW_WORDS];
        unsigned int width = bench_view_name_width(page, result);
        struct page cell = page_new(cut, sizeof(cut), width, false);

        bench_view_name(result, condition, name);
        page_put_cut(&cell, name);
        page_put(page, " ");
        page_cell_left(page, width, cut);
}

void bench_view_label(struct page *page, const char *label) {
        page_put(page, " ");
        page_cell_left(page, BENCH_VIEW_LABEL - 1, label);
}

/* ---- verdicts ---- */

double bench_view_loss_limit(const struct bench_view *view) {
        return view->budget && view->budget->asked[BUDGET_loss] ? view->budget->limits[BUDGET_loss]
                                                                : BENCH_VIEW_LOSS_PERCENT;
}

static bool is_again(const struct xskim_bench_result *result, unsigned int condition) {
        return condition == 1 && result->has_null;
}

static void say(char text[static BENCH_VIEW_WORDS], bool *ret_bad, bool bad, const char *words) {
        snprintf(text, BENCH_VIEW_WORDS, "%s", words);
        *ret_bad = bad;
}

static void say_loss(const struct bench_view *view, const struct xskim_bench_interval *loss,
                     char text[static BENCH_VIEW_WORDS], bool *ret_bad) {
        double limit = bench_view_loss_limit(view);
        bool within = loss->high <= limit, over = loss->low > limit;

        snprintf(text, BENCH_VIEW_WORDS, "%s%g %%%s",
                 within ? "within "
                 : over ? "over "
                        : "",
                 limit, within || over ? "" : " not shown");
        *ret_bad = over;
}

void bench_view_verdict(const struct bench_view *view, unsigned int condition,
                        char text[static BENCH_VIEW_WORDS], bool *ret_bad) {
        const struct xskim_bench_outcome *outcome = &view->result->outcomes[condition];
        const struct xskim_bench_interval *loss = &outcome->loss_percent;
        bool ignored, *bad = ret_bad ? ret_bad : &ignored;

        *bad = false;
        if (outcome->failed)
                say(text, bad, true, "failed, see below");
        else if (!condition)
                say(text, bad, false, "baseline");
        else if (!loss->count)
                say(text, bad, true, "not measured");
        else if (is_again(view->result, condition) && loss->low <= 0 && loss->high >= 0)
                say(text, bad, false, "null: noise floor");
        else if (is_again(view->result, condition))
                say(text, bad, true, "null: is not 0!");
        else if (outcome->kind == XSKIM_BENCH_KIND_command && outcome->seen_known && outcome->truth)
                snprintf(text, BENCH_VIEW_WORDS, "saw %s",
                         format_percent(100.0 * outcome->seen / outcome->truth).text);
        else
                say_loss(view, loss, text, bad);
}

/* ---- the head ---- */

static void put_machine(struct page *page, const struct environment *environment) {
        char kernel[ENVIRONMENT_TEXT_BYTES];

        if (!environment)
                return;
        snprintf(kernel, sizeof(kernel), "%s", environment->kernel);
        page_item(page, 1, " · ", "%.48s", kernel);
        page_item(page, 1, " · ", "%u × %.48s", environment->cpus, environment->cpu);
}

static const char *tier_of(const struct xskim_bench_result *result) {
        for (unsigned int i = 0; i < result->outcome_count; i++)
                if (*result->outcomes[i].tier)
                        return result->outcomes[i].tier;
        return NULL;
}

static void put_head(struct page *page, const struct bench_view *view) {
        const struct xskim_bench_result *result = view->result;
        char text[BENCH_VIEW_WORDS];

        bench_view_size(result->packet_bytes, text);
        page_put(page, " ");
        page_item(page, 1, "", "path %s", bench_view_path(result));
        if (result->path != XSKIM_BENCH_PATH_tcp)
                page_item(page, 1, " · ", "%s", text);
        page_item(page, 1, " · ", "%.15s (%.31s, %.15s XDP)", result->port, result->driver,
                  result->xdp);
        if (tier_of(result) && !tiers_differ(result))
                page_item(page, 1, " · ", "tier %s", tier_of(result));
        put_machine(page, view->environment);
        page_item(page, 1, " · ", "%u blocks, %.0f s", result->blocks, result->duration_s);
        bench_view_precision(result, text);
        if (!result->precision_reached)
                page_style(page, PAGE_WARNING);
        page_item(page, 1, " · ", "%s", text);
        page_style(page, PAGE_PLAIN);
        page_end(page);
        if (result->interrupted) {
                page_style(page, PAGE_WARNING);
                page_put(page, " interrupted: a partial result, of the blocks that were complete");
                page_style(page, PAGE_PLAIN);
                page_end(page);
        }
        page_end(page);
}

/* ---- the table ---- */

static void put_interval(struct page *page, unsigned int width, const char *text) {
        page_put(page, " ");
        page_cell_left(page, width, text);
}

static void put_table_head(struct page *page, const struct bench_view *view, bool wide) {
        page_put(page, " ");
        page_cell_left(page, bench_view_name_width(page, view->result), "condition");
        page_cell(page, CELL_MPPS, "Mpps");
        page_cell(page, CELL_LOSS, "loss %");
        put_interval(page, CELL_INTERVAL, "[95 %]");
        if (wide) {
                page_cell(page, CELL_ADDED, "+p99 µs");
                put_interval(page, CELL_INTERVAL, "[95 %]");
        }
        page_cell(page, CELL_NS, "ns/pkt");
        page_cell(page, CELL_CPU, "CPU %");
        page_end(page);
}

/* Program and collector. */
static void cpu_text(const struct xskim_bench_outcome *outcome,
                     char text[static BENCH_VIEW_WORDS]) {
        double path = outcome->path_cpu_percent, collector = outcome->collector_cpu_percent;

        if (!isfinite(path) && !isfinite(collector))
                snprintf(text, BENCH_VIEW_WORDS, "-");
        else
                snprintf(text, BENCH_VIEW_WORDS, "%.*f+%.*f", path < 9.95 ? 1 : 0,
                         isfinite(path) ? fmin(path, 9999) : 0, collector < 9.95 ? 1 : 0,
                         isfinite(collector) ? fmin(collector, 9999) : 0);
}

static void put_added(struct page *page, const struct xskim_bench_interval *added, bool baseline) {
        char text[BENCH_VIEW_WORDS];

        bench_view_number(added->count ? added->median / NS_A_US : NAN, text);
        page_cell(page, CELL_ADDED, baseline ? "0" : text);
        bench_view_interval(added, NS_A_US, text);
        put_interval(page, CELL_INTERVAL, baseline ? "baseline" : text);
}

static void put_loss(struct page *page, const struct xskim_bench_outcome *outcome, bool baseline) {
        char text[BENCH_VIEW_WORDS];

        bench_view_number(outcome->loss_percent.count ? outcome->loss_percent.median : NAN, text);
        page_cell(page, CELL_LOSS, baseline ? "0" : text);
        bench_view_interval(&outcome->loss_percent, 1, text);
        put_interval(page, CELL_INTERVAL, baseline ? "baseline" : text);
}

static void put_row(struct page *page, const struct bench_view *view, unsigned int condition,
                    bool wide) {
        const struct xskim_bench_outcome *outcome = &view->result->outcomes[condition];
        char text[BENCH_VIEW_WORDS];
        bool bad;

        bench_view_put_name(page, view->result, condition);
        snprintf(text, sizeof(text), "%.3f", fmin(outcome->mpps.median, 9999));
        page_cell(page, CELL_MPPS, isfinite(outcome->mpps.median) ? text : "-");
        put_loss(page, outcome, !condition);
        if (wide)
                put_added(page, &outcome->added_p99_ns, !condition);
        bench_view_number(outcome->ns_per_packet, text);
        page_cell(page, CELL_NS, text);
        cpu_text(outcome, text);
        page_cell(page, CELL_CPU, text);
        bench_view_verdict(view, condition, text, &bad);
        page_put(page, "  ");
        page_style(page, bad ? PAGE_ALARM : PAGE_PLAIN);
        page_put_cut(page, text);
        page_style(page, PAGE_PLAIN);
        page_end(page);
}

static void put_table(struct page *page, const struct bench_view *view) {
        unsigned int needed =
                TABLE_COLUMNS + LATENCY_COLUMNS + bench_view_name_width(page, view->result);
        bool wide = page->columns >= needed && view->result->no_drop_pps;

        put_table_head(page, view, wide);
        for (unsigned int i = 0; i < view->result->outcome_count; i++)
                put_row(page, view, i, wide);
        page_end(page);
        page_put(page, " ");
        page_words(page, 1,
                   wide ? "loss: of packets/s, paired with the baseline. +p99: at half the no-drop "
                          "rate. ns/pkt: the program alone. CPU %: of a core, program+collector."
                        : "loss: of packets/s, paired with the baseline. ns/pkt: the program "
                          "alone. CPU %: of a core, program+collector.");
        page_end(page);
}

void bench_view(const struct bench_view *view, char *text, size_t bytes) {
        unsigned int columns = MIN(view->columns, (unsigned int)BENCH_VIEW_COLUMNS);
        struct page page = page_new(text, bytes, columns, view->colour);

        put_head(&page, view);
        put_table(&page, view);
        bench_view_details(&page, view);
}

/* ---- progress ---- */

void bench_view_progress(const struct xskim_bench_progress *progress, double asked_percent,
                         unsigned int columns, char *text, size_t bytes) {
        static const char *const phases[] = {
#define PHASE(name_, doc_) [XSKIM_BENCH_PHASE_##name_] = doc_,
                XSKIM_BENCH_PHASE_ROWS(PHASE)
#undef PHASE
        };
        struct page page = page_new(text, bytes, columns, false);
        double share = isfinite(progress->share) ? fmin(fmax(progress->share, 0), 1) : 0;
        int full = (int)(share * BAR_WIDTH);
        char precision[BENCH_VIEW_WORDS];

        page_put(&page, "[");
        for (int i = 0; i < BAR_WIDTH; i++)
                page_put(&page, "%s", i < full ? "#" : "-");
        page_put(&page, "] %3d %%", (int)(share * 100));
        if (isfinite(progress->remaining_s))
                page_put(&page, "  %s left", format_duration(progress->remaining_s).text);
        page_put(&page, "  %s", phases[progress->phase]);
        if (progress->blocks)
                page_put(&page, "  block %u", progress->blocks);
        if (isfinite(progress->precision_percent)) {
                bench_view_number(progress->precision_percent, precision);
                page_put(&page, "  ±%s %% of ±%g %%", precision, asked_percent);
        }
        if (progress->what && *progress->what)
                page_put(&page, "  %s", progress->what);
}

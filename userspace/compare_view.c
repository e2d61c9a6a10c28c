/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the words and columns of a comparison. See compare_view.h. */
#include <math.h>
#include <stdio.h>

#include "compare_view.h"
#include "page.h"
#include "util.h"

enum {
        NAME_WIDTH = 13,
        FIGURE_WIDTH = 7,
        INTERVAL_WIDTH = 15,
        VERDICT_GAP = 2,
        FACT_WIDTH = 14,
        TEXT_BYTES = 64,
        NS_A_US = 1000,
};

/* A measure of all conditions: a table. */
struct table {
        const char *title;
        size_t place; /* of its compare_measure in a row */
        double unit;
        bool speeds; /* with packets a second */
};

static const struct table TABLES[] = {
        {"loss %", offsetof(struct compare_row, loss_percent), 1, true},
        {"added P99, µs", offsetof(struct compare_row, added_p99_ns), NS_A_US, false},
};

static const struct compare_measure *measure_of(const struct compare_row *row,
                                                const struct table *table) {
        return (const void *)((const char *)row + table->place);
}

/* ---- cells ---- */

static void number_print(double value, char text[static TEXT_BYTES]) {
        double size = fabs(value);

        if (!isfinite(value))
                snprintf(text, TEXT_BYTES, "-");
        else if (size >= 1e5)
                snprintf(text, TEXT_BYTES, "%.1g", value);
        else
                snprintf(text, TEXT_BYTES, "%.*f",
                         size < 9.995   ? 2
                         : size < 99.95 ? 1
                                        : 0,
                         size < 0.005 ? 0 : value);
}

static void put_number(struct page *page, double value) {
        char text[TEXT_BYTES];

        number_print(value, text);
        page_cell(page, FIGURE_WIDTH, text);
}

static void interval_print(const struct xskim_bench_interval *interval, double unit,
                           char text[static 2 * TEXT_BYTES + 4]) {
        char low[TEXT_BYTES], high[TEXT_BYTES];

        number_print(interval->low / unit, low);
        number_print(interval->high / unit, high);
        snprintf(text, 2 * TEXT_BYTES + 4, "[%s, %s]", low, high);
}

static void put_interval(struct page *page, const struct xskim_bench_interval *interval,
                         double unit) {
        char text[2 * TEXT_BYTES + 4];

        interval_print(interval, unit, text);
        page_cell(page, INTERVAL_WIDTH, interval->count ? text : "");
}

/* Names of conditions tell one from the other. */
static void put_name(struct page *page, const struct compare_condition *condition) {
        char cut[4 * sizeof(condition->name)];
        struct page cell = page_new(cut, sizeof(cut), NAME_WIDTH, false);

        page_put_cut(&cell, condition->name);
        page_put(page, " ");
        page_cell_left(page, NAME_WIDTH, cut);
}

static void put_speeds(struct page *page, const struct table *table,
                       const struct compare_condition *then, const struct compare_condition *now) {
        if (!table->speeds)
                return;
        put_number(page, then ? then->mpps : NAN);
        put_number(page, now ? now->mpps : NAN);
}

/* ---- tables ---- */

static void put_verdict(struct page *page, const struct compare_row *row,
                        enum compare_verdict verdict) {
        const char *word = COMPARE_VERDICT_WORDS[verdict];

        if (!row->then || !row->now)
                word = row->then ? "only then" : "only now";
        else if (row->null)
                word = "null: noise";
        page_put(page, "%*s", VERDICT_GAP, "");
        if (verdict == COMPARE_SLOWER && !row->null)
                page_style(page, PAGE_ALARM);
        else if (verdict == COMPARE_IMPRECISE && !row->null)
                page_style(page, PAGE_WARNING);
        page_put(page, "%s", word);
        page_style(page, PAGE_PLAIN);
        page_end(page);
}

static void put_row(struct page *page, const struct table *table, const struct compare_row *row) {
        const struct compare_measure *measure = measure_of(row, table);

        put_name(page, row->now ? row->now : row->then);
        put_speeds(page, table, row->then, row->now);
        put_number(page, measure->then.count ? measure->then.median / table->unit : NAN);
        put_number(page, measure->now.count ? measure->now.median / table->unit : NAN);
        put_number(page, measure->added.count ? measure->added.median / table->unit : NAN);
        put_interval(page, &measure->added, table->unit);
        put_verdict(page, row, measure->verdict);
}

static void put_head(struct page *page, const struct table *table,
                     const struct comparison *comparison) {
        page_end(page);
        page_fill(page, NAME_WIDTH + 1);
        if (table->speeds)
                page_cell(page, 2 * FIGURE_WIDTH, "Mpps");
        page_cell(page, 2 * FIGURE_WIDTH, table->title);
        page_end(page);
        page_put(page, " ");
        page_cell_left(page, NAME_WIDTH, "condition");
        for (int i = 0; i < (table->speeds ? 2 : 1); i++) {
                page_cell(page, FIGURE_WIDTH, "then");
                page_cell(page, FIGURE_WIDTH, "now");
        }
        page_cell(page, FIGURE_WIDTH, "added");
        page_cell(page, INTERVAL_WIDTH, "[95 %]");
        page_end(page);
        if (!table->speeds)
                return;
        put_name(page, comparison->baseline[1]);
        put_speeds(page, table, comparison->baseline[0], comparison->baseline[1]);
        page_cell(page, 2 * FIGURE_WIDTH, "baseline");
        page_end(page);
}

static bool is_measured(const struct comparison *comparison, const struct table *table) {
        for (unsigned int i = 0; i < comparison->row_count; i++)
                if (measure_of(&comparison->rows[i], table)->added.count)
                        return true;
        return false;
}

static void put_table(struct page *page, const struct table *table,
                      const struct comparison *comparison) {
        if (!is_measured(comparison, table)) {
                page_end(page);
                page_put(page, " %s: not measured by both.", table->title);
                page_end(page);
                return;
        }
        put_head(page, table, comparison);
        for (unsigned int i = 0; i < comparison->row_count; i++)
                put_row(page, table, &comparison->rows[i]);
}

/* ---- words ---- */

static void put_file(struct page *page, const char *label, const char *path) {
        page_put(page, " %-5s ", label);
        page_put_cut(page, path);
        page_end(page);
}

static void put_differences(struct page *page, const struct comparison *comparison) {
        for (unsigned int i = 0; i < comparison->difference_count; i++) {
                page_put(page, "   ");
                page_cell_left(page, FACT_WIDTH, comparison->differences[i].name);
                page_put(page, " then ");
                page_put_cut(page, comparison->differences[i].then);
                page_end(page);
                page_fill(page, 3 + FACT_WIDTH);
                page_put(page, " now  ");
                page_put_cut(page, comparison->differences[i].now);
                page_end(page);
        }
}

static void put_environments(struct page *page, const struct comparison *comparison) {
        page_put(page, " %s",
                 comparison->difference_count
                         ? "The environments differ; what differs below may be theirs:"
                         : "The environments are the same.");
        page_end(page);
        put_differences(page, comparison);
}

static void put_conclusion(struct page *page, const struct comparison *comparison) {
        page_end(page);
        page_put(page, " ");
        page_style(page, comparison->slower ? PAGE_ALARM : PAGE_PLAIN);
        page_put(page, "%s", comparison->slower ? "Slower." : "Nothing is shown to be slower.");
        page_style(page, PAGE_PLAIN);
        page_put(page, " Tolerance: %g %% of throughput, %g µs of P99.",
                 comparison->tolerance.loss_percent, comparison->tolerance.p99_ns / NS_A_US);
        page_end(page);
        page_words(page, 1,
                   "Packets a second of two runs also differ by what the machine did meanwhile. "
                   "Compared is what each condition loses to the baseline of its own run, block by "
                   "block; slower is what is above the tolerance with all of its interval.");
        page_end(page);
}

void compare_view(const struct comparison *comparison, const char *then_path, const char *now_path,
                  unsigned int columns, bool colour, char *text, size_t bytes) {
        struct page page = page_new(text, bytes, columns, colour);

        put_file(&page, "then", then_path);
        put_file(&page, "now", now_path);
        put_environments(&page, comparison);
        for (size_t i = 0; i < ARRAY_SIZE(TABLES); i++)
                put_table(&page, &TABLES[i], comparison);
        put_conclusion(&page, comparison);
}

void compare_view_differences(const struct comparison *comparison, unsigned int columns, char *text,
                              size_t bytes) {
        struct page page = page_new(text, bytes, columns, false);

        put_differences(&page, comparison);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the table of percentiles with its bounds and intervals. See view.h. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "page.h"
#include "view.h"
#include "view_private.h"

enum {
        CELL = 8,           /* columns of a figure in the table */
        CELL_INTERVAL = 16, /* of P99's interval in it */
        CELL_BOUNDS = 17,   /* of the bounds of a quantile */
};

/* How the values of a distribution are written, and the like of one value in the unit of another.
 */
struct measure {
        struct format_text (*text)(double value, int digits);
        struct format_text (*like)(double value, double other, int digits);
};

/* Sizes have all their digits. */
static struct format_text size_text(double bytes, int digits) {
        (void)digits;
        return format_size(bytes);
}

static struct format_text size_like(double bytes, double other, int digits) {
        struct format_text ret;

        if (other >= 99999.5)
                return format_bytes(bytes, digits);
        snprintf(ret.text, sizeof(ret.text), "%.0f", bytes);
        return ret;
}

static const struct measure TIME = {format_time, format_time_like};
static const struct measure SIZE = {size_text, size_like};

static struct format_text unspaced(struct format_text text) {
        char *blank;

        while ((blank = strchr(text.text, ' ')))
                memmove(blank, blank + 1, strlen(blank));
        return text;
}

/* How an interval is written: closed [6.31, 6.48 µs], or a bucket's with one digit more, because a
 * bucket is narrower than three digits: (6.308,6.342 µs]. */
struct bracket {
        char open;
        int digits;
        const char *comma;
};

static const struct bracket P99_INTERVAL = {'[', 3, ", "};
static const struct bracket FINE_INTERVAL = {'[', 4, ","};
static const struct bracket FINE_BUCKET = {'(', 4, ","};

/* ∞ when there are too few samples for a bound. Each end with its own unit when one unit would hide
 * the lower end or take too much room. */
static void interval(char *text, size_t size, const struct measure *measure,
                     const struct bracket *bracket, uint64_t low, uint64_t high) {
        bool shared = high / 100 <= low || !low;

        if (high == XSKIM_UNBOUNDED) {
                snprintf(text, size, "%c%s, ∞)", bracket->open,
                         measure->text(low, bracket->digits).text);
                return;
        }
        snprintf(text, size, "%c%s%s%s]", bracket->open,
                 measure->like(low, high, bracket->digits).text, bracket->comma,
                 measure->text(high, bracket->digits).text);
        if (!shared || page_width(text) > CELL_INTERVAL)
                snprintf(text, size, "%c%s,%s]", bracket->open,
                         unspaced(measure->text(low, 3)).text,
                         unspaced(measure->text(high, 3)).text);
}

static void put_value(struct page *page, const struct measure *measure, double value) {
        page_cell(page, CELL, measure->text(value, 3).text);
}

static void put_quantiles(struct page *page, const struct measure *measure,
                          const struct xskim_distribution *distribution) {
        const struct xskim_quantile *quantile;
        char text[96];

        for (unsigned int i = 0; i < XSKIM_QUANTILE_COUNT; i++) {
                quantile = &distribution->quantiles[i];
                put_value(page, measure, quantile->value);
                if (i != XSKIM_P99)
                        continue;
                interval(text, sizeof(text), measure, &P99_INTERVAL, quantile->ci95_low,
                         quantile->ci95_high);
                page_fill(page, page->column + 1);
                page_cell_left(page, CELL_INTERVAL - 1, text);
        }
}

static void put_distribution(struct page *page, const char *name, const struct measure *measure,
                             const struct xskim_distribution *distribution) {
        page_style(page, distribution->biased ? PAGE_WARNING : PAGE_PLAIN);
        page_put(page, "%s%s", distribution->biased ? "!" : " ", name);
        page_fill(page, VIEW_LABEL - 2);
        if (distribution->count) {
                put_value(page, measure, distribution->min);
                put_quantiles(page, measure, distribution);
                put_value(page, measure, distribution->max);
                page_cell(page, CELL - 1, format_short(distribution->count, 3).text);
        } else {
                page_put(page, "   not measured");
        }
        page_style(page, PAGE_PLAIN);
        page_end(page);
}

void view_percentiles(struct page *page, enum view_kind kind,
                      const struct xskim_snapshot *snapshot) {
        (void)kind;
        page_fill(page, VIEW_LABEL - 2);
        page_cell(page, CELL, "min");
#define QUANTILE_HEAD(rank_, name_, doc_)                                                          \
        page_cell(page, CELL, rank_ == XSKIM_P999 ? "p99.9" : #name_);                             \
        if (rank_ == XSKIM_P99)                                                                    \
                page_cell_left(page, CELL_INTERVAL, " [95 %]");
        XSKIM_QUANTILE_ROWS(QUANTILE_HEAD)
        page_cell(page, CELL, "max");
        page_cell(page, CELL - 1, "count");
        page_end(page);
#define LATENCY_LINE(name_, doc_) put_distribution(page, #name_, &TIME, &snapshot->name_);
        XSKIM_LATENCY_ROWS(LATENCY_LINE)
        put_distribution(page, "size", &SIZE, &snapshot->size);
        if (!snapshot->transit.enabled)
                return;
        put_distribution(page, "transit", &TIME, &snapshot->transit.sum.latency);
#define VARIATION_LINE(name_, doc_)                                                                \
        put_distribution(page, #name_, &TIME, &snapshot->transit.sum.delay_variation.name_);
        XSKIM_DELAY_VARIATION_ROWS(VARIATION_LINE)
}

static void put_error(struct page *page, const char *name,
                      const struct xskim_distribution *distribution) {
        if (distribution->count)
                page_item(page, VIEW_LABEL, "  ", "%s %s", name,
                          format_percent(distribution->relative_error * 100).text);
}

static bool is_anything_measured(const struct xskim_snapshot *snapshot) {
#define OR_MEASURED(name_, doc_) snapshot->name_.count ||
        return XSKIM_LATENCY_ROWS(OR_MEASURED) snapshot->size.count;
}

static bool is_any_biased(const struct xskim_snapshot *snapshot) {
#define OR_BIASED(name_, doc_) snapshot->name_.biased ||
        return XSKIM_LATENCY_ROWS(OR_BIASED) snapshot->size.biased;
}

void view_legend(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot) {
        (void)kind;
        if (!is_anything_measured(snapshot))
                return;
        page_put(page, " min, max: samples' · ±");
#define LATENCY_ERROR(name_, doc_) put_error(page, #name_, &snapshot->name_);
        XSKIM_LATENCY_ROWS(LATENCY_ERROR)
        put_error(page, "size", &snapshot->size);
        page_end(page);
        if (!is_any_biased(snapshot))
                return;
        page_style(page, PAGE_WARNING);
        view_label(page, "biased!");
        page_words(page, VIEW_LABEL,
                   "records were lost: the rest of that ring and interval was reweighted");
        page_style(page, PAGE_PLAIN);
        page_end(page);
}

static void put_bounds(struct page *page, const char *name, const struct measure *measure,
                       const struct xskim_distribution *distribution) {
        const struct xskim_quantile *quantile = distribution->quantiles;
        char text[96];

        if (!distribution->count)
                return;
        view_label(page, name);
        for (unsigned int i = 0; i < XSKIM_QUANTILE_COUNT; i++) {
                interval(text, sizeof(text), measure, &FINE_BUCKET, quantile[i].low,
                         quantile[i].high);
                page_cell_left(page, CELL_BOUNDS, text);
        }
        page_end(page);
        view_label(page, "  95 %");
        for (unsigned int i = 0; i < XSKIM_QUANTILE_COUNT; i++) {
                interval(text, sizeof(text), measure, &FINE_INTERVAL, quantile[i].ci95_low,
                         quantile[i].ci95_high);
                page_cell_left(page, CELL_BOUNDS, text);
        }
        page_end(page);
}

static void put_mean(struct page *page, const char *name, const struct measure *measure,
                     const struct xskim_distribution *distribution) {
        if (distribution->count)
                page_item(page, VIEW_LABEL, "  ", "%s %s", name,
                          measure->text(distribution->mean, 3).text);
}

static void put_means(struct page *page, const struct xskim_snapshot *snapshot) {
        view_label(page, "mean");
#define LATENCY_MEAN(name_, doc_) put_mean(page, #name_, &TIME, &snapshot->name_);
        XSKIM_LATENCY_ROWS(LATENCY_MEAN)
        put_mean(page, "size", &SIZE, &snapshot->size);
        page_end(page);
}

void view_bounds(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot) {
        (void)kind;
        if (!is_anything_measured(snapshot))
                return;
        view_label(page, "bucket");
#define QUANTILE_BOUNDS_HEAD(rank_, name_, doc_)                                                   \
        page_cell_left(page, CELL_BOUNDS, rank_ == XSKIM_P999 ? "p99.9" : #name_);
        XSKIM_QUANTILE_ROWS(QUANTILE_BOUNDS_HEAD)
        page_end(page);
#define LATENCY_BOUNDS(name_, doc_) put_bounds(page, #name_, &TIME, &snapshot->name_);
        XSKIM_LATENCY_ROWS(LATENCY_BOUNDS)
        put_bounds(page, "size", &SIZE, &snapshot->size);
        put_bounds(page, "transit", &TIME, &snapshot->transit.sum.latency);
#define VARIATION_BOUNDS(name_, doc_)                                                              \
        put_bounds(page, #name_, &TIME, &snapshot->transit.sum.delay_variation.name_);
        XSKIM_DELAY_VARIATION_ROWS(VARIATION_BOUNDS)
        put_means(page, snapshot);
}

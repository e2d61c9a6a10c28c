/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how claims are laid out. See claims_view.h. */
#include <math.h>
#include <stdio.h>

#include "claims_view.h"
#include "format.h"
#include "page.h"

enum { TEXT_COLUMN = 17, PERCENT = 100, GROUPED_FROM = 1000 };

/* Three digits, or all of what is large. */
static struct format_text number(double value) {
        struct format_text text;

        if (isfinite(value) && value >= GROUPED_FROM)
                return format_grouped((uint64_t)(value + 0.5));
        snprintf(text.text, sizeof(text.text), "%.3g", value);
        return text;
}

static const char *verdict_words(enum xskim_claim_verdict verdict) {
        static const char *const words[] = {
                [XSKIM_CLAIM_not_testable] = "not testable",
                [XSKIM_CLAIM_holds] = "holds",
                [XSKIM_CLAIM_does_not_hold] = "does not hold",
        };

        return words[verdict];
}

static enum page_style style_of(enum xskim_claim_verdict verdict) {
        return verdict == XSKIM_CLAIM_does_not_hold ? PAGE_ALARM : PAGE_PLAIN;
}

static void measured_put(struct page *page, const struct xskim_claim *claim) {
        const struct xskim_bench_interval *m = &claim->measured;

        page_fill(page, TEXT_COLUMN);
        page_put(page, "paper %s · ", claim->paper);
        if (!m->count)
                page_put(page, "not measured");
        else if (m->low == m->high)
                page_put(page, "measured %s %s, exact", number(m->median).text, claim->unit);
        else
                page_put(page, "measured %s [%s, %s] %s", number(m->median).text,
                         number(m->low).text, number(m->high).text, claim->unit);
        page_end(page);
}

static void words_put(struct page *page, const char *words) {
        if (!words[0])
                return;
        page_fill(page, TEXT_COLUMN);
        page_words(page, TEXT_COLUMN, words);
        page_end(page);
}

static void claim_put(struct page *page, const struct xskim_claim *claim) {
        page_put(page, " ");
        page_style(page, style_of(claim->verdict));
        page_put(page, "%s", verdict_words(claim->verdict));
        page_style(page, PAGE_PLAIN);
        page_fill(page, TEXT_COLUMN);
        page_put_cut(page, claim->claim);
        page_end(page);
        measured_put(page, claim);
        words_put(page, claim->how);
        words_put(page, claim->reason);
        page_end(page);
}

void claims_view(const struct xskim_claims_result *result, unsigned int columns, bool colour,
                 char *text, size_t bytes) {
        struct page page = page_new(text, bytes, columns, colour);
        unsigned int counts[XSKIM_CLAIM_does_not_hold + 1] = {0};

        for (unsigned int i = 0; i < result->count; i++) {
                counts[result->claims[i].verdict]++;
                claim_put(&page, &result->claims[i]);
        }
        page_put(&page,
                 " %u claims in %.0f s: %u hold, %u do not, %u not testable; intervals of 95 %%%s",
                 result->count, result->duration_s, counts[XSKIM_CLAIM_holds],
                 counts[XSKIM_CLAIM_does_not_hold], counts[XSKIM_CLAIM_not_testable],
                 result->interrupted ? "; interrupted, the rest is missing" : "");
        page_end(&page);
}

void claims_view_progress(const char *what, double share, unsigned int columns, char *text,
                          size_t bytes) {
        struct page page = page_new(text, bytes, columns, false);

        page_put(&page, " %3.0f %%  %s", PERCENT * share, what);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what stands below the first table: latency, CPU, the instrument, accounts, notes. See
 * bench_view.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench_cost.h"
#include "bench_view_private.h"
#include "format.h"
#include "util.h"

enum {
        CELL_LATENCY = 15,
        CELL_ADDED = 8,
        CELL_INTERVAL = 15,
        CELL_NS = 9,
        CELL_BUSY = 7,
        CELL_MEMORY = 10,
        NS_A_US = 1000,
};
static const double BUSY_PERCENT = 90; /* from here on a side is what limits */

static void put_title(struct page *page, const char *title) {
        page_end(page);
        page_put(page, " ");
        page_words(page, 1, title);
        page_end(page);
}

/* ---- latency ---- */

static bool has_latency(const struct xskim_bench_outcome *outcome) {
        for (size_t i = 0; i < XSKIM_BENCH_LOADS; i++)
                if (outcome->latency[i].distribution.count)
                        return true;
        return false;
}

static bool any_latency(const struct xskim_bench_result *result) {
        for (unsigned int i = 0; i < result->outcome_count; i++)
                if (has_latency(&result->outcomes[i]))
                        return true;
        return false;
}

/* In µs, with at most two digits that matter: three of them stand in a cell. */
static void short_us(uint64_t ns, char text[static BENCH_VIEW_WORDS]) {
        double us = (double)ns / NS_A_US;

        if (us >= 99999.5)
                snprintf(text, BENCH_VIEW_WORDS, "%.0e", us);
        else
                snprintf(text, BENCH_VIEW_WORDS, "%.*f", us < 9.95 ? 1 : 0, us);
}

static void put_quantiles(struct page *page, const struct xskim_distribution *distribution) {
        char p50[BENCH_VIEW_WORDS], p99[BENCH_VIEW_WORDS], p999[BENCH_VIEW_WORDS];
        char text[BENCH_VIEW_WORDS];

        if (!distribution->count) {
                page_cell(page, CELL_LATENCY, "-");
                return;
        }
        short_us(distribution->quantiles[XSKIM_P50].value, p50);
        short_us(distribution->quantiles[XSKIM_P99].value, p99);
        short_us(distribution->quantiles[XSKIM_P999].value, p999);
        snprintf(text, sizeof(text), "%.16s/%.16s/%.16s", p50, p99, p999);
        page_cell(page, CELL_LATENCY, text);
}

static void put_loads(struct page *page, const struct xskim_bench_result *result) {
        static const unsigned int percents[] = {
#define PERCENT(percent_) percent_,
                XSKIM_BENCH_LOAD_ROWS(PERCENT)
#undef PERCENT
        };
        char text[BENCH_VIEW_WORDS];

        page_put(page, " ");
        page_cell_left(page, bench_view_name_width(page, result), "condition");
        for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
                snprintf(text, sizeof(text), "at %u %%", percents[i]);
                page_cell(page, CELL_LATENCY, percents[i] ? text : "idle");
        }
        page_end(page);
}

static void put_latency(struct page *page, const struct xskim_bench_result *result) {
        char text[256];

        if (!any_latency(result))
                return;
        snprintf(text, sizeof(text),
                 "Latency in µs, P50/P99/P99.9, from when each packet was to be sent; in percent "
                 "of the no-drop rate, %s:",
                 format_packet_rate((double)result->no_drop_pps).text);
        put_title(page, text);
        put_loads(page, result);
        for (unsigned int i = 0; i < result->outcome_count; i++) {
                if (!has_latency(&result->outcomes[i]))
                        continue;
                bench_view_put_name(page, result, i);
                for (size_t load = 0; load < XSKIM_BENCH_LOADS; load++)
                        put_quantiles(page, &result->outcomes[i].latency[load].distribution);
                page_end(page);
        }
}

static void put_added_cells(struct page *page, const struct xskim_bench_interval *added) {
        char text[BENCH_VIEW_WORDS];

        bench_view_number(added->count ? added->median / NS_A_US : NAN, text);
        page_cell(page, CELL_ADDED, text);
        bench_view_interval(added, NS_A_US, text);
        page_put(page, " ");
        page_cell_left(page, CELL_INTERVAL, text);
}

/* P99 stands in the first table when there is room. */
static void put_added(struct page *page, const struct xskim_bench_result *result) {
        if (!any_latency(result))
                return;
        put_title(page, "Added latency in µs at half the no-drop rate, paired with the baseline:");
        page_put(page, " ");
        page_cell_left(page, bench_view_name_width(page, result), "condition");
        page_cell(page, CELL_ADDED, "+p50");
        page_put(page, " ");
        page_cell_left(page, CELL_INTERVAL, "[95 %]");
        page_cell(page, CELL_ADDED, "+p99");
        page_put(page, " ");
        page_cell_left(page, CELL_INTERVAL, "[95 %]");
        page_end(page);
        for (unsigned int i = 1; i < result->outcome_count; i++) {
                const struct xskim_bench_outcome *outcome = &result->outcomes[i];

                if (!outcome->added_p99_ns.count)
                        continue;
                bench_view_put_name(page, result, i);
                put_added_cells(page, &outcome->latency[XSKIM_BENCH_LOAD_HALF].added_p50_ns);
                put_added_cells(page, &outcome->added_p99_ns);
                page_end(page);
        }
}

/* ---- CPU ---- */

/* Of a core: CPU time of a packet times packets a second. */
static double busy_percent(const struct xskim_bench_outcome *outcome, double ns_per_packet) {
        return outcome->mpps.count ? ns_per_packet * outcome->mpps.median / 10 : NAN;
}

static void put_side(struct page *page, const struct xskim_bench_outcome *outcome,
                     double ns_per_packet) {
        double busy = busy_percent(outcome, ns_per_packet);
        char text[BENCH_VIEW_WORDS];

        bench_view_number(ns_per_packet, text);
        page_cell(page, CELL_NS, text);
        snprintf(text, sizeof(text), "%.0f %%", busy);
        page_cell(page, CELL_BUSY, isfinite(busy) ? text : "-");
}

static void put_cpu_row(struct page *page, const struct xskim_bench_result *result,
                        unsigned int condition) {
        const struct xskim_bench_outcome *outcome = &result->outcomes[condition];
        char text[BENCH_VIEW_WORDS];

        bench_view_put_name(page, result, condition);
        put_side(page, outcome, outcome->sender_cpu_ns_per_packet);
        put_side(page, outcome, outcome->receiver_cpu_ns_per_packet);
        bench_view_number(outcome->ns_per_packet, text);
        page_cell(page, CELL_NS, text);
        bench_view_number(outcome->ns_per_packet_statistics, text);
        page_cell(page, CELL_NS, text);
        page_cell(page, CELL_MEMORY,
                  outcome->memory_bytes ? format_memory((double)outcome->memory_bytes).text : "-");
        page_end(page);
}

static void put_cpu(struct page *page, const struct xskim_bench_result *result) {
        put_title(page, "CPU time in ns a packet, and how busy that keeps a core; the program "
                        "alone (BPF_PROG_RUN) and by the kernel's run-time statistics, which cost "
                        "something themselves:");
        page_put(page, " ");
        page_cell_left(page, bench_view_name_width(page, result), "condition");
        page_cell(page, CELL_NS, "sender");
        page_cell(page, CELL_BUSY, "busy");
        page_cell(page, CELL_NS, "receiver");
        page_cell(page, CELL_BUSY, "busy");
        page_cell(page, CELL_NS, "program");
        page_cell(page, CELL_NS, "in situ");
        page_cell(page, CELL_MEMORY, "kernel mem");
        page_end(page);
        for (unsigned int i = 0; i < result->outcome_count; i++)
                put_cpu_row(page, result, i);
        page_end(page);
}

static void put_limit(struct page *page, const struct xskim_bench_result *result) {
        const struct xskim_bench_outcome *baseline = &result->outcomes[0];
        double sender = busy_percent(baseline, baseline->sender_cpu_ns_per_packet);
        double receiver = busy_percent(baseline, baseline->receiver_cpu_ns_per_packet);
        const char *words = "neither side's CPU: something else limits, or the machine is shared";

        if (!isfinite(sender) || !isfinite(receiver))
                return;
        if (fmax(sender, receiver) >= BUSY_PERCENT)
                words = sender >= receiver ? "the sender's CPU, which has the packet path"
                                           : "the receiver's CPU";
        bench_view_label(page, "limit");
        page_words(page, BENCH_VIEW_LABEL, words);
        page_item(page, BENCH_VIEW_LABEL, "  ", "(baseline: sender %.0f %%, receiver %.0f %% busy)",
                  sender, receiver);
        page_end(page);
}

/* ---- the instrument ---- */

static void put_null(struct page *page, const struct xskim_bench_result *result) {
        char text[BENCH_VIEW_WORDS];

        bench_view_label(page, "null");
        if (result->null_loss_percent.count) {
                bench_view_interval(&result->null_loss_percent, 1, text);
                page_item(page, BENCH_VIEW_LABEL, "", "loss %s %%", text);
        } else {
                page_item(page, BENCH_VIEW_LABEL, "", "not measured");
        }
        if (result->null_added_p99_ns.count) {
                bench_view_interval(&result->null_added_p99_ns, NS_A_US, text);
                page_item(page, BENCH_VIEW_LABEL, "  ", "p99 %s µs", text);
        }
        page_item(page, BENCH_VIEW_LABEL, "  ", "of the baseline against itself");
        page_end(page);
}

static void put_bias(struct page *page, const struct xskim_bench_result *result) {
        const struct xskim_bench_bias *bias = &result->bias;
        char words[128];

        bench_view_label(page, "instrument");
        page_item(page, BENCH_VIEW_LABEL, "", "clock %s",
                  format_time((double)bias->clock_ns, 3).text);
        if (bias->back_to_back_p99_ns)
                page_item(page, BENCH_VIEW_LABEL, "  ", "back to back p50 %s p99 %s",
                          format_time((double)bias->back_to_back_p50_ns, 3).text,
                          format_time((double)bias->back_to_back_p99_ns, 3).text);
        if (bias->sender_p99_ns)
                page_item(page, BENCH_VIEW_LABEL, "  ", "sent late p50 %s p99 %s",
                          format_time((double)bias->sender_p50_ns, 3).text,
                          format_time((double)bias->sender_p99_ns, 3).text);
        page_end(page);
        if (!result->no_drop_pps)
                return;
        bench_view_label(page, "no-drop");
        page_item(page, BENCH_VIEW_LABEL, "", "%s",
                  format_packet_rate((double)result->no_drop_pps).text);
        snprintf(words, sizeof(words),
                 " with at most %g %% lost, by binary search (RFC 2544, 26.1)",
                 result->loss_tolerance * 100);
        page_words(page, BENCH_VIEW_LABEL, words);
        page_end(page);
}

/* ---- the account ---- */

static void put_account(struct page *page, const struct xskim_bench_result *result) {
        uint64_t unaccounted = 0, lost = 0;

        for (unsigned int i = 0; i < result->outcome_count; i++)
                if (bench_cost_is_own(&result->outcomes[i])) {
                        unaccounted += result->outcomes[i].unaccounted;
                        lost += result->outcomes[i].lost_records;
                }
        bench_view_label(page, "account");
        page_style(page, unaccounted ? PAGE_ALARM : PAGE_PLAIN);
        page_item(page, BENCH_VIEW_LABEL, "", "unaccounted %s", format_grouped(unaccounted).text);
        page_style(page, PAGE_PLAIN);
        page_item(page, BENCH_VIEW_LABEL, " · ", "records lost %s", format_grouped(lost).text);
        page_item(page, BENCH_VIEW_LABEL, " · ", "order from seed %lu", result->seed);
        page_end(page);
}

static void put_seen(struct page *page, const struct xskim_bench_result *result,
                     unsigned int condition) {
        const struct xskim_bench_outcome *outcome = &result->outcomes[condition];
        char name[BENCH_VIEW_WORDS];

        if (bench_cost_is_own(outcome) || !outcome->seen_known || !outcome->truth)
                return;
        bench_view_name(result, condition, name);
        bench_view_label(page, "");
        page_item(page, BENCH_VIEW_LABEL, "", "%s saw %s", name,
                  format_percent(100.0 * outcome->seen / outcome->truth).text);
        page_item(page, BENCH_VIEW_LABEL, "  ", "(%s of %s packets)",
                  format_grouped(outcome->seen).text, format_grouped(outcome->truth).text);
        page_end(page);
}

/* ---- notes ---- */

static void put_note(struct page *page, const char *name, const char *words) {
        bench_view_label(page, "note");
        page_item(page, BENCH_VIEW_LABEL, "", "%s:", name);
        page_words(page, BENCH_VIEW_LABEL, words);
        page_end(page);
}

static void put_failed(struct page *page, const struct xskim_bench_result *result,
                       unsigned int condition) {
        const struct xskim_bench_outcome *outcome = &result->outcomes[condition];
        char name[BENCH_VIEW_WORDS], words[XSKIM_BENCH_WORDS_BYTES + 32];

        if (!outcome->failed && !*outcome->note)
                return;
        bench_view_name(result, condition, name);
        snprintf(words, sizeof(words), "%s%s", outcome->failed ? "could not be measured: " : "",
                 *outcome->note ? outcome->note : "no reason is known");
        put_note(page, name, words);
}

static void put_noise(struct page *page, const struct xskim_bench_result *result) {
        const struct xskim_bench_interval *null = &result->null_loss_percent;
        char words[256];

        if (!result->precision_reached && !result->interrupted) {
                snprintf(words, sizeof(words),
                         "this machine is too noisy for ±%g %% in %.0f s. The intervals say what "
                         "is known; give a longer --max-time, or ask for less with --precision.",
                         result->precision_asked_percent, result->duration_s);
                put_note(page, "precision", words);
        }
        if (null->count && (null->low > 0 || null->high < 0)) {
                snprintf(words, sizeof(words),
                         "the baseline differs from itself by %.2f %%: something disturbed the "
                         "run. Do not rely on differences of that size; run it again.",
                         null->median);
                put_note(page, "null", words);
        }
}

void bench_view_details(struct page *page, const struct bench_view *view) {
        const struct xskim_bench_result *result = view->result;

        put_latency(page, result);
        put_added(page, result);
        put_cpu(page, result);
        put_limit(page, result);
        put_null(page, result);
        put_bias(page, result);
        bench_view_derived(page, view);
        put_account(page, result);
        for (unsigned int i = 0; i < result->outcome_count; i++)
                put_seen(page, result, i);
        for (unsigned int i = 0; i < result->outcome_count; i++)
                put_failed(page, result, i);
        put_noise(page, result);
}

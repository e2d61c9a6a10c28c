/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the words of a replay's progress and report. See player_view.h. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "page.h"
#include "player_view.h"

enum { BAR_WIDTH = 32, LABEL_WIDTH = 10, TEXT_BYTES = 64 };

/* ---- what was asked ---- */

static void pace_text(const struct xskim_replay_pace *pace, char text[static TEXT_BYTES]) {
        switch (pace->pace) {
        case XSKIM_REPLAY_CAPTURED:
                if (pace->speed == XSKIM_REPLAY_SPEED_ONE)
                        snprintf(text, TEXT_BYTES, "captured timing");
                else
                        snprintf(text, TEXT_BYTES, "captured timing x %g",
                                 (double)pace->speed / XSKIM_REPLAY_SPEED_ONE);
                return;
        case XSKIM_REPLAY_PACKETS:
                snprintf(text, TEXT_BYTES, "%s", format_packet_rate((double)pace->rate).text);
                return;
        case XSKIM_REPLAY_BITS:
                snprintf(text, TEXT_BYTES, "%s", format_bit_rate((double)pace->rate).text);
                return;
        case XSKIM_REPLAY_TOP:
                break;
        }
        snprintf(text, TEXT_BYTES, "top speed");
}

/* ---- progress ---- */

static void put_bar(struct page *page, double share) {
        int full = (int)(fmin(fmax(share, 0), 1) * BAR_WIDTH);

        page_put(page, "[");
        for (int i = 0; i < BAR_WIDTH; i++)
                page_put(page, "%s", i < full ? "#" : "-");
        page_put(page, "] %3d %%", (int)(share * 100));
}

void player_view_progress(const struct xskim_replay_config *config,
                          const struct xskim_replay_progress *progress, double share,
                          unsigned int columns, char *text, size_t bytes) {
        struct page page = page_new(text, bytes, columns, false);
        double seconds = xskim_replay_duration_s(progress);
        double rate = seconds > 0 ? (double)progress->packets / seconds : 0;
        char asked[TEXT_BYTES];

        pace_text(&config->pace, asked);
        if (share >= 0)
                put_bar(&page, share);
        if (share > 0)
                page_put(&page, "  %s left", format_duration(seconds / share - seconds).text);
        page_put(&page, "  %s packets  %s", format_grouped(progress->packets).text,
                 format_packet_rate(rate).text);
        page_put(&page, "  %s", asked);
        if (config->pace.pace != XSKIM_REPLAY_TOP)
                page_put(&page, "  late %s", format_grouped(progress->late).text);
}

/* ---- the report ---- */

static void put_label(struct page *page, const char *label) {
        page_put(page, " ");
        page_cell_left(page, LABEL_WIDTH, label);
}

static void put_sent(struct page *page, const struct xskim_replay_report *report) {
        const struct xskim_replay_progress *progress = &report->sent.progress;
        double seconds = xskim_replay_duration_s(progress), per = seconds > 0 ? 1 / seconds : NAN;
        char asked[TEXT_BYTES];

        pace_text(&report->pace, asked);
        put_label(page, "sent");
        page_item(page, LABEL_WIDTH + 1, "", "%s packets", format_grouped(progress->packets).text);
        page_item(page, LABEL_WIDTH + 1, "  ", "%s", format_bytes((double)progress->bytes, 4).text);
        page_item(page, LABEL_WIDTH + 1, "  ", "in %s", format_time(seconds * 1e9, 4).text);
        page_item(page, LABEL_WIDTH + 1, "  ", "%s",
                  format_packet_rate((double)progress->packets * per).text);
        page_item(page, LABEL_WIDTH + 1, "  ", "%s",
                  format_bit_rate((double)progress->bytes * 8 * per).text);
        page_item(page, LABEL_WIDTH + 1, "  ", "(asked: %s)", asked);
        page_end(page);
}

static const char *const ADDRESS_WORDS[] = {
#define WORDS(name_, doc_) [XSKIM_REPLAY_ADDRESS_##name_] = doc_,
        XSKIM_REPLAY_ADDRESS_ROWS(WORDS)
#undef WORDS
};

static void put_address(struct page *page, const char *gap, const char *word,
                        const struct xskim_replay_address *address) {
        const uint8_t *mac = address->bytes;

        if (address->from == XSKIM_REPLAY_ADDRESS_captured)
                page_item(page, LABEL_WIDTH + 1, gap, "%s as captured", word);
        else
                page_item(page, LABEL_WIDTH + 1, gap, "%s %02x:%02x:%02x:%02x:%02x:%02x (%s)", word,
                          mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
                          ADDRESS_WORDS[address->from]);
}

static void put_addresses(struct page *page, const struct xskim_replay_addresses *addresses) {
        bool changed = addresses->destination.from || addresses->source.from;

        put_label(page, "addresses");
        if (changed) {
                put_address(page, "", "to", &addresses->destination);
                put_address(page, "  ", "from", &addresses->source);
        } else {
                page_item(page, LABEL_WIDTH + 1, "", "%s",
                          ADDRESS_WORDS[XSKIM_REPLAY_ADDRESS_captured]);
        }
        page_end(page);
}

static void put_threads(struct page *page, const struct xskim_replay_report *report) {
        if (report->thread_count < 2)
                return;
        put_label(page, "threads");
        page_item(page, LABEL_WIDTH + 1, "", "%u, which sent", report->thread_count);
        for (unsigned int i = 0; i < report->thread_count; i++)
                page_item(page, LABEL_WIDTH + 1, "  ", "%s",
                          format_grouped(report->threads[i].packets).text);
        page_end(page);
}

static void put_timing(struct page *page, const struct xskim_replay_report *report) {
        const struct xskim_distribution *d = &report->error_ns;

        put_label(page, "timing");
#define QUANTILE(rank_, name_, doc_)                                                               \
        page_item(page, LABEL_WIDTH + 1, *#name_ && rank_ == XSKIM_P50 ? "" : "  ", #name_ " %s",  \
                  format_time((double)d->quantiles[rank_].value, 3).text);
        XSKIM_QUANTILE_ROWS(QUANTILE)
#undef QUANTILE
        page_item(page, LABEL_WIDTH + 1, "  ", "max %s", format_time((double)d->max, 3).text);
        page_item(page, LABEL_WIDTH + 1, "  ", "drift %s%s", report->drift_ns < 0 ? "-" : "",
                  format_time(fabs((double)report->drift_ns), 3).text);
        page_item(page, LABEL_WIDTH + 1, "  ", "late %s (above %s)",
                  format_grouped(report->sent.progress.late).text,
                  format_time(XSKIM_REPLAY_LATE_NS, 3).text);
        page_end(page);
        put_label(page, "");
        page_words(page, LABEL_WIDTH + 1,
                   "of each packet, |handed to the port - due|, by CLOCK_MONOTONIC on this host");
        page_end(page);
}

static void put_count(struct page *page, const char *label, uint64_t count, const char *doc) {
        if (!count)
                return;
        put_label(page, label);
        page_item(page, LABEL_WIDTH + 1, "", "%s ", format_grouped(count).text);
        page_words(page, LABEL_WIDTH + 1, doc);
        page_end(page);
}

static void put_stamps(struct page *page, const struct xskim_replay_stamps *stamps) {
        if (!stamps->wanted)
                return;
        put_label(page, "stamped");
        page_item(page, LABEL_WIDTH + 1, "", "%s", format_grouped(stamps->stamped).text);
        page_item(page, LABEL_WIDTH + 1, "  ", "run %08" PRIx32, stamps->run);
        page_end(page);
#define UNSTAMPED(name_, doc_) put_count(page, "unstamped", stamps->unstamped.name_, doc_);
        XSKIM_REPLAY_UNSTAMPED_ROWS(UNSTAMPED)
#undef UNSTAMPED
}

static void put_counts(struct page *page, const struct xskim_replay_report *report) {
#define SKIP(name_, doc_) put_count(page, "skipped", report->feeder.name_, doc_);
        XSKIM_REPLAY_SKIP_ROWS(SKIP)
#undef SKIP
        put_count(page, "refused", report->sent.refused, "that the port did not take");
#define NOTE(name_, doc_) put_count(page, "note", report->feeder.name_, doc_);
        XSKIM_REPLAY_NOTE_ROWS(NOTE)
#undef NOTE
        put_count(page, "note", report->sent.stalls,
                  "times the capture was not read in time, so packets waited for it");
}

static void put_port(struct page *page, const struct xskim_replay_report *report) {
        put_label(page, "port");
        page_item(page, LABEL_WIDTH + 1, "", "by its own counters: %s packets sent, %s dropped",
                  format_grouped(report->port_sent.packets).text,
                  format_grouped(report->port_sent.dropped).text);
        page_end(page);
}

void player_view_report(const struct xskim_replay_report *report, unsigned int columns, char *text,
                        size_t bytes) {
        struct page page = page_new(text, bytes, columns, false);

        put_label(&page, report->port);
        page_item(&page, LABEL_WIDTH + 1, "", "%s", report->file);
        page_item(&page, LABEL_WIDTH + 1, "  ", "engine %s (%s)", report->engine, report->mode);
        page_item(&page, LABEL_WIDTH + 1, "  ", "because: %s", report->why);
        page_end(&page);
        put_sent(&page, report);
        put_addresses(&page, &report->addresses);
        put_threads(&page, report);
        if (report->timed && report->error_ns.count)
                put_timing(&page, report);
        put_stamps(&page, &report->sent.stamps);
        put_counts(&page, report);
        put_port(&page, report);
}

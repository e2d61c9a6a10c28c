/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the order and the words of what is read of a passage. See passage_view.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "json_passage.h"
#include "page.h"
#include "passage_view.h"
#include "player_view.h"
#include "util.h"

enum { LABEL_WIDTH = 10 };

uint64_t passage_missing(const struct passage_result *result) {
        uint64_t stamped = result->report.sent.stamps.stamped;
        uint64_t received = result->summary.transit.sum.received;

        return stamped > received ? stamped - received : 0;
}

uint64_t passage_doubtful(const struct passage_result *result) {
        const struct xskim_transit *transit = &result->summary.transit;

        return transit->unrecorded + transit->unordered + transit->untracked +
               transit->sum.beyond_window;
}

static void put_label(struct page *page, const char *label) {
        page_put(page, " ");
        page_cell_left(page, LABEL_WIDTH, label);
}

/* The watch knows of what is lost up to the last packet that arrived; here both ends are known. */
static void put_missing(struct page *page, const struct passage_result *result) {
        uint64_t missing = passage_missing(result), lost = result->summary.transit.sum.lost;

        put_label(page, "both ends");
        page_item(page, LABEL_WIDTH + 1, "", "%s stamped, %s received, %s never arrived",
                  format_grouped(result->report.sent.stamps.stamped).text,
                  format_grouped(result->summary.transit.sum.received).text,
                  format_grouped(missing).text);
        if (missing > lost)
                page_item(page, LABEL_WIDTH + 1, " ", "(%s of them behind the last that did)",
                          format_grouped(missing - lost).text);
        page_end(page);
        if (!passage_doubtful(result))
                return;
        put_label(page, "doubt");
        page_item(page, LABEL_WIDTH + 1, "", "%s", format_grouped(passage_doubtful(result)).text);
        page_words(page, LABEL_WIDTH + 1,
                   " stamps were lost by xskim itself or came too late to be placed: up to so many "
                   "of these are not the path's doing. Send slower.");
        page_end(page);
}

static void put_relay(struct page *page, const struct json_relay *relay) {
        put_label(page, "relay");
        page_item(page, LABEL_WIDTH + 1, "", "told %s:", relay->impair);
#define COUNT(name_, text_)                                                                        \
        if (relay->name_)                                                                          \
                page_item(page, LABEL_WIDTH + 1, "  ", #name_ " %s",                               \
                          format_grouped(relay->name_).text);
        JSON_RELAY_ROWS(COUNT)
#undef COUNT
        page_item(page, LABEL_WIDTH + 1, "  ", "late by p50 %s p99 %s",
                  format_time((double)relay->late_p50_ns, 3).text,
                  format_time((double)relay->late_p99_ns, 3).text);
        page_item(page, LABEL_WIDTH + 1, "  ", "unaccounted %s",
                  format_grouped(relay->unaccounted).text);
        page_end(page);
}

void passage_view(const struct passage_result *result, unsigned int columns, char *text,
                  size_t bytes) {
        const struct view_screen screen = {.columns = columns};
        struct json_relay relay;
        struct page page;
        size_t used;

        text[0] = '\0';
        if (result->replayed)
                player_view_report(&result->report, columns, text, bytes);
        used = strlen(text);
        if (result->watched && used + 1 < bytes) {
                text[used++] = '\n';
                view_render(VIEW_TRANSIT, &screen, &result->summary, text + used, bytes - used);
                used += strlen(text + used);
        }
        page = page_new(text + used, bytes - used, columns, false);
        if (result->watched && result->report.sent.stamps.wanted)
                put_missing(&page, result);
        if (json_relay_read(result->relay, &relay))
                put_relay(&page, &relay);
}

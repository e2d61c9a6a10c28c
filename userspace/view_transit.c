/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how the transit of stamped packets is shown: what happened to them, then stream by stream.
 * Its latencies stand in the table of percentiles. */
#include <string.h>

#include "format.h"
#include "page.h"
#include "util.h"
#include "view.h"
#include "view_private.h"

enum { STREAMS_SHOWN = 8 };

static void put_count(struct page *page, const char *name, uint64_t count) {
        struct format_text text;

        page_item(page, VIEW_LABEL, "  ", "%s %s", view_spaced(name, &text),
                  format_grouped(count).text);
}

static void put_found(struct page *page, const char *name, uint64_t count) {
        if (count)
                put_count(page, name, count);
}

static void put_reordering(struct page *page, const struct xskim_stream *stream) {
        if (!stream->reordered)
                return;
        page_item(page, VIEW_LABEL, "  ", "(%s, extent mean %s)",
                  format_percent(100 * stream->reordered_ratio).text,
                  format_short(stream->reorder_extent_mean, 3).text);
}

/* What is never left out, even when it is 0, is what people came for. */
static void put_counts(struct page *page, const struct xskim_stream *stream) {
        put_count(page, "received", stream->received);
        put_count(page, "lost", stream->lost);
        put_count(page, "duplicated", stream->duplicated);
        put_count(page, "reordered", stream->reordered);
        put_reordering(page, stream);
        put_count(page, "corrupted", stream->corrupted);
        put_found(page, "beyond_window", stream->beyond_window);
        put_found(page, "before_sent", stream->before_sent);
        put_found(page, "reorder_extent_max", stream->reorder_extent_max);
}

static void put_stream(struct page *page, const struct xskim_stream *stream) {
        view_label(page, "stream");
        page_put(page, "%08x/%u", stream->run, stream->number);
        put_counts(page, stream);
        page_item(page, VIEW_LABEL, "  ", "p50 %s  p99 %s",
                  format_time(stream->latency.quantiles[XSKIM_P50].value, 3).text,
                  format_time(stream->latency.quantiles[XSKIM_P99].value, 3).text);
        page_item(page, VIEW_LABEL, "  ", "jitter %s",
                  format_time(stream->delay_variation.jitter_ns, 3).text);
        page_end(page);
}

void view_transit(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot) {
        const struct xskim_transit *transit = &snapshot->transit;

        (void)kind;
        if (!transit->enabled)
                return;
        view_label(page, "transit");
        if (!transit->stream_count && !transit->unattributed)
                page_put(page, "no packet with a stamp seen");
        else
                put_counts(page, &transit->sum);
        page_style(page, PAGE_WARNING);
#define FOUND(name_, doc_) put_found(page, #name_, transit->name_);
        XSKIM_TRANSIT_ROWS(FOUND)
#undef FOUND
        page_style(page, PAGE_PLAIN);
        if (transit->stream_count == 1)
                page_item(page, VIEW_LABEL, "  ", "jitter %s",
                          format_time(transit->sum.delay_variation.jitter_ns, 3).text);
        page_end(page);
}

void view_streams(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot) {
        const struct xskim_transit *transit = &snapshot->transit;
        unsigned int count = MIN(transit->stream_count, (unsigned int)XSKIM_STREAMS_MAX);

        if (count < 2)
                return;
        if (kind == VIEW_LIVE)
                count = MIN(count, (unsigned int)STREAMS_SHOWN);
        for (unsigned int i = 0; i < count; i++)
                put_stream(page, &transit->streams[i]);
}

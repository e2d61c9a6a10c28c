/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what is shown of a port and what gives way when there is no room. See view.h. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "page.h"
#include "util.h"
#include "view.h"
#include "view_private.h"

const char *view_spaced(const char *name, struct format_text *ret) {
        snprintf(ret->text, sizeof(ret->text), "%s", name);
        for (char *c = ret->text; *c; c++)
                if (*c == '_')
                        *c = ' ';
        return ret->text;
}

/* ---- the first lines ---- */

static void put_right(struct page *page, const char *text) {
        unsigned int width = page_width(text);

        if (page->column + 2 + width > page->columns)
                page_end(page);
        if (page->columns > width)
                page_fill(page, page->columns - width);
        page_put(page, "%s", text);
        page_end(page);
}

static void render_header(struct page *page, enum view_kind kind,
                          const struct xskim_snapshot *snapshot) {
        static const char *const ends[] = {[VIEW_LIVE] = "  ^C ends",
                                           [VIEW_BLOCK] = "",
                                           [VIEW_SUMMARY] = "  summary",
                                           [VIEW_DETAILS] = "  details",
                                           [VIEW_TRANSIT] = "  summary"};
        const struct xskim_mode *mode = &snapshot->mode;
        char right[96], sample[32] = "sample off";

        if (snapshot->sample)
                snprintf(sample, sizeof(sample), "1 in %u", snapshot->sample);
        snprintf(right, sizeof(right), "%s  %s  %s%s",
                 snapshot->verdict == XSKIM_VERDICT_DROP ? "drop" : "pass", sample,
                 format_duration(snapshot->duration_s).text, ends[kind]);
        page_put(page, " %-10.16s", snapshot->port);
        page_put(page, "%.15s · %.15s · clock %.15s · %.15s", mode->xdp, mode->xsk, mode->clock,
                 mode->attach);
        put_right(page, right);
}

static void render_rate(struct page *page, enum view_kind kind,
                        const struct xskim_snapshot *snapshot) {
        view_label(page, kind == VIEW_SUMMARY || kind == VIEW_TRANSIT ? "mean rate" : "rate");
        page_item(page, VIEW_LABEL, "   ", "%s   %s", format_packet_rate(snapshot->pps).text,
                  format_bit_rate(snapshot->bps).text);
        page_item(page, VIEW_LABEL, "   ", "of %s packets, %s",
                  format_grouped(snapshot->ledger.seen).text,
                  format_bytes(snapshot->ledger.bytes, 3).text);
        page_end(page);
}

/* ---- classes, estimates, parsing ---- */

static void put_share(struct page *page, const char *name, uint64_t count, uint64_t seen) {
        struct format_text text;

        if (count && seen)
                page_item(page, VIEW_LABEL, "  ", "%s %s", view_spaced(name, &text),
                          format_percent(100.0 * count / seen).text);
}

static void render_classes(struct page *page, enum view_kind kind,
                           const struct xskim_snapshot *snapshot) {
        (void)kind;
        view_label(page, "classes");
        if (snapshot->tier == XSKIM_TIER_COUNTS)
                page_put(page, "not counted in tier counts");
        else if (!snapshot->ledger.seen)
                page_put(page, "no packet seen");
#define CLASS_SHARE(name_, doc_)                                                                   \
        put_share(page, #name_, snapshot->classes.name_, snapshot->ledger.seen);
        XSKIM_CLASS_ROWS(CLASS_SHARE)
        page_end(page);
}

static void render_parse(struct page *page, enum view_kind kind,
                         const struct xskim_snapshot *snapshot) {
        const struct xskim_parse *parse = &snapshot->parse;
        struct format_text text;

        (void)kind;
        if (parse->complete == snapshot->ledger.seen || snapshot->tier == XSKIM_TIER_COUNTS)
                return;
        view_label(page, "parse");
#define PARSE_ITEM(name_, doc_)                                                                    \
        if (parse->name_)                                                                          \
                page_item(page, VIEW_LABEL, "  ", "%s %s", view_spaced(#name_, &text),             \
                          format_short(parse->name_, 4).text);
        XSKIM_PARSE_ROWS(PARSE_ITEM)
        page_end(page);
}

static void put_estimate(struct page *page, const char *name, const struct xskim_estimate *estimate,
                         uint64_t exact, const char *unit) {
        page_item(page, VIEW_LABEL, "   ", "%s %s%s  [%s, %s]  exact %s%s", name,
                  format_short(estimate->value, 4).text, unit,
                  format_short(estimate->ci95_low, 4).text,
                  format_short(estimate->ci95_high, 4).text, format_short(exact, 4).text, unit);
}

static void render_estimate(struct page *page, enum view_kind kind,
                            const struct xskim_snapshot *snapshot) {
        (void)kind;
        view_label(page, "estimate");
        if (snapshot->sample) {
                put_estimate(page, "packets", &snapshot->estimate_packets, snapshot->ledger.seen,
                             "");
                page_end(page);
                put_estimate(page, "bytes  ", &snapshot->estimate_bytes, snapshot->ledger.bytes,
                             "");
        } else {
                page_put(page, "none: sampling is off; the counts are exact");
        }
        page_end(page);
}

static void put_class_estimate(struct page *page, const char *name,
                               const struct xskim_estimate *estimate, uint64_t exact) {
        struct format_text text;

        if (!exact && !(estimate->value > 0))
                return;
        page_fill(page, VIEW_LABEL);
        page_cell_left(page, 10, view_spaced(name, &text));
        put_estimate(page, "", estimate, exact, "");
        page_end(page);
}

static void render_class_estimates(struct page *page, enum view_kind kind,
                                   const struct xskim_snapshot *snapshot) {
        (void)kind;
        if (!snapshot->sample || !snapshot->ledger.seen || snapshot->tier == XSKIM_TIER_COUNTS)
                return;
        view_label(page, "by class");
#define CLASS_ESTIMATE(name_, doc_)                                                                \
        put_class_estimate(page, #name_, &snapshot->estimate_classes.name_,                        \
                           snapshot->classes.name_);
        XSKIM_CLASS_ROWS(CLASS_ESTIMATE)
        if (page->column)
                page_end(page);
}

/* ---- cost, ledger, notes ---- */

/* What was not measured is not said to cost nothing. */
static void put_path_cost(struct page *page, const struct xskim_snapshot *snapshot) {
        const struct xskim_cost *cost = &snapshot->cost;

        if (!cost->timed_runs) {
                page_put(page, "path not timed yet (one packet in 2^14 is)");
                page_end(page);
                return;
        }
        page_item(page, VIEW_LABEL, "", "path %s ns/packet",
                  format_short(cost->ns_per_packet, 3).text);
        if (snapshot->sample)
                page_item(page, VIEW_LABEL, " · ", "%s ns/sample",
                          format_short(cost->ns_per_sample, 3).text);
        page_item(page, VIEW_LABEL, " · ", "%s of its CPU",
                  format_percent(cost->path_cpu_percent).text);
        page_end(page);
}

static void render_cost(struct page *page, enum view_kind kind,
                        const struct xskim_snapshot *snapshot) {
        const struct xskim_cost *cost = &snapshot->cost;

        (void)kind;
        view_label(page, "cost");
        put_path_cost(page, snapshot);
        page_item(page, VIEW_LABEL, "", "collector %s CPU",
                  format_percent(cost->collector_cpu_percent).text);
        if (cost->ns_per_record > 0)
                page_item(page, VIEW_LABEL, " · ", "%s ns/record",
                          format_short(cost->ns_per_record, 3).text);
        page_item(page, VIEW_LABEL, " · ", "%s syscalls", format_short(cost->system_calls, 3).text);
        page_item(page, VIEW_LABEL, " · ", "%s wakeups", format_short(cost->wakeups, 3).text);
        page_end(page);
        page_item(page, VIEW_LABEL, "", "memory kernel %s",
                  format_memory(cost->kernel_memory_bytes).text);
        page_item(page, VIEW_LABEL, " · ", "carrier %s",
                  format_memory(cost->carrier_memory_bytes).text);
        page_item(page, VIEW_LABEL, " · ", "user %s", format_memory(cost->user_memory_bytes).text);
        page_end(page);
}

/* To the last digit; on the live screen only as long as there is room for it. */
static void put_term(struct page *page, enum view_kind kind, const char *name, uint64_t count) {
        struct format_text text;
        bool grouped = kind != VIEW_LIVE || count < 1000000000000;

        page_item(page, VIEW_LABEL, "  ", "%s %s", view_spaced(name, &text),
                  grouped ? format_grouped(count).text : format_short(count, 4).text);
}

/* The answer first: does it add up. */
static void render_ledger(struct page *page, enum view_kind kind,
                          const struct xskim_snapshot *snapshot) {
        const struct xskim_ledger *ledger = &snapshot->ledger;

        view_label(page, "ledger");
        page_style(page, ledger->unaccounted ? PAGE_ALARM : PAGE_PLAIN);
        put_term(page, kind, "unaccounted", ledger->unaccounted);
        if (ledger->unaccounted && ledger->where[0]) {
                page_put(page, ":");
                page_words(page, VIEW_LABEL, ledger->where);
        }
        page_style(page, PAGE_PLAIN);
#define LEDGER_TERM(name_, unit_, doc_)                                                            \
        if (&ledger->name_ != &ledger->unaccounted)                                                \
                put_term(page, kind, #name_, ledger->name_);
        XSKIM_LEDGER_ROWS(LEDGER_TERM)
        put_term(page, kind, "attach_lost", snapshot->attach_lost);
        page_end(page);
}

static void put_note(struct page *page, enum view_kind kind, const char *note) {
        char text[XSKIM_NOTE_BYTES];

        snprintf(text, sizeof(text), "%s", note);
        page_style(page, PAGE_WARNING);
        view_label(page, "note");
        if (kind == VIEW_LIVE)
                page_put_cut(page, text);
        else
                page_words(page, VIEW_LABEL, text);
        page_style(page, PAGE_PLAIN);
        page_end(page);
}

static void render_first_note(struct page *page, enum view_kind kind,
                              const struct xskim_snapshot *snapshot) {
        if (snapshot->partial)
                put_note(page, kind,
                         "partial: the record file was cut; this is what it still holds");
        if (snapshot->note_count)
                put_note(page, kind, snapshot->notes[0]);
}

static void render_other_notes(struct page *page, enum view_kind kind,
                               const struct xskim_snapshot *snapshot) {
        for (unsigned int i = 1; i < MIN(snapshot->note_count, (unsigned int)XSKIM_NOTES_MAX); i++)
                put_note(page, kind, snapshot->notes[i]);
}

static void render_blank(struct page *page, enum view_kind kind,
                         const struct xskim_snapshot *snapshot) {
        (void)kind;
        (void)snapshot;
        page_end(page);
}

/* ---- sections, and which of them give way ---- */

enum {
        KEEP_DETAIL = 5, /* up to here a section is also part of VIEW_DETAILS */
        KEEP_ALWAYS = 100,
};

/* In the order of the page; the lowest `keep` goes first, of equals the last one. */
static const struct section {
        void (*render)(struct page *page, enum view_kind kind,
                       const struct xskim_snapshot *snapshot);
        unsigned int keep;
        bool of_transit; /* also part of VIEW_TRANSIT */
} SECTIONS[] = {
        {render_header, KEEP_ALWAYS, true},
        {render_rate, KEEP_ALWAYS, true},
        {render_blank, 3},
        {view_percentiles, KEEP_ALWAYS, true},
        {view_legend, 6},
        {view_bounds, 1},
        {view_transit, 12, true},
        {view_streams, 2, true},
        {view_expect, 12, false},
        {render_blank, 3},
        {render_classes, 8},
        {render_parse, 5},
        {render_estimate, 7},
        {render_class_estimates, 0},
        {render_cost, 9, true},
        {render_blank, 3},
        {render_ledger, KEEP_ALWAYS, true},
        {render_first_note, 10, true},
        {render_other_notes, 4, true},
};

struct span {
        size_t start;
        size_t end;
        unsigned int lines;
        bool kept;
};

static unsigned int count_lines(const char *start, const char *end) {
        unsigned int lines = 0;

        while (start < end)
                lines += *start++ == '\n';
        return lines;
}

static bool is_part_of(enum view_kind kind, const struct section *section) {
        if (kind == VIEW_TRANSIT)
                return section->of_transit;
        return kind != VIEW_DETAILS || section->keep <= KEEP_DETAIL ||
               section->render == render_header;
}

static unsigned int render_all(struct page *page, enum view_kind kind,
                               const struct xskim_snapshot *snapshot, struct span *spans) {
        unsigned int lines = 0;

        for (size_t i = 0; i < ARRAY_SIZE(SECTIONS); i++) {
                spans[i].start = page->used;
                if (is_part_of(kind, &SECTIONS[i]))
                        SECTIONS[i].render(page, kind, snapshot);
                spans[i].end = page->used;
                spans[i].lines =
                        count_lines(page->bytes + spans[i].start, page->bytes + page->used);
                spans[i].kept = true;
                lines += spans[i].lines;
        }
        return lines;
}

/* Returns the lines that are left. */
static unsigned int drop_sections(struct span *spans, unsigned int lines, unsigned int rows) {
        for (unsigned int rank = 0; rank < KEEP_ALWAYS; rank++)
                for (size_t i = ARRAY_SIZE(SECTIONS); i-- > 0 && lines > rows;)
                        if (SECTIONS[i].keep == rank) {
                                spans[i].kept = false;
                                lines -= spans[i].lines;
                        }
        return lines;
}

static void close_gaps(char *buffer, const struct span *spans) {
        size_t used = 0;

        for (size_t i = 0; i < ARRAY_SIZE(SECTIONS); i++) {
                if (!spans[i].kept)
                        continue;
                memmove(buffer + used, buffer + spans[i].start, spans[i].end - spans[i].start);
                used += spans[i].end - spans[i].start;
        }
        buffer[used] = '\0';
}

/* The last resort, for screens that are smaller than what is always kept. */
static unsigned int cut_lines(char *buffer, unsigned int lines, unsigned int rows) {
        char *end = buffer;

        if (lines <= rows)
                return lines;
        for (unsigned int i = 0; i < rows; i++)
                end = strchr(end, '\n') + 1;
        *end = '\0';
        return rows;
}

unsigned int view_render(enum view_kind kind, const struct view_screen *screen,
                         const struct xskim_snapshot *snapshot, char *buffer, size_t size) {
        struct page page = page_new(buffer, size, screen->columns, screen->colour);
        unsigned int rows = screen->rows ? screen->rows : UINT32_MAX;
        struct span spans[ARRAY_SIZE(SECTIONS)];
        unsigned int lines = render_all(&page, kind, snapshot, spans);

        lines = drop_sections(spans, lines, rows);
        close_gaps(buffer, spans);
        return cut_lines(buffer, lines, rows);
}

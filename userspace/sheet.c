/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the page. See sheet.h. */
#include <stdio.h>

#include "charts.h"
#include "format.h"
#include "html.h"
#include "json_passage.h"
#include "passage_view.h"
#include "sheet.h"
#include "util.h"

enum { COLUMNS = 100 };

/* ---- figures ---- */

static void put_answer(FILE *to, const struct passage_result *result) {
        const struct xskim_stream *sum = &result->summary.transit.sum;
        uint64_t stamped = result->report.sent.stamps.stamped;
        double share = stamped ? 100 * (double)passage_missing(result) / (double)stamped : 0;

        fprintf(to, "<p class=\"answer\">");
        if (!result->watched)
                html_print(to, "%s packets were sent.",
                           format_grouped(result->report.sent.progress.packets).text);
        else
                html_print(to,
                           "Of %s stamped packets %s arrived, %s did not (%s). "
                           "Latency: P50 %s, P99 %s, at most %s.",
                           format_grouped(stamped).text, format_grouped(sum->received).text,
                           format_grouped(passage_missing(result)).text, format_percent(share).text,
                           format_time((double)sum->latency.quantiles[XSKIM_P50].value, 3).text,
                           format_time((double)sum->latency.quantiles[XSKIM_P99].value, 3).text,
                           format_time((double)sum->latency.max, 3).text);
        fprintf(to, "</p>\n");
        if (!passage_doubtful(result))
                return;
        fprintf(to, "<p><b>");
        html_print(
                to,
                "%s stamps were lost by xskim itself or came too late to be placed: up to so many "
                "of these are not the path's doing.",
                format_grouped(passage_doubtful(result)).text);
        fprintf(to, "</b></p>\n");
}

/* Frames that the relay did not pass on, whatever the reason. */
static uint64_t relay_missing(const struct json_relay *relay) {
        return relay->socket_dropped + relay->lost + relay->queue_full + relay->limit_reached +
               relay->too_long + relay->send_failed + relay->waiting;
}

static void put_beside(FILE *to, const char *what, uint64_t measured,
                       const struct json_relay *relay, uint64_t told) {
        fprintf(to, "<tr><th scope=\"row\">%s<td class=\"n\">", what);
        html_text(to, format_grouped(measured).text);
        if (relay) {
                fprintf(to, "<td class=\"n\">");
                html_text(to, format_grouped(told).text);
        }
        fprintf(to, "\n");
}

/* relay NULL: there was none, only a path. */
static void put_counts(FILE *to, const struct passage_result *result,
                       const struct json_relay *relay) {
        static const struct json_relay none;
        const struct xskim_stream *sum = &result->summary.transit.sum;
        const struct json_relay *told = relay ? relay : &none;

        fprintf(to, "<h2>What was found%s</h2>\n", relay ? ", and what the relay says it did" : "");
        if (relay) {
                fprintf(to, "<p class=\"dim\">The relay was told <code>");
                html_text(to, relay->impair);
                fprintf(to, "</code>. It counts what it does; xskim sees stamps alone.</p>\n");
        }
        fprintf(to, "<table><tr><th><th class=\"n\">measured%s\n",
                relay ? "<th class=\"n\">relay" : "");
        put_beside(to, "sent", result->report.sent.progress.packets, relay, told->seen);
        if (result->report.sent.stamps.stamped != result->report.sent.progress.packets)
                fprintf(to,
                        "<tr><td colspan=\"3\">of these <b>%s</b> could carry a stamp: only they "
                        "are looked for below\n",
                        format_grouped(result->report.sent.stamps.stamped).text);
        put_beside(to, "did not arrive", passage_missing(result), relay, relay_missing(told));
        put_beside(to, "copies", sum->duplicated, relay, told->duplicated);
        put_beside(to, "reordered", sum->reordered, relay, told->reordered);
        put_beside(to, "damaged", sum->corrupted, relay, told->corrupted);
        fprintf(to, "</table>\n");
        if (relay && relay->unaccounted)
                html_print(to, "The relay's own account does not balance: %lu frames.",
                           relay->unaccounted);
}

static void put_curve_row(FILE *to, const struct xskim_curve_point *point) {
        const struct xskim_quantile *quantile = &point->quantile;

        fprintf(to, "<tr><td class=\"n\">%.15g %%<td class=\"n\">", 100 - point->above_ppm / 1e4);
        html_text(to, format_time((double)quantile->value, 4).text);
        fprintf(to, "<td class=\"n\">");
        html_print(to, "(%s, %s]", format_time((double)quantile->low, 5).text,
                   format_time((double)quantile->high, 5).text);
        fprintf(to, "\n");
}

static void put_percentiles(FILE *to, const struct xskim_transit *transit) {
        static const uint32_t shown[] = {500000, 100000, 10000, 1000, 100, 10};
        const struct xskim_curve *curve = &transit->latency_curve;

        fprintf(to, "<h2>Latency</h2>\n<table><tr><th class=\"n\">of the packets"
                    "<th class=\"n\">at most<th class=\"n\">within the bucket\n");
        for (unsigned int i = 0; i < curve->count; i++)
                for (size_t j = 0; j < ARRAY_SIZE(shown); j++)
                        if (curve->points[i].above_ppm == shown[j])
                                put_curve_row(to, &curve->points[i]);
        fprintf(to, "<tr><td class=\"n\">all<td class=\"n\">");
        html_text(to, format_time((double)transit->sum.latency.max, 4).text);
        fprintf(to, "<td class=\"n\">exact\n</table>\n");
}

/* ---- plots ---- */

static int put_charts(FILE *to, const struct passage_result *result) {
        const struct charts_run run = {
                .start_ns = result->report.sent.progress.start_ns,
                .sent = &result->sent,
                .arrived = &result->arrived,
                .transit = &result->summary.transit,
        };
        unsigned int stride = MAX(series_stride(run.sent), series_stride(run.arrived));
        int r = 0;

        for (const struct chart *chart = CHARTS; chart->name && r >= 0; chart++)
                if (result->watched || !chart->of_arrivals)
                        r = paper_chart(to, chart->title, chart->note, chart->write, &run);
        fprintf(to, "<p class=\"dim\">A point every %u ms.", stride * SERIES_SAMPLE_MS);
        if (stride > 1)
                fprintf(to, " Its P50 and P99 are the largest of %u intervals of %u ms.", stride,
                        SERIES_SAMPLE_MS);
        fprintf(to, "</p>\n");
        return r;
}

/* ---- the run ---- */

static void put_run(FILE *to, const struct sheet *sheet, const struct passage_result *result) {
        const struct environment *environment = &sheet->environment;
        const struct xskim_mode *mode = &result->summary.mode;
        char text[2 * ENVIRONMENT_TEXT_BYTES];

        fprintf(to, "<h2>The run</h2>\n<table>\n");
        paper_row(to, "command", environment->command);
        paper_row(to, "when", environment->when);
        snprintf(text, sizeof(text), "%s: engine %s (%s)", result->report.port,
                 result->report.engine, result->report.mode);
        paper_row(to, "sent into", text);
        if (result->watched) {
                snprintf(text, sizeof(text), "%s: %s, %s, clock %s", result->summary.port,
                         mode->xdp, mode->xsk, mode->clock);
                paper_row(to, "watched", text);
        }
        paper_row(to, "kernel", environment->kernel);
        snprintf(text, sizeof(text), "%u × %s", environment->cpus, environment->cpu);
        paper_row(to, "CPU", text);
        paper_row(to, "xskim", environment->xskim);
        fprintf(to, "</table>\n");
}

/* ---- the whole ---- */

struct contents {
        const struct sheet *sheet;
        const struct passage_result *result;
};

static int put_page(FILE *to, void *context) {
        static char text[PASSAGE_VIEW_BYTES];
        const struct contents *contents = context;
        const struct passage_result *result = contents->result;
        struct json_relay relay;
        bool has_relay = json_relay_read(result->relay, &relay);
        int r;

        snprintf(text, sizeof(text), "xskim replay %s", result->report.file);
        paper_begin(to, text);
        put_answer(to, result);
        r = put_charts(to, result);
        if (result->watched) {
                put_counts(to, result, has_relay ? &relay : NULL);
                put_percentiles(to, &result->summary.transit);
        }
        put_run(to, contents->sheet, result);
        passage_view(result, COLUMNS, text, sizeof(text));
        fprintf(to, "<h2>As printed</h2>\n<pre>");
        html_text(to, text);
        fprintf(to, "</pre>\n");
        paper_end(to);
        return r;
}

int sheet_check(const struct sheet *sheet) {
        return paper_check(&sheet->paper);
}

int sheet_write(const struct sheet *sheet, const struct passage_result *result) {
        struct contents contents = {.sheet = sheet, .result = result};

        return paper_write(&sheet->paper, put_page, &contents);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the page. See sheet.h. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "charts.h"
#include "format.h"
#include "html.h"
#include "json_passage.h"
#include "log.h"
#include "passage_view.h"
#include "plot.h"
#include "sheet.h"
#include "util.h"

enum { COLUMNS = 100, LINE_BYTES = 256 };

/* Two colour schemes, by what the reader's system prefers. gnuplot's black becomes the text's
 * colour. */
static const char STYLE[] =
        ":root{color-scheme:light dark;--ink:#1b1f24;--dim:#5d6670;--rule:#d8dde2;--paper:#fff}\n"
        "@media(prefers-color-scheme:dark){:root{--ink:#e3e6e9;--dim:#9aa4ae;--rule:#3a4149;"
        "--paper:#15181c}}\n"
        "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
        "max-width:62rem;margin:2rem auto;padding:0 1rem}\n"
        "h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-top:2.2rem}\n"
        ".answer{font-size:1.15rem}.dim,figcaption span{color:var(--dim)}\n"
        "figure{margin:1.6rem 0}figcaption{margin-bottom:.4rem}figcaption b{margin-right:.6rem}\n"
        "svg{width:100%;height:auto;display:block}\n"
        "svg [fill=\"black\"]{fill:var(--ink)}svg [stroke=\"black\"]{stroke:var(--ink)}\n"
        "svg [color=\"black\"]{color:var(--ink)}\n"
        "table{border-collapse:collapse}th,td{text-align:left;padding:.2rem 1.2rem .2rem 0;"
        "border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}\n"
        "th{white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-"
        "space:nowrap}\n"
        "pre,code{font:13px/1.4 ui-monospace,monospace}pre{overflow-x:auto}\n";

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

static int put_chart(FILE *to, const struct chart *chart, const struct charts_run *run) {
        CLEANUP(file_cleanup) FILE *script = tmpfile();
        int r;

        if (!script)
                return error_set(-errno, "gnuplot: no temporary file: %s", strerror(errno));
        chart->write(run, script);
        fprintf(to, "<figure><figcaption><b>%s</b> <span>%s</span></figcaption>\n", chart->title,
                chart->note);
        r = plot_draw(script, to);
        fprintf(to, "</figure>\n");
        return r;
}

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
                        r = put_chart(to, chart, &run);
        fprintf(to, "<p class=\"dim\">A point every %u ms.", stride * SERIES_SAMPLE_MS);
        if (stride > 1)
                fprintf(to, " Its P50 and P99 are the largest of %u intervals of %u ms.", stride,
                        SERIES_SAMPLE_MS);
        fprintf(to, "</p>\n");
        return r;
}

/* ---- environment ---- */

static void put_row(FILE *to, const char *name, const char *text) {
        fprintf(to, "<tr><th scope=\"row\">%s<td>", name);
        html_text(to, text);
        fprintf(to, "\n");
}

/* So that a shell would read it again. */
static void put_word(FILE *to, const char *word) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-_=,.:/%+@";

        if (*word && strspn(word, plain) == strlen(word)) {
                html_text(to, word);
                return;
        }
        html_text(to, "'");
        for (; *word; word++) {
                const char one[] = {*word, '\0'};

                html_text(to, *word == '\'' ? "'\\''" : one);
        }
        html_text(to, "'");
}

static void put_command(FILE *to, const struct sheet *sheet) {
        fprintf(to, "<tr><th scope=\"row\">command<td><code>xskim");
        for (int i = 0; i < sheet->argc; i++) {
                fprintf(to, " ");
                put_word(to, sheet->argv[i]);
        }
        fprintf(to, "</code>\n");
}

static void cpu_name(char text[static LINE_BYTES]) {
        CLEANUP(file_cleanup) FILE *file = fopen("/proc/cpuinfo", "re");
        char line[LINE_BYTES];

        snprintf(text, LINE_BYTES, "unknown");
        while (file && fgets(line, sizeof(line), file)) {
                line[strcspn(line, "\n")] = '\0';
                if (!strncmp(line, "model name", 10) && strchr(line, ':')) {
                        snprintf(text, LINE_BYTES, "%s", strchr(line, ':') + 2);
                        return;
                }
        }
}

static void put_environment(FILE *to, const struct sheet *sheet,
                            const struct passage_result *result) {
        const struct xskim_mode *mode = &result->summary.mode;
        char text[2 * LINE_BYTES], cpu[LINE_BYTES];
        time_t now = time(NULL);
        struct utsname names;
        struct tm tm;

        fprintf(to, "<h2>The run</h2>\n<table>\n");
        put_command(to, sheet);
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", localtime_r(&now, &tm));
        put_row(to, "when", text);
        snprintf(text, sizeof(text), "%s: engine %s (%s)", result->report.port,
                 result->report.engine, result->report.mode);
        put_row(to, "sent into", text);
        if (result->watched) {
                snprintf(text, sizeof(text), "%s: %s, %s, clock %s", result->summary.port,
                         mode->xdp, mode->xsk, mode->clock);
                put_row(to, "watched", text);
        }
        uname(&names);
        snprintf(text, sizeof(text), "%s %s %s", names.sysname, names.release, names.machine);
        put_row(to, "kernel", text);
        cpu_name(cpu);
        snprintf(text, sizeof(text), "%ld × %s", sysconf(_SC_NPROCESSORS_ONLN), cpu);
        put_row(to, "CPU", text);
        put_row(to, "xskim", xskim_version());
        fprintf(to, "</table>\n");
}

/* ---- the whole ---- */

static int put_page(FILE *to, const struct sheet *sheet, const struct passage_result *result) {
        static char text[PASSAGE_VIEW_BYTES];
        struct json_relay relay;
        bool has_relay = json_relay_read(result->relay, &relay);
        int r;

        fprintf(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
        html_print(to, "xskim replay %s", result->report.file);
        fprintf(to, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", STYLE);
        html_print(to, "xskim replay %s", result->report.file);
        fprintf(to, "</h1>\n");
        put_answer(to, result);
        r = put_charts(to, result);
        if (result->watched) {
                put_counts(to, result, has_relay ? &relay : NULL);
                put_percentiles(to, &result->summary.transit);
        }
        put_environment(to, sheet, result);
        passage_view(result, COLUMNS, text, sizeof(text));
        fprintf(to, "<h2>As printed</h2>\n<pre>");
        html_text(to, text);
        fprintf(to, "</pre>\n</body>\n</html>\n");
        return r;
}

static int complain(const struct sheet *sheet, int error) {
        return error_set(-error, "%s: the report cannot be written: %s. %s.", sheet->path,
                         strerror(error),
                         error == ENOSPC || error == EDQUOT ? "Make room, or write elsewhere"
                                                            : "Give another --report");
}

int sheet_check(const struct sheet *sheet) {
        char path[PATH_MAX];
        struct stat found;
        int r = plot_find();

        if (r < 0)
                return r;
        snprintf(path, sizeof(path), "%s", sheet->path);
        if (!stat(sheet->path, &found) && S_ISDIR(found.st_mode))
                return complain(sheet, EISDIR);
        return access(dirname(path), W_OK) < 0 ? complain(sheet, errno) : 0;
}

/* What was written reaches the disk before it gets its name: a full one is noticed. */
static int finish(FILE *file, const char *path, const char *to) {
        int error = fflush(file) || ferror(file) || fsync(fileno(file)) ? (errno ? errno : EIO) : 0;

        if (fclose(file) && !error)
                error = errno;
        if (!error && rename(path, to))
                error = errno;
        return error;
}

/* Of a page that is not whole. */
static int close_failed(FILE *file) {
        fclose(file);
        return ECANCELED;
}

int sheet_write(const struct sheet *sheet, const struct passage_result *result) {
        char path[PATH_MAX];
        mode_t mask = umask(0);
        int fd, r, error;
        FILE *file;

        umask(mask);
        snprintf(path, sizeof(path), "%s.XXXXXX", sheet->path);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
                return complain(sheet, errno);
        fchmod(fd, 0666 & ~mask);
        file = fdopen(fd, "w");
        if (!file) {
                close(fd);
                unlink(path);
                return complain(sheet, errno);
        }
        r = put_page(file, sheet, result);
        error = r < 0 ? close_failed(file) : finish(file, path, sheet->path);
        if (error)
                unlink(path);
        return r < 0 ? r : error ? complain(sheet, error) : 0;
}

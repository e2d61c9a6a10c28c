/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the names of the metrics and how they are written. See metrics.h. */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "utf8.h"
#include "util.h"

enum kind { COUNTER, GAUGE, HISTOGRAM, LABELS, KIND_COUNT };

/* The format's words. LABELS: always 1, what it says is in its labels. */
static const char *const TYPES[METRICS_FORMAT_COUNT][KIND_COUNT] = {
        [METRICS_TEXT] = {"counter", "gauge", "histogram", "gauge"},
        [METRICS_OPENMETRICS] = {"counter", "gauge", "histogram", "info"},
};
/* What a sample of that kind has behind the name of its family. */
static const char *const SUFFIXES[KIND_COUNT] = {"_total", "", "", "_info"};

/* A figure of a port. Rows of one name are one family and stand together. */
struct metric {
        const char *name;
        const char *help;
        enum kind kind;
        bool only_up;      /* as of now: nothing is said of a port that is not watched */
        bool real;         /* a double, else uint64_t */
        double divisor;    /* to base units; 0: as it is */
        const char *label; /* the name of a second label, and its value; NULL: none */
        const char *value;
        size_t offset; /* in struct figures */
};

/* ---- tables ---- */

/* What the rule for the ledger's rows, xskim_ROW_UNIT, would call otherwise. */
static const struct {
        const char *made;
        const char *name;
        enum kind kind;
} LEDGER_EXCEPTIONS[] = {
        {"xskim_seen_packets", "xskim_packets", COUNTER},
        {"xskim_bytes_bytes", "xskim_bytes", COUNTER},
        {"xskim_waiting_records", "xskim_waiting_records", GAUGE},
};

/* Rows of the cost, named and in base units. ROW(row, name, kind, divisor) */
#define METRICS_COST(ROW)                                                                          \
        ROW(ns_per_packet, "xskim_sampler_packet_seconds", GAUGE, 1e9)                             \
        ROW(ns_per_sample, "xskim_sampler_sample_seconds", GAUGE, 1e9)                             \
        ROW(ns_per_packet_mean, "xskim_sampler_mean_seconds", GAUGE, 1e9)                          \
        ROW(timed_runs, "xskim_sampler_timed_runs", COUNTER, 0)                                    \
        ROW(path_cpu_percent, "xskim_path_cpu_ratio", GAUGE, 100)                                  \
        ROW(collector_cpu_percent, "xskim_collector_cpu_ratio", GAUGE, 100)                        \
        ROW(ns_per_record, "xskim_collector_record_seconds", GAUGE, 1e9)                           \
        ROW(system_calls, "xskim_collector_system_calls", COUNTER, 0)                              \
        ROW(wakeups, "xskim_collector_wakeups", COUNTER, 0)                                        \
        ROW(kernel_memory_bytes, "xskim_kernel_memory_bytes", GAUGE, 0)                            \
        ROW(carrier_memory_bytes, "xskim_carrier_memory_bytes", GAUGE, 0)                          \
        ROW(user_memory_bytes, "xskim_user_memory_bytes", GAUGE, 0)

/* Every row of the cost is there, and what is counted is a counter. */
#define COST_KIND(row_, name_, kind_, divisor_) COST_KIND_##row_ = kind_,
#define COST_IS_THERE(type_, row_, doc_)                                                           \
        _Static_assert((int)COST_KIND_##row_ < (int)KIND_COUNT, #row_);
#define COST_IS_COUNTED(row_)                                                                      \
        _Static_assert((int)COST_KIND_##row_ == (int)COUNTER, #row_ " is counted");
enum { METRICS_COST(COST_KIND) };
XSKIM_COST_ROWS(COST_IS_THERE)
FIGURES_COST_COUNTED(COST_IS_COUNTED)

#define COST_DOC(type_, row_, doc_) static const char COST_DOC_##row_[] = doc_;
XSKIM_COST_ROWS(COST_DOC)

#define PORT_METRIC(member_, name_, kind_, help_)                                                  \
        {.name = (name_),                                                                          \
         .help = (help_),                                                                          \
         .kind = (kind_),                                                                          \
         .offset = offsetof(struct figures, member_)},
#define LEDGER_METRIC(row_, unit_, doc_)                                                           \
        {.name = "xskim_" #row_ "_" unit_,                                                         \
         .help = doc_,                                                                             \
         .offset = offsetof(struct figures, ledger.row_)},
#define CLASS_METRIC(row_, doc_)                                                                   \
        {.name = "xskim_class_packets",                                                            \
         .help = "packets of a class; a packet may be of several",                                 \
         .label = "class",                                                                         \
         .value = #row_,                                                                           \
         .offset = offsetof(struct figures, classes.row_)},
#define OUTCOME_METRIC(row_, doc_)                                                                 \
        {.name = "xskim_parse_packets",                                                            \
         .help = "packets by how parsing them ended",                                              \
         .label = "outcome",                                                                       \
         .value = #row_,                                                                           \
         .offset = offsetof(struct figures, parse.row_)},
#define COST_METRIC(row_, name_, kind_, divisor_)                                                  \
        {.name = (name_),                                                                          \
         .help = COST_DOC_##row_,                                                                  \
         .kind = (kind_),                                                                          \
         .only_up = (kind_) == GAUGE,                                                              \
         .real = _Generic(((struct figures *)0)->cost.row_, double                                 \
                          : true, default                                                          \
                          : false),                                                                \
         .divisor = (divisor_),                                                                    \
         .offset = offsetof(struct figures, cost.row_)},

static const struct metric METRICS[] = {
        PORT_METRIC(restarts, "xskim_port_restarts", COUNTER,
                    "how often the port was attached anew")
                PORT_METRIC(attach_lost, "xskim_attach_lost_packets", COUNTER,
                            "lost by the port, by its own counters, while attaching and detaching")
                        XSKIM_LEDGER_ROWS(LEDGER_METRIC) XSKIM_CLASS_ROWS(CLASS_METRIC)
                                XSKIM_PARSE_ROWS(OUTCOME_METRIC) METRICS_COST(COST_METRIC)};

/* Bounds are 2^low to 2^high; what is below is in the first bucket, what is above in +Inf. */
struct histogram_metric {
        const char *help;
        size_t offset;
        const char *name;
        double divisor;
        unsigned int low;
        unsigned int high;
};

#define HISTOGRAM_gap "xskim_gap_seconds", 1e9, 5, 34 /* 32 ns to 17 s */
#define HISTOGRAM_stack "xskim_stack_seconds", 1e9, 8, 34
#define HISTOGRAM_delivery "xskim_delivery_seconds", 1e9, 10, 34
#define HISTOGRAM_size "xskim_packet_size_bytes", 1, 6, 16
#define HISTOGRAM_METRIC(row_, doc_) {doc_, offsetof(struct figures, row_), HISTOGRAM_##row_},

static const struct histogram_metric HISTOGRAMS[] = {XSKIM_DISTRIBUTION_ROWS(HISTOGRAM_METRIC)};

/* ---- words ---- */

/* The value of a label, or help: one line of UTF-8. What is none shows as \xNN; a backslash is
 * written twice, so that different bytes stay different. */
static void put_text(FILE *to, const char *text) {
        const unsigned char *at = (const unsigned char *)text;
        unsigned int length;

        for (; *at; at += MAX(length, 1U)) {
                length = utf8_length(at);
                if (!length)
                        fprintf(to, "\\\\x%02x", *at);
                else if (*at == '\n')
                        fputs("\\n", to);
                else if (*at == '"' || *at == '\\')
                        fprintf(to, "\\%c", *at);
                else
                        fwrite(at, 1, length, to);
        }
}

/* As few digits as give the same number again; a whole one is written as such (OpenMetrics 1.0,
 * "Canonical Numbers"). */
static void put_real(FILE *to, double value) {
        char text[32];

        if (!isfinite(value)) {
                fputs(isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", to);
                return;
        }
        for (int digits = 6; digits <= 17; digits++) {
                snprintf(text, sizeof(text), "%.*g", digits, value);
                if (strtod(text, NULL) == value)
                        break;
        }
        fprintf(to, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static void put_label(FILE *to, char before, const char *name, const char *value) {
        fprintf(to, "%c%s=\"", before, name);
        put_text(to, value);
        fputc('"', to);
}

/* Name and first label of a sample; more labels and the closing brace follow. */
static void put_sample(FILE *to, const char *name, const char *suffix, const char *port) {
        fprintf(to, "%s%s", name, suffix);
        put_label(to, '{', "port", port);
}

static void put_head(FILE *to, enum metrics_format format, const char *name, const char *help,
                     enum kind kind) {
        /* OpenMetrics names the family, the older format each of its series */
        const char *suffix = format == METRICS_TEXT ? SUFFIXES[kind] : "";

        fprintf(to, "# HELP %s%s ", name, suffix);
        /* help has no quotes to close; they are not escaped there in the older format */
        put_text(to, help);
        fprintf(to, "\n# TYPE %s%s %s\n", name, suffix, TYPES[format][kind]);
}

/* ---- figures ---- */

static const void *member_of(const struct figures *figures, size_t offset) {
        return (const char *)figures + offset;
}

static void put_value(FILE *to, const struct metric *metric, const struct figures *figures) {
        const void *member = member_of(figures, metric->offset);

        if (metric->real)
                put_real(to, *(const double *)member / (metric->divisor ? metric->divisor : 1));
        else
                fprintf(to, "%" PRIu64, *(const uint64_t *)member);
}

static void metric_print(FILE *to, const struct metric *metric, const struct figures *figures) {
        if (metric->only_up && !figures->up)
                return;
        put_sample(to, metric->name, SUFFIXES[metric->kind], figures->port);
        if (metric->label)
                put_label(to, ',', metric->label, metric->value);
        fputs("} ", to);
        put_value(to, metric, figures);
        fputc('\n', to);
}

static struct metric renamed(const struct metric *metric) {
        struct metric named = *metric;

        for (size_t i = 0; i < ARRAY_SIZE(LEDGER_EXCEPTIONS); i++) {
                if (strcmp(metric->name, LEDGER_EXCEPTIONS[i].made))
                        continue;
                named.name = LEDGER_EXCEPTIONS[i].name;
                named.kind = LEDGER_EXCEPTIONS[i].kind;
        }
        return named;
}

/* A family's series of one port stand together. */
static void metrics_of_tables(FILE *to, enum metrics_format format, const struct figures ports[],
                              unsigned int count) {
        struct metric metric;
        size_t end;

        for (size_t first = 0; first < ARRAY_SIZE(METRICS); first = end) {
                metric = renamed(&METRICS[first]);
                put_head(to, format, metric.name, metric.help, metric.kind);
                for (end = first;
                     end < ARRAY_SIZE(METRICS) && !strcmp(METRICS[end].name, METRICS[first].name);)
                        end++;
                for (unsigned int p = 0; p < count; p++)
                        for (size_t i = first; i < end; i++) {
                                metric = renamed(&METRICS[i]);
                                metric_print(to, &metric, &ports[p]);
                        }
        }
}

/* ---- histograms ---- */

static void bucket_print(FILE *to, const struct histogram_metric *metric, const char *port,
                         double bound, uint64_t count) {
        put_sample(to, metric->name, "_bucket", port);
        fputs(",le=\"", to);
        put_real(to, bound);
        fprintf(to, "\"} %" PRIu64 "\n", count);
}

static void histogram_print(FILE *to, const struct histogram_metric *metric,
                            const struct figures *figures) {
        const struct figures_histogram *histogram = member_of(figures, metric->offset);
        uint64_t count = 0;

        for (unsigned int i = 0; i < FIGURES_OCTAVES; i++) {
                count += histogram->octaves[i];
                /* octaves[i] goes up to 2^(i - 1) */
                if (i > metric->low && i <= metric->high + 1)
                        bucket_print(to, metric, figures->port,
                                     ldexp(1, (int)i - 1) / metric->divisor, count);
        }
        bucket_print(to, metric, figures->port, INFINITY, count);
        put_sample(to, metric->name, "_sum", figures->port);
        fputs("} ", to);
        put_real(to, histogram->sum / metric->divisor);
        fputc('\n', to);
        put_sample(to, metric->name, "_count", figures->port);
        fprintf(to, "} %" PRIu64 "\n", count);
}

static void histograms_print(FILE *to, enum metrics_format format, const struct figures ports[],
                             unsigned int count) {
        for (size_t i = 0; i < ARRAY_SIZE(HISTOGRAMS); i++) {
                put_head(to, format, HISTOGRAMS[i].name, HISTOGRAMS[i].help, HISTOGRAM);
                for (unsigned int p = 0; p < count; p++)
                        histogram_print(to, &HISTOGRAMS[i], &ports[p]);
        }
}

/* ---- what a port is ---- */

static void mode_print(FILE *to, const struct figures *figures) {
        char sample[16];

        snprintf(sample, sizeof(sample), "%" PRIu32, figures->sample);
        put_sample(to, "xskim_port", SUFFIXES[LABELS], figures->port);
#define MODE(name_, doc_) put_label(to, ',', #name_, figures->mode.name_);
        XSKIM_MODE_ROWS(MODE)
        put_label(to, ',', "verdict", figures->verdict == XSKIM_VERDICT_DROP ? "drop" : "pass");
        put_label(to, ',', "tier", figures->tier == XSKIM_TIER_COUNTS ? "counts" : "classes");
        put_label(to, ',', "sample", sample);
        fputs("} 1\n", to);
}

static void ports_print(FILE *to, enum metrics_format format, const struct figures ports[],
                        unsigned int count) {
        put_head(to, format, "xskim_port_up", "whether the port is watched now", GAUGE);
        for (unsigned int p = 0; p < count; p++) {
                put_sample(to, "xskim_port_up", SUFFIXES[GAUGE], ports[p].port);
                fprintf(to, "} %d\n", ports[p].up);
        }
        put_head(to, format, "xskim_port", "how the port is watched, while it is", LABELS);
        for (unsigned int p = 0; p < count; p++)
                if (ports[p].up)
                        mode_print(to, &ports[p]);
}

void metrics_print(FILE *to, enum metrics_format format, const struct figures ports[],
                   unsigned int count) {
        put_head(to, format, "xskim_build", "the version of xskim", LABELS);
        fputs("xskim_build_info", to);
        put_label(to, '{', "version", xskim_version());
        fputs("} 1\n", to);
        ports_print(to, format, ports, count);
        metrics_of_tables(to, format, ports, count);
        histograms_print(to, format, ports, count);
        if (format == METRICS_OPENMETRICS)
                fputs("# EOF\n", to);
}

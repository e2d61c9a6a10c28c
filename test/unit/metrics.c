/* SPDX-License-Identifier: BSD-2-Clause */
/* The page that Prometheus reads, read again: by a reader of our own, and by theirs where it is. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "captures.h"
#include "distributions.h"
#include "metrics.h"
#include "snapshots.h"
#include "util.h"

enum { PORTS = 3, NAME_BYTES = 512, SERIES_MAX = 4096 };

/* A line of the page: the name with its labels, as written, and the value. */
struct series {
        char name[NAME_BYTES];
        char value[64];
};

static struct series series[SERIES_MAX];
static unsigned int series_count;
static struct figures ports[PORTS];

static char *page_of(enum metrics_format format, unsigned int count) {
        size_t bytes = 0;
        char *page = NULL;
        FILE *to = open_memstream(&page, &bytes);

        metrics_print(to, format, ports, count);
        cr_assert_eq(fclose(to), 0);
        cr_assert_eq(strlen(page), bytes, "no NUL in it");
        return page;
}

/* Splits the page into lines and keeps those that are series. */
static void page_read(const char *page) {
        size_t length, name;

        series_count = 0;
        for (; *page; page += length + 1) {
                length = strcspn(page, "\n");
                cr_assert_eq(page[length], '\n', "every line ends");
                if (*page == '#')
                        continue;
                for (name = length; name && page[name] != ' ';)
                        name--;
                cr_assert_lt(series_count, SERIES_MAX);
                cr_assert(name && name < NAME_BYTES, "%.*s", (int)length, page);
                snprintf(series[series_count].name, NAME_BYTES, "%.*s", (int)name, page);
                snprintf(series[series_count].value, sizeof(series->value), "%.*s",
                         (int)(length - name - 1), page + name + 1);
                series_count++;
        }
}

static void page_take(enum metrics_format format, unsigned int count) {
        CLEANUP(free_cleanup) char *page = page_of(format, count);

        page_read(page);
}

/* NULL: there is no such series. */
static const char *value_of(const char *name) {
        const char *found = NULL;

        for (unsigned int i = 0; i < series_count; i++) {
                if (strcmp(series[i].name, name))
                        continue;
                cr_expect_null(found, "%s: twice", name);
                found = series[i].value;
        }
        return found;
}

__attribute__((format(printf, 2, 3))) static void expect_value(const char *value,
                                                               const char *format, ...) {
        char name[NAME_BYTES];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(name, sizeof(name), format, arguments);
        va_end(arguments);
        if (!value)
                cr_expect_null(value_of(name), "%s", name);
        else if (value_of(name))
                cr_expect_str_eq(value_of(name), value, "%s", name);
        else
                cr_expect(false, "%s: absent", name);
}

/* Ports with figures, the last one away. */
static void setup(void) {
        static const char *const names[PORTS] = {"eth0", "eth1", "gone0"};
        struct xskim_snapshot s = snapshot_usual();

        memset(ports, 0, sizeof(ports));
        for (unsigned int i = 0; i < PORTS; i++) {
                struct figures base = {0};

                snprintf(base.port, sizeof(base.port), "%s", names[i]);
                s.ledger.seen = 1000 + i;
                figures_base_add(&base, &s, NULL);
                figures_now(&base, i < 2 ? &s : NULL, NULL, &ports[i]);
        }
}

TestSuite(metrics, .init = setup);

/* ---- names and values ---- */

Test(metrics, have_the_names_that_others_rely_on) {
        page_take(METRICS_TEXT, PORTS);
        expect_value("1", "xskim_build_info{version=\"%s\"}", xskim_version());
        expect_value("2000", "xskim_packets_total{port=\"eth0\"}");
        expect_value("2002", "xskim_packets_total{port=\"eth1\"}");
        expect_value("1002", "xskim_packets_total{port=\"gone0\"}");
        expect_value("29334019018", "xskim_bytes_total{port=\"eth0\"}");
        expect_value("0", "xskim_unaccounted_packets_total{port=\"eth0\"}");
        expect_value("0", "xskim_lost_before_packets_total{port=\"eth0\"}");
        expect_value("388780", "xskim_sampled_packets_total{port=\"eth0\"}");
        expect_value("388780", "xskim_decoded_records_total{port=\"eth0\"}");
        expect_value("0", "xskim_ring_full_records_total{port=\"eth0\"}");
        expect_value("0", "xskim_waiting_records{port=\"eth0\"}");
        expect_value("24000000", "xskim_class_packets_total{port=\"eth0\",class=\"ipv4\"}");
        expect_value("24882184", "xskim_parse_packets_total{port=\"eth0\",outcome=\"complete\"}");
        expect_value("1", "xskim_port_up{port=\"eth0\"}");
        expect_value("1", "xskim_port_restarts_total{port=\"eth0\"}");
        expect_value("0", "xskim_port_restarts_total{port=\"gone0\"}");
        expect_value("0", "xskim_attach_lost_packets_total{port=\"eth0\"}");
}

static void expect_real(double value, const char *name) {
        const char *text = value_of(name);

        cr_assert(text, "%s: absent", name);
        cr_expect_float_eq(strtod(text, NULL) / value, 1, 1e-12, "%s: %s", name, text);
}

Test(metrics, cost_is_in_base_units) {
        page_take(METRICS_TEXT, PORTS);
        expect_real(4.1e-9, "xskim_sampler_packet_seconds{port=\"eth0\"}");
        expect_real(62e-9, "xskim_sampler_sample_seconds{port=\"eth0\"}");
        expect_real(95e-9, "xskim_collector_record_seconds{port=\"eth0\"}");
        expect_real(0.005, "xskim_path_cpu_ratio{port=\"eth0\"}");
        expect_real(0.008, "xskim_collector_cpu_ratio{port=\"eth0\"}");
        expect_value("200704", "xskim_kernel_memory_bytes{port=\"eth0\"}");
        expect_value("1518", "xskim_sampler_timed_runs_total{port=\"eth0\"}");
}

/* Each of its own value, so that none stands in another's place. */
Test(metrics, every_row_of_the_tables_is_there) {
        uint64_t value = 0;
        char text[32];

#define FILL_TERM(name_, unit_, doc_) ports[0].ledger.name_ = ++value;
#define FILL_CLASS_OF(name_, doc_) ports[0].classes.name_ = ++value;
#define FILL_OUTCOME(name_, doc_) ports[0].parse.name_ = ++value;
        XSKIM_LEDGER_ROWS(FILL_TERM)
        XSKIM_CLASS_ROWS(FILL_CLASS_OF)
        XSKIM_PARSE_ROWS(FILL_OUTCOME)
        page_take(METRICS_TEXT, 1);
        value = 0;
#define CHECK(...)                                                                                 \
        snprintf(text, sizeof(text), "%" PRIu64, ++value);                                         \
        expect_value(text, __VA_ARGS__);
#define CHECK_TERM(name_, unit_, doc_)                                                             \
        CHECK("xskim_%s{port=\"eth0\"}", !strcmp(#name_, "seen")      ? "packets_total"            \
                                         : !strcmp(#name_, "bytes")   ? "bytes_total"              \
                                         : !strcmp(#name_, "waiting") ? "waiting_records"          \
                                                                      : #name_ "_" unit_ "_total")
#define CHECK_CLASS(name_, doc_)                                                                   \
        CHECK("xskim_class_packets_total{port=\"eth0\",class=\"%s\"}", #name_)
#define CHECK_OUTCOME(name_, doc_)                                                                 \
        CHECK("xskim_parse_packets_total{port=\"eth0\",outcome=\"%s\"}", #name_)
        XSKIM_LEDGER_ROWS(CHECK_TERM)
        XSKIM_CLASS_ROWS(CHECK_CLASS)
        XSKIM_PARSE_ROWS(CHECK_OUTCOME)
}

Test(metrics, a_port_that_is_away_has_its_counters_and_no_cost) {
        page_take(METRICS_TEXT, PORTS);
        expect_value("0", "xskim_port_up{port=\"gone0\"}");
        expect_value("14667009509", "xskim_bytes_total{port=\"gone0\"}");
        expect_value("759", "xskim_sampler_timed_runs_total{port=\"gone0\"}");
        expect_value(NULL, "xskim_path_cpu_ratio{port=\"gone0\"}");
        expect_value(NULL, "xskim_kernel_memory_bytes{port=\"gone0\"}");
        for (unsigned int i = 0; i < series_count; i++)
                cr_expect_not(strstr(series[i].name, "xskim_port_info{port=\"gone0\""));
}

Test(metrics, the_mode_is_in_labels) {
        ports[1].verdict = XSKIM_VERDICT_DROP;
        ports[1].tier = XSKIM_TIER_COUNTS;
        ports[1].sample = 7;
        page_take(METRICS_TEXT, PORTS);
        expect_value("1", "xskim_port_info{port=\"eth0\",xdp=\"native\",xsk=\"copy\","
                          "clock=\"xdp\",attach=\"link\",verdict=\"pass\",tier=\"classes\","
                          "sample=\"64\"}");
        expect_value("1", "xskim_port_info{port=\"eth1\",xdp=\"native\",xsk=\"copy\","
                          "clock=\"xdp\",attach=\"link\",verdict=\"drop\",tier=\"counts\","
                          "sample=\"7\"}");
}

/* ---- histograms ---- */

/* ROW(row, name, divisor, first bound, last bound) */
#define SHAPES(ROW)                                                                                \
        ROW(gap, "xskim_gap_seconds", 1e9, 32, 1ULL << 34)                                         \
        ROW(stack, "xskim_stack_seconds", 1e9, 256, 1ULL << 34)                                    \
        ROW(delivery, "xskim_delivery_seconds", 1e9, 1024, 1ULL << 34)                             \
        ROW(size, "xskim_packet_size_bytes", 1, 64, 65536)

enum { VALUES = 4000 };
static uint64_t values[VALUES];

static uint64_t values_up_to(uint64_t bound) {
        uint64_t count = 0;

        for (int i = 0; i < VALUES; i++)
                count += values[i] <= bound;
        return count;
}

static void values_draw(struct figures_histogram *histogram) {
        uint64_t random = 5;

        for (int i = 0; i < VALUES; i++) {
                values[i] = test_random(&random) >> (18 + test_random(&random) % 46);
                if (i % 3 == 0)
                        values[i] = 1ULL << test_random(&random) % 40;
                histogram->sum += (double)values[i];
                for (unsigned int octave = 0; octave < FIGURES_OCTAVES; octave++)
                        if (octave == FIGURES_OCTAVES - 1 ||
                            values[i] <= (octave ? 1ULL << (octave - 1) : 0)) {
                                histogram->octaves[octave]++;
                                break;
                        }
        }
}

static void check_buckets(const char *name, double divisor, uint64_t first, uint64_t last) {
        char prefix[NAME_BYTES], count[32];
        uint64_t bound = first;
        size_t length;

        length = (size_t)snprintf(prefix, sizeof(prefix), "%s_bucket{port=\"eth0\",le=\"", name);
        for (unsigned int i = 0; i < series_count; i++) {
                const char *le = series[i].name + length;

                if (strncmp(series[i].name, prefix, length))
                        continue;
                if (bound > last) {
                        cr_expect_str_eq(le, "+Inf\"}");
                        bound = UINT64_MAX;
                } else {
                        cr_expect_float_eq(strtod(le, NULL), (double)bound / divisor, 0, "%s", le);
                }
                snprintf(count, sizeof(count), "%" PRIu64, values_up_to(bound));
                cr_expect_str_eq(series[i].value, count, "%s", series[i].name);
                bound *= 2;
        }
        cr_expect_eq(bound, UINT64_MAX * 2, "%s: ends with +Inf", name);
        snprintf(count, sizeof(count), "%d", VALUES);
        expect_value(count, "%s_count{port=\"eth0\"}", name);
}

/* As many as a count of the values themselves gives. */
Test(metrics, buckets_are_cumulative_and_exact) {
        double sum;

#define DRAW(row_, name_, divisor_, first_, last_)                                                 \
        values_draw(&ports[0].row_);                                                               \
        sum = ports[0].row_.sum;
        SHAPES(DRAW)
        page_take(METRICS_TEXT, PORTS);
#define CHECK_SHAPE(row_, name_, divisor_, first_, last_)                                          \
        check_buckets(name_, divisor_, first_, last_);                                             \
        cr_expect_float_eq(strtod(value_of(name_ "_sum{port=\"eth0\"}"), NULL), sum / divisor_, 0);
        SHAPES(CHECK_SHAPE)
        expect_value("0", "xskim_gap_seconds_count{port=\"eth1\"}");
}

Test(metrics, bounds_are_written_as_others_write_them) {
        page_take(METRICS_OPENMETRICS, 1);
        expect_value("0", "xskim_gap_seconds_bucket{port=\"eth0\",le=\"3.2e-08\"}");
        expect_value("0", "xskim_gap_seconds_bucket{port=\"eth0\",le=\"1.024e-06\"}");
        expect_value("0", "xskim_gap_seconds_bucket{port=\"eth0\",le=\"0.001048576\"}");
        expect_value("0", "xskim_gap_seconds_bucket{port=\"eth0\",le=\"1.073741824\"}");
        expect_value("0", "xskim_packet_size_bytes_bucket{port=\"eth0\",le=\"64.0\"}");
        expect_value("0", "xskim_packet_size_bytes_bucket{port=\"eth0\",le=\"65536.0\"}");
}

/* ---- the format ---- */

/* The family that a series belongs to, by its last TYPE line. */
static bool is_of(const char *name, const char *family, const char *type) {
        static const char *const parts[] = {"_bucket", "_sum", "_count"};
        size_t length = strlen(family), end = strcspn(name, "{");

        if (strncmp(name, family, length))
                return false;
        if (strcmp(type, "histogram"))
                return end == length;
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                if (end == length + strlen(parts[i]) &&
                    !strncmp(name + length, parts[i], strlen(parts[i])))
                        return true;
        return false;
}

Test(metrics, each_series_stands_under_its_family_and_each_family_once) {
        CLEANUP(free_cleanup) char *page = page_of(METRICS_TEXT, PORTS);
        char family[NAME_BYTES] = "", type[32] = "", help[NAME_BYTES] = "", once[NAME_BYTES];
        char seen[16384] = " ", *line;

        for (line = strtok(page, "\n"); line; line = strtok(NULL, "\n")) {
                if (sscanf(line, "# HELP %511s", help) == 1) {
                        cr_expect_gt(strlen(line), strlen("# HELP  ") + strlen(help), "%s", line);
                } else if (sscanf(line, "# TYPE %509s %31s", family, type) == 2) {
                        cr_expect_str_eq(family, help);
                        cr_expect_eq(!strcmp(type, "counter"),
                                     !strcmp(family + strlen(family) - 6, "_total"), "%s", line);
                        snprintf(once, sizeof(once), " %.509s ", family);
                        cr_expect_null(strstr(seen, once), "%s: twice", family);
                        strcat(seen, once);
                } else {
                        cr_expect(is_of(line, family, type), "%s under %s", line, family);
                }
        }
        cr_expect(strstr(seen, " xskim_packets_total "));
}

/* The same series with the same values; only what is said of them differs. */
Test(metrics, both_formats_say_the_same) {
        struct series *text = calloc(SERIES_MAX, sizeof(*text));
        CLEANUP(free_cleanup) char *page = page_of(METRICS_OPENMETRICS, PORTS);
        unsigned int count;

        page_take(METRICS_TEXT, PORTS);
        count = series_count;
        memcpy(text, series, sizeof(series));
        page_read(page);
        cr_assert_eq(series_count, count);
        for (unsigned int i = 0; i < count; i++) {
                cr_expect_str_eq(series[i].name, text[i].name);
                cr_expect_str_eq(series[i].value, text[i].value);
        }
        cr_expect_str_eq(page + strlen(page) - 6, "# EOF\n");
        cr_expect(strstr(page, "# TYPE xskim_packets counter\n"));
        cr_expect(strstr(page, "# TYPE xskim_port info\n"));
        free(text);
}

/* Names of interfaces are any bytes but blanks and slashes. */
Test(metrics, a_port_of_any_name_is_one_line_of_text) {
        static const char *const rows[][2] = {
                {"a\"b\\c", "a\\\"b\\\\c"}, {"\xc3\xa4", "\xc3\xa4"},  {"\xff", "\\\\xff"},
                {"\xfe", "\\\\xfe"},        {"\x1b[2J", "\\\\x1b[2J"}, {"}{,=", "}{,="},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                snprintf(ports[0].port, sizeof(ports[0].port), "%s", rows[i][0]);
                page_take(METRICS_TEXT, 1);
                expect_value("2000", "xskim_packets_total{port=\"%s\"}", rows[i][1]);
        }
}

static void figures_huge(void) {
        struct xskim_snapshot s = snapshot_huge();

        for (unsigned int i = 0; i < PORTS; i++) {
                struct figures base = {0};

                snprintf(base.port, sizeof(base.port), "huge%u\n\"\x80", i);
                figures_now(&base, &s, NULL, &ports[i]);
                for (unsigned int octave = 0; octave < FIGURES_OCTAVES; octave++)
                        ports[i].gap.octaves[octave] = UINT64_MAX / 64;
                ports[i].gap.sum = INFINITY;
        }
}

Test(metrics, how_many_series_there_are_depends_on_the_ports_alone) {
        unsigned int count;

        ports[2].up = true;
        page_take(METRICS_TEXT, PORTS);
        count = series_count;
        figures_huge();
        page_take(METRICS_TEXT, PORTS);
        cr_expect_eq(series_count, count);
        memset(ports, 0, sizeof(ports));
        for (unsigned int i = 0; i < PORTS; i++)
                ports[i].up = true;
        page_take(METRICS_TEXT, PORTS);
        cr_expect_eq(series_count, count);
        page_take(METRICS_TEXT, 0);
        cr_expect_eq(series_count, 1);
}

/* ---- other people's readers ---- */

/* Feeds the page to a command; its output ends up in the message. */
static void judged_by(const char *command, enum metrics_format format) {
        CLEANUP(free_cleanup) char *page = page_of(format, PORTS);
        char line[512], said[2048] = "", name[] = "/tmp/xskim-metrics-XXXXXX";
        FILE *file = fdopen(mkstemp(name), "w"), *pipe;

        cr_assert(file);
        cr_assert_geq(fputs(page, file), 0);
        fclose(file);
        snprintf(line, sizeof(line), "%s <%s 2>&1", command, name);
        pipe = popen(line, "r");
        cr_assert(pipe);
        said[fread(said, 1, sizeof(said) - 1, pipe)] = '\0';
        cr_expect_eq(pclose(pipe), 0, "%s", said);
        cr_expect_str_empty(said);
        remove(name);
}

Test(metrics, promtool_finds_nothing_to_complain_of) {
        if (system("command -v promtool >/dev/null"))
                test_skip("no promtool here (package prometheus)");
        judged_by("promtool check metrics", METRICS_TEXT);
        figures_huge();
        judged_by("promtool check metrics", METRICS_TEXT);
}

/* It finds all series, and none twice. */
Test(metrics, the_strict_reader_of_openmetrics_reads_them) {
        char command[512];

        if (system("/usr/bin/python3 -c 'import prometheus_client.openmetrics.parser' 2>&-"))
                test_skip("no strict reader here (package python3-prometheus-client)");
        page_take(METRICS_OPENMETRICS, PORTS);
        snprintf(command, sizeof(command),
                 "/usr/bin/python3 -c 'import sys\n"
                 "from prometheus_client.openmetrics import parser\n"
                 "families = parser.text_fd_to_metric_families(sys.stdin)\n"
                 "found = sum(len(family.samples) for family in families)\n"
                 "sys.exit(None if found == %u else f\"it found {found} series\")'",
                 series_count);
        judged_by(command, METRICS_OPENMETRICS);
}

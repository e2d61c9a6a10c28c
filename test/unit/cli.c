/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: every option good and bad, then help and the manual page from the same tables.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xskim/control.h>
#include <xskim/record.h>

#include "cli.h"
#include "cli_value.h"
#include "log.h"
#include "page.h"
#include "util.h"
#include "watch_options.h"

static int no_run(int argc, char **argv) {
        (void)argc;
        (void)argv;
        return CLI_EXIT_FAILED;
}

static const struct cli_command WATCH = {
        .name = "watch",
        .operands = "PORT...",
        .operands_min = 1,
        .operands_max = XSKIM_PORTS_MAX,
        .summary = "watches",
        .description = "Watches.",
        .options = WATCH_OPTIONS,
        .run = no_run,
};

static struct watch_options options;
static int first;

/* Parses the words, split at blanks, after "watch". */
static int parse(const char *words) {
        static char line[512];
        char *argv[40] = {(char[]){"watch"}}, *rest = line;
        int argc = 1;

        memset(&options, 0, sizeof(options));
        first = -1;
        error_clear();
        snprintf(line, sizeof(line), "%s", words);
        while ((argv[argc] = strsep(&rest, " ")))
                argc++;
        return cli_parse(&WATCH, argc, argv, &options, &first);
}

Test(cli, numbers_are_strict) {
        static const char *const bad[] = {"",    " 1",  "1 ",  "+1",  "-1",   "1x",
                                          "0x1", "1.0", "1e3", "one", "1,000"};
        uint64_t value = 7;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                cr_expect_eq(cli_value_number(bad[i], 0, UINT64_MAX, &value), -EINVAL, "%s",
                             bad[i]);
        cr_expect_eq(cli_value_number("18446744073709551616", 0, UINT64_MAX, &value), -ERANGE);
        cr_expect_eq(cli_value_number("99999999999999999999999", 0, UINT64_MAX, &value), -ERANGE);
        cr_expect_eq(cli_value_number("9", 10, 20, &value), -ERANGE);
        cr_expect_eq(cli_value_number("21", 10, 20, &value), -ERANGE);
        cr_expect_eq(value, 7, "untouched on failure");
        cr_expect_eq(cli_value_number("18446744073709551615", 0, UINT64_MAX, &value), 0);
        cr_expect_eq(value, UINT64_MAX);
        cr_expect_eq(cli_value_number("007", 0, 10, &value), 0);
        cr_expect_eq(value, 7);
}

Test(cli, durations) {
        static const struct {
                const char *text;
                uint64_t ms;
        } good[] = {{"1", 1000},      {"0.5", 500},   {"200ms", 200},  {"1s", 1000},
                    {"1.25s", 1250},  {"2m", 120000}, {"1h", 3600000}, {"0.001", 1},
                    {"0.0010000", 1}, {"0.5m", 30000}};
        static const char *const bad[] = {"",
                                          "s",
                                          "1 s",
                                          ".5",
                                          "1.",
                                          "-1",
                                          "1.5.5",
                                          "1sec",
                                          "1ms2",
                                          "1S",
                                          "1e3",
                                          "0.0005",
                                          "1.5ms",
                                          "nan",
                                          "99999999999999999999",
                                          "18446744073709551615h"};
        uint64_t ms = 7;

        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                cr_expect_eq(cli_value_duration(good[i].text, 0, UINT64_MAX, &ms), 0, "%s",
                             good[i].text);
                cr_expect_eq(ms, good[i].ms, "%s is %lu ms", good[i].text, ms);
        }
        ms = 7;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                cr_expect_lt(cli_value_duration(bad[i], 0, UINT64_MAX, &ms), 0, "%s", bad[i]);
        cr_expect_eq(ms, 7);
}

Test(cli, cpu_lists) {
        static const char *const bad[] = {"",   ",",     "0,",  ",0", "0,,1", "1-0", "0-",
                                          "-1", "0-1,1", "0 1", "a",  "0-x",  "8192"};
        int cpus[4];
        size_t count = 0;

        cr_expect_eq(cli_value_cpus("0,2-3", cpus, 4, &count), 0);
        cr_expect_eq(count, 3);
        cr_expect_eq(cpus[0], 0);
        cr_expect_eq(cpus[1], 2);
        cr_expect_eq(cpus[2], 3);
        cr_expect_eq(cli_value_cpus("0-4", cpus, 4, &count), -ERANGE);
        cr_expect_eq(cli_value_cpus("0-18446744073709551615", cpus, 4, &count), -ERANGE);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                cr_expect_lt(cli_value_cpus(bad[i], cpus, 4, &count), 0, "%s", bad[i]);
        cr_expect_eq(count, 3, "untouched on failure");
}

/* What --help promises as defaults is what is set. */
Test(cli, defaults) {
        const struct xskim_config *c = &options.config;

        cr_assert_eq(parse("eth0"), CLI_PARSED, "%s", error_message());
        cr_expect_eq(first, 1);
        cr_expect_eq(c->verdict, XSKIM_VERDICT_PASS);
        cr_expect_eq(c->tier, XSKIM_TIER_CLASSES);
        cr_expect_eq(c->sample, 64);
        cr_expect_eq(c->interval_ms, 1000);
        cr_expect_eq(c->duration_ms, 0);
        cr_expect_eq(c->flush_ms, 40);
        cr_expect_eq(c->workers, 1);
        cr_expect_not(c->stack || c->busy || c->generic || c->shared || c->force || options.json);
}

/* The library and the command have the same. */
Test(cli, defaults_are_those_of_the_library) {
        struct watch_options ours = {}, theirs = {};
        char *argv[] = {(char[]){"watch"}, (char[]){"eth0"}, NULL};

        xskim_config_init(&theirs.config);
        ours = theirs;
        cr_assert_eq(cli_parse(&WATCH, 2, argv, &ours, &first), CLI_PARSED);
        cr_expect_eq(memcmp(&ours, &theirs, sizeof(ours)), 0);
        memset(&ours, 0, sizeof(ours));
        cr_assert_eq(cli_parse(&WATCH, 2, argv, &ours, &first), CLI_PARSED);
        cr_expect_eq(memcmp(&ours, &theirs, sizeof(ours)), 0, "a default has no row");
}

#define GOOD(words, expectation)                                                                   \
        do {                                                                                       \
                cr_expect_eq(parse("eth0 " words), CLI_PARSED, "%s: %s", words, error_message());  \
                cr_expect(expectation, "%s", words);                                               \
        } while (0)

Test(cli, every_option_sets_its_member) {
        const struct xskim_config *c = &options.config;

        GOOD("--verdict drop", c->verdict == XSKIM_VERDICT_DROP);
        GOOD("--verdict=pass", c->verdict == XSKIM_VERDICT_PASS);
        GOOD("--sample 1", c->sample == 1);
        GOOD("--sample off", c->sample == 0);
        GOOD("--sample 16777215", c->sample == XSKIM_WEIGHT_MAX);
        GOOD("--seed 18446744073709551615", c->seed == UINT64_MAX);
        GOOD("--tier counts", c->tier == XSKIM_TIER_COUNTS);
        GOOD("--stack", c->stack);
        GOOD("--transit", c->transit);
        GOOD("--expect sent.pcap", !strcmp(c->expect_path, "sent.pcap"));
        GOOD("--expect-filter tcp", !strcmp(c->expect_filter, "tcp"));
        GOOD("--expect-loops 1000000000", c->expect_loops == 1000000000);
        GOOD("--clock-offset 9223372036854775807", c->clock_offset_ns == INT64_MAX);
        GOOD("--clock-offset=-5", c->clock_offset_ns == -5);
        GOOD("--clock-offset -17", c->clock_offset_ns == -17);
        GOOD("--interval 200ms", c->interval_ms == 200);
        GOOD("--interval 0.5", c->interval_ms == 500);
        GOOD("--duration 10", c->duration_ms == 10000);
        GOOD("--json", options.json);
        GOOD("--record run.xskim", !strcmp(c->record_path, "run.xskim"));
        GOOD("--workers 64", c->workers == XSKIM_WORKERS_MAX);
        GOOD("--cpu 0-3", c->cpu_count == 4 && c->cpus[3] == 3);
        GOOD("--ring-slots 96", c->ring_slots == 96);
        GOOD("--flush-ms 10000", c->flush_ms == 10000);
        GOOD("--busy", c->busy);
        GOOD("--generic", c->generic);
        GOOD("--shared", c->shared);
        GOOD("--force", c->force);
}

Test(cli, the_last_one_of_an_option_holds_and_operands_may_stand_anywhere) {
        cr_assert_eq(parse("eth0 --sample 2 eth1 --sample 3 --json eth2"), CLI_PARSED);
        cr_expect_eq(options.config.sample, 3);
        cr_expect_eq(first, 6, "%d", first);
}

/* The message names the option, the value, what is allowed, and where to read more. */
static void check_refused(const char *option, const char *value) {
        char words[128];

        snprintf(words, sizeof(words), "eth0 --%s=%s", option, value);
        cr_expect_eq(parse(words), -EINVAL, "%s", words);
        cr_expect(strstr(error_message(), option), "%s: %s", words, error_message());
        cr_expect(strstr(error_message(), value), "%s: %s", words, error_message());
        cr_expect(strstr(error_message(), "see xskim help watch"), "%s", error_message());
}

Test(cli, bad_values_are_refused) {
        static const struct {
                const char *option;
                const char *values[6];
        } bad[] = {
                {"verdict", {"", "PASS", "passx", "0"}},
                {"sample", {"", "0", "-1", "16777216", "1.5", "OFF"}},
                {"seed", {"", "x", "18446744073709551616"}},
                {"tier", {"", "class", "1"}},
                {"clock-offset", {"", "-", "--1", "+1", "1ms", "9223372036854775808"}},
                {"expect", {""}},
                {"expect-filter", {""}},
                {"expect-loops", {"", "0", "-1", "1000000001", "1x"}},
                {"interval", {"", "0", "9ms", "25h", "1_s", "fast"}},
                {"duration", {"", "0", "-1", "1y", "87601h"}},
                {"record", {""}},
                {"workers", {"", "0", "65", "1x"}},
                {"cpu", {"", "a", "1-0", "0,0", "0-64", "9999"}},
                {"ring-slots", {"", "0", "48", "100", "32784", "x"}},
                {"flush-ms", {"", "0", "60001", "10ms"}},
        };
        size_t with_argument = 0;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                for (size_t j = 0; j < 6 && bad[i].values[j]; j++)
                        check_refused(bad[i].option, bad[i].values[j]);
        for (size_t i = 0; i < cli_option_count(&WATCH); i++)
                with_argument += !!WATCH_OPTIONS[i].argument;
        cr_expect_eq(with_argument, ARRAY_SIZE(bad), "an option has no row here");
}

Test(cli, flags_take_no_value) {
        for (size_t i = 0; i < cli_option_count(&WATCH); i++)
                if (!WATCH_OPTIONS[i].argument) {
                        check_refused(WATCH_OPTIONS[i].name, "yes");
                        cr_expect(strstr(error_message(), "takes no value"), "%s", error_message());
                }
}

Test(cli, a_missing_value_says_what_to_give) {
        for (size_t i = 0; i < cli_option_count(&WATCH); i++) {
                char words[64];

                if (!WATCH_OPTIONS[i].argument)
                        continue;
                snprintf(words, sizeof(words), "eth0 --%s", WATCH_OPTIONS[i].name);
                cr_expect_eq(parse(words), -EINVAL, "%s", words);
                cr_expect(strstr(error_message(), WATCH_OPTIONS[i].allowed), "%s", error_message());
        }
}

Test(cli, unknown_options_and_missing_or_too_many_operands) {
        cr_expect_eq(parse("eth0 --nonsense"), -EINVAL);
        cr_expect(strstr(error_message(), "--nonsense"), "%s", error_message());
        cr_expect_eq(parse("eth0 -x"), -EINVAL);
        cr_expect(strstr(error_message(), "-x"), "%s", error_message());
        cr_expect_eq(parse("--json"), -EINVAL);
        cr_expect(strstr(error_message(), "PORT"), "%s", error_message());
        cr_expect_eq(parse("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"), CLI_PARSED);
        cr_expect_eq(parse("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"), -EINVAL);
        cr_expect(strstr(error_message(), "17"), "%s", error_message());
        cr_expect_eq(parse("--help"), CLI_HELP);
}

Test(cli, exit_statuses) {
        cr_expect_eq(cli_exit_status(0), 0);
        cr_expect_eq(cli_exit_status(-EIO), 1);
        cr_expect_eq(cli_exit_status(-EPERM), 4);
        cr_expect_eq(cli_exit_status(-EACCES), 4);
        cr_expect_eq(cli_exit_status(-EOPNOTSUPP), 5);
        cr_expect_eq(CLI_EXIT_USAGE, 2);
        cr_expect_eq(CLI_EXIT_THRESHOLD, 3);
}

/* ---- texts ---- */

static char *printed(int (*print)(FILE *stream)) {
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);

        cr_assert_eq(print(stream), 0);
        fclose(stream);
        return text;
}

static int print_watch(FILE *stream) {
        return cli_help_command(stream, &WATCH);
}

static int print_program(FILE *stream) {
        return cli_help_program(stream, &WATCH, 1);
}

static int print_manual(FILE *stream) {
        return cli_manual(stream, &WATCH, 1);
}

static void check_columns(const char *text) {
        char line[512];
        size_t length;

        for (; *text; text += length + 1) {
                length = strcspn(text, "\n");
                snprintf(line, sizeof(line), "%.*s", (int)length, text);
                cr_expect_leq(page_width(line), 80, "%s", line);
        }
}

Test(cli, help_names_every_option_its_default_and_every_exit_status) {
        CLEANUP(free_cleanup) char *watch = printed(print_watch);
        CLEANUP(free_cleanup) char *program = printed(print_program);
        char expected[64];

        for (size_t i = 0; i < cli_option_count(&WATCH); i++) {
                snprintf(expected, sizeof(expected), "  --%s", WATCH_OPTIONS[i].name);
                cr_expect(strstr(watch, expected), "%s", expected);
                snprintf(expected, sizeof(expected), "(default %s)",
                         WATCH_OPTIONS[i].fallback ? WATCH_OPTIONS[i].fallback : "64");
                cr_expect(strstr(watch, expected), "%s", expected);
        }
#define EXIT_EXPECTED(name_, status_, doc_)                                                        \
        cr_expect(strstr(program, "\n  " #status_ " ") && strstr(program, doc_), doc_);
        CLI_EXIT_ROWS(EXIT_EXPECTED)
        cr_expect(strstr(program, "\n  watch "));
        check_columns(watch);
        check_columns(program);
}

/* In the page's roff a hyphen of an option is \-. */
Test(cli, the_manual_names_every_option_and_every_row_of_the_ledger) {
        CLEANUP(free_cleanup) char *manual = printed(print_manual);
        char expected[128];

        for (size_t i = 0; i < cli_option_count(&WATCH); i++) {
                const char *name = WATCH_OPTIONS[i].name, *dash = strchr(name, '-');

                snprintf(expected, sizeof(expected), "\\-\\-%.*s%s%s",
                         (int)(dash ? dash - name : (int)strlen(name)), name, dash ? "\\-" : "",
                         dash ? dash + 1 : "");
                cr_expect(strstr(manual, expected), "%s", expected);
        }
#define LEDGER_EXPECTED(name_, unit_, doc_) cr_expect(strstr(manual, ".B " #name_ "\n"), #name_);
        XSKIM_LEDGER_ROWS(LEDGER_EXPECTED)
        cr_expect_eq(strncmp(manual, ".TH XSKIM 1 ", 12), 0);
}

Test(cli, decimals_are_millionths) {
        uint64_t value = 7;

        cr_expect_eq(cli_value_decimal("1", 1, UINT64_MAX, &value), 0);
        cr_expect_eq(value, 1000000);
        cr_expect_eq(cli_value_decimal("0.000001", 1, UINT64_MAX, &value), 0);
        cr_expect_eq(value, 1);
        cr_expect_eq(cli_value_decimal("0", 1, UINT64_MAX, &value), -ERANGE);
        /* zeros far behind the point are no finer than anything here */
        cr_expect_eq(cli_value_decimal("0.00000010", 1, UINT64_MAX, &value), -ERANGE);
        cr_expect_eq(cli_value_decimal("99999999999999999999", 1, UINT64_MAX, &value), -ERANGE);
        cr_expect_eq(cli_value_decimal("18446744073709", 1, UINT64_MAX, &value), 0);
        cr_expect_eq(cli_value_decimal("1x", 1, UINT64_MAX, &value), -EINVAL);
        cr_expect_eq(cli_value_decimal(".5", 1, UINT64_MAX, &value), -EINVAL);
        cr_expect_eq(cli_value_decimal("1.", 1, UINT64_MAX, &value), -EINVAL);
}

Test(cli, rates_have_units) {
        static const struct {
                const char *text;
                int r;
                enum cli_rate kind;
                uint64_t rate;
        } cases[] = {
                {"2Mpps", 0, CLI_RATE_PACKETS, 2000000},
                {"1pps", 0, CLI_RATE_PACKETS, 1},
                {"1.5Gbps", 0, CLI_RATE_BITS, 1500000000},
                {"800kbps", 0, CLI_RATE_BITS, 800000},
                {"0.5kpps", 0, CLI_RATE_PACKETS, 500},
                {"0.5pps", -ERANGE, 0, 0},
                {"0pps", -ERANGE, 0, 0},
                {"1001Gpps", -ERANGE, 0, 0},
                {"2", -EINVAL, 0, 0},
                {"Mpps", -EINVAL, 0, 0},
                {"2Mpp", -EINVAL, 0, 0},
                {"2Tpps", -EINVAL, 0, 0},
                {"2 Mpps", -EINVAL, 0, 0},
                {"-2Mpps", -EINVAL, 0, 0},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                enum cli_rate kind = 0;
                uint64_t rate = 0;

                cr_expect_eq(cli_value_rate(cases[i].text, 1000000000000, &kind, &rate), cases[i].r,
                             "%s", cases[i].text);
                cr_expect_eq(kind, cases[i].kind, "%s", cases[i].text);
                cr_expect_eq(rate, cases[i].rate, "%s", cases[i].text);
        }
}

Test(cli, addresses_are_strict) {
        static const char *const bad[] = {"",
                                          "02:00:00:00:00",
                                          "02:00:00:00:00:01:",
                                          "2:0:0:0:0:1",
                                          "02-00-00-00-00-01",
                                          "02:00:00:00:00:0g",
                                          "02:00:00:00:00:011"};
        uint8_t mac[6];

        cr_expect_eq(cli_value_mac("02:aB:00:ff:10:01", mac), 0);
        cr_expect_eq(memcmp(mac, "\x02\xab\x00\xff\x10\x01", 6), 0);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                cr_expect_eq(cli_value_mac(bad[i], mac), -EINVAL, "%s", bad[i]);
}

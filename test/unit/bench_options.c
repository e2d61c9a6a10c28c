/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of xskim bench: each good and bad, what they make together, and which conditions come
 * of them in which order. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench_options.h"
#include "cli.h"
#include "log.h"
#include "util.h"

enum { WORDS_MAX = 48 };

static const struct cli_command BENCH = {
        .name = "bench",
        .operands = "",
        .description = "Measures.",
        .options = BENCH_OPTIONS,
};

static struct bench_options options;

/* The words, NULL at the end, after "bench". */
static int parse_words(const char *const words[]) {
        static char bench[] = "bench";
        /* options point into them until the next */
        static char *argv[WORDS_MAX];
        int argc = 1, first, r;

        memset(&options, 0, sizeof(options));
        error_clear();
        xskim_bench_config_init(&options.config);
        argv[0] = bench;
        for (; words[argc - 1]; argc++) {
                free(argv[argc]);
                argv[argc] = strdup(words[argc - 1]);
        }
        r = cli_parse(&BENCH, argc, argv, &options, &first);
        return r < 0 ? r : bench_options_finish(&options);
}
#define PARSE(...) parse_words((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static enum xskim_bench_kind kind(unsigned int condition) {
        return options.config.conditions[condition].kind;
}

/* The rows' defaults are those of the library. */
Test(bench_options, nothing_said_is_what_the_library_does) {
        struct xskim_bench_config config;

        cr_assert_eq(PARSE(), 0);
        xskim_bench_config_init(&config);
        cr_expect_eq(options.config.path, config.path);
        cr_expect_eq(options.config.packet_bytes, config.packet_bytes);
        cr_expect_eq(options.config.tier, config.tier);
        cr_expect_eq(options.config.precision_percent, config.precision_percent);
        cr_expect_eq(options.config.max_time_ms, config.max_time_ms);
        cr_expect_eq(options.config.slice_ms, config.slice_ms);
        cr_expect_eq(options.config.slow_slice_ms, config.slow_slice_ms);
        cr_expect_eq(options.config.settle_ms, config.settle_ms);
        cr_expect_eq(options.config.latency, config.latency);
        cr_expect_eq(options.config.loss_tolerance, config.loss_tolerance);
        cr_expect_eq(options.config.seed, 0);
        cr_assert_eq(options.config.condition_count, config.condition_count);
        for (unsigned int i = 0; i < config.condition_count; i++)
                cr_expect_eq(kind(i), config.conditions[i].kind);
        cr_expect(!options.json && !options.html && !options.budgeted);
}

Test(bench_options, every_option_sets_what_it_says) {
        cr_assert_eq(PARSE("--path", "forward", "--packet-bytes", "imix", "--tier", "counts",
                           "--precision", "0.5%", "--max-time", "30s", "--slice-ms", "50",
                           "--settle-ms", "0", "--no-latency", "--loss-tolerance", "0.5", "--seed",
                           "18446744073709551615", "--tx", "a0", "--rx", "b0", "--budget",
                           "loss=2%,p99=10us", "--html", "x.html", "--json"),
                     0, "%s", error_message());
        cr_expect_eq(options.config.path, XSKIM_BENCH_PATH_forward);
        cr_expect_eq(options.config.packet_bytes, XSKIM_BENCH_IMIX);
        cr_expect_eq(options.config.tier, XSKIM_TIER_COUNTS);
        cr_expect_eq(options.config.precision_percent, 0.5);
        cr_expect_eq(options.config.max_time_ms, 30000);
        cr_expect_eq(options.config.slice_ms, 50);
        cr_expect_eq(options.config.settle_ms, 0);
        cr_expect(!options.config.latency);
        cr_expect_float_eq(options.config.loss_tolerance, 0.005, 1e-12);
        cr_expect_eq(options.config.seed, UINT64_MAX);
        cr_expect_str_eq(options.config.tx_port, "a0");
        cr_expect_str_eq(options.config.rx_port, "b0");
        cr_expect(options.budgeted);
        cr_expect_eq(options.budget.limits[BUDGET_loss], 2);
        cr_expect_eq(options.budget.limits[BUDGET_p99], 10000);
        cr_expect_str_eq(options.html, "x.html");
        cr_expect(options.json);
}

Test(bench_options, quick_gives_way_to_what_is_said) {
        cr_assert_eq(PARSE("--quick"), 0);
        cr_expect_eq(options.config.precision_percent, 3);
        cr_expect_eq(options.config.max_time_ms, 14000);
        cr_assert_eq(PARSE("--max-time", "5", "--quick", "--precision", "2"), 0);
        cr_expect_eq(options.config.precision_percent, 2);
        cr_expect_eq(options.config.max_time_ms, 5000);
}

/* ---- conditions ---- */

Test(bench_options, the_baseline_stands_in_front_twice) {
        static const struct {
                const char *path;
                const char *list;
                unsigned int count;
                enum xskim_bench_kind baseline;
                enum xskim_bench_kind third;
        } rows[] = {
                {"stack", "sample=64,counts", 4, XSKIM_BENCH_KIND_empty, XSKIM_BENCH_KIND_sample},
                {"tcp", "sample=64", 3, XSKIM_BENCH_KIND_off, XSKIM_BENCH_KIND_sample},
                {"tcp", "empty,sample=64", 4, XSKIM_BENCH_KIND_off, XSKIM_BENCH_KIND_empty},
                {"stack", "empty,sample=64", 3, XSKIM_BENCH_KIND_empty, XSKIM_BENCH_KIND_sample},
                {"stack", "empty,empty,sample=64", 3, XSKIM_BENCH_KIND_empty,
                 XSKIM_BENCH_KIND_sample},
                {"stack", "off,sample=64", 3, XSKIM_BENCH_KIND_off, XSKIM_BENCH_KIND_sample},
                {"stack", "off,empty,sample=64", 4, XSKIM_BENCH_KIND_off, XSKIM_BENCH_KIND_empty},
                {"stack", "burn=50", 3, XSKIM_BENCH_KIND_empty, XSKIM_BENCH_KIND_burn},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                cr_assert_eq(PARSE("--conditions", rows[i].list, "--path", rows[i].path), 0, "%s",
                             error_message());
                cr_expect_eq(options.config.condition_count, rows[i].count, "%s", rows[i].list);
                cr_expect_eq(kind(0), rows[i].baseline, "%s", rows[i].list);
                cr_expect_eq(kind(1), rows[i].baseline, "%s", rows[i].list);
                cr_expect_eq(kind(2), rows[i].third, "%s", rows[i].list);
        }
}

Test(bench_options, a_baseline_that_is_said_stands_in_front_instead) {
        cr_assert_eq(PARSE("--baseline", "burn=0", "--conditions", "burn=50,empty,burn=0"), 0);
        cr_assert_eq(options.config.condition_count, 5);
        for (unsigned int i = 0; i < 2; i++) {
                cr_expect_eq(kind(i), XSKIM_BENCH_KIND_burn);
                cr_expect_eq(options.config.conditions[i].number, 0);
        }
        cr_expect_eq(options.config.conditions[2].number, 50);
        cr_expect_eq(kind(3), XSKIM_BENCH_KIND_empty);
        cr_expect_eq(kind(4), XSKIM_BENCH_KIND_burn);

        cr_assert_eq(PARSE("--baseline", "sample=64:counts"), 0);
        cr_assert_eq(options.config.condition_count, 5);
        cr_expect_eq(kind(1), XSKIM_BENCH_KIND_sample);
        cr_expect_eq(options.config.conditions[1].tier, XSKIM_TIER_COUNTS);
        cr_expect_eq(options.config.conditions[2].number, 1000);
}

Test(bench_options, a_baseline_has_to_be_a_condition) {
        cr_expect_lt(PARSE("--baseline", "nothing"), 0);
        cr_expect(strstr(error_message(), "condition 'nothing'"), "%s", error_message());
}

Test(bench_options, conditions_keep_their_order_and_words) {
        cr_assert_eq(PARSE("--conditions", "sample=64:counts,sample=64,ringbuf=8"), 0);
        cr_assert_eq(options.config.condition_count, 5);
        cr_expect(options.config.conditions[2].tiered);
        cr_expect_eq(options.config.conditions[2].tier, XSKIM_TIER_COUNTS);
        cr_expect_eq(options.config.conditions[2].number, 64);
        cr_expect(!options.config.conditions[3].tiered);
        cr_expect_eq(kind(4), XSKIM_BENCH_KIND_ringbuf);
        cr_expect_eq(options.config.conditions[4].number, 8);
}

Test(bench_options, the_usual_ones_follow_the_path) {
        cr_assert_eq(PARSE("--path", "tcp"), 0);
        cr_expect_eq(kind(0), XSKIM_BENCH_KIND_off);
        cr_expect_eq(kind(1), XSKIM_BENCH_KIND_off);
}

Test(bench_options, commands_come_behind) {
        cr_assert_eq(PARSE("--command", "one {port}", "--conditions", "counts", "--command", "two"),
                     0);
        cr_assert_eq(options.config.condition_count, 5);
        cr_expect_eq(kind(2), XSKIM_BENCH_KIND_counts);
        cr_expect_eq(kind(3), XSKIM_BENCH_KIND_command);
        cr_expect_str_eq(options.config.conditions[3].command, "one {port}");
        cr_expect_str_eq(options.config.conditions[4].command, "two");
        cr_assert_eq(PARSE("--command", "one"), 0);
        cr_expect_gt(options.config.condition_count, 3, "beside the usual ones");
}

/* ---- refused ---- */

struct refusal {
        const char *option;
        const char *value;
        const char *says; /* what the message must name */
};

Test(bench_options, wrong_values_are_refused_with_what_is_allowed) {
        char longest[XSKIM_BENCH_COMMAND_BYTES + 1], list[2000];
        const struct refusal rows[] = {
                {"--path", "loop", "stack, forward, drop or tcp"},
                {"--packet-bytes", "63", "from 64 to 1518, or imix"},
                {"--packet-bytes", "1519", "from 64 to 1518, or imix"},
                {"--packet-bytes", "IMIX", "imix"},
                {"--tier", "all", "counts or classes"},
                {"--precision", "0", "0.01 to 50"},
                {"--precision", "51", "0.01 to 50"},
                {"--precision", "1%%", "0.01 to 50"},
                {"--precision", "%", "0.01 to 50"},
                {"--precision", "", "0.01 to 50"},
                {"--precision", "nan", "0.01 to 50"},
                {"--max-time", "0.5", "1s to 24h"},
                {"--max-time", "25h", "1s to 24h"},
                {"--max-time", "-1", "1s to 24h"},
                {"--slice-ms", "0", "2 to 10000"},
                {"--slice-ms", "20ms", "2 to 10000"},
                {"--settle-ms", "60001", "0 to 60000"},
                {"--loss-tolerance", "51", "0 to 50"},
                {"--loss-tolerance", "-1", "0 to 50"},
                {"--seed", "0", "from 1"},
                {"--seed", "x", "from 1"},
                {"--tx", "", "a port"},
                {"--html", "", "name of a file"},
                {"--budget", "loss=x", "loss=2%,p99=10us"},
                {"--budget", "", "loss=2%,p99=10us"},
                {"--command", "", "a command"},
                {"--command", longest, "511"},
                {"--conditions", "", "separated by commas"},
                {"--conditions", "sample=64,", "condition ''"},
                {"--conditions", "sampl=64", "sampl=64"},
                {"--conditions", "command", "command"},
                {"--conditions", list, "too long"},
        };

        memset(longest, 'x', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = '\0';
        memset(list, ',', sizeof(list) - 1);
        list[sizeof(list) - 1] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                cr_expect_eq(PARSE(rows[i].option, rows[i].value), -EINVAL, "%s %s", rows[i].option,
                             rows[i].value);
                cr_expect(strstr(error_message(), rows[i].says), "%s %s: %s", rows[i].option,
                          rows[i].value, error_message());
        }
}

Test(bench_options, what_does_not_go_together_is_refused) {
        char list[256] = "sample=1";

        cr_expect_eq(PARSE("--tx", "a0"), -EINVAL);
        cr_expect(strstr(error_message(), "--rx"));
        cr_expect_eq(PARSE("--rx", "a0"), -EINVAL);
        cr_expect_eq(PARSE("--tx", "a0", "--rx", "a0"), -EINVAL);
        cr_expect(strstr(error_message(), "a0"));
        for (int i = 2; i < XSKIM_BENCH_CONDITIONS_MAX - 1; i++)
                strcat(list, ",sample=2");
        cr_expect_eq(PARSE("--conditions", list), 0, "%s", error_message());
        cr_expect_eq(options.config.condition_count, XSKIM_BENCH_CONDITIONS_MAX);
        cr_expect_eq(PARSE("--conditions", list, "--command", "true"), -EINVAL);
        cr_expect(strstr(error_message(), "at most 16"), "%s", error_message());
}

/* Every row has what its help needs, and the defaults that it names are accepted. */
Test(bench_options, rows_are_whole) {
        for (const struct cli_option *option = BENCH_OPTIONS; option->name; option++) {
                cr_expect(option->help && *option->help, "%s", option->name);
                cr_expect_eq(!option->argument, !option->allowed, "%s", option->name);
        }
        for (const struct cli_term *term = BENCH_TERMS; term->name; term++)
                cr_expect(*term->text, "%s", term->name);
        for (const struct cli_term *example = BENCH_EXAMPLES; example->name; example++)
                cr_expect_leq(strlen(example->name), 78, "%s", example->name);
}

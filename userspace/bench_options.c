/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the options of xskim bench. See bench_options.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench_options.h"
#include "cli_value.h"
#include "log.h"
#include "util.h"

enum {
        MILLIONTHS = 1000000,
        MAX_TIME_MS_MIN = 1000,
        MAX_TIME_MS_MAX = 24 * 3600 * 1000,
        QUICK_TIME_MS = 14000,
        SLICE_MS_MIN = 2,
        SLICE_MS_MAX = 10000,
        SETTLE_MS_MAX = 60000,
        LIST_BYTES = 1024,
};
static const double QUICK_PRECISION_PERCENT = 3;

static struct bench_options *options_of(void *target) {
        return target;
}

static struct xskim_bench_config *config_of(void *target) {
        return &options_of(target)->config;
}

/* ---- the values ---- */

static int parse_path(void *target, const char *value) {
#define NAME(name_, doc_) [XSKIM_BENCH_PATH_##name_] = #name_,
        static const char *const names[] = {XSKIM_BENCH_PATH_ROWS(NAME)};
#undef NAME
        size_t index;
        int r = cli_value_choice(value, names, ARRAY_SIZE(names), &index);

        if (r >= 0)
                config_of(target)->path = (enum xskim_bench_path)index;
        return r;
}

static int parse_packet_bytes(void *target, const char *value) {
        uint32_t *bytes = &config_of(target)->packet_bytes;

        options_of(target)->sized = true;
        if (strcmp(value, "imix") != 0)
                return cli_value_u32(value, XSKIM_BENCH_PACKET_BYTES_MIN,
                                     XSKIM_BENCH_PACKET_BYTES_MAX, bytes);
        *bytes = XSKIM_BENCH_IMIX;
        return 0;
}

static int parse_tier(void *target, const char *value) {
        static const char *const names[] = {
                [XSKIM_TIER_COUNTS] = "counts", [XSKIM_TIER_CLASSES] = "classes"};
        size_t index;
        int r = cli_value_choice(value, names, ARRAY_SIZE(names), &index);

        if (r >= 0)
                config_of(target)->tier = (int)index;
        return r;
}

static int parse_word(const char **word, const char *value) {
        if (!*value)
                return -EINVAL;
        *word = value;
        return 0;
}

static int parse_conditions(void *target, const char *value) {
        return parse_word(&options_of(target)->conditions, value);
}

static int parse_baseline(void *target, const char *value) {
        return parse_word(&options_of(target)->baseline, value);
}

static int parse_command(void *target, const char *value) {
        struct bench_options *options = options_of(target);

        if (strlen(value) >= XSKIM_BENCH_COMMAND_BYTES ||
            options->command_count == ARRAY_SIZE(options->commands))
                return -ERANGE;
        return parse_word(&options->commands[options->command_count++], value);
}

/* 1 or 1%, in millionths of a percent. */
static int parse_percent(const char *value, uint64_t min, uint64_t max, uint64_t *ret_millionths) {
        char text[32];
        size_t length = strlen(value);

        if (length >= sizeof(text))
                return -EINVAL;
        memcpy(text, value, length + 1);
        if (length && text[length - 1] == '%')
                text[length - 1] = '\0';
        return cli_value_decimal(text, min, max, ret_millionths);
}

static int parse_precision(void *target, const char *value) {
        uint64_t millionths;
        int r = parse_percent(value, MILLIONTHS / 100, 50ULL * MILLIONTHS, &millionths);

        if (r < 0)
                return r;
        config_of(target)->precision_percent = (double)millionths / MILLIONTHS;
        options_of(target)->precise = true;
        return 0;
}

static int parse_max_time(void *target, const char *value) {
        options_of(target)->time_said = true;
        return cli_value_duration(value, MAX_TIME_MS_MIN, MAX_TIME_MS_MAX,
                                  &config_of(target)->max_time_ms);
}

static int parse_quick(void *target, const char *value) {
        (void)value;
        options_of(target)->quick = true;
        return 0;
}

static int parse_slice(void *target, const char *value) {
        return cli_value_u32(value, SLICE_MS_MIN, SLICE_MS_MAX, &config_of(target)->slice_ms);
}

static int parse_settle(void *target, const char *value) {
        return cli_value_u32(value, 0, SETTLE_MS_MAX, &config_of(target)->settle_ms);
}

static int parse_no_latency(void *target, const char *value) {
        (void)value;
        config_of(target)->latency = false;
        return 0;
}

static int parse_loss_tolerance(void *target, const char *value) {
        uint64_t millionths;
        int r = parse_percent(value, 0, 50ULL * MILLIONTHS, &millionths);

        if (r >= 0)
                config_of(target)->loss_tolerance = (double)millionths / MILLIONTHS / 100;
        return r;
}

static int parse_seed(void *target, const char *value) {
        return cli_value_number(value, 1, UINT64_MAX, &config_of(target)->seed);
}

static int parse_tx(void *target, const char *value) {
        return parse_word(&config_of(target)->tx_port, value);
}

static int parse_rx(void *target, const char *value) {
        return parse_word(&config_of(target)->rx_port, value);
}

static int parse_budget(void *target, const char *value) {
        options_of(target)->budgeted = true;
        return budget_read(value, &options_of(target)->budget);
}

static int parse_html(void *target, const char *value) {
        return parse_word(&options_of(target)->html, value);
}

static int parse_json(void *target, const char *value) {
        (void)value;
        options_of(target)->json = true;
        return 0;
}

/* ---- the rows ---- */

#define NUMBER_true "=N"
#define NUMBER_false ""
#define TERM(name_, number_, doc_) {#name_ NUMBER_##number_, doc_},
const struct cli_term BENCH_TERMS[] = {XSKIM_BENCH_KIND_ROWS(TERM){}};
#undef TERM

const struct cli_term BENCH_EXAMPLES[] = {
        {"xskim bench --html report.html",
         "the usual conditions, for two minutes; a table here, plots in the page"},
        {"xskim bench --quick --command 'tcpdump -i {port} -w /dev/null'",
         "the same and tcpdump, in 20 seconds, with wider intervals"},
        {},
};

const struct cli_option BENCH_OPTIONS[] = {
        {"path", "stack|forward|drop|tcp", "stack",
         "where the packets go: stack through IP and UDP to a socket that is read; forward from "
         "port to port by XDP; drop into XDP and no further; tcp bulk TCP, whose baseline is a "
         "port without any program",
         "stack, forward, drop or tcp", parse_path},
        {"packet-bytes", "N|imix", "64",
         "size of the packets on the wire, FCS included; imix: 7 of 64, 4 of 594, 1 of 1518",
         "a number from 64 to 1518, or imix", parse_packet_bytes},
        {"conditions", "LIST", NULL,
         "what the port runs in turn, separated by commas, instead of sample=1000, sample=64 and "
         "sample=1 (see above); the baseline and the same again stand in front by themselves",
         "conditions separated by commas, as sample=64,counts", parse_conditions},
        {"baseline", "CONDITION", NULL,
         "what everything is compared with, instead of an empty program (tcp: off)",
         "a condition, as counts or sample=64", parse_baseline},
        {"command", "COMMAND", NULL,
         "measures this program, too, e.g. 'tcpdump -i {port} -w /dev/null': {port} is the port's "
         "name; may be given again",
         "a command for the shell, at most 511 bytes, at most 16 of them", parse_command},
        {"tier", "counts|classes", "classes",
         "what xskim counts exactly, in conditions that do not say it (sample=64:counts)",
         "counts or classes", parse_tier},
        {"precision", "PERCENT", NULL,
         "goes on until the intervals of lost throughput are at most this wide to either side "
         "(default 1, with --quick 3)",
         "a number from 0.01 to 50", parse_precision},
        {"max-time", "TIME", NULL,
         "or until it has measured for this long (default 120, with --quick 14)",
         "seconds (90) or a time with a unit (30s, 5m), from 1s to 24h", parse_max_time},
        {"quick", NULL, NULL, "a run of 20 seconds in all, with wider intervals", NULL,
         parse_quick},
        {"slice-ms", "N", "20", "how long a condition has the port in each block",
         "a number from 2 to 10000", parse_slice},
        {"settle-ms", "N", "500",
         "how long another program is given to start, before it is measured",
         "a number from 0 to 60000", parse_settle},
        {"no-latency", NULL, NULL, "measures throughput alone", NULL, parse_no_latency},
        {"loss-tolerance", "PERCENT", "0.1",
         "share of the packets that may be lost at what is called the no-drop rate",
         "a number from 0 to 50", parse_loss_tolerance},
        {"seed", "N", NULL, "of the random order, to have the same again",
         "a number from 1 to 18446744073709551615", parse_seed},
        {"tx", "PORT", NULL, "sends into this port, instead of a lab of its own; with --rx",
         "a port", parse_tx},
        {"rx", "PORT", NULL, "measures at this port, where what --tx sends arrives", "a port",
         parse_rx},
        {"budget", "LIMITS", NULL,
         "exit status 3 unless it is shown that all of xskim's conditions keep it: the upper end "
         "of "
         "the interval counts",
         "limits as loss=2%,p99=10us", parse_budget},
        {"html", "FILE", NULL,
         "writes an HTML page that needs nothing else: plots, figures, environment; needs gnuplot",
         "the name of a file", parse_html},
        {"json", NULL, NULL,
         "prints one JSON object with everything, every slice included, \"type\": \"bench\"", NULL,
         parse_json},
        {},
};

/* ---- what no single option can see ---- */

static void quick_take(struct bench_options *options) {
        if (!options->quick)
                return;
        if (!options->precise)
                options->config.precision_percent = QUICK_PRECISION_PERCENT;
        if (!options->time_said)
                options->config.max_time_ms = QUICK_TIME_MS;
}

static int add(struct xskim_bench_config *config, const struct xskim_bench_condition *condition) {
        if (config->condition_count == XSKIM_BENCH_CONDITIONS_MAX)
                return error_set(-EINVAL,
                                 "bench: too many conditions: at most %d, the baseline and the "
                                 "same again included",
                                 XSKIM_BENCH_CONDITIONS_MAX);
        config->conditions[config->condition_count++] = *condition;
        return 0;
}

/* With tcp an empty program is what is measured: it takes the segmentation offloads of a veth. */
static bool is_baseline(const struct xskim_bench_config *config,
                        const struct xskim_bench_condition *condition) {
        return condition->kind == XSKIM_BENCH_KIND_off ||
               (condition->kind == XSKIM_BENCH_KIND_empty && config->path != XSKIM_BENCH_PATH_tcp);
}

static int condition_read(const char *option, const char *word,
                          struct xskim_bench_condition *ret_condition) {
        int r = xskim_bench_condition_read(word, ret_condition);

        if (r < 0)
                return error_set(r, "--%s: %s", option, xskim_error_message());
        if (ret_condition->kind == XSKIM_BENCH_KIND_command)
                return error_set(-EINVAL, "--%s: another program is given by --command", option);
        return 0;
}

/* The first of a list may be a baseline of its own, if none was said; it is there twice in any
 * case, because that is how the noise shows. */
static int add_of_list(struct xskim_bench_config *config,
                       const struct xskim_bench_condition *condition) {
        const struct xskim_bench_condition usual = {.kind = config->path == XSKIM_BENCH_PATH_tcp
                                                                    ? XSKIM_BENCH_KIND_off
                                                                    : XSKIM_BENCH_KIND_empty};
        bool first = !config->condition_count, own = is_baseline(config, condition);
        int r = 0;

        if (first) {
                r = add(config, own ? condition : &usual);
                r = r < 0 ? r : add(config, own ? condition : &usual);
        }
        /* "empty,empty,…": the second one is there already */
        if (r < 0 || (own && first) ||
            (config->condition_count == 2 && condition->kind == config->conditions[0].kind))
                return r;
        return add(config, condition);
}

static int list_take(struct bench_options *options) {
        char list[LIST_BYTES], *rest = list, *word;
        struct xskim_bench_condition condition;
        int r = 0;

        if (strlen(options->conditions) >= sizeof(list))
                return error_set(-EINVAL, "--conditions: the list is too long: at most %d bytes",
                                 LIST_BYTES - 1);
        strcpy(list, options->conditions);
        options->config.condition_count = options->baseline ? 2 : 0;
        while (r >= 0 && (word = strsep(&rest, ","))) {
                r = condition_read("conditions", word, &condition);
                if (!r)
                        r = options->baseline ? add(&options->config, &condition)
                                              : add_of_list(&options->config, &condition);
        }
        return r;
}

/* After the list, which left room for it. */
static int baseline_take(struct bench_options *options) {
        struct xskim_bench_config *config = &options->config;
        int r = condition_read("baseline", options->baseline, &config->conditions[0]);

        config->conditions[1] = config->conditions[0];
        return r;
}

static int commands_take(struct bench_options *options) {
        int r = 0;

        for (unsigned int i = 0; i < options->command_count && r >= 0; i++)
                r = add(&options->config,
                        &(struct xskim_bench_condition){.kind = XSKIM_BENCH_KIND_command,
                                                        .command = options->commands[i]});
        return r;
}

static int check(const struct bench_options *options) {
        const struct xskim_bench_config *config = &options->config;

        if (!config->tx_port != !config->rx_port)
                return error_set(-EINVAL, "bench: --tx and --rx belong together: packets go in at "
                                          "the one and arrive at the other");
        if (config->tx_port && !strcmp(config->tx_port, config->rx_port))
                return error_set(-EINVAL,
                                 "bench: --tx and --rx are the same port, %s: give the "
                                 "two ends of a path",
                                 config->tx_port);
        return 0;
}

int bench_options_finish(struct bench_options *options) {
        int r = check(options);

        if (r < 0)
                return r;
        quick_take(options);
        if (options->conditions)
                r = list_take(options);
        else
                xskim_bench_conditions_default(&options->config);
        if (r >= 0 && options->baseline)
                r = baseline_take(options);
        return r < 0 ? r : commands_take(options);
}

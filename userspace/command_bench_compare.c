/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim bench compare: options, and two results held against each other. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli_value.h"
#include "commands.h"
#include "compare.h"
#include "compare_view.h"
#include "json_compare.h"
#include "log.h"
#include "stream.h"
#include "terminal.h"
#include "util.h"

enum { MILLIONTHS = 1000000, NS_A_US = 1000, COLUMNS_MAX = 200, REFUSAL_BYTES = 1536 };

struct compare_options {
        struct compare_tolerance tolerance;
        bool any_environment;
        bool json;
};

/* ---- options ---- */

static int parse_tolerance(void *target, const char *value) {
        struct compare_options *options = target;
        uint64_t millionths;
        int r = cli_value_decimal(value, 0, 100ULL * MILLIONTHS, &millionths);

        if (r >= 0)
                options->tolerance.loss_percent = (double)millionths / MILLIONTHS;
        return r;
}

static int parse_tolerance_us(void *target, const char *value) {
        struct compare_options *options = target;
        uint64_t millionths;
        int r = cli_value_decimal(value, 0, 10000000ULL * MILLIONTHS, &millionths);

        if (r >= 0)
                options->tolerance.p99_ns = (double)millionths / MILLIONTHS * NS_A_US;
        return r;
}

static int parse_any_environment(void *target, const char *value) {
        (void)value;
        ((struct compare_options *)target)->any_environment = true;
        return 0;
}

static int parse_json(void *target, const char *value) {
        (void)value;
        ((struct compare_options *)target)->json = true;
        return 0;
}

const struct cli_option COMPARE_OPTIONS[] = {
        {"tolerance", "PERCENT", "1", "so much more loss of throughput, in percent points, is none",
         "a number from 0 to 100", parse_tolerance},
        {"tolerance-us", "N", "10",
         "so many microseconds more of added P99, at half load, are none",
         "a number from 0 to 10000000", parse_tolerance_us},
        {"any-environment", NULL, NULL,
         "compares results of different environments; what differs is named", NULL,
         parse_any_environment},
        {"json", NULL, NULL, "prints one JSON object, \"type\": \"bench_compare\"", NULL,
         parse_json},
        {},
};

/* ---- output ---- */

static int environments_check(const struct comparison *comparison, const char *now_path) {
        char text[REFUSAL_BYTES];

        if (!comparison->difference_count)
                return 0;
        compare_view_differences(comparison, COMPARE_VIEW_COLUMNS, text, sizeof(text));
        return error_set(-EXDEV,
                         "%s: made in another environment than what it is compared with:\n%s"
                         "Give --any-environment to compare them all the same.",
                         now_path, text);
}

static const struct terminal_columns WIDTH = {
        .unknown = COMPARE_VIEW_COLUMNS, .least = COMPARE_VIEW_COLUMNS, .most = COLUMNS_MAX};

static int text_print(const struct comparison *comparison, char **paths) {
        CLEANUP(free_cleanup) char *text = malloc(COMPARE_VIEW_BYTES);
        bool colour = terminal_has_colour(stdout);

        if (!text)
                return error_set(-ENOMEM, "comparing: out of memory");
        compare_view(comparison, paths[0], paths[1], terminal_columns(stdout, &WIDTH), colour, text,
                     COMPARE_VIEW_BYTES);
        fputs(text, stdout);
        return stream_flush(stdout);
}

static int json_print(const struct comparison *comparison, char **paths) {
        CLEANUP(free_cleanup) char *line = NULL;
        int r = json_compare(comparison, paths[0], paths[1], &line);

        if (r < 0)
                return r;
        puts(line);
        return stream_flush(stdout);
}

/* *ret_slower is the result. */
static int compare(const struct compare_options *options, char **paths, bool *ret_slower) {
        CLEANUP(json_compare_cleanup) struct compare_run *then = NULL;
        CLEANUP(json_compare_cleanup) struct compare_run *now = NULL;
        struct comparison comparison = {};
        int r = json_compare_read(paths[0], &then);

        r = r < 0 ? r : json_compare_read(paths[1], &now);
        r = r < 0 ? r : compare_runs(then, now, &options->tolerance, &comparison);
        if (r >= 0 && !options->any_environment)
                r = environments_check(&comparison, paths[1]);
        if (r >= 0)
                r = options->json ? json_print(&comparison, paths) : text_print(&comparison, paths);
        *ret_slower = comparison.slower;
        return r;
}

int command_bench_compare(int argc, char **argv) {
        const struct cli_command *command = command_find("bench compare");
        struct compare_options options = {};
        bool slower = false;
        int first, r = cli_parse(command, argc, argv, &options, &first);

        if (r == CLI_HELP)
                return cli_help_command(stdout, command) ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        if (r < 0) {
                cli_complain(error_message());
                return CLI_EXIT_USAGE;
        }
        r = compare(&options, argv + first, &slower);
        /* who reads the output has seen enough */
        if (r < 0 && r != -EPIPE) {
                cli_complain(error_message());
                return CLI_EXIT_FAILED;
        }
        return slower ? CLI_EXIT_THRESHOLD : CLI_EXIT_DONE;
}

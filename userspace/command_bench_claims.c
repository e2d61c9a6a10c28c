/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim bench claims: options, progress, output, exit status. What is measured is the library's. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <xskim/xskim.h>

#include "apart.h"
#include "claims_view.h"
#include "cli_value.h"
#include "commands.h"
#include "json_claims.h"
#include "log.h"
#include "stream.h"
#include "terminal.h"
#include "util.h"

enum { COLUMNS = 100, COLUMNS_MIN = 60, COLUMNS_MAX = 120, MAX_TIME_MS = 3600000 };
#define MILLIONTHS 1000000

struct claims_options {
        struct xskim_claims_config config;
        bool json;
};

static int parse_price(void *target, const char *value) {
        uint64_t millionths;
        int r = cli_value_decimal(value, 1, (uint64_t)MILLIONTHS * MILLIONTHS, &millionths);

        if (r >= 0)
                ((struct claims_options *)target)->config.cpu_hour_dollars =
                        (double)millionths / MILLIONTHS;
        return r;
}

static int parse_max_time(void *target, const char *value) {
        return cli_value_duration(value, 0, MAX_TIME_MS,
                                  &((struct claims_options *)target)->config.bench_ms);
}

static int parse_json(void *target, const char *value) {
        (void)value;
        ((struct claims_options *)target)->json = true;
        return 0;
}

const struct cli_option CLAIMS_OPTIONS[] = {
        {"price", "X", "0.04",
         "what an hour of a CPU costs, in dollars, for the cost column; the default is about what "
         "clouds charge for a virtual one on demand",
         "a number from 0.000001 to 1000000", parse_price},
        {"max-time", "TIME", "45s",
         "of the experiment with traffic, for overhead, added latency and saturation; 0 leaves it "
         "out",
         "seconds (0.5) or a time with a unit (200ms, 10s, 5m), from 0 to 1h", parse_max_time},
        {"json", NULL, NULL, "prints one JSON object on one line, \"type\": \"claims\"", NULL,
         parse_json},
        {},
};

/* ---- signals ---- */

static struct xskim_claims *interrupted;

static void on_signal(int number) {
        (void)number;
        xskim_claims_interrupt(interrupted);
}

/* ---- output ---- */

static const struct terminal_columns WIDTH = {
        .unknown = COLUMNS, .least = COLUMNS_MIN, .most = COLUMNS_MAX};

static void on_progress(void *context, const char *what, double share) {
        char text[256];

        (void)context;
        claims_view_progress(what, share, terminal_columns(stderr, &WIDTH) - 1, text, sizeof(text));
        fprintf(stderr, TERMINAL_CLEAR_LINE "%s", text);
}

static int result_print(const struct xskim_claims_result *result, bool json) {
        static char text[CLAIMS_VIEW_BYTES];
        bool colour = terminal_has_colour(stdout);
        char *line CLEANUP(free_cleanup) = NULL;
        int r = 0;

        if (!json) {
                claims_view(result, terminal_columns(stdout, &WIDTH), colour, text, sizeof(text));
                fputs(text, stdout);
        } else {
                r = json_claims(result, &line);
        }
        if (line)
                puts(line);
        return r < 0 ? r : stream_flush(stdout);
}

/* Progress goes to a terminal only, and beside JSON nothing does. */
static int claims_run(const struct claims_options *options) {
        static struct xskim_claims_result result;
        struct xskim_claims_watch watch = {.progress = on_progress};
        bool shown = isatty(STDERR_FILENO) && !options->json;
        struct xskim_claims *claims;
        int printed, r = xskim_claims_open(&options->config, &claims);

        if (r < 0)
                return r;
        interrupted = claims;
        terminal_signals(on_signal);
        r = xskim_claims_run(claims, shown ? &watch : NULL, &result);
        /* it is ending: a second ^C has nothing to add */
        terminal_signals(SIG_IGN);
        if (shown)
                fputs(TERMINAL_CLEAR_LINE, stderr);
        printed = r < 0 ? r : result_print(&result, options->json);
        xskim_claims_close(claims);
        return printed;
}

int command_bench_claims(int argc, char **argv) {
        const struct cli_command *command = command_find("bench claims");
        struct claims_options options = {.json = false};
        const char *message;
        int first, r;

        xskim_claims_config_init(&options.config);
        r = cli_parse(command, argc, argv, &options, &first);
        if (r == CLI_HELP)
                return cli_help_command(stdout, command) < 0 ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        if (r < 0) {
                cli_complain(error_message());
                return CLI_EXIT_USAGE;
        }
        apart_go();
        r = claims_run(&options);
        message = *error_message() ? error_message() : xskim_error_message();
        if (r < 0)
                cli_complain(*message ? message : strerror(-r));
        return cli_exit_status(r);
}

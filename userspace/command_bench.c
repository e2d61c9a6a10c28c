/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim bench: options, signals, progress, report, exit status. What measures is in bench.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <xskim/xskim.h>

#include "apart.h"
#include "bench_cost.h"
#include "bench_options.h"
#include "bench_sheet.h"
#include "bench_view.h"
#include "commands.h"
#include "json_bench.h"
#include "log.h"
#include "stream.h"
#include "terminal.h"
#include "util.h"

enum {
        PROGRESS_MS = 200,
        PROGRESS_LINE_MS = 10000, /* where lines stay */
        COLUMNS = 80,             /* of a terminal that does not say */
        COLUMNS_MIN = 60,
        LINE_BYTES = 512,
};

struct benching {
        struct bench_options options;
        struct environment environment;
        struct paper paper;
        struct xskim_bench *bench;
        struct xskim_bench_result result;
};

/* ---- signals ---- */

static struct xskim_bench *interrupted;

static void on_signal(int number) {
        (void)number;
        xskim_bench_interrupt(interrupted);
}

/* ---- output ---- */

static const struct terminal_columns WIDTH = {
        .unknown = COLUMNS, .piped = BENCH_VIEW_COLUMNS, .least = COLUMNS_MIN};

static void on_progress(void *context, const struct xskim_bench_progress *progress) {
        const struct benching *benching = context;
        bool terminal = isatty(STDERR_FILENO);
        char text[LINE_BYTES];

        bench_view_progress(progress, benching->options.config.precision_percent,
                            terminal_columns(stderr, &WIDTH) - 1, text, sizeof(text));
        fprintf(stderr, terminal ? TERMINAL_CLEAR_LINE "%s" : "%s\n", text);
        fflush(stderr);
}

static struct bench_view view_of(const struct benching *benching) {
        return (struct bench_view){
                .result = &benching->result,
                .environment = &benching->environment,
                .budget = benching->options.budgeted ? &benching->options.budget : NULL,
                .columns = terminal_columns(stdout, &WIDTH),
                .colour = terminal_has_colour(stdout),
        };
}

static int result_print(const struct benching *benching) {
        static char text[BENCH_VIEW_BYTES];
        char *line CLEANUP(free_cleanup) = NULL;
        struct bench_view view = view_of(benching);
        int r;

        if (benching->options.json) {
                r = json_bench(&benching->result, &benching->environment, &line);
                if (r < 0)
                        return r;
                printf("%s\n", line);
        } else {
                bench_view(&view, text, sizeof(text));
                fputs(text, stdout);
        }
        return stream_flush(stdout);
}

/* ---- the run ---- */

/* Before the first slice there is nothing to tell. */
static int result_tell(const struct benching *benching, int r) {
        struct bench_view view = view_of(benching);
        int one;

        if (!benching->result.slice_count && !benching->result.latency_slice_count && r < 0)
                return r;
        one = result_print(benching);
        r = r < 0 ? r : one;
        one = benching->paper.path ? bench_sheet_write(&benching->paper, &view) : 0;
        return r < 0 ? r : one;
}

static int run(struct benching *benching) {
        bool terminal = isatty(STDERR_FILENO);
        struct xskim_bench_watch watch = {
                .context = benching,
                .interval_ms = terminal ? PROGRESS_MS : PROGRESS_LINE_MS,
                .progress = on_progress,
        };
        int r = benching->paper.path ? paper_check(&benching->paper) : 0;

        if (r < 0)
                return r;
        apart_go();
        r = xskim_bench_open(&benching->options.config, &benching->bench);
        if (r < 0)
                return r;
        interrupted = benching->bench;
        terminal_signals(on_signal);
        r = xskim_bench_run(benching->bench, &watch, &benching->result);
        terminal_signals(SIG_IGN);
        if (terminal)
                fputs(TERMINAL_CLEAR_LINE, stderr);
        r = result_tell(benching, r);
        benching->bench = xskim_bench_close(benching->bench);
        return r;
}

/* ---- the end ---- */

static int status_of_budget(const struct benching *benching) {
        const struct budget *budget = benching->options.budgeted ? &benching->options.budget : NULL;
        enum budget_verdict verdict = bench_cost_judge(&benching->result, budget);
        char words[128];

        if (!budget_is_missed(verdict))
                return CLI_EXIT_DONE;
        snprintf(words, sizeof(words), "bench: the budget was not shown to hold: %s",
                 BUDGET_VERDICT_WORDS[verdict]);
        cli_complain(words);
        return CLI_EXIT_THRESHOLD;
}

static int ledger_judge(const struct xskim_bench_result *result) {
        for (unsigned int i = 0; i < result->outcome_count; i++)
                if (bench_cost_is_own(&result->outcomes[i]) && result->outcomes[i].unaccounted)
                        return error_set(-EIO,
                                         "bench: %s: the account does not balance: %lu packets "
                                         "unaccounted for.\nThis is a defect of xskim, please "
                                         "report it.",
                                         result->outcomes[i].name, result->outcomes[i].unaccounted);
        return 0;
}

static int complain(int r, int status) {
        const char *message = *error_message() ? error_message() : xskim_error_message();

        cli_complain(*message ? message : strerror(-r));
        return status;
}

int command_bench(int argc, char **argv) {
        const struct cli_command *command = command_find(argv[0]);
        static struct benching benching;
        int first, r;

        environment_take(argc, argv, &benching.environment);
        xskim_bench_config_init(&benching.options.config);
        r = cli_parse(command, argc, argv, &benching.options, &first);
        if (r == CLI_HELP)
                return cli_help_command(stdout, command) < 0 ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        r = r < 0 ? r : bench_options_finish(&benching.options);
        if (r < 0)
                return complain(r, CLI_EXIT_USAGE);
        benching.paper = (struct paper){benching.options.html, "--html"};
        r = run(&benching);
        r = r < 0 ? r : ledger_judge(&benching.result);
        if (r < 0)
                return complain(r, r == -EINVAL ? CLI_EXIT_USAGE : cli_exit_status(r));
        return status_of_budget(&benching);
}

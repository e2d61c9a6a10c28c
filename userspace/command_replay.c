/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim replay: options, signals, progress, report, exit status. What sends is in player.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <xskim/xskim.h>

#include "commands.h"
#include "json_passage.h"
#include "json_player.h"
#include "log.h"
#include "passage_view.h"
#include "player_options.h"
#include "player_view.h"
#include "sheet.h"
#include "stream.h"
#include "terminal.h"
#include "util.h"

enum { PROGRESS_MS = 200, COLUMNS = 80, COLUMNS_MIN = 40 };

struct replaying {
        struct player_options options;
        struct xskim_replay *player;
        struct xskim_replay_report report;
        struct passage *passage;
        struct passage_result result;
        struct sheet sheet;
};

/* ---- signals ---- */

static struct xskim_replay *interrupted;

static void on_signal(int number) {
        (void)number;
        xskim_replay_interrupt(interrupted);
}

static struct passage *interrupted_passage;

static void on_signal_passage(int number) {
        (void)number;
        passage_interrupt(interrupted_passage);
}

/* ---- output ---- */

static const struct terminal_columns WIDTH = {.unknown = COLUMNS, .least = COLUMNS_MIN};

static void on_progress(void *context, const struct xskim_replay_progress *progress, double share) {
        const struct replaying *replaying = context;
        char text[PLAYER_VIEW_BYTES];

        player_view_progress(&replaying->options.config, progress, share,
                             terminal_columns(stderr, &WIDTH) - 1, text, sizeof(text));
        fprintf(stderr, TERMINAL_CLEAR_LINE "%s", text);
}

static int report_print(const struct replaying *replaying) {
        char text[PLAYER_VIEW_BYTES];
        char *line CLEANUP(free_cleanup) = NULL;
        int r;

        if (replaying->options.json) {
                r = json_player(&replaying->report, &line);
                if (r < 0)
                        return r;
                printf("%s\n", line);
        } else {
                player_view_report(&replaying->report, terminal_columns(stdout, &WIDTH), text,
                                   sizeof(text));
                fputs(text, stdout);
        }
        return stream_flush(stdout);
}

static int result_print(const struct replaying *replaying) {
        static char text[PASSAGE_VIEW_BYTES];
        char *line CLEANUP(free_cleanup) = NULL;
        int r;

        if (replaying->options.json) {
                r = json_passage(&replaying->result, &line);
                if (r < 0)
                        return r;
                printf("%s\n", line);
        } else {
                passage_view(&replaying->result, terminal_columns(stdout, &WIDTH), text,
                             sizeof(text));
                fputs(text, stdout);
        }
        return stream_flush(stdout);
}

/* ---- the run ---- */

/* Progress goes to a terminal only, and beside JSON nothing does. */
static struct xskim_replay_watch watch_of(struct replaying *replaying) {
        bool wanted = isatty(STDERR_FILENO) && !replaying->options.json;

        return (struct xskim_replay_watch){.context = replaying,
                                           .interval_ms = wanted ? PROGRESS_MS : 0,
                                           .progress = on_progress};
}

/* -EINVAL is what only the capture could tell: a filter. */
static int status_of(int r) {
        return r == -EINVAL ? CLI_EXIT_USAGE : cli_exit_status(r);
}

static int run(struct replaying *replaying) {
        struct xskim_replay_watch watch = watch_of(replaying);
        int printed, r = xskim_replay_open(&replaying->options.config, &replaying->player);

        if (r < 0)
                return r;
        interrupted = replaying->player;
        terminal_signals(on_signal);
        r = xskim_replay_run(replaying->player, &watch, &replaying->report);
        /* it is ending: a second ^C has nothing to add, and the player is about to go */
        terminal_signals(SIG_IGN);
        if (watch.interval_ms)
                fputs(TERMINAL_CLEAR_LINE, stderr);
        printed = report_print(replaying);
        replaying->player = xskim_replay_close(replaying->player);
        return r < 0 ? r : printed;
}

/* ---- the passage ---- */

static int ledger_judge(const struct passage_result *result) {
        const struct xskim_ledger *ledger = &result->summary.ledger;

        if (!result->watched || !ledger->unaccounted)
                return 0;
        return error_set(-EIO,
                         "%s: the ledger does not balance: %lu unaccounted for (%s).\n"
                         "The figures above cannot be relied on; this is a defect of xskim, please "
                         "report it.",
                         result->summary.port, ledger->unaccounted, ledger->where);
}

/* What there is of a passage that failed is printed, too. */
static int passage_told(struct replaying *replaying, int r) {
        int one;

        if (!replaying->result.replayed)
                return r;
        one = result_print(replaying);
        r = r < 0 ? r : one;
        one = replaying->options.report ? sheet_write(&replaying->sheet, &replaying->result) : 0;
        r = r < 0 ? r : one;
        one = ledger_judge(&replaying->result);
        return r < 0 ? r : one;
}

static int run_passage(struct replaying *replaying, struct passage_config *config) {
        int r = replaying->options.report ? sheet_check(&replaying->sheet) : 0;

        config->progress = watch_of(replaying);
        r = r < 0 ? r : passage_open(config, &replaying->passage);
        if (r < 0)
                return r;
        interrupted_passage = replaying->passage;
        terminal_signals(on_signal_passage);
        r = passage_run(replaying->passage, &replaying->result);
        terminal_signals(SIG_IGN);
        if (config->progress.interval_ms)
                fputs(TERMINAL_CLEAR_LINE, stderr);
        r = passage_told(replaying, r);
        replaying->passage = passage_close(replaying->passage);
        return r;
}

static int operands_take(struct replaying *replaying, int count, char **operands) {
        int r = player_options_check(&replaying->options, count);

        if (r < 0)
                return r;
        replaying->options.config.file = operands[0];
        replaying->options.config.port = count > 1 ? operands[1] : NULL;
        return 0;
}

static int run_as_asked(struct replaying *replaying) {
        struct passage_config config;

        if (player_options_passage(&replaying->options, &config))
                return run_passage(replaying, &config);
        return run(replaying);
}

int command_replay(int argc, char **argv) {
        const struct cli_command *command = command_find(argv[0]);
        static struct replaying replaying;
        const char *message;
        int first, r;

        environment_take(argc, argv, &replaying.sheet.environment);
        xskim_replay_config_init(&replaying.options.config);
        replaying.options.config.to_known_neighbour = true;
        r = cli_parse(command, argc, argv, &replaying.options, &first);
        if (r == CLI_HELP)
                return cli_help_command(stdout, command) < 0 ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        r = r < 0 ? r : operands_take(&replaying, argc - first, argv + first);
        if (r < 0) {
                cli_complain(error_message());
                return CLI_EXIT_USAGE;
        }
        replaying.sheet.paper = (struct paper){replaying.options.report, "--report"};
        r = run_as_asked(&replaying);
        message = *error_message() ? error_message() : xskim_error_message();
        if (r < 0)
                cli_complain(*message ? message : strerror(-r));
        return status_of(r);
}

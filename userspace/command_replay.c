/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim replay: options, signals, progress, report, exit status. What sends is in player.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <xskim/xskim.h>

#include "commands.h"
#include "json_player.h"
#include "log.h"
#include "player_options.h"
#include "player_view.h"
#include "stream.h"
#include "util.h"

enum { PROGRESS_MS = 200, COLUMNS = 80, COLUMNS_MIN = 40 };
#define CLEAR_LINE "\r\033[2K"

struct replaying {
        struct player_options options;
        struct xskim_replay *player;
        struct xskim_replay_report report;
};

/* ---- signals ---- */

static struct xskim_replay *interrupted;

static void on_signal(int number) {
        (void)number;
        xskim_replay_interrupt(interrupted);
}

/* on_signal: `interrupted` must be there. */
static void signals_do(void (*action)(int number)) {
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        const struct sigaction what = {.sa_handler = action};

        for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
                sigaction(signals[i], &what, NULL);
}

/* ---- output ---- */

static unsigned int columns_of(FILE *stream) {
        struct winsize size;

        if (ioctl(fileno(stream), TIOCGWINSZ, &size) < 0 || !size.ws_col)
                return COLUMNS;
        return MAX((unsigned int)size.ws_col, (unsigned int)COLUMNS_MIN);
}

static void on_progress(void *context, const struct xskim_replay_progress *progress, double share) {
        const struct replaying *replaying = context;
        char text[PLAYER_VIEW_BYTES];

        player_view_progress(&replaying->options.config, progress, share, columns_of(stderr) - 1,
                             text, sizeof(text));
        fprintf(stderr, CLEAR_LINE "%s", text);
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
                player_view_report(&replaying->report, columns_of(stdout), text, sizeof(text));
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
        signals_do(on_signal);
        r = xskim_replay_run(replaying->player, &watch, &replaying->report);
        /* it is ending: a second ^C has nothing to add, and the player is about to go */
        signals_do(SIG_IGN);
        if (watch.interval_ms)
                fputs(CLEAR_LINE, stderr);
        printed = report_print(replaying);
        replaying->player = xskim_replay_close(replaying->player);
        return r < 0 ? r : printed;
}

int command_replay(int argc, char **argv) {
        const struct cli_command *command = command_find(argv[0]);
        struct replaying replaying = {0};
        int first, r;

        xskim_replay_config_init(&replaying.options.config);
        replaying.options.config.to_known_neighbour = true;
        r = cli_parse(command, argc, argv, &replaying.options, &first);
        if (r == CLI_HELP)
                return cli_help_command(stdout, command) < 0 ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        r = r < 0 ? r : player_options_check(&replaying.options);
        if (r < 0) {
                cli_complain(error_message());
                return CLI_EXIT_USAGE;
        }
        replaying.options.config.file = argv[first];
        replaying.options.config.port = argv[first + 1];
        r = run(&replaying);
        if (r < 0)
                cli_complain(*xskim_error_message() ? xskim_error_message() : strerror(-r));
        return status_of(r);
}

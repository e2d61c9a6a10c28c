/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim watch: options, session, sinks, signals, exit status. Everything that measures is in the
 * library; this uses nothing of it but xskim.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <xskim/xskim.h>

#include "commands.h"
#include "log.h"
#include "sink_json.h"
#include "sink_terminal.h"
#include "terminal.h"
#include "util.h"
#include "watch_options.h"

enum { MESSAGE_BYTES = 2048, STREAM_BYTES = 65536 };

/* ---- sinks ---- */

static bool is_text_wanted(const struct watch_options *options) {
        return !options->json;
}

static bool is_json_wanted(const struct watch_options *options) {
        return options->json;
}

/* To add a sink: its file, and its row here. */
static const struct sink_row {
        bool (*is_wanted)(const struct watch_options *options);
        int (*open)(FILE *stream, struct xskim_sink *ret_sink);
        void (*close)(struct xskim_sink *sink);
} SINKS[] = {
        {is_text_wanted, sink_terminal_open, sink_terminal_close},
        {is_json_wanted, sink_json_open, sink_json_close},
};

struct watch {
        struct watch_options options;
        struct xskim_session *session;
        struct xskim_sink sinks[ARRAY_SIZE(SINKS)];
        bool opened[ARRAY_SIZE(SINKS)];
        uint64_t unaccounted; /* of all summaries */
        bool unexpected;      /* in any of them, what arrived is not what was expected */
        char message[MESSAGE_BYTES];
};

/* The message of the command's own files, or else the library's. */
static int keep_message(struct watch *watch, int r) {
        const char *message = *error_message() ? error_message() : xskim_error_message();

        if (r < 0 && r != -EPIPE && !watch->message[0])
                snprintf(watch->message, sizeof(watch->message), "%s",
                         *message ? message : strerror(-r));
        return r;
}

/* A check in a script: whatever is not as expected is told. What could not be compared is no fault
 * of the path, but what xskim itself lost leaves the question open. */
static void expect_judge(struct watch *watch, const struct xskim_snapshot *summary) {
        const struct xskim_expect *e = &summary->expect;

        if (!(e->missing | e->changed | e->duplicated | e->extra | e->unrecorded))
                return;
        watch->unexpected = true;
        if (watch->message[0])
                return;
        snprintf(watch->message, sizeof(watch->message),
                 "%s: what arrived is not what %s has: missing %" PRIu64 ", changed %" PRIu64
                 ", duplicated %" PRIu64 ", extra %" PRIu64 ".%s",
                 summary->port, e->file, e->missing, e->changed, e->duplicated, e->extra,
                 e->unrecorded ? "\nxskim lost records itself, so it cannot tell for sure: give it "
                                 "larger rings (--ring-slots)."
                               : "");
}

static int on_summary(void *context, const struct xskim_snapshot *summary) {
        struct watch *watch = context;
        uint64_t unaccounted = summary->ledger.unaccounted;

        if (unaccounted)
                snprintf(watch->message, sizeof(watch->message),
                         "%s: the ledger does not balance: %" PRIu64 " unaccounted for (%s).\n"
                         "The figures above cannot be relied on; this is a defect of xskim, please "
                         "report it.",
                         summary->port, unaccounted, summary->ledger.where);
        watch->unaccounted += unaccounted;
        expect_judge(watch, summary);
        return 0;
}

static int sinks_open(struct watch *watch) {
        const struct xskim_sink audit = {.context = watch, .summary = on_summary};
        int r = xskim_sink_add(watch->session, &audit);

        for (size_t i = 0; i < ARRAY_SIZE(SINKS) && r >= 0; i++) {
                if (!SINKS[i].is_wanted(&watch->options))
                        continue;
                r = SINKS[i].open(stdout, &watch->sinks[i]);
                watch->opened[i] = r >= 0;
                if (r >= 0)
                        r = xskim_sink_add(watch->session, &watch->sinks[i]);
        }
        return r;
}

static void sinks_close(struct watch *watch) {
        for (size_t i = 0; i < ARRAY_SIZE(SINKS); i++)
                if (watch->opened[i])
                        SINKS[i].close(&watch->sinks[i]);
}

/* ---- signals ---- */

static struct xskim_session *interrupted;

static void on_signal(int number) {
        (void)number;
        xskim_interrupt(interrupted);
}

/* ---- the run ---- */

static int run(struct watch *watch) {
        int r = sinks_open(watch);

        if (r < 0)
                return keep_message(watch, r);
        return keep_message(watch, xskim_run(watch->session));
}

/* Who reads the output has seen enough when it closes its end. */
static int watch_status(const struct watch *watch, int r) {
        if (r < 0 && r != -EPIPE)
                return cli_exit_status(r);
        if (watch->unaccounted)
                return CLI_EXIT_FAILED;
        return watch->unexpected ? CLI_EXIT_THRESHOLD : CLI_EXIT_DONE;
}

/* A signal that comes while the port is being attached waits until there is a session to end. */
static int open_session(struct watch *watch) {
        int r;

        terminal_signals_mask(SIG_BLOCK);
        r = keep_message(watch, xskim_open(&watch->options.config, &watch->session));
        interrupted = watch->session;
        terminal_signals(r < 0 ? SIG_IGN : on_signal);
        terminal_signals_mask(SIG_UNBLOCK);
        return r;
}

static int watch_run(struct watch *watch) {
        int r = open_session(watch);

        if (r == -EINVAL)
                return CLI_EXIT_USAGE;
        if (r < 0)
                return cli_exit_status(r);
        r = run(watch);
        /* it is ending: a second ^C has nothing to add, and the session is about to go */
        terminal_signals(SIG_IGN);
        watch->session = xskim_close(watch->session);
        sinks_close(watch);
        return watch_status(watch, r);
}

int command_watch(int argc, char **argv) {
        struct watch watch = {};
        struct xskim_config *config = &watch.options.config;
        int first, status, r;

        xskim_config_init(config);
        r = cli_parse(command_find("watch"), argc, argv, &watch.options, &first);
        if (r == CLI_HELP)
                return cli_help_command(stdout, command_find("watch")) < 0 ? CLI_EXIT_FAILED
                                                                           : CLI_EXIT_DONE;
        if (r < 0) {
                cli_complain(error_message());
                return CLI_EXIT_USAGE;
        }
        for (int i = first; i < argc; i++)
                config->ports[config->port_count++] = argv[i];
        /* A screen goes out in one write, so that it does not flicker. */
        setvbuf(stdout, NULL, _IOFBF, STREAM_BYTES);
        status = watch_run(&watch);
        if (watch.message[0])
                cli_complain(watch.message);
        return status;
}

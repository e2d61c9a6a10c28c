/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim-relay: the device under test of the lab (scripts/lab). Forwards Ethernet frames between two
 * ports, impairs them as told, from a seed, and accounts for every one. A tool of the lab, neither
 * installed nor part of the library. Says on standard error when it forwards; SIGINT or SIGTERM end
 * it: frames under way still leave when they are due (a second signal: at once), then it prints its
 * account. Exit status as in cli.h.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "cli.h"
#include "log.h"
#include "report.h"

struct relay {
        struct impairment told[FATE_DIRECTIONS];
        struct port ports[FATE_DIRECTIONS]; /* the one where a direction begins */
        struct direction directions[FATE_DIRECTIONS];
        struct direction_control control;
        const char *account_path;
        bool as_json;
        bool only_parse;
};

static int usage(FILE *to) {
        fprintf(to,
                "usage: xskim-relay LEFT RIGHT [--impair WHAT] [--left-to-right WHAT]\n"
                "                   [--right-to-left WHAT] [--json] [--account FILE]\n"
                "       xskim-relay --parse [--impair WHAT]…    only says what was told\n\n"
                "Forwards frames between two ports; WHAT is `off` or, for example,\n"
                "delay=2ms,jitter=100us,loss=1%%,seed=7. --impair tells both directions.\n"
                "--json: the account at the end as JSON; --account: that into a file, too.\n%s\n",
                impairment_usage());
        return to == stdout ? CLI_EXIT_DONE : CLI_EXIT_USAGE;
}

static int complain(int status) {
        fprintf(stderr, "relay: %s\n", error_message());
        return status;
}

static void told_print(const struct relay *relay, FILE *to) {
        char told[IMPAIRMENT_TEXT_BYTES];

        for (int i = 0; i < FATE_DIRECTIONS; i++) {
                impairment_print(&relay->told[i], told);
                fprintf(to, "%s: %s\n", report_name((enum fate_direction)i), told);
        }
}

/* ---- the command line ---- */

static int option_read(struct relay *relay, int option) {
        int r = 0;

        if (option == 'j')
                relay->as_json = true;
        if (option == 'a')
                relay->account_path = optarg;
        if (option == 'p')
                relay->only_parse = true;
        if (option == 'l' || option == 'i')
                r = impairment_parse(optarg, &relay->told[FATE_LEFT_TO_RIGHT]);
        if (!r && (option == 'r' || option == 'i'))
                r = impairment_parse(optarg, &relay->told[FATE_RIGHT_TO_LEFT]);
        return r;
}

/* 0, or the exit status + 1. */
static int arguments_read(struct relay *relay, int argc, char *argv[]) {
        static const struct option options[] = {
                {"impair", required_argument, NULL, 'i'},
                {"left-to-right", required_argument, NULL, 'l'},
                {"right-to-left", required_argument, NULL, 'r'},
                {"json", no_argument, NULL, 'j'},
                {"account", required_argument, NULL, 'a'},
                {"parse", no_argument, NULL, 'p'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (option == 'h' || option == '?')
                        return 1 + usage(option == 'h' ? stdout : stderr);
                if (option_read(relay, option))
                        return 1 + complain(CLI_EXIT_USAGE);
        }
        if (relay->only_parse && argc == optind) {
                told_print(relay, stdout);
                return 1 + CLI_EXIT_DONE;
        }
        return !relay->only_parse && argc - optind == FATE_DIRECTIONS ? 0 : 1 + usage(stderr);
}

/* ---- the run ---- */

static int open_all(struct relay *relay, char *const names[FATE_DIRECTIONS]) {
        int r = 0;

        relay->control.stop_fd = eventfd(0, EFD_CLOEXEC);
        if (relay->control.stop_fd < 0)
                return error_set(-errno, "an eventfd: %s.", strerror(errno));
        for (int i = 0; i < FATE_DIRECTIONS && !r; i++)
                r = port_open(names[i], &relay->ports[i]);
        for (int i = 0; i < FATE_DIRECTIONS && !r; i++)
                r = direction_open(&relay->directions[i], (enum fate_direction)i, &relay->told[i],
                                   &relay->ports[i], &relay->ports[!i], &relay->control);
        return r;
}

static void stop(struct relay *relay, enum direction_stop how) {
        relay->control.stop = (int)how;
        eventfd_write(relay->control.stop_fd, 1);
}

/* SIGINT, SIGTERM and SIGHUP are blocked and heard here. False: none within the time. */
static bool signal_heard(const sigset_t *signals, long milliseconds) {
        struct timespec timeout = {.tv_sec = milliseconds / 1000,
                                   .tv_nsec = milliseconds % 1000 * 1000000};

        return sigtimedwait(signals, NULL, &timeout) > 0;
}

static bool all_ended(const struct relay *relay) {
        return relay->control.ended == FATE_DIRECTIONS;
}

static int start(struct relay *relay) {
        int r;

        for (int i = 0; i < FATE_DIRECTIONS; i++) {
                r = direction_start(&relay->directions[i]);
                if (r)
                        return r; /* and the process ends, the other thread with it */
        }
        told_print(relay, stderr);
        fprintf(stderr, "relay: forwarding between %s and %s\n", relay->ports[0].name,
                relay->ports[1].name);
        return 0;
}

static int account_print(const struct relay *relay) {
        FILE *file;

        report_print(relay->directions, relay->as_json, stdout);
        if (relay->account_path) {
                file = fopen(relay->account_path, "we");
                if (!file)
                        return -errno;
                report_print(relay->directions, true, file);
                if (fclose(file))
                        return -errno;
        }
        return fflush(stdout);
}

static int run(struct relay *relay, const sigset_t *signals) {
        int r;

        if (start(relay))
                return complain(CLI_EXIT_FAILED);
        while (!relay->control.port_gone && !signal_heard(signals, 200))
                ;
        stop(relay, DIRECTION_FINISH);
        while (!all_ended(relay))
                if (signal_heard(signals, 5))
                        stop(relay, DIRECTION_HURRY);
        for (int i = 0; i < FATE_DIRECTIONS; i++)
                direction_join(&relay->directions[i]);
        r = account_print(relay);
        if (relay->control.port_gone)
                fprintf(stderr, "relay: %s or %s is gone: nothing left to forward.\n",
                        relay->ports[0].name, relay->ports[1].name);
        if (r || relay->control.port_gone || report_unaccounted(relay->directions))
                return CLI_EXIT_FAILED;
        return CLI_EXIT_DONE;
}

int main(int argc, char *argv[]) {
        static struct relay relay = {.ports = {PORT_NULL, PORT_NULL}};
        sigset_t signals;
        int status;

        relay.told[0] = relay.told[1] = impairment_off();
        status = arguments_read(&relay, argc, argv);
        if (status)
                return status - 1;
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGHUP);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
        status = open_all(&relay, argv + optind);
        if (status)
                status = complain(status == -EPERM ? CLI_EXIT_PRIVILEGE : CLI_EXIT_FAILED);
        else
                status = run(&relay, &signals);
        for (int i = 0; i < FATE_DIRECTIONS; i++)
                direction_close(&relay.directions[i]);
        for (int i = 0; i < FATE_DIRECTIONS; i++)
                port_close(&relay.ports[i]);
        return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the list of commands. To add one: write command_<name>.c, declare it in commands.h, add a
 * row here; help and the manual page follow.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench_options.h"
#include "commands.h"
#include "log.h"
#include "player_options.h"
#include "util.h"
#include "watch_options.h"

const struct cli_command COMMANDS[] = {
        {
                .name = "watch",
                .operands = "PORT...",
                .operands_min = 1,
                .operands_max = XSKIM_PORTS_MAX,
                .summary = "watches ports: rates, percentiles, own cost, ledger",
                .description = "Watches network ports until ^C, SIGTERM or the end of --duration, "
                               "and ends "
                               "with a summary of each. On a terminal the view refreshes in place; "
                               "elsewhere "
                               "each interval prints a block of text, or with --json a line.\n"
                               "Needs CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN while "
                               "starting, "
                               "and none of them afterwards. Replaces no other XDP program.",
                .options = WATCH_OPTIONS,
                .run = command_watch,
        },
        {
                .name = "serve",
                .operands = "",
                .summary = "watches ports as a service, by a configuration file",
                .description =
                        "Watches the ports of a configuration file until SIGTERM, each by a "
                        "session of its own with its own verdict, tier, sampling and workers, and "
                        "serves what it finds to Prometheus: /metrics on a loopback address, with "
                        "/healthz (it is alive) and /readyz (all ports are watched).\n"
                        "A port that is not there, that goes, or that has another XDP program is "
                        "tried again until it can be watched, after a second at most; what was "
                        "counted of it goes on from there, and the other ports do not notice.\n"
                        "SIGHUP reads the file again: ports are added, removed, and attached anew "
                        "when their settings have changed; a file that is not right changes "
                        "nothing. SIGTERM and ^C end it with a summary of each port in the log "
                        "(all of it with json: true); the exit status is 1 when a ledger does not "
                        "balance.\n"
                        "It tells systemd when it is ready, reloading and stopping, and feeds its "
                        "watchdog. Needs CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN. "
                        "Replaces no other XDP program.",
                .options = SERVE_OPTIONS,
                .run = command_serve,
        },
        {
                .name = "read",
                .operands = "FILE",
                .operands_min = 1,
                .operands_max = 1,
                .summary = "prints a record file, and the summary of its run",
                .description =
                        "Prints each record that `xskim watch --record` wrote, and then the "
                        "summary of each port, recomputed from the records: the percentiles and "
                        "the ledger of the live run. - is standard input.\n"
                        "A file that is cut or damaged is read as far as it is whole; the exit "
                        "status is then 1 and a message says what is missing.",
                .options = READ_OPTIONS,
                .run = command_read,
        },
        {
                .name = "replay",
                .operands = "FILE [PORT]",
                .operands_min = 1,
                .operands_max = 2,
                .summary = "sends a capture to a port, on time, and says how punctual it was",
                .description =
                        "Sends the packets of an Ethernet capture (pcap or pcapng, plain or "
                        "compressed by gzip or zstd; - is standard input) to a port, at captured "
                        "timing from an absolute schedule, and "
                        "prints what was sent and how far each packet was from its due time. "
                        "Packets that are late are sent at once and counted; what was late moves "
                        "nothing. ^C or SIGTERM ends with the report.\n"
                        "With --lab or --arrive it also watches the end of the path, and the "
                        "report "
                        "goes on with what the path did: latency, loss, copies, reordering, "
                        "damage. "
                        "The watch is there before the first packet and ends after the last one "
                        "can "
                        "have arrived.\n"
                        "Needs CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN, with --lab "
                        "root. Replaces no XDP program, and leaves nothing behind.",
                .options = PLAYER_OPTIONS,
                .run = command_replay,
        },
        {
                .name = "bench",
                .operands = "",
                .summary = "measures what telemetry costs: throughput lost and latency added",
                .description =
                        "Measures what looking at packets costs on this machine: which share of "
                        "the throughput is lost, and how much later 99 of 100 packets arrive, each "
                        "with an interval that holds the true value in 95 of 100 runs.\n"
                        "It builds a lab of its own (two ports with a path between them; nothing "
                        "outside is touched), sends as fast as it goes, and gives the receiving "
                        "port to each condition in turn, in random order, for some hundredths of a "
                        "second. What a condition costs is its difference to the baseline in the "
                        "same moment. The baseline is there twice: what it loses to itself (the "
                        "null comparison) is the noise of this machine, and a difference that is "
                        "not larger means nothing.\n"
                        "^C ends with what there is. Needs CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW and "
                        "CAP_SYS_ADMIN. Replaces no XDP program, and leaves nothing behind.",
                .terms_title = "Conditions",
                .terms = BENCH_TERMS,
                .examples = BENCH_EXAMPLES,
                .options = BENCH_OPTIONS,
                .run = command_bench,
        },
        {
                .name = "bench compare",
                .operands = "OLD.json NEW.json",
                .operands_min = 2,
                .operands_max = 2,
                .summary = "says what got slower between two results of xskim bench --json",
                .description =
                        "Compares each condition that both results have: what it loses to the "
                        "baseline of "
                        "its own run, block by block, and its added P99 at half load, with the 95 "
                        "% "
                        "interval of the difference. Exit status 3 when one got slower: when all "
                        "of its "
                        "interval is above the tolerance. Of a difference that is not precise "
                        "enough to "
                        "say it, that is said.\n"
                        "Results of different environments (kernel, CPU, mitigations, driver, "
                        "mode, path, "
                        "packet size, and all else that a result says of its machine) are refused; "
                        "versions of xskim and of what built it may differ.",
                .options = COMPARE_OPTIONS,
                .run = command_bench_compare,
        },
        {
                .name = "bench claims",
                .operands = "",
                .summary = "measures what the white paper claims, claim by claim",
                .description = "Measures each claim of the white paper on this machine, and prints "
                               "the paper's "
                               "figure, what was measured with its 95 % interval, how, and a "
                               "verdict: holds, does "
                               "not hold, or not testable, with the reason. Makes and removes its "
                               "own ports. "
                               "Takes one to two minutes; ^C ends with the rows so far.\n"
                               "Needs CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN.",
                .options = CLAIMS_OPTIONS,
                .run = command_bench_claims,
        },
        {
                .name = "doctor",
                .operands = "[PORT]",
                .operands_max = 1,
                .summary = "examines the machine, and a port: may xskim run here?",
                .description =
                        "Looks at kernel features, privileges and memory limits, and with PORT at "
                        "its driver, the XDP modes obtainable and what changes silently what XDP "
                        "sees; each with what to do. Attaches nothing to the port.\n"
                        "The exit status is 5 when a feature that xskim needs is missing, else 4 "
                        "when a privilege is, 1 when there is no such port.",
                .options = DOCTOR_OPTIONS,
                .run = command_doctor,
        },
        {
                .name = "check-config",
                .operands = "FILE",
                .operands_min = 1,
                .operands_max = 1,
                .summary = "says whether a file is a configuration of xskim serve",
                .description =
                        "Reads a configuration of xskim serve, see xskim.yaml(5), and prints which "
                        "ports it names. When the file has a fault, a message says in which line "
                        "and column, and what is allowed there; the exit status is then 2. Looks "
                        "at the file alone: not whether there are such ports here.",
                .run = command_check_config,
        },
        {
                .name = "dump-config",
                .operands = "[FILE]",
                .operands_max = 1,
                .summary = "prints a configuration of xskim serve in full",
                .description =
                        "Prints every key of a configuration of xskim serve with its value, and "
                        "what it means: of FILE, or without it the defaults, with eth0 as the one "
                        "port. What it prints is itself a configuration, and means the same.",
                .run = command_dump_config,
        },
        {
                .name = "help",
                .operands = "[COMMAND]",
                .operands_max = 1,
                .summary = "tells about the commands, or one of them",
                .description = "Prints what a command does and its options.",
                .run = command_help,
        },
};
const size_t COMMAND_COUNT = ARRAY_SIZE(COMMANDS);

static const struct cli_command *look_up(const char *name) {
        for (size_t i = 0; i < COMMAND_COUNT; i++)
                if (!strcmp(name, COMMANDS[i].name))
                        return &COMMANDS[i];
        return NULL;
}

const struct cli_command *command_find(const char *name) {
        const struct cli_command *command = look_up(name);

        if (command)
                return command;
        error_set(-EINVAL, "%s: there is no such command; see xskim --help", name);
        return NULL;
}

const struct cli_command *command_take(int *argc, char ***argv) {
        const struct cli_command *command = NULL;
        char words[64];

        if (*argc > 1) {
                snprintf(words, sizeof(words), "%s %s", (*argv)[0], (*argv)[1]);
                command = look_up(words);
        }
        if (!command)
                return command_find((*argv)[0]);
        (*argc)--;
        (*argv)++;
        return command;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The command's entry: finds the row of the command and runs it. */
#include <signal.h>
#include <string.h>

#include <xskim/xskim.h>

#include "commands.h"
#include "log.h"

static int run_command(int argc, char **argv) {
        const struct cli_command *command = command_find(argv[0]);

        if (command)
                return command->run(argc, argv);
        cli_complain(error_message());
        return CLI_EXIT_USAGE;
}

static int print_version(void) {
        return printf("xskim %s\n", xskim_version()) < 0 || fflush(stdout) ? CLI_EXIT_FAILED
                                                                           : CLI_EXIT_DONE;
}

int main(int argc, char **argv) {
        static char help[] = "help";
        char *words[] = {help, NULL};

        signal(SIGPIPE, SIG_IGN); /* a write tells, with a message */
        if (argc < 2) {
                cli_help_program(stderr, COMMANDS, COMMAND_COUNT);
                return CLI_EXIT_USAGE;
        }
        if (!strcmp(argv[1], "--version"))
                return print_version();
        if (!strcmp(argv[1], "--help"))
                return run_command(1, words);
        return run_command(argc - 1, argv + 1);
}

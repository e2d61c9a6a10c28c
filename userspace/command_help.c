/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim help: the texts that derive from the tables, the manual page (help --man, for the build)
 * too. */
#include <string.h>

#include "commands.h"
#include "log.h"

static int print(const char *topic) {
        const struct cli_command *command;

        if (!topic)
                return cli_help_program(stdout, COMMANDS, COMMAND_COUNT);
        if (!strcmp(topic, "--man"))
                return cli_manual(stdout, COMMANDS, COMMAND_COUNT);
        command = command_find(topic);
        return command ? cli_help_command(stdout, command) : CLI_EXIT_USAGE;
}

int command_help(int argc, char **argv) {
        const char *topic = argc > 1 && strcmp(argv[1], "--help") ? argv[1] : NULL;
        int r;

        if (argc > 2) {
                cli_complain("help: give one command at most; see xskim --help");
                return CLI_EXIT_USAGE;
        }
        r = print(topic);
        if (r)
                cli_complain(error_message());
        return r < 0 ? cli_exit_status(r) : r;
}

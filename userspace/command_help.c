/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim help: the texts that derive from the tables, the manual pages (help --man and --man-config,
 * for the build) too. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "commands.h"
#include "log.h"
#include "serve_config_manual.h"

/* Of one command, whose name may have two words. */
static int print(int argc, char **argv) {
        const struct cli_command *command;

        if (!argc)
                return cli_help_program(stdout, COMMANDS, COMMAND_COUNT);
        if (!strcmp(*argv, "--man"))
                return cli_manual(stdout, COMMANDS, COMMAND_COUNT);
        if (!strcmp(*argv, "--man-config"))
                return serve_config_manual(stdout);
        command = command_take(&argc, &argv);
        if (!command)
                return CLI_EXIT_USAGE;
        if (argc == 1)
                return cli_help_command(stdout, command);
        error_set(-EINVAL, "help: give one command at most; see xskim --help");
        return CLI_EXIT_USAGE;
}

int command_help(int argc, char **argv) {
        bool plain = argc > 1 && !strcmp(argv[1], "--help");
        int r = print(plain ? 0 : argc - 1, argv + 1);

        if (r)
                cli_complain(error_message());
        return r < 0 ? cli_exit_status(r) : r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The command's entry: finds the row of the command and runs it. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <xskim/xskim.h>

#include "commands.h"
#include "log.h"
#include "stream.h"

static int run_command(int argc, char **argv) {
        const struct cli_command *command = command_take(&argc, &argv);

        if (command)
                return command->run(argc, argv);
        cli_complain(error_message());
        return CLI_EXIT_USAGE;
}

static int print_version(void) {
        printf("xskim %s\n", xskim_version());
        if (!stream_flush(stdout))
                return CLI_EXIT_DONE;
        cli_complain(error_message());
        return CLI_EXIT_FAILED;
}

/* Who was started without standard output does not get something else in its place; writing there
 * fails. */
static void standard_descriptors_keep(void) {
        int fd;

        do
                fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && fd <= STDERR_FILENO);
        if (fd >= 0)
                close(fd);
}

int main(int argc, char **argv) {
        static char help[] = "help";
        char *words[] = {help, NULL};

        standard_descriptors_keep();
        /* a write tells, with a message */
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN);
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

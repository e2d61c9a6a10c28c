/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim serve: options and exit status. What it does is in service.h. */
#include <errno.h>
#include <stdio.h>

#include <xskim/xskim.h>

#include "commands.h"
#include "log.h"
#include "service.h"

struct serve_options {
        const char *path;
};

static int parse_config(void *target, const char *value) {
        if (!*value)
                return -EINVAL;
        ((struct serve_options *)target)->path = value;
        return 0;
}

const struct cli_option SERVE_OPTIONS[] = {
        {"config", "FILE", "/etc/xskim/xskim.yaml", "the configuration; see xskim dump-config",
         "the name of a file", parse_config},
        {},
};

static int complain(int r, int status) {
        const char *message = *error_message() ? error_message() : xskim_error_message();

        if (r < 0)
                cli_complain(message);
        return status;
}

static int serve(const char *path) {
        struct service *service = NULL;
        uint64_t unaccounted = 0;
        int r = service_open(path, &service);

        if (r == -EPERM)
                return CLI_EXIT_PRIVILEGE;
        if (r < 0)
                return complain(r, r == -EINVAL ? CLI_EXIT_USAGE : cli_exit_status(r));
        r = service_run(service);
        if (r < 0)
                complain(r, 0);
        service_close(service, &unaccounted);
        return r < 0 ? cli_exit_status(r) : unaccounted ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
}

int command_serve(int argc, char **argv) {
        const struct cli_command *command = command_find(argv[0]);
        struct serve_options options = {};
        int first, r = cli_parse(command, argc, argv, &options, &first);

        if (r == CLI_HELP)
                return cli_help_command(stdout, command) < 0 ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        if (r < 0)
                return complain(r, CLI_EXIT_USAGE);
        return serve(options.path);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim dump-config: a configuration of xskim serve in full, of a file or the defaults. */
#include <errno.h>
#include <stdio.h>

#include "commands.h"
#include "log.h"
#include "serve_config.h"

static const char EXAMPLE_PORT[] = "eth0";

static int dump(const char *path) {
        static struct serve_config config;
        int r = 0;

        if (path)
                r = serve_config_read(path, &config);
        else
                serve_config_init(&config, EXAMPLE_PORT);
        return r < 0 ? r : serve_config_print(stdout, &config);
}

static int complain(int r) {
        cli_complain(error_message());
        return r == -EINVAL ? CLI_EXIT_USAGE : cli_exit_status(r);
}

int command_dump_config(int argc, char **argv) {
        const struct cli_command *self = command_find("dump-config");
        int first, r = cli_parse(self, argc, argv, NULL, &first);

        if (r == CLI_HELP)
                r = cli_help_command(stdout, self);
        else if (r >= 0)
                r = dump(first < argc ? argv[first] : NULL);
        return r < 0 ? complain(r) : CLI_EXIT_DONE;
}

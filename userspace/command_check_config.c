/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim check-config: is this file a configuration of xskim serve? */
#include <errno.h>
#include <stdio.h>

#include "commands.h"
#include "log.h"
#include "serve_config.h"
#include "stream.h"

static int config_tell(const char *path, const struct serve_config *config) {
        printf("%s: %u %s:", path, config->port_count, config->port_count == 1 ? "port" : "ports");
        for (unsigned int i = 0; i < config->port_count; i++)
                printf(" %s", config->ports[i].name);
        putchar('\n');
        return stream_flush(stdout);
}

static int complain(int r) {
        cli_complain(error_message());
        return r == -EINVAL ? CLI_EXIT_USAGE : cli_exit_status(r);
}

int command_check_config(int argc, char **argv) {
        static struct serve_config config;
        const struct cli_command *self = command_find("check-config");
        int first, r = cli_parse(self, argc, argv, NULL, &first);

        if (r == CLI_HELP)
                r = cli_help_command(stdout, self);
        else if (r >= 0) {
                r = serve_config_read(argv[first], &config);
                r = r < 0 ? r : config_tell(argv[first], &config);
        }
        return r < 0 ? complain(r) : CLI_EXIT_DONE;
}

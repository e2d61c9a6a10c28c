/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns parsing by tables and what an error is to the shell. See cli.h. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "log.h"
#include "util.h"

enum {
        CLI_OPTIONS_MAX = 64,
        CLI_FIRST = 256, /* getopt's value of the first row: beyond any character */
};

size_t cli_option_count(const struct cli_command *command) {
        size_t count = 0;

        while (command->options && command->options[count].name)
                count++;
        return count;
}

static int refuse_value(const struct cli_command *command, const struct cli_option *option,
                        const char *value) {
        return error_set(-EINVAL, "--%s: \"%s\" is not allowed: give %s; see xskim help %s",
                         option->name, value, option->allowed, command->name);
}

static int apply(const struct cli_command *command, const struct cli_option *option,
                 const char *value, void *target) {
        if (option->parse(target, value) < 0)
                return refuse_value(command, option, value);
        return 0;
}

static int apply_defaults(const struct cli_command *command, void *target) {
        int r = 0;

        for (size_t i = 0; i < cli_option_count(command) && r >= 0; i++)
                if (command->options[i].fallback)
                        r = apply(command, &command->options[i], command->options[i].fallback,
                                  target);
        return r;
}

/* getopt's table, of the same order; the last rows are help and the end. */
static void make_table(const struct cli_command *command, struct option *table) {
        size_t i;

        for (i = 0; i < cli_option_count(command) && i < CLI_OPTIONS_MAX; i++)
                table[i] = (struct option){
                        .name = command->options[i].name,
                        .has_arg = command->options[i].argument ? required_argument : no_argument,
                        .val = CLI_FIRST + (int)i};
        table[i++] = (struct option){.name = "help", .has_arg = no_argument, .val = 'h'};
        table[i] = (struct option){};
}

static int refuse_option(const struct cli_command *command, const char *word, int row) {
        if (row >= CLI_FIRST)
                return error_set(-EINVAL, "--%s takes no value (given: %s); see xskim help %s",
                                 command->options[row - CLI_FIRST].name, word, command->name);
        return error_set(-EINVAL, "%s: there is no such option; see xskim help %s", word,
                         command->name);
}

static int parse_option(const struct cli_command *command, int found, const char *word,
                        void *target) {
        const struct cli_option *option;

        if (found == 'h')
                return CLI_HELP;
        if (found == '?')
                return refuse_option(command, word, optopt);
        if (found == ':') {
                option = &command->options[optopt - CLI_FIRST];
                return error_set(-EINVAL, "--%s: the value is missing: give %s; see xskim help %s",
                                 option->name, option->allowed, command->name);
        }
        return apply(command, &command->options[found - CLI_FIRST], optarg, target);
}

static int check_operands(const struct cli_command *command, int count, char **operands) {
        if (count < (int)command->operands_min)
                return error_set(-EINVAL, "%s: %s is missing; see xskim help %s", command->name,
                                 command->operands, command->name);
        if (count > (int)command->operands_max)
                return error_set(
                        -EINVAL, "%s: \"%s\" is too much: %s at most %u; see xskim help %s",
                        command->name, operands[command->operands_max],
                        *command->operands ? command->operands : "operands:", command->operands_max,
                        command->name);
        return 0;
}

int cli_parse(const struct cli_command *command, int argc, char **argv, void *target,
              int *ret_first) {
        struct option table[CLI_OPTIONS_MAX + 2];
        int r = apply_defaults(command, target), found;

        make_table(command, table);
        optind = 0; /* glibc: start afresh */
        opterr = 0;
        while (!r && (found = getopt_long(argc, argv, ":", table, NULL)) >= 0)
                r = parse_option(command, found, argv[MAX(optind - 1, 1)], target);
        if (!r)
                r = check_operands(command, argc - optind, argv + optind);
        if (!r)
                *ret_first = optind;
        return r;
}

int cli_exit_status(int error) {
        switch (error) {
        case -EPERM:
        case -EACCES:
                return CLI_EXIT_PRIVILEGE;
        case -EOPNOTSUPP:
                return CLI_EXIT_FEATURE;
        default:
                return error < 0 ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        }
}

void cli_complain(const char *message) {
        size_t length;

        fputs("xskim: ", stderr);
        for (; *message; message += length + strspn(message + length, " ")) {
                length = strcspn(message, "\n");
                length += message[length] == '\n';
                fwrite(message, 1, length, stderr);
                if (message[length])
                        fputs("       ", stderr);
        }
        fputc('\n', stderr);
}

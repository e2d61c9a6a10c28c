/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: commands and options are rows of tables, and parsing, --help and the manual
 * page are derived from them. Owns these tables' shapes; not what a command does. To add an option,
 * add its row (for watch: watch_options.c); to add a command, write command_<name>.c and add its
 * row to commands.c.
 */
#ifndef XSKIM_CLI_H
#define XSKIM_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CLI_VALUE_BYTES = 512 }; /* of a value as text: the longest list of CPUs fits */

struct cli_option {
        const char *name;     /* without the dashes */
        const char *argument; /* how help calls it; NULL: a flag */
        const char *fallback; /* the default, parsed like a value from the person; NULL: none */
        const char *help;
        const char *allowed; /* completes "give …" when a value was refused; NULL for a flag */
        /* Reads the value (NULL for a flag) into the target; 0, -EINVAL or -ERANGE. */
        int (*parse)(void *target, const char *value);
        /* What parse would read into such a target; of a flag "true" or "false". False: there is no
         * value. NULL: nobody asks. */
        bool (*show)(const void *target, char text[static CLI_VALUE_BYTES]);
};

struct cli_term {
        const char *name;
        const char *text;
};

struct cli_command {
        const char *name;
        const char *operands; /* how help calls them; "": none */
        unsigned int operands_min;
        unsigned int operands_max;
        const char *summary;              /* one line */
        const char *description;          /* paragraphs, separated by newlines */
        const char *terms_title;          /* of the terms, which are explained; NULL: none */
        const struct cli_term *terms;     /* ended by a row without a name */
        const struct cli_term *examples;  /* a command line and what it does; likewise, or NULL */
        const struct cli_option *options; /* ended by a row without a name; NULL: none */
        int (*run)(int argc,
                   char **argv); /* argv[0] is the command's name; returns the exit status */
};

/* ROW(name, status, doc) */
#define CLI_EXIT_ROWS(ROW)                                                                         \
        ROW(CLI_EXIT_DONE, 0, "done")                                                              \
        ROW(CLI_EXIT_FAILED, 1, "failed, or the ledger does not balance")                          \
        ROW(CLI_EXIT_USAGE, 2, "wrong usage")                                                      \
        ROW(CLI_EXIT_THRESHOLD, 3, "a threshold was exceeded, or not all is as expected")          \
        ROW(CLI_EXIT_PRIVILEGE, 4, "a privilege is missing")                                       \
        ROW(CLI_EXIT_FEATURE, 5, "a feature of the kernel or the port is missing")

#define CLI_EXIT_MEMBER(name_, status_, doc_) name_ = status_,
enum cli_exit { CLI_EXIT_ROWS(CLI_EXIT_MEMBER) };

/* Rows of a command. */
size_t cli_option_count(const struct cli_command *command);

enum { CLI_PARSED = 0, CLI_HELP = 1 };

/*
 * Applies the defaults and then the options of argv to the target; operands may stand anywhere.
 * argv is permuted: the operands end up at its end, *ret_first is the index of the first.
 * CLI_PARSED, CLI_HELP (asked for with
 * --help, nothing else was done), or -EINVAL with a message that names the option, its value, what
 * is allowed.
 */
int cli_parse(const struct cli_command *command, int argc, char **argv, void *target,
              int *ret_first);

/* What an error means to the shell: 0 is done; -EPERM, -EACCES, -EOPNOTSUPP have a status of their
 * own. */
int cli_exit_status(int error);

/* "xskim: MESSAGE" to standard error, further lines indented. */
void cli_complain(const char *message);

/* Help of one command; of the program. Negative errno when it cannot be written. */
int cli_help_command(FILE *stream, const struct cli_command *command);
int cli_help_program(FILE *stream, const struct cli_command *commands, size_t count);

/* The manual page, man(7). Its date is that of SOURCE_DATE_EPOCH, or today. */
int cli_manual(FILE *stream, const struct cli_command *commands, size_t count);

#endif

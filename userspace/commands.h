/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of xskim: their rows, and what runs them. */
#ifndef XSKIM_COMMANDS_H
#define XSKIM_COMMANDS_H

#include <stddef.h>

#include "cli.h"

extern const struct cli_command COMMANDS[];
extern const size_t COMMAND_COUNT;

/* The row of a name, or NULL with a message. */
const struct cli_command *command_find(const char *name);

/* The row of the first words, or NULL with a message: of two of them ("bench compare") when there
 * is one; both then move on, so that argv[0] is the last word of its name. */
const struct cli_command *command_take(int *argc, char ***argv);

/* Options of the commands that are not worth a file of their own for them. */
extern const struct cli_option DOCTOR_OPTIONS[];
extern const struct cli_option READ_OPTIONS[];
extern const struct cli_option COMPARE_OPTIONS[];
extern const struct cli_option CLAIMS_OPTIONS[];
extern const struct cli_option SERVE_OPTIONS[];

/* One file each: argv[0] is the command's name, or the last word of it; returns the exit status. */
int command_watch(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_read(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_bench_compare(int argc, char **argv);
int command_bench_claims(int argc, char **argv);
int command_check_config(int argc, char **argv);
int command_dump_config(int argc, char **argv);
int command_help(int argc, char **argv);

#endif

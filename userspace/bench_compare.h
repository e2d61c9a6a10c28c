/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim bench compare: its row of the command line, and what runs it. */
#ifndef XSKIM_BENCH_COMPARE_H
#define XSKIM_BENCH_COMPARE_H

#include "cli.h"

/* For help and the manual page; its name has two words. */
extern const struct cli_command BENCH_COMPARE;

/* argv[0] is "compare"; returns the exit status. */
int bench_compare_command(int argc, char **argv);

#endif

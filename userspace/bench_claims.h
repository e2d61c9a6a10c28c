/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim bench claims: options, progress, output, exit status. What is measured is the library's. */
#ifndef XSKIM_BENCH_CLAIMS_H
#define XSKIM_BENCH_CLAIMS_H

#include "cli.h"

/* For help and the manual page. */
extern const struct cli_command BENCH_CLAIMS;

/* argv[0] is the command's name, the options follow. Returns the exit status: 0 whatever the
 * verdicts are. */
int bench_claims(int argc, char **argv);

#endif

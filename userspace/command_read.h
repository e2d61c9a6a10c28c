/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim read, for the list of commands. */
#ifndef XSKIM_COMMAND_READ_H
#define XSKIM_COMMAND_READ_H

#include "cli.h"

extern const struct cli_option READ_OPTIONS[];

/* `xskim read FILE`. Exit status: 0 all of it was read, 1 the file is cut or damaged (after what
 * can be read has been printed) or its ledger does not balance, 2 usage. */
int command_read(int argc, char **argv);

#endif

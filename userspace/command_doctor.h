/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim doctor, for the list of commands. */
#ifndef XSKIM_COMMAND_DOCTOR_H
#define XSKIM_COMMAND_DOCTOR_H

#include <stddef.h>

#include "cli.h"

extern const struct cli_option DOCTOR_OPTIONS[];

/* `xskim doctor [PORT] [--json]`. Exit status: 0 all that is needed is there, 5 a feature is
 * missing, else 4 a privilege is, 1 there is no such port, 2 usage. */
int command_doctor(int argc, char **argv);

#endif

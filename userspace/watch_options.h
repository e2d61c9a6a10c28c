/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of xskim watch. Owns their rows and what they set; not what watching does. */
#ifndef XSKIM_WATCH_OPTIONS_H
#define XSKIM_WATCH_OPTIONS_H

#include <stdbool.h>

#include <xskim/xskim.h>

#include "cli.h"

/* The target of the rows. */
struct watch_options {
        struct xskim_config config;
        bool json;
};

/* Ended by a row without a name. */
extern const struct cli_option WATCH_OPTIONS[];

/* The row of a name, or NULL. */
const struct cli_option *watch_option_find(const char *name);

#endif

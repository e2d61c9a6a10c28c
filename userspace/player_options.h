/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of xskim replay. Owns their rows and what they set; not what replaying does. */
#ifndef XSKIM_PLAYER_OPTIONS_H
#define XSKIM_PLAYER_OPTIONS_H

#include <stdbool.h>

#include <xskim/xskim.h>

#include "cli.h"

/* The target of the rows. */
struct player_options {
        struct xskim_replay_config config;
        bool json;
        unsigned int paces; /* options that set one: one at most */
};

/* Ended by a row without a name. */
extern const struct cli_option PLAYER_OPTIONS[];

/* -EINVAL with a message: what no single option can see. */
int player_options_check(const struct player_options *options);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of xskim replay. Owns their rows and what they set; not what replaying does. */
#ifndef XSKIM_PLAYER_OPTIONS_H
#define XSKIM_PLAYER_OPTIONS_H

#include <stdbool.h>

#include <xskim/xskim.h>

#include "cli.h"
#include "passage.h"

/* The target of the rows. */
struct player_options {
        struct xskim_replay_config config;
        bool json;
        bool lab;
        const char *impair;
        const char *arrive;
        uint32_t settle_ms;
        const char *report;
        unsigned int paces; /* options that set one: one at most */
};

/* Ended by a row without a name. */
extern const struct cli_option PLAYER_OPTIONS[];

/* -EINVAL with a message: what no single option can see. `operands`: how many were given. */
int player_options_check(const struct player_options *options, int operands);

/* What was asked of a passage; false: only of a replay. File, port and progress are the caller's.
 */
bool player_options_passage(const struct player_options *options,
                            struct passage_config *ret_passage);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of a replay as JSON. Part of json.h's adapter of jansson. */
#ifndef XSKIM_JSON_PLAYER_H
#define XSKIM_JSON_PLAYER_H

#include <xskim/xskim.h>

/* One object on one line, without the newline: "type": "replay". The caller frees it. -ENOMEM.
 * timing_error_ns and drift_ns are null when no packet was due at any time (--top-speed). */
int json_player(const struct xskim_replay_report *report, char **ret_line);

#endif

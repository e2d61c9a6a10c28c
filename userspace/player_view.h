/* SPDX-License-Identifier: BSD-2-Clause */
/* How a replay looks to a person: the progress line and the report. Text only, no terminal. */
#ifndef XSKIM_PLAYER_VIEW_H
#define XSKIM_PLAYER_VIEW_H

#include <stddef.h>

#include <xskim/xskim.h>

enum { PLAYER_VIEW_BYTES = 8192 };

/* One line, without the newline. share below 0: nobody knows how much there is. */
void player_view_progress(const struct xskim_replay_config *config,
                          const struct xskim_replay_progress *progress, double share,
                          unsigned int columns, char *text, size_t bytes);

void player_view_report(const struct xskim_replay_report *report, unsigned int columns, char *text,
                        size_t bytes);

#endif

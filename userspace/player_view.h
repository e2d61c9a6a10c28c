/* SPDX-License-Identifier: BSD-2-Clause */
/* How a replay looks to a person: the progress line and the report. Text only, no terminal. */
#ifndef XSKIM_PLAYER_VIEW_H
#define XSKIM_PLAYER_VIEW_H

#include <stddef.h>

#include "player.h"

enum { PLAYER_VIEW_BYTES = 8192 };

/* One line, without the newline. share below 0: nobody knows how much there is. */
void player_view_progress(const struct player_config *config, const struct stage_progress *progress,
                          double share, unsigned int columns, char *text, size_t bytes);

void player_view_report(const struct player_report *report, unsigned int columns, char *text,
                        size_t bytes);

#endif

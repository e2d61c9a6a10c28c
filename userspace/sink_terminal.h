/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sink that a person reads. On a terminal: a live screen that is redrawn in place at each
 * snapshot, the cursor hidden, several ports stacked as long as there is room, else one after the
 * other; at the end the summary takes its place and stays. Elsewhere: a block of text for each
 * snapshot and the summary. Owns the terminal's state (cursor) and decides about colour: only on a
 * terminal, and not with NO_COLOR set (no-color.org). The view is made by view.c.
 */
#ifndef XSKIM_SINK_TERMINAL_H
#define XSKIM_SINK_TERMINAL_H

#include <stdio.h>

#include <xskim/xskim.h>

/*
 * The stream stays the caller's. The terminal's size is asked for at each drawing, so that SIGWINCH
 * needs no handler. -ENOMEM; writing returns the negative errno (-EPIPE, -ENOSPC) with a message.
 */
int sink_terminal_open(FILE *stream, struct xskim_sink *ret_sink);

/* Restores the cursor when the summary has not done so already. */
void sink_terminal_close(struct xskim_sink *sink);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The sink that writes a JSON object a line: what machines read. Owns nothing but the order of
 * writing. */
#ifndef XSKIM_SINK_JSON_H
#define XSKIM_SINK_JSON_H

#include <stdio.h>

#include <xskim/xskim.h>

/* The stream stays the caller's. Each line is flushed; when it cannot be written the sink returns
 * the negative errno (-EPIPE, -ENOSPC) with a message. */
int sink_json_open(FILE *stream, struct xskim_sink *ret_sink);

void sink_json_close(struct xskim_sink *sink);

#endif

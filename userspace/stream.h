/* SPDX-License-Identifier: BSD-2-Clause */
/* Output streams that may fail. Leaf but for log. */
#ifndef XSKIM_STREAM_H
#define XSKIM_STREAM_H

#include <stdio.h>

/* Writes out what was printed since the last flush. The negative errno of the first write that
 * failed
 * (-EPIPE, -ENOSPC, …), with a message; SIGPIPE must be ignored for that. */
int stream_flush(FILE *stream);

#endif

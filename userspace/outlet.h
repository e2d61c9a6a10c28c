/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines to a descriptor that may be slow, or stand still, without holding up whoever has the lines:
 * a bounded queue, and a thread that writes. What has no room, or cannot be written, is lost and
 * counted; the order is kept. Owns queue and thread; the descriptor is the caller's. Adapter of
 * threads.
 *
 * Bounds: OUTLET_LINES_MAX lines, and OUTLET_BYTES_MAX bytes of them, in the queue.
 */
#ifndef XSKIM_OUTLET_H
#define XSKIM_OUTLET_H

#include <stdint.h>

enum {
        OUTLET_LINES_MAX = 1024,
        OUTLET_BYTES_MAX = 4 << 20,
        OUTLET_CLOSE_MS = 1000,
};

struct outlet;

/* SIGPIPE must be ignored. The errno of starting a thread, with a message. */
int outlet_open(int fd, struct outlet **ret_outlet);

/* Takes a line (without its newline, on the heap) over in any case. Never blocks. -ENOBUFS: there
 * is no room, it is lost. */
int outlet_put(struct outlet *outlet, char *line);

/* How many lines were lost so far; and the errno of the last write that failed, 0: none did. */
struct outlet_losses {
        uint64_t full;
        uint64_t failed;
        int error;
};
struct outlet_losses outlet_losses(struct outlet *outlet);

/* Writes what is in the queue, for at most OUTLET_CLOSE_MS; then gives up. NULL is fine. What was
 * lost, that included, is in *ret_losses (may be NULL). Returns NULL. */
struct outlet *outlet_close(struct outlet *outlet, struct outlet_losses *ret_losses);

#endif

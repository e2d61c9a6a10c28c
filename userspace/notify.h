/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a service tells the one who started it, by the protocol of sd_notify(3), which is promised
 * to stay: datagrams of NAME=value lines to the UNIX socket that NOTIFY_SOCKET names, and what the
 * environment says about watchdog and journal. Adapter of that protocol; needs no library.
 *
 * Without NOTIFY_SOCKET nothing is told, and that is no error.
 */
#ifndef XSKIM_NOTIFY_H
#define XSKIM_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct notify {
        int fd; /* -1: there is nobody to tell */
};

#define NOTIFY_NULL ((struct notify){.fd = -1})

/* -EINVAL (NOTIFY_SOCKET is neither a path nor an abstract name, or too long), or the errno of
 * socket and connect; with a message. */
int notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* One datagram, of lines separated by newlines. Never blocks: false when the other side has no room
 * for it, and it is lost, as it is when the other side has gone; with nobody to tell it is true. */
__attribute__((format(printf, 2, 3))) bool notify_tell(const struct notify *notify,
                                                       const char *format, ...);

/* How long the watchdog waits for WATCHDOG=1 before it takes this process for stuck; 0: there is no
 * watchdog, or it watches another process. */
uint64_t notify_watchdog_ns(void);

/* Whether this descriptor is the journal's, so that "<N>" in front of a line sets its level. */
bool notify_is_journal(int fd);

#endif

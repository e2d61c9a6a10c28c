/* SPDX-License-Identifier: BSD-2-Clause */
/* What a port says it sent: the independent count beside our own. Part of netdev.h's adapter. */
#ifndef XSKIM_NETDEV_SENT_H
#define XSKIM_NETDEV_SENT_H

#include <stdint.h>

#include <xskim/xskim.h>

int netdev_sent(int ifindex, struct xskim_replay_port_sent *ret_sent);

/* Between two readings. Pure. A driver that was reset starts again at 0. */
struct xskim_replay_port_sent netdev_sent_since(const struct xskim_replay_port_sent *before,
                                                const struct xskim_replay_port_sent *now);

#endif

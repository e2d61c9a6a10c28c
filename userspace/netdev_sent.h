/* SPDX-License-Identifier: BSD-2-Clause */
/* What a port says it sent: the independent count beside our own. Part of netdev.h's adapter. */
#ifndef XSKIM_NETDEV_SENT_H
#define XSKIM_NETDEV_SENT_H

#include <stdint.h>

/* Cumulative; of everybody who sends there. */
struct netdev_sent {
        uint64_t packets;
        uint64_t dropped; /* tx_dropped: a full queue, a receiver that takes none */
};

int netdev_sent(int ifindex, struct netdev_sent *ret_sent);

/* Between two readings. Pure. A driver that was reset starts again at 0. */
struct netdev_sent netdev_sent_since(const struct netdev_sent *before,
                                     const struct netdev_sent *now);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A port's own counters of its sending side. See netdev_sent.h. */
#include <linux/if_link.h>

#include "netdev_private.h"
#include "netdev_sent.h"

int netdev_sent(int ifindex, struct xskim_replay_port_sent *ret_sent) {
        struct rtnl_link_stats64 stats;
        int r = netdev_statistics(ifindex, &stats);

        if (r < 0)
                return r;
        *ret_sent = (struct xskim_replay_port_sent){.packets = stats.tx_packets,
                                                    .dropped = stats.tx_dropped};
        return 0;
}

struct xskim_replay_port_sent netdev_sent_since(const struct xskim_replay_port_sent *before,
                                                const struct xskim_replay_port_sent *now) {
        return (struct xskim_replay_port_sent){
                .packets = netdev_since(before->packets, now->packets),
                .dropped = netdev_since(before->dropped, now->dropped)};
}

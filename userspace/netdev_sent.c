/* SPDX-License-Identifier: BSD-2-Clause */
/* A port's own counters of its sending side. See netdev_sent.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include "log.h"
#include "netdev_private.h"
#include "netdev_sent.h"
#include "util.h"

static int stats_take(const struct nlmsghdr *header, void *context) {
        struct rtnl_link_stats64 *stats = context;
        const struct nlattr *attribute;

        mnl_attr_for_each(attribute, header, sizeof(struct if_stats_msg)) {
                uint16_t bytes = mnl_attr_get_payload_len(attribute);

                /* it grows at its end from one kernel to the next */
                if (mnl_attr_get_type(attribute) == IFLA_STATS_LINK_64)
                        memcpy(stats, mnl_attr_get_payload(attribute),
                               MIN((size_t)bytes, sizeof(*stats)));
        }
        return MNL_CB_OK;
}

int netdev_sent(int ifindex, struct xskim_replay_port_sent *ret_sent) {
        union netdev_request request;
        struct if_stats_msg *wanted =
                netdev_request_start(&request, RTM_GETSTATS, 0, sizeof(*wanted));
        struct rtnl_link_stats64 stats = {0};
        int r;

        wanted->ifindex = (uint32_t)ifindex;
        wanted->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
        r = netdev_request_run(&request, NETLINK_ROUTE, stats_take, &stats);
        if (r < 0)
                return error_set(r, "interface %d: cannot read its counters: %s", ifindex,
                                 strerror(-r));
        *ret_sent = (struct xskim_replay_port_sent){.packets = stats.tx_packets,
                                                    .dropped = stats.tx_dropped};
        return 0;
}

static uint64_t since(uint64_t before, uint64_t now) {
        return now >= before ? now - before : now;
}

struct xskim_replay_port_sent netdev_sent_since(const struct xskim_replay_port_sent *before,
                                                const struct xskim_replay_port_sent *now) {
        return (struct xskim_replay_port_sent){.packets = since(before->packets, now->packets),
                                               .dropped = since(before->dropped, now->dropped)};
}

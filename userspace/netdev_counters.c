/* SPDX-License-Identifier: BSD-2-Clause */
/* A port's own counters, and what they say was lost before XDP. See netdev.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include "log.h"
#include "netdev.h"
#include "netdev_private.h"
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

int netdev_statistics(int ifindex, struct rtnl_link_stats64 *ret_stats) {
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
        *ret_stats = stats;
        return 0;
}

int netdev_counters(int ifindex, struct netdev_counters *ret_counters) {
        struct rtnl_link_stats64 stats;
        char name[IF_NAMESIZE];
        int r = netdev_statistics(ifindex, &stats);

        if (r < 0)
                return r;
        if (!if_indextoname((unsigned int)ifindex, name))
                return error_set(-errno, "interface %d: cannot read its counters: %s", ifindex,
                                 strerror(errno));
        *ret_counters = (struct netdev_counters){
                .packets = stats.rx_packets,
                .bytes = stats.rx_bytes,
                .dropped = stats.rx_dropped,
                .missed = stats.rx_missed_errors,
                .fifo = stats.rx_fifo_errors,
                .over = stats.rx_over_errors,
                .errors = stats.rx_errors,
                .crc = stats.rx_crc_errors,
                .length = stats.rx_length_errors,
                .frame = stats.rx_frame_errors,
                .no_handler = stats.rx_nohandler,
                .driver_drops = netdev_ethtool_drops(name),
        };
        return 0;
}

uint64_t netdev_since(uint64_t before, uint64_t now) {
        return now >= before ? now - before : now;
}

uint64_t netdev_counters_lost(const struct netdev_counters *before,
                              const struct netdev_counters *now) {
        uint64_t missed = netdev_since(before->missed, now->missed);
        uint64_t fifo = netdev_since(before->fifo, now->fifo);
        uint64_t over = netdev_since(before->over, now->over);

        return MAX(missed, MAX(fifo, over)) + netdev_since(before->crc, now->crc) +
               netdev_since(before->length, now->length) + netdev_since(before->frame, now->frame) +
               netdev_since(before->driver_drops, now->driver_drops);
}

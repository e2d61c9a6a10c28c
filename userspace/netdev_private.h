/* SPDX-License-Identifier: BSD-2-Clause */
/* What the netdev files share, and nobody else: one netlink request and its answers. */
#ifndef XSKIM_NETDEV_PRIVATE_H
#define XSKIM_NETDEV_PRIVATE_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdint.h>

enum {
        NETDEV_REQUEST_BYTES = 1024,
        NETDEV_ANSWER_BYTES = 32768, /* the most that the kernel puts into one message of a dump */
};

/* A request being built; every attribute of this house fits. */
union netdev_request {
        char bytes[NETDEV_REQUEST_BYTES];
        struct nlmsghdr header;
};

/* Starts a request with an empty family header of `bytes`. */
void *netdev_request_start(union netdev_request *request, uint16_t type, uint16_t flags,
                           size_t bytes);

/*
 * Sends the request, calls `answer` with each message of the answer until it ends, possibly again
 * from the start when the list changed meanwhile. Returns 0 or the kernel's negative errno; sets no
 * message. `protocol`: NETLINK_ROUTE or NETLINK_GENERIC.
 */
int netdev_request_run(union netdev_request *request, int protocol, mnl_cb_t answer, void *context);

/* The port sends nothing of its own accord once it is up; see netdev_veth_create. Sets no message.
 */
int netdev_link_quiet(int ifindex);

/* A port's own counters, of everybody. Sets a message. */
struct rtnl_link_stats64;
int netdev_statistics(int ifindex, struct rtnl_link_stats64 *ret_stats);

/* How much a counter grew. A driver that was reset starts again at 0. */
uint64_t netdev_since(uint64_t before, uint64_t now);

/* An ethtool command (struct ethtool_… with its cmd set) on the interface; 0 or negative errno. */
int netdev_ethtool(const char *name, void *command);

/* What the driver says about itself: features, queues, name. A driver that does not tell leaves
 * fields as they are. */
struct netdev_port;
void netdev_ethtool_describe(struct netdev_port *port);

/* Drops by the driver's own statistics, where it is known what it counts there; else 0. */
uint64_t netdev_ethtool_drops(const char *name);

#endif

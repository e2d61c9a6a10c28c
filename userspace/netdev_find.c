/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds a port and what rtnetlink and the netdev family say about it. See netdev.h. */
#include <errno.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "netdev.h"
#include "netdev_private.h"
#include "util.h"

enum {
        /* linux/netdev.h, which Linux 6.1's headers do not have yet */
        NETDEV_FAMILY_DEV_GET = 1,
        NETDEV_FAMILY_IFINDEX = 1,
        NETDEV_FAMILY_XDP_FEATURES = 3,
};

static void text_copy(char text[static NETDEV_TEXT_MAX], const struct nlattr *attribute) {
        snprintf(text, NETDEV_TEXT_MAX, "%s", mnl_attr_get_str(attribute));
}

static enum netdev_xdp xdp_of(uint8_t attached) {
        switch (attached) {
        case XDP_ATTACHED_DRV:
                return NETDEV_XDP_NATIVE;
        case XDP_ATTACHED_SKB:
                return NETDEV_XDP_GENERIC;
        case XDP_ATTACHED_HW:
                return NETDEV_XDP_OFFLOADED;
        case XDP_ATTACHED_MULTI:
                return NETDEV_XDP_SEVERAL;
        default:
                return NETDEV_XDP_NONE;
        }
}

/* With programs in several modes the kernel names each under its mode only; the driver's is the one
 * in the way. */
static void xdp_take(struct netdev_port *port, const struct nlattr *nest) {
        const struct nlattr *attribute;
        uint32_t in_driver = 0;

        mnl_attr_for_each_nested(attribute, nest) {
                uint16_t type = mnl_attr_get_type(attribute);

                if (type == IFLA_XDP_ATTACHED)
                        port->xdp = xdp_of(mnl_attr_get_u8(attribute));
                else if (type == IFLA_XDP_PROG_ID)
                        port->xdp_program_id = mnl_attr_get_u32(attribute);
                else if (type == IFLA_XDP_DRV_PROG_ID)
                        in_driver = mnl_attr_get_u32(attribute);
        }
        if (!port->xdp_program_id)
                port->xdp_program_id = in_driver;
}

static void kind_take(struct netdev_port *port, const struct nlattr *nest) {
        const struct nlattr *attribute;

        mnl_attr_for_each_nested(attribute,
                                 nest) if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
                text_copy(port->kind, attribute);
}

static int link_attribute(const struct nlattr *attribute, void *context) {
        struct netdev_port *port = context;

        switch (mnl_attr_get_type(attribute)) {
        case IFLA_IFNAME:
                snprintf(port->name, sizeof(port->name), "%s", mnl_attr_get_str(attribute));
                break;
        case IFLA_MTU:
                port->mtu = mnl_attr_get_u32(attribute);
                break;
        case IFLA_NUM_RX_QUEUES:
                port->rx_queues = mnl_attr_get_u32(attribute);
                break;
        case IFLA_NUM_TX_QUEUES:
                port->tx_queues = mnl_attr_get_u32(attribute);
                break;
        case IFLA_PROMISCUITY: /* how many ask for it; IFF_PROMISC shows ip(8)'s wish only */
                port->promiscuous = mnl_attr_get_u32(attribute) > 0;
                break;
        case IFLA_MASTER:
                port->has_master = true;
                break;
        case IFLA_LINKINFO:
                kind_take(port, attribute);
                break;
        case IFLA_XDP:
                xdp_take(port, attribute);
                break;
        }
        return MNL_CB_OK;
}

static int link_take(const struct nlmsghdr *header, void *context) {
        const struct ifinfomsg *link = mnl_nlmsg_get_payload(header);
        struct netdev_port *port = context;

        port->ifindex = link->ifi_index;
        port->up = link->ifi_flags & IFF_UP;
        port->running = port->up && (link->ifi_flags & IFF_RUNNING);
        port->loopback = link->ifi_flags & IFF_LOOPBACK;
        return mnl_attr_parse(header, sizeof(*link), link_attribute, port);
}

static int link_find(const char *name, struct netdev_port *port) {
        union netdev_request request;

        if (!name[0] || strlen(name) >= NETDEV_NAME_MAX)
                return -ENODEV;
        netdev_request_start(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(&request.header, IFLA_IFNAME, name);
        mnl_attr_put_u32(&request.header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        return netdev_request_run(&request, NETLINK_ROUTE, link_take, port);
}

static int address_take(const struct nlmsghdr *header, void *context) {
        const struct ifaddrmsg *address = mnl_nlmsg_get_payload(header);
        struct netdev_port *port = context;

        if (address->ifa_index == (uint32_t)port->ifindex &&
            (address->ifa_family == AF_INET || address->ifa_scope < RT_SCOPE_LINK))
                port->has_address = true;
        return MNL_CB_OK;
}

static int addresses_look(uint8_t family, struct netdev_port *port) {
        union netdev_request request;
        struct ifaddrmsg *address =
                netdev_request_start(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(*address));

        address->ifa_family = family;
        address->ifa_index = (uint32_t)port->ifindex;
        return netdev_request_run(&request, NETLINK_ROUTE, address_take, port);
}

static bool multipath_has(const struct nlattr *attribute, int ifindex) {
        const struct rtnexthop *hop = mnl_attr_get_payload(attribute);
        int left = mnl_attr_get_payload_len(attribute);

        for (; RTNH_OK(hop, left); left -= (int)NLMSG_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
                if (hop->rtnh_ifindex == ifindex)
                        return true;
        }
        return false;
}

static int route_take(const struct nlmsghdr *header, void *context) {
        const struct rtmsg *route = mnl_nlmsg_get_payload(header);
        struct netdev_port *port = context;
        const struct nlattr *attribute;

        if (route->rtm_dst_len || route->rtm_type != RTN_UNICAST)
                return MNL_CB_OK;
        mnl_attr_for_each(attribute, header, sizeof(*route)) {
                uint16_t type = mnl_attr_get_type(attribute);

                if ((type == RTA_OIF && mnl_attr_get_u32(attribute) == (uint32_t)port->ifindex) ||
                    (type == RTA_MULTIPATH && multipath_has(attribute, port->ifindex)))
                        port->has_default_route = true;
        }
        return MNL_CB_OK;
}

static int routes_look(uint8_t family, struct netdev_port *port) {
        union netdev_request request;
        struct rtmsg *route =
                netdev_request_start(&request, RTM_GETROUTE, NLM_F_DUMP, sizeof(*route));

        route->rtm_family = family;
        mnl_attr_put_u32(&request.header, RTA_OIF, (uint32_t)port->ifindex);
        return netdev_request_run(&request, NETLINK_ROUTE, route_take, port);
}

/* A kernel without IPv6 has no addresses and routes of it. */
static int addresses_and_routes_look(struct netdev_port *port) {
        int r = addresses_look(AF_INET, port);

        r = r ? r : routes_look(AF_INET, port);
        if (r < 0)
                return r;
        r = addresses_look(AF_INET6, port);
        r = r ? r : routes_look(AF_INET6, port);
        return r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

static int family_take(const struct nlmsghdr *header, void *context) {
        const struct nlattr *attribute;

        mnl_attr_for_each(attribute, header,
                          sizeof(struct genlmsghdr)) if (mnl_attr_get_type(attribute) ==
                                                         CTRL_ATTR_FAMILY_ID) *
                (uint16_t *)context = mnl_attr_get_u16(attribute);
        return MNL_CB_OK;
}

static int features_take(const struct nlmsghdr *header, void *context) {
        struct netdev_port *port = context;
        const struct nlattr *attribute;

        mnl_attr_for_each(attribute, header, sizeof(struct genlmsghdr)) {
                if (mnl_attr_get_type(attribute) != NETDEV_FAMILY_XDP_FEATURES)
                        continue;
                port->xdp_features = mnl_attr_get_u64(attribute);
                port->xdp_features_known = true;
        }
        return MNL_CB_OK;
}

/* A kernel before 6.3 does not have the family: then nothing is known, which is no error. */
static void xdp_features_look(struct netdev_port *port) {
        union netdev_request request;
        struct genlmsghdr *command =
                netdev_request_start(&request, GENL_ID_CTRL, 0, sizeof(*command));
        uint16_t family = 0;

        command->cmd = CTRL_CMD_GETFAMILY;
        command->version = 1;
        mnl_attr_put_strz(&request.header, CTRL_ATTR_FAMILY_NAME, "netdev");
        if (netdev_request_run(&request, NETLINK_GENERIC, family_take, &family) < 0 || !family)
                return;
        command = netdev_request_start(&request, family, 0, sizeof(*command));
        command->cmd = NETDEV_FAMILY_DEV_GET;
        command->version = 1;
        mnl_attr_put_u32(&request.header, NETDEV_FAMILY_IFINDEX, (uint32_t)port->ifindex);
        netdev_request_run(&request, NETLINK_GENERIC, features_take, port);
}

int netdev_find(const char *name, struct netdev_port *ret_port) {
        struct netdev_port port = {0};
        int r = link_find(name, &port);

        if (r == -ENODEV)
                return error_set(r,
                                 "%s: there is no such network interface in this network "
                                 "namespace. 'ip link' lists them.",
                                 name);
        r = r ? r : addresses_and_routes_look(&port);
        if (r < 0)
                return error_set(r, "%s: cannot read about it from rtnetlink: %s", name,
                                 strerror(-r));
        port.cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
        xdp_features_look(&port);
        netdev_ethtool_describe(&port);
        *ret_port = port;
        return 0;
}

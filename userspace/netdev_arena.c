/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves between namespaces and sets addresses. See netdev_arena.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>

#include "log.h"
#include "netdev_arena.h"
#include "netdev_private.h"
#include "util.h"

static int port_error(int error, int ifindex, const char *what) {
        char name[IF_NAMESIZE] = "port";

        if (error >= 0)
                return 0;
        if_indextoname((unsigned int)ifindex, name);
        return error_set(error, "%s: cannot %s: %s%s", name, what, strerror(-error),
                         error == -EPERM ? ". CAP_NET_ADMIN is missing: run as root." : "");
}

static struct ifinfomsg *link_change(union netdev_request *request, int ifindex) {
        struct ifinfomsg *link = netdev_request_start(request, RTM_SETLINK, 0, sizeof(*link));

        link->ifi_index = ifindex;
        return link;
}

static int request_run(union netdev_request *request) {
        return netdev_request_run(request, NETLINK_ROUTE, NULL, NULL);
}

int netdev_move(int ifindex, int namespace_fd) {
        union netdev_request request;

        link_change(&request, ifindex);
        mnl_attr_put_u32(&request.header, IFLA_NET_NS_FD, (uint32_t)namespace_fd);
        return port_error(request_run(&request), ifindex, "move it to another namespace");
}

int netdev_quiet(int ifindex) {
        return port_error(netdev_link_quiet(ifindex), ifindex, "silence it");
}

int netdev_address_set(int ifindex, const uint8_t mac[NETDEV_MAC_BYTES]) {
        union netdev_request request;

        link_change(&request, ifindex);
        mnl_attr_put(&request.header, IFLA_ADDRESS, NETDEV_MAC_BYTES, mac);
        return port_error(request_run(&request), ifindex, "set its address");
}

int netdev_ipv4_add(int ifindex, const uint8_t address[NETDEV_IPV4_BYTES], uint8_t prefix) {
        union netdev_request request;
        struct ifaddrmsg *message = netdev_request_start(
                &request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*message));

        message->ifa_family = AF_INET;
        message->ifa_prefixlen = prefix;
        message->ifa_index = (uint32_t)ifindex;
        mnl_attr_put(&request.header, IFA_LOCAL, NETDEV_IPV4_BYTES, address);
        mnl_attr_put(&request.header, IFA_ADDRESS, NETDEV_IPV4_BYTES, address);
        return port_error(request_run(&request), ifindex, "give it an address");
}

/* What is looked for among all IPv4 addresses of the namespace. */
struct search {
        int ifindex;         /* the first of this one, or … */
        const uint8_t *like; /* … this address, whoever has it */
        bool found;
        uint8_t address[NETDEV_IPV4_BYTES];
        uint8_t prefix;
};

static bool is_wanted(const struct search *s, const struct ifaddrmsg *message,
                      const uint8_t *address) {
        if (s->like)
                return !memcmp(address, s->like, NETDEV_IPV4_BYTES);
        return !s->found && message->ifa_index == (uint32_t)s->ifindex;
}

static int ipv4_take(const struct nlmsghdr *header, void *context) {
        const struct ifaddrmsg *message = mnl_nlmsg_get_payload(header);
        const struct nlattr *attribute;
        struct search *s = context;

        mnl_attr_for_each(attribute, header, sizeof(*message)) {
                const uint8_t *address = mnl_attr_get_payload(attribute);

                if (mnl_attr_get_type(attribute) != IFA_LOCAL || !is_wanted(s, message, address))
                        continue;
                s->found = true;
                s->prefix = message->ifa_prefixlen;
                memcpy(s->address, address, NETDEV_IPV4_BYTES);
        }
        return MNL_CB_OK;
}

static int search_run(struct search *s) {
        union netdev_request request;
        struct ifaddrmsg *message =
                netdev_request_start(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(*message));
        int r;

        message->ifa_family = AF_INET;
        r = netdev_request_run(&request, NETLINK_ROUTE, ipv4_take, s);
        return port_error(r, s->ifindex, "read IPv4 addresses");
}

int netdev_ipv4_find(int ifindex, uint8_t ret_address[NETDEV_IPV4_BYTES], uint8_t *ret_prefix) {
        struct search search = {.ifindex = ifindex};
        int r = search_run(&search);

        if (r < 0)
                return r;
        if (!search.found)
                return -EADDRNOTAVAIL;
        memcpy(ret_address, search.address, NETDEV_IPV4_BYTES);
        *ret_prefix = search.prefix;
        return 0;
}

int netdev_ipv4_is_local(const uint8_t address[NETDEV_IPV4_BYTES], bool *ret_is_local) {
        struct search search = {.like = address};
        int r = search_run(&search);

        if (r >= 0)
                *ret_is_local = search.found;
        return r;
}

int netdev_neighbour_add(int ifindex, const uint8_t address[NETDEV_IPV4_BYTES],
                         const uint8_t mac[NETDEV_MAC_BYTES]) {
        union netdev_request request;
        struct ndmsg *entry = netdev_request_start(&request, RTM_NEWNEIGH,
                                                   NLM_F_CREATE | NLM_F_REPLACE, sizeof(*entry));

        entry->ndm_family = AF_INET;
        entry->ndm_ifindex = ifindex;
        entry->ndm_state = NUD_PERMANENT;
        mnl_attr_put(&request.header, NDA_DST, NETDEV_IPV4_BYTES, address);
        mnl_attr_put(&request.header, NDA_LLADDR, NETDEV_MAC_BYTES, mac);
        return port_error(request_run(&request), ifindex, "make its neighbour known");
}

int netdev_gro_on(const char *name) {
        struct ethtool_value value = {.cmd = ETHTOOL_SGRO, .data = 1};
        int r = netdev_ethtool(name, &value);

        return r < 0 ? error_set(r, "%s: cannot switch GRO on: %s", name, strerror(-r)) : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks rtnetlink for link-layer addresses. See netdev_neighbour.h. */
#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>

#include "log.h"
#include "netdev_neighbour.h"
#include "netdev_private.h"

struct found {
        int ifindex;
        unsigned int count; /* different addresses */
        uint8_t mac[NETDEV_MAC_BYTES];
};

static void mac_take(struct found *found, const struct nlattr *attribute) {
        const uint8_t *mac = mnl_attr_get_payload(attribute);

        /* the kernel keeps group addresses among the neighbours */
        if (mnl_attr_get_payload_len(attribute) != NETDEV_MAC_BYTES || mac[0] & 1)
                return;
        if (found->count && !memcmp(found->mac, mac, NETDEV_MAC_BYTES))
                return;
        memcpy(found->mac, mac, NETDEV_MAC_BYTES);
        found->count++;
}

static int link_take(const struct nlmsghdr *header, void *context) {
        const struct nlattr *attribute;

        mnl_attr_for_each(attribute, header, sizeof(struct ifinfomsg)) {
                if (mnl_attr_get_type(attribute) == IFLA_ADDRESS)
                        mac_take(context, attribute);
        }
        return MNL_CB_OK;
}

/* Entries that the kernel itself would send to. */
static int neighbour_take(const struct nlmsghdr *header, void *context) {
        const struct ndmsg *entry = mnl_nlmsg_get_payload(header);
        struct found *found = context;
        const struct nlattr *attribute;

        if (entry->ndm_ifindex != found->ifindex ||
            entry->ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP))
                return MNL_CB_OK;
        mnl_attr_for_each(attribute, header, sizeof(*entry)) {
                if (mnl_attr_get_type(attribute) == NDA_LLADDR)
                        mac_take(found, attribute);
        }
        return MNL_CB_OK;
}

int netdev_address(int ifindex, uint8_t ret_mac[NETDEV_MAC_BYTES]) {
        struct found found = {.ifindex = ifindex};
        union netdev_request request;
        struct ifinfomsg *link = netdev_request_start(&request, RTM_GETLINK, 0, sizeof(*link));
        int r;

        link->ifi_index = ifindex;
        r = netdev_request_run(&request, NETLINK_ROUTE, link_take, &found);
        if (r >= 0 && found.count != 1)
                r = -EADDRNOTAVAIL;
        if (r < 0)
                return error_set(r, "interface %d: its address is not known: %s", ifindex,
                                 strerror(-r));
        memcpy(ret_mac, found.mac, NETDEV_MAC_BYTES);
        return 0;
}

int netdev_neighbour(int ifindex, uint8_t ret_mac[NETDEV_MAC_BYTES]) {
        struct found found = {.ifindex = ifindex};
        union netdev_request request;
        int r;

        netdev_request_start(&request, RTM_GETNEIGH, NLM_F_DUMP, sizeof(struct ndmsg));
        r = netdev_request_run(&request, NETLINK_ROUTE, neighbour_take, &found);
        if (r >= 0 && found.count != 1)
                return error_set(-EADDRNOTAVAIL,
                                 "interface %d: %s. Give the address itself, or make one known "
                                 "('ip neighbour', ping).",
                                 ifindex,
                                 found.count ? "it has several neighbours"
                                             : "no neighbour is known there");
        if (r < 0)
                return error_set(r, "interface %d: cannot read its neighbours: %s", ifindex,
                                 strerror(-r));
        memcpy(ret_mac, found.mac, NETDEV_MAC_BYTES);
        return 0;
}

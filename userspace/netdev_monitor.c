/* SPDX-License-Identifier: BSD-2-Clause */
/* Hears from rtnetlink when interfaces change. See netdev.h. */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "netdev.h"
#include "netdev_private.h"
#include "util.h"

int netdev_monitor_open(int *ret_fd) {
        struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
        int fd CLEANUP(fd_cleanup) =
                socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
                return error_set(-errno, "rtnetlink: cannot listen to interface changes: %s",
                                 strerror(errno));
        *ret_fd = TAKE_FD(fd);
        return 0;
}

struct events {
        struct netdev_event *event;
        uint32_t count;
        uint32_t most;
};

/* The last place is kept for saying that more happened. */
static void event_add(struct events *events, int ifindex, enum netdev_event_type type) {
        bool last = events->count + 1 >= events->most;

        if (events->count == events->most)
                return;
        events->event[events->count++] = (struct netdev_event){
                .ifindex = last ? 0 : ifindex,
                .type = last ? NETDEV_LOOK_AGAIN : type,
        };
}

static int message_take(const struct nlmsghdr *header, void *context) {
        const struct ifinfomsg *link = mnl_nlmsg_get_payload(header);
        unsigned int needed = IFF_UP | IFF_RUNNING;
        struct events *events = context;

        if (link->ifi_family != AF_UNSPEC)
                return MNL_CB_OK; /* a bridge's port left the bridge, not the machine */
        if (header->nlmsg_type == RTM_DELLINK)
                event_add(events, link->ifi_index, NETDEV_GONE);
        else if (header->nlmsg_type == RTM_NEWLINK)
                event_add(events, link->ifi_index,
                          (link->ifi_flags & needed) == needed ? NETDEV_UP : NETDEV_DOWN);
        return MNL_CB_OK;
}

int netdev_monitor_read(int fd, struct netdev_event *events, uint32_t most) {
        struct events taken = {.event = events, .most = most};
        char buffer[NETDEV_ANSWER_BYTES];

        /* one is kept for LOOK_AGAIN, so a full buffer ends the loop */
        while (taken.count + 1 < most) {
                ssize_t bytes = recv(fd, buffer, sizeof(buffer), MSG_TRUNC);

                if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
                        break;
                if (bytes < 0 && errno != ENOBUFS)
                        return error_set(-errno, "rtnetlink: cannot read interface changes: %s",
                                         strerror(errno));
                if (bytes < 0 || (size_t)bytes > sizeof(buffer))
                        event_add(&taken, 0, NETDEV_LOOK_AGAIN);
                else
                        mnl_cb_run(buffer, (size_t)bytes, 0, 0, message_take, &taken);
        }
        return (int)taken.count;
}

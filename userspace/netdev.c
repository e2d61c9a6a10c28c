/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes and changes interfaces and namespaces; runs the netlink requests. See netdev.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "netdev.h"
#include "netdev_private.h"
#include "util.h"

enum {
        REQUEST_TRIES_MAX = 10,
};

void *netdev_request_start(union netdev_request *request, uint16_t type, uint16_t flags,
                           size_t bytes) {
        struct nlmsghdr *header = mnl_nlmsg_put_header(request->bytes);

        header->nlmsg_type = type;
        header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        header->nlmsg_seq = 1; /* a socket of its own for each request */
        return mnl_nlmsg_put_extra_header(header, bytes);
}

static void socket_cleanup(struct mnl_socket **socket) {
        if (*socket)
                mnl_socket_close(*socket);
}

static int request_run_once(union netdev_request *request, int protocol, mnl_cb_t answer,
                            void *context) {
        struct mnl_socket *socket CLEANUP(socket_cleanup) =
                mnl_socket_open2(protocol, SOCK_CLOEXEC);
        char buffer[NETDEV_ANSWER_BYTES];
        int on = 1, r = MNL_CB_OK;
        uint32_t id;

        if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
                return -errno;
        /* The kernel filters dumps for us; one too old for it sends everything, and the answers
           are checked anyway. */
        mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
        id = mnl_socket_get_portid(socket);
        if (mnl_socket_sendto(socket, &request->header, request->header.nlmsg_len) < 0)
                return -errno;
        while (r > MNL_CB_STOP) {
                ssize_t bytes = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

                r = bytes < 0 ? MNL_CB_ERROR
                              : mnl_cb_run(buffer, (size_t)bytes, 1, id, answer, context);
        }
        return r < 0 ? -errno : 0;
}

int netdev_request_run(union netdev_request *request, int protocol, mnl_cb_t answer,
                       void *context) {
        int r = -EINTR;

        /* libmnl's word for a dump during which the list changed */
        for (int tries = 0; r == -EINTR && tries < REQUEST_TRIES_MAX; tries++)
                r = request_run_once(request, protocol, answer, context);
        return r;
}

static int request_run(union netdev_request *request) {
        return netdev_request_run(request, NETLINK_ROUTE, NULL, NULL);
}

static int error_privilege(int error, const char *what, const char *on, const char *capability) {
        if (error == -EPERM)
                return error_set(error, "%s: cannot %s: %s is missing. Run as root.", on, what,
                                 capability);
        return error_set(error, "%s: cannot %s: %s", on, what, strerror(-error));
}

static const char *name_of(int ifindex, char name[static IF_NAMESIZE]) {
        return if_indextoname((unsigned int)ifindex, name) ? name : "port";
}

/* Quiet before it is up for the first time. A kernel without IPv6 is quiet already. */
int netdev_link_quiet(int ifindex) {
        union netdev_request request;
        struct ifinfomsg *link =
                netdev_request_start(&request, RTM_SETLINK, 0, sizeof(struct ifinfomsg));
        struct nlattr *families, *family;
        int r;

        link->ifi_index = ifindex;
        families = mnl_attr_nest_start(&request.header, IFLA_AF_SPEC);
        family = mnl_attr_nest_start(&request.header, AF_INET6);
        mnl_attr_put_u8(&request.header, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
        mnl_attr_nest_end(&request.header, family);
        mnl_attr_nest_end(&request.header, families);
        r = request_run(&request);
        return r == -EAFNOSUPPORT || r == -EOPNOTSUPP || r == -EINVAL ? 0 : r;
}

/* One end's attributes. One queue each way: a carrier port is served by one worker. */
static void end_put(struct nlmsghdr *header, const char *name, uint32_t mtu) {
        mnl_attr_put_strz(header, IFLA_IFNAME, name);
        mnl_attr_put_u32(header, IFLA_MTU, mtu);
        mnl_attr_put_u32(header, IFLA_NUM_RX_QUEUES, 1);
        mnl_attr_put_u32(header, IFLA_NUM_TX_QUEUES, 1);
}

static int pair_create(const char *name, const char *peer, uint32_t mtu) {
        union netdev_request request;
        struct nlattr *kind, *attributes, *other;

        netdev_request_start(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
                             sizeof(struct ifinfomsg));
        end_put(&request.header, name, mtu);
        kind = mnl_attr_nest_start(&request.header, IFLA_LINKINFO);
        mnl_attr_put_strz(&request.header, IFLA_INFO_KIND, "veth");
        attributes = mnl_attr_nest_start(&request.header, IFLA_INFO_DATA);
        other = mnl_attr_nest_start(&request.header, VETH_INFO_PEER);
        mnl_nlmsg_put_extra_header(&request.header, sizeof(struct ifinfomsg));
        end_put(&request.header, peer, mtu);
        mnl_attr_nest_end(&request.header, other);
        mnl_attr_nest_end(&request.header, attributes);
        mnl_attr_nest_end(&request.header, kind);
        return request_run(&request);
}

static bool name_fits(const char *name) {
        return name[0] && strlen(name) < NETDEV_NAME_MAX;
}

int netdev_veth_create(const char *name, const char *peer, uint32_t mtu, int *ret_ifindex,
                       int *ret_peer_ifindex) {
        int index, peer_index;
        int r = name_fits(name) && name_fits(peer) ? pair_create(name, peer, mtu) : -EINVAL;

        if (r < 0)
                return error_privilege(r, "create a veth pair", name, "CAP_NET_ADMIN");
        index = (int)if_nametoindex(name);
        peer_index = (int)if_nametoindex(peer);
        r = netdev_link_quiet(index);
        r = r ? r : netdev_link_quiet(peer_index);
        if (r < 0) {
                netdev_delete(index);
                return error_privilege(r, "silence the veth pair", name, "CAP_NET_ADMIN");
        }
        if (ret_ifindex)
                *ret_ifindex = index;
        if (ret_peer_ifindex)
                *ret_peer_ifindex = peer_index;
        return 0;
}

int netdev_set_up(int ifindex) {
        union netdev_request request;
        struct ifinfomsg *link =
                netdev_request_start(&request, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
        char name[IF_NAMESIZE];
        int r;

        link->ifi_index = ifindex;
        link->ifi_flags = link->ifi_change = IFF_UP;
        r = request_run(&request);
        return r < 0 ? error_privilege(r, "set it up", name_of(ifindex, name), "CAP_NET_ADMIN") : 0;
}

int netdev_delete(int ifindex) {
        union netdev_request request;
        struct ifinfomsg *link =
                netdev_request_start(&request, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
        char name[IF_NAMESIZE];
        int r;

        link->ifi_index = ifindex;
        r = ifindex > 0 ? request_run(&request) : -EINVAL;
        return r < 0 ? error_privilege(r, "delete it", name_of(ifindex, name), "CAP_NET_ADMIN") : 0;
}

int netdev_namespace_open(int *ret_fd) {
        int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return error_set(-errno,
                                 "network namespace: cannot open /proc/thread-self/ns/net: %s. Is "
                                 "/proc mounted?",
                                 strerror(errno));
        *ret_fd = fd;
        return 0;
}

int netdev_namespace_enter_new(int *ret_old_fd) {
        int old CLEANUP(fd_cleanup) = -1;
        int r = netdev_namespace_open(&old);

        if (r < 0)
                return r;
        if (unshare(CLONE_NEWNET))
                return error_privilege(-errno, "create one", "network namespace", "CAP_SYS_ADMIN");
        *ret_old_fd = TAKE_FD(old);
        return 0;
}

int netdev_namespace_enter(int fd) {
        if (setns(fd, CLONE_NEWNET))
                return error_privilege(-errno, "enter it", "network namespace", "CAP_SYS_ADMIN");
        return 0;
}

int netdev_namespace_return(int old_fd) {
        int old CLEANUP(fd_cleanup) = old_fd;

        if (setns(old, CLONE_NEWNET))
                return error_privilege(-errno, "return to the first one", "network namespace",
                                       "CAP_SYS_ADMIN");
        return 0;
}

int netdev_promiscuous_open(int ifindex, int *ret_fd) {
        struct packet_mreq membership = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC};
        /* protocol 0 receives nothing */
        int fd CLEANUP(fd_cleanup) = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        char name[IF_NAMESIZE];

        if (fd < 0 ||
            setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof(membership)))
                return error_privilege(-errno, "make it promiscuous", name_of(ifindex, name),
                                       "CAP_NET_RAW");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network interfaces: finds a port and what is known about it, reads its counters, hears about its
 * changes, makes the carrier ports and the network namespace that they live in. Adapter of libmnl
 * and rtnetlink, ethtool ioctls and packet sockets; nobody else includes their headers.
 *
 * Owns no state: each call opens what it needs and closes it. Does not attach programs (program.h)
 * and judges nothing (notes.h). Every call looks at the calling thread's network namespace, and
 * blocks for the kernel's answer only. A message is set with every error.
 */
#ifndef XSKIM_NETDEV_H
#define XSKIM_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "netdev_port.h"

/* -ENODEV: there is no such interface. Needs no capability. */
int netdev_find(const char *name, struct netdev_port *ret_port);

/*
 * The port's own counters, as in the kernel's Documentation/networking/statistics.rst. Receiving
 * side only; cumulative, from 64-bit counters.
 */
struct netdev_counters {
        uint64_t packets;
        uint64_t bytes;
        uint64_t dropped; /* never added to what was lost before XDP, see netdev_counters_lost */
        uint64_t missed;  /* no buffer: the host was too slow */
        uint64_t fifo;
        uint64_t over;
        uint64_t errors; /* of any kind, those below included */
        uint64_t crc;
        uint64_t length;
        uint64_t frame;
        uint64_t no_handler;
        uint64_t driver_drops; /* of drivers that tell by ethtool what they dropped, verdicts not
                                  included */
};

int netdev_counters(int ifindex, struct netdev_counters *ret_counters);

/*
 * Packets that the port's counters say were lost before XDP, between two readings: a lower bound,
 * never an XDP_DROP verdict, never a packet that the stack had no use for. Pure.
 *
 *   missed, fifo, over   no room for the packet. Drivers differ in which of them they use, and some
 *                        count the same packet in two (ixgbe, mlx5, e1000e: missed; cxgb4, be2net:
 *                        fifo; enic: over; forcedeth: fifo and over), so the largest counts.
 *   crc, length, frame   bad frames: the hardware or the driver discards them before XDP.
 *   driver_drops         veth: skbs that could not be made into XDP buffers. virtio_net: drops less
 *                        XDP drops (its rx_dropped holds both).
 *   dropped              not added. The kernel adds packets to it that no protocol took, which is
 *                        after XDP; virtio_net adds XDP_DROP verdicts; veth adds frames that were
 *                        redirected to it and found its queue full.
 *
 * What a sender on the other end of a veth could not enqueue is its tx_dropped, not counted here.
 */
uint64_t netdev_counters_lost(const struct netdev_counters *before,
                              const struct netdev_counters *now);

/* Events of interfaces. */

enum netdev_event_type {
        NETDEV_GONE,       /* deleted, or moved to another namespace */
        NETDEV_DOWN,       /* set down, or without carrier */
        NETDEV_UP,         /* carries packets (also after any other change to an interface so) */
        NETDEV_LOOK_AGAIN, /* events were lost: netdev_find each port of interest. ifindex 0 */
};

struct netdev_event {
        int ifindex;
        enum netdev_event_type type;
};

/* A descriptor that polls readable when there is an event in this namespace. The caller closes it.
 */
int netdev_monitor_open(int *ret_fd);

/* Up to `most` events, at least 2, without blocking. Returns how many, 0 when there is none now;
 * call again while it returns any. */
int netdev_monitor_read(int fd, struct netdev_event *events, uint32_t most);

/*
 * A veth pair, both ends down, one queue each, that sends nothing of its own accord: no IPv6
 * address, so no DAD, router solicitation or MLD. The outputs may be NULL. Needs CAP_NET_ADMIN.
 */
int netdev_veth_create(const char *name, const char *peer, uint32_t mtu, int *ret_ifindex,
                       int *ret_peer_ifindex);

/* CAP_NET_ADMIN, both. Deleting one end of a veth deletes the other. */
int netdev_set_up(int ifindex);
int netdev_delete(int ifindex);

/*
 * A new network namespace for the calling thread; the old one is kept open in *ret_old_fd, for
 * netdev_namespace_return, which closes it whether it succeeds or not. The new one lives as long as
 * a thread is in it or a socket of it is open. `lo` there stays down. Need CAP_SYS_ADMIN.
 */
int netdev_namespace_enter_new(int *ret_old_fd);
int netdev_namespace_return(int old_fd);

/* Enters one that is kept open, or opens the calling thread's own. CAP_SYS_ADMIN to enter. */
int netdev_namespace_enter(int fd);
int netdev_namespace_open(int *ret_fd);

/* Promiscuous for as long as the descriptor is open, which receives nothing; so it is restored
 * when the process dies, however it dies. Needs CAP_NET_RAW. */
int netdev_promiscuous_open(int ifindex, int *ret_fd);

#endif

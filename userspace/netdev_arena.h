/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a lab of network namespaces is made of: moving ports between them, addresses and neighbours.
 * Part of netdev.h's adapter; what is said there of every call holds here. All but the questions
 * need CAP_NET_ADMIN.
 */
#ifndef XSKIM_NETDEV_ARENA_H
#define XSKIM_NETDEV_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#include "netdev_neighbour.h"

enum { NETDEV_IPV4_BYTES = 4, NETDEV_LOOPBACK_IFINDEX = 1 /* of `lo` in every namespace */ };

/* It keeps its name there, and is down, quiet no more and without address. */
int netdev_move(int ifindex, int namespace_fd);

/* Sends nothing of its own accord, see netdev_veth_create; before it is set up. */
int netdev_quiet(int ifindex);

int netdev_address_set(int ifindex, const uint8_t mac[NETDEV_MAC_BYTES]);

/* IPv4, network byte order. */
int netdev_ipv4_add(int ifindex, const uint8_t address[NETDEV_IPV4_BYTES], uint8_t prefix);

/* The first of the port. -EADDRNOTAVAIL: it has none; then without a message. */
int netdev_ipv4_find(int ifindex, uint8_t ret_address[NETDEV_IPV4_BYTES], uint8_t *ret_prefix);

/* Does any port of this namespace have it? */
int netdev_ipv4_is_local(const uint8_t address[NETDEV_IPV4_BYTES], bool *ret_is_local);

/* Known for good: it is never asked for on the wire. */
int netdev_neighbour_add(int ifindex, const uint8_t address[NETDEV_IPV4_BYTES],
                         const uint8_t mac[NETDEV_MAC_BYTES]);

/* Merging of received packets in software. On a veth that makes it take frames that are redirected
 * to its peer, with an XDP program or without. */
int netdev_gro_on(const char *name);

#endif

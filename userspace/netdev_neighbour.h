/* SPDX-License-Identifier: BSD-2-Clause */
/* Link-layer addresses: a port's own, and its neighbour's. Part of netdev.h's adapter. */
#ifndef XSKIM_NETDEV_NEIGHBOUR_H
#define XSKIM_NETDEV_NEIGHBOUR_H

#include <stdint.h>

enum { NETDEV_MAC_BYTES = 6 };

/* -EADDRNOTAVAIL: it is not an Ethernet port. Errors with a message. */
int netdev_address(int ifindex, uint8_t ret_mac[NETDEV_MAC_BYTES]);

/* The one neighbour that the kernel knows behind the port. -EADDRNOTAVAIL: none, or several that
 * differ. */
int netdev_neighbour(int ifindex, uint8_t ret_mac[NETDEV_MAC_BYTES]);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where an experiment takes place: two ports with a path between them, in network namespaces of the
 * process's own that go with it, or ports that are there. Owns namespaces, ports, addresses, and
 * what the end of the path is made of; not who sends, who reads or what the port in the middle
 * runs.
 *
 *     sender's namespace            receiver's namespace                 (forward: a third one)
 *       tx ───────────────────────────▶ rx ─▶ IP, UDP ─▶ socket
 *                                       rx ─▶ XDP redirect ─▶ out ──────────▶ end
 *
 * All of it is as quiet as can be: no IPv6, static neighbours. Needs CAP_NET_ADMIN, CAP_SYS_ADMIN,
 * CAP_BPF.
 */
#ifndef XSKIM_ARENA_H
#define XSKIM_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "netdev_port.h"

enum { ARENA_UDP_PORT = 7007, ARENA_MTU = 1500 };

struct arena_config {
        enum xskim_bench_path path;
        const char *tx_port; /* both NULL: its own lab */
        const char *rx_port;
};

/* Where a thread can be. */
enum arena_place { ARENA_SENDER, ARENA_RECEIVER, ARENA_END, ARENA_PLACES };

struct arena {
        enum xskim_bench_path path;
        bool own;                 /* a lab of its own */
        int places[ARENA_PLACES]; /* network namespaces; without an end: -1 */
        int home;                 /* where open was called */
        struct netdev_port tx;
        struct netdev_port rx;  /* the one under test */
        struct netdev_port out; /* forward: where rx redirects to; else ifindex 0 */
        struct netdev_port end;
        uint8_t tx_mac[6];
        uint8_t rx_mac[6];     /* what packets are addressed to (forward: end has the same) */
        uint8_t tx_address[4]; /* IPv4, network byte order */
        uint8_t rx_address[4];
};

/* -ENODEV, -EPERM, -EINVAL (forward with real ports is not possible, loopback of one port), with a
 * message. The calling thread is where it was. *ret_arena is untouched on failure. */
int arena_open(const struct arena_config *config, struct arena **ret_arena);
struct arena *arena_close(struct arena *arena);

/* The calling thread is there from now on. */
int arena_enter(const struct arena *arena, enum arena_place place);
int arena_leave(const struct arena *arena); /* back home */

#endif

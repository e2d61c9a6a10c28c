/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known about a port: plain values, found by netdev.h, judged by notes.h. Leaf. */
#ifndef XSKIM_NETDEV_PORT_H
#define XSKIM_NETDEV_PORT_H

#include <stdbool.h>
#include <stdint.h>

enum {
        NETDEV_NAME_MAX = 16, /* IFNAMSIZ, the terminator included */
        NETDEV_TEXT_MAX = 32, /* a driver's or kind's name; longer ones are cut */
};

/* Of the port's XDP program. */
enum netdev_xdp {
        NETDEV_XDP_NONE,
        NETDEV_XDP_NATIVE,
        NETDEV_XDP_GENERIC,
        NETDEV_XDP_OFFLOADED,
        NETDEV_XDP_SEVERAL, /* in more than one mode at once */
};

/* What a driver says it can do (bits of the kernel's enum netdev_xdp_act). */
enum netdev_xdp_feature {
        NETDEV_XDP_FEATURE_NATIVE = 1 << 0,
        NETDEV_XDP_FEATURE_REDIRECT = 1 << 1,
        NETDEV_XDP_FEATURE_TRANSMIT = 1 << 2, /* takes frames redirected to it */
        NETDEV_XDP_FEATURE_ZEROCOPY = 1 << 3,
        NETDEV_XDP_FEATURE_OFFLOAD = 1 << 4,
        NETDEV_XDP_FEATURE_MULTI_BUFFER = 1 << 5,
};

struct netdev_port {
        int ifindex;
        char name[NETDEV_NAME_MAX];
        uint32_t mtu;
        bool up;                      /* set up by somebody */
        bool running;                 /* and able to carry packets */
        bool loopback;                /* lo and the like */
        bool promiscuous;             /* by whomever */
        bool has_master;              /* part of a bridge, bond or the like */
        char kind[NETDEV_TEXT_MAX];   /* "veth", "vlan", "bridge", …; empty for hardware */
        char driver[NETDEV_TEXT_MAX]; /* by ethtool; empty when it does not tell */
        uint32_t rx_queues;           /* in use, by ethtool; else as allocated */
        uint32_t tx_queues;           /* likewise */
        uint32_t cpus;                /* online */
        bool has_address;             /* IPv4, or IPv6 beyond the link-local one */
        bool has_default_route;       /* IPv4 or IPv6, in any table */
        bool vlan_stripping;          /* the hardware takes the VLAN tag off before XDP */
        bool lro;                     /* the hardware merges TCP segments before XDP */
        bool gro_hw;                  /* likewise, reversibly */
        bool gro;                     /* merging in software, after native XDP */
        bool xdp_features_known;      /* netdev netlink family, Linux 6.3 */
        uint64_t xdp_features;        /* enum netdev_xdp_feature */
        enum netdev_xdp xdp;          /* of the program attached */
        uint32_t xdp_program_id;      /* 0 = none */
};

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the arena. See arena.h. */
#include <errno.h>
#include <string.h>

#include "arena.h"
#include "log.h"
#include "netdev.h"
#include "netdev_arena.h"
#include "util.h"

enum { PREFIX = 24, HOSTS_TRIED_MAX = 254 };

/* TEST-NET-1, RFC 5737 */
static const uint8_t TX_ADDRESS[] = {192, 0, 2, 1};
static const uint8_t RX_ADDRESS[] = {192, 0, 2, 2};

int arena_enter(const struct arena *a, enum arena_place place) {
        return netdev_namespace_enter(a->places[place]);
}

int arena_leave(const struct arena *a) {
        return netdev_namespace_enter(a->home);
}

/* ---- a lab of its own ---- */

static int place_make(struct arena *a, enum arena_place place) {
        int old_fd, back, r = netdev_namespace_enter_new(&old_fd);

        if (r < 0)
                return r;
        r = netdev_namespace_open(&a->places[place]);
        r = r < 0 ? r : netdev_set_up(NETDEV_LOOPBACK_IFINDEX);
        back = netdev_namespace_return(old_fd);
        return r < 0 ? r : back;
}

static int places_make(struct arena *a) {
        int places = a->path == XSKIM_BENCH_PATH_forward ? ARENA_PLACES : ARENA_END;
        int r = 0;

        for (int place = 0; place < places && r >= 0; place++)
                r = place_make(a, place);
        return r;
}

/* A pair with one end here, the other there; both down. */
static int pair_make(const char *here, const char *there, int namespace_fd) {
        int peer, r = netdev_veth_create(here, there, ARENA_MTU, NULL, &peer);

        return r < 0 ? r : netdev_move(peer, namespace_fd);
}

static int mac_find(const char *name, uint8_t mac[static NETDEV_MAC_BYTES]) {
        struct netdev_port port;
        int r = netdev_find(name, &port);

        return r < 0 ? r : netdev_address(port.ifindex, mac);
}

/* An end of a pair, where the calling thread is; GRO, so that it takes frames that are redirected
 * to the other end whether it has a program or not. */
static int end_prepare(const char *name, const uint8_t *address) {
        struct netdev_port port;
        int r = netdev_find(name, &port);

        r = r < 0 ? r : netdev_quiet(port.ifindex);
        r = r < 0 ? r : netdev_gro_on(name);
        r = r < 0 || !address ? r : netdev_ipv4_add(port.ifindex, address, PREFIX);
        return r < 0 ? r : netdev_set_up(port.ifindex);
}

static int neighbour_tell(const char *name, const uint8_t *address, const uint8_t *mac,
                          struct netdev_port *ret_port) {
        int r = netdev_find(name, ret_port);

        r = r < 0 ? r : netdev_neighbour_add(ret_port->ifindex, address, mac);
        return r < 0 ? r : netdev_find(name, ret_port);
}

static int receiver_side(struct arena *a) {
        int r = arena_enter(a, ARENA_RECEIVER);

        r = r < 0 ? r : pair_make("rx0", "tx0", a->places[ARENA_SENDER]);
        r = r < 0 ? r : end_prepare("rx0", RX_ADDRESS);
        return r < 0 ? r : mac_find("rx0", a->rx_mac);
}

static int sender_side(struct arena *a) {
        int r = arena_enter(a, ARENA_SENDER);

        r = r < 0 ? r : end_prepare("tx0", TX_ADDRESS);
        r = r < 0 ? r : mac_find("tx0", a->tx_mac);
        return r < 0 ? r : neighbour_tell("tx0", RX_ADDRESS, a->rx_mac, &a->tx);
}

static int address_share(const struct arena *a) {
        struct netdev_port port;
        int r = netdev_find("end0", &port);

        return r < 0 ? r : netdev_address_set(port.ifindex, a->rx_mac);
}

/* Beyond the port under test; `end` takes what was addressed to that. */
static int end_side(struct arena *a) {
        int r = arena_enter(a, ARENA_RECEIVER);

        r = r < 0 ? r : pair_make("out0", "end0", a->places[ARENA_END]);
        r = r < 0 ? r : end_prepare("out0", NULL);
        r = r < 0 ? r : netdev_find("out0", &a->out);
        r = r < 0 ? r : arena_enter(a, ARENA_END);
        r = r < 0 ? r : address_share(a);
        r = r < 0 ? r : end_prepare("end0", RX_ADDRESS);
        return r < 0 ? r : neighbour_tell("end0", TX_ADDRESS, a->tx_mac, &a->end);
}

static int own_make(struct arena *a) {
        int r = places_make(a);

        memcpy(a->tx_address, TX_ADDRESS, sizeof(a->tx_address));
        memcpy(a->rx_address, RX_ADDRESS, sizeof(a->rx_address));
        r = r < 0 ? r : receiver_side(a);
        r = r < 0 ? r : sender_side(a);
        if (a->path == XSKIM_BENCH_PATH_forward)
                r = r < 0 ? r : end_side(a);
        r = r < 0 ? r : arena_enter(a, ARENA_RECEIVER);
        /* last, so that it is seen as it is now */
        return r < 0 ? r : neighbour_tell("rx0", TX_ADDRESS, a->tx_mac, &a->rx);
}

/* ---- real ports ---- */

static int ports_check(const struct arena_config *config) {
        if (!config->tx_port || !config->rx_port)
                return error_set(-EINVAL, "Real ports come as two: one that sends, one that "
                                          "receives what the other sent.");
        if (!strcmp(config->tx_port, config->rx_port))
                return error_set(-EINVAL,
                                 "%s: cannot be sender and receiver at once. Take two ports with a "
                                 "cable between them.",
                                 config->tx_port);
        if (config->path == XSKIM_BENCH_PATH_forward || config->path == XSKIM_BENCH_PATH_tcp)
                return error_set(-EINVAL,
                                 "%s, %s: this path takes ports in other network namespaces, so it "
                                 "is only for the lab. Leave the ports away.",
                                 config->tx_port, config->rx_port);
        return 0;
}

static int port_check(const struct netdev_port *port) {
        if (port->loopback)
                return error_set(-EINVAL, "%s: is a loopback interface.", port->name);
        if (!port->running)
                return error_set(-ENETDOWN, "%s: %s.", port->name,
                                 port->up ? "has no link: is there a cable?"
                                          : "is down. 'ip link set DEV up' changes that");
        return 0;
}

static int tx_check(const struct netdev_port *port) {
        /* a veth takes them as soon as the port under test, its peer, has a program */
        if (!port->xdp_features_known || port->xdp_features & NETDEV_XDP_FEATURE_TRANSMIT ||
            !strcmp(port->kind, "veth"))
                return 0;
        return error_set(-EOPNOTSUPP,
                         "%s: takes no frames from XDP programs, so nothing can be sent there.",
                         port->name);
}

static uint32_t word_of(const uint8_t address[static NETDEV_IPV4_BYTES]) {
        return (uint32_t)address[0] << 24 | (uint32_t)address[1] << 16 | (uint32_t)address[2] << 8 |
               address[3];
}

static void word_put(uint32_t word, uint8_t address[static NETDEV_IPV4_BYTES]) {
        for (int i = 0; i < NETDEV_IPV4_BYTES; i++)
                address[i] = (uint8_t)(word >> (24 - 8 * i));
}

/* Somebody in the receiver's network who is not here: the kernel drops what comes from itself. */
static int stranger_find(struct arena *a, uint8_t prefix) {
        uint32_t mask = prefix ? ~0U << (32 - prefix) : 0, own = word_of(a->rx_address);
        uint32_t last = own | ~mask, tries = MIN(~mask, (uint32_t)HOSTS_TRIED_MAX);
        bool is_local = true;
        int r = 0;

        /* from the top, the broadcast address left out where there is one */
        for (uint32_t i = prefix < 31; is_local && i < tries + (prefix >= 31) && r >= 0; i++) {
                word_put(last - i, a->tx_address);
                r = netdev_ipv4_is_local(a->tx_address, &is_local);
        }
        if (r >= 0 && is_local)
                return error_set(-EADDRNOTAVAIL,
                                 "%s: its network has no address left for a sender. Give it one "
                                 "with a shorter prefix (192.0.2.2/24).",
                                 a->rx.name);
        return r;
}

static int addresses_choose(struct arena *a) {
        uint8_t prefix;
        int r = netdev_ipv4_find(a->rx.ifindex, a->rx_address, &prefix);

        if (r == -EADDRNOTAVAIL && a->path == XSKIM_BENCH_PATH_drop) {
                /* dropped packets may say anything */
                memcpy(a->tx_address, TX_ADDRESS, sizeof(a->tx_address));
                memcpy(a->rx_address, RX_ADDRESS, sizeof(a->rx_address));
                return 0;
        }
        if (r == -EADDRNOTAVAIL)
                return error_set(r,
                                 "%s: has no IPv4 address, so packets cannot reach a socket. Give "
                                 "it one ('ip address add 192.0.2.2/24 dev %s').",
                                 a->rx.name, a->rx.name);
        return r < 0 ? r : stranger_find(a, prefix);
}

static int real_find(struct arena *a, const struct arena_config *config) {
        int r = ports_check(config);

        r = r < 0 ? r : netdev_find(config->tx_port, &a->tx);
        r = r < 0 ? r : netdev_find(config->rx_port, &a->rx);
        r = r < 0 ? r : port_check(&a->tx);
        r = r < 0 ? r : port_check(&a->rx);
        r = r < 0 ? r : tx_check(&a->tx);
        r = r < 0 ? r : netdev_address(a->tx.ifindex, a->tx_mac);
        r = r < 0 ? r : netdev_address(a->rx.ifindex, a->rx_mac);
        r = r < 0 ? r : addresses_choose(a);
        r = r < 0 ? r : netdev_namespace_open(&a->places[ARENA_SENDER]);
        return r < 0 ? r : netdev_namespace_open(&a->places[ARENA_RECEIVER]);
}

/* ---- */

int arena_open(const struct arena_config *config, struct arena **ret_arena) {
        struct arena *a = calloc(1, sizeof(*a));
        int back, r;

        if (!a)
                return -ENOMEM;
        *a = (struct arena){.path = config->path,
                            .own = !config->tx_port && !config->rx_port,
                            .places = {-1, -1, -1},
                            .home = -1};
        r = netdev_namespace_open(&a->home);
        if (r >= 0) {
                r = a->own ? own_make(a) : real_find(a, config);
                back = arena_leave(a);
                r = r < 0 ? r : back;
        }
        if (r < 0) {
                arena_close(a);
                return r;
        }
        *ret_arena = a;
        return 0;
}

/* The namespaces, and the ports in them, go with the last descriptor. */
struct arena *arena_close(struct arena *a) {
        if (!a)
                return NULL;
        for (int place = 0; place < ARENA_PLACES; place++)
                fd_cleanup(&a->places[place]);
        fd_cleanup(&a->home);
        free(a);
        return NULL;
}

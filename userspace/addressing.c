/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns which addresses packets get. See addressing.h. */
#include <errno.h>
#include <string.h>

#include "addressing.h"
#include "log.h"
#include "netdev.h"
#include "netdev_neighbour.h"

/* What was given, or nothing. */
static struct xskim_replay_address address_of(const struct xskim_replay_mac *mac) {
        struct xskim_replay_address address = {.from = mac->wanted ? XSKIM_REPLAY_ADDRESS_given
                                                                   : XSKIM_REPLAY_ADDRESS_captured};

        memcpy(address.bytes, mac->bytes, sizeof(address.bytes));
        return address;
}

static int neighbour_find(int ifindex, struct xskim_replay_address *address) {
        address->from = XSKIM_REPLAY_ADDRESS_neighbour;
        return netdev_neighbour(ifindex, address->bytes);
}

static int port_find(int ifindex, struct xskim_replay_address *address) {
        address->from = XSKIM_REPLAY_ADDRESS_port;
        return netdev_address(ifindex, address->bytes);
}

static int arrival_find(const char *name, struct xskim_replay_address *address) {
        struct netdev_port port;
        int r = netdev_find(name, &port);

        address->from = XSKIM_REPLAY_ADDRESS_arrival;
        return r < 0 ? r : netdev_address(port.ifindex, address->bytes);
}

/* Who has no neighbour, or several, gets what was captured. */
static int known_find(int ifindex, struct xskim_replay_addresses *addresses) {
        struct xskim_replay_addresses known;
        bool told = error_is_set();
        int r = neighbour_find(ifindex, &known.destination);

        r = r < 0 ? r : port_find(ifindex, &known.source);
        if (r == -EADDRNOTAVAIL) {
                error_forget(told);
                return 0;
        }
        if (r >= 0)
                *addresses = known;
        return r;
}

static void mac_set(struct xskim_replay_mac *mac, const struct xskim_replay_address *address) {
        mac->wanted = address->from != XSKIM_REPLAY_ADDRESS_captured;
        memcpy(mac->bytes, address->bytes, sizeof(mac->bytes));
}

int addressing_find(int ifindex, const struct xskim_replay_config *config,
                    struct xskim_replay_editing *editing,
                    struct xskim_replay_addresses *ret_addresses) {
        struct xskim_replay_addresses addresses = {.destination = address_of(&editing->destination),
                                                   .source = address_of(&editing->source)};
        int r = 0;

        if (config->to_known_neighbour)
                r = known_find(ifindex, &addresses);
        if (config->from_port && r >= 0)
                r = port_find(ifindex, &addresses.source);
        if (config->to_neighbour && r >= 0)
                r = neighbour_find(ifindex, &addresses.destination);
        if (config->to_port && r >= 0)
                r = arrival_find(config->to_port, &addresses.destination);
        if (r < 0)
                return r;
        mac_set(&editing->destination, &addresses.destination);
        mac_set(&editing->source, &addresses.source);
        editing->group_kept = config->to_known_neighbour;
        *ret_addresses = addresses;
        return 0;
}

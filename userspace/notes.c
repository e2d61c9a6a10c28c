/* SPDX-License-Identifier: BSD-2-Clause */
/* The notes, a row each, and the refusal of verdict drop. See notes.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "notes.h"
#include "util.h"

static bool is_veth(const struct netdev_port *port) {
        return !strcmp(port->kind, "veth");
}

#define FOUND(...) snprintf(note->found, sizeof(note->found), __VA_ARGS__)
#define TODO(...) snprintf(note->todo, sizeof(note->todo), __VA_ARGS__)

/* Each says whether it applies, and then what was found and what to do. */

static bool down_note(const struct netdev_port *port, struct note *note) {
        if (port->running)
                return false;
        FOUND(port->up ? "%s has no carrier: no packet arrives" : "%s is down: no packet arrives",
              port->name);
        if (port->up)
                TODO("connect it, or set its other end up");
        else
                TODO("ip link set %s up", port->name);
        return true;
}

static bool mtu_note(const struct netdev_port *port, struct note *note) {
        if (port->mtu <= NOTES_SINGLE_BUFFER_MTU || port->loopback)
                return false;
        if (port->xdp_features_known && !(port->xdp_features & NETDEV_XDP_FEATURE_MULTI_BUFFER)) {
                FOUND("MTU %u needs several buffers a packet, which driver %s does not give to XDP",
                      port->mtu, port->driver);
                TODO("ip link set %s mtu %u, or --generic", port->name, NOTES_SINGLE_BUFFER_MTU);
                return true;
        }
        FOUND("MTU %u takes several buffers a packet: some ns more a packet%s", port->mtu,
              port->xdp_features_known ? "" : ", if the driver allows it at all");
        TODO("ip link set %s mtu %u, if no longer packets come", port->name,
             NOTES_SINGLE_BUFFER_MTU);
        return true;
}

static bool lro_note(const struct netdev_port *port, struct note *note) {
        if (!port->lro)
                return false;
        FOUND("LRO is on: hardware merges TCP segments, XDP sees fewer and longer packets");
        TODO("ethtool -K %s lro off", port->name);
        return true;
}

static bool gro_hw_note(const struct netdev_port *port, struct note *note) {
        if (!port->gro_hw)
                return false;
        FOUND("GRO-HW is on: hardware merges TCP segments, XDP sees fewer and longer packets");
        TODO("ethtool -K %s rx-gro-hw off", port->name);
        return true;
}

/* veth's sender keeps the tag beside the packet, so it is the sender who has to stop. */
static bool vlan_note(const struct netdev_port *port, struct note *note) {
        if (!port->vlan_stripping)
                return false;
        if (is_veth(port)) {
                FOUND("RX VLAN stripping: tags of VLAN devices on the peer are gone before XDP");
                TODO("ethtool -K <the peer> txvlan off");
        } else {
                FOUND("RX VLAN stripping: tags are gone before XDP");
                TODO("ethtool -K %s rxvlan off", port->name);
        }
        return true;
}

static bool veth_note(const struct netdev_port *port, struct note *note) {
        if (!is_veth(port))
                return false;
        FOUND("veth: any XDP program takes GRO/GSO from the peer, TCP gets slower");
        TODO("compare with an empty XDP program, not with none");
        return true;
}

/* veth has no interrupts to spread: its packets stay on the CPU of their sender. */
static bool queues_note(const struct netdev_port *port, struct note *note) {
        if (is_veth(port) || port->loopback || !port->rx_queues || port->rx_queues >= port->cpus)
                return false;
        FOUND("%u RX queue%s for %u CPUs: as many CPUs at most do the work", port->rx_queues,
              port->rx_queues == 1 ? "" : "s", port->cpus);
        TODO("ethtool -L %s combined %u, if the driver can", port->name, port->cpus);
        return true;
}

static const struct {
        const char *name;
        bool (*applies)(const struct netdev_port *port, struct note *note);
} rows[] = {
        {"down", down_note}, {"mtu", mtu_note},   {"lro", lro_note},       {"gro_hw", gro_hw_note},
        {"vlan", vlan_note}, {"veth", veth_note}, {"queues", queues_note},
};

uint32_t notes_find(const struct netdev_port *port, struct note *notes, uint32_t most) {
        uint32_t count = 0;

        for (size_t i = 0; i < ARRAY_SIZE(rows) && count < most; i++) {
                if (!rows[i].applies(port, &notes[count]))
                        continue;
                notes[count++].name = rows[i].name;
        }
        return count;
}

uint32_t notes_make(const struct netdev_port *port, char notes[][XSKIM_NOTE_BYTES], uint32_t most) {
        struct note found[ARRAY_SIZE(rows)];
        uint32_t count = notes_find(port, found, MIN(most, (uint32_t)ARRAY_SIZE(rows)));

        for (uint32_t i = 0; i < count; i++)
                snprintf(notes[i], XSKIM_NOTE_BYTES, "%s (%s)", found[i].found, found[i].todo);
        return count;
}

bool notes_is_in_use(const struct netdev_port *port) {
        return port->has_address || port->has_default_route || port->has_master;
}

int notes_refuse_drop(const struct netdev_port *port) {
        if (!notes_is_in_use(port))
                return 0;
        return error_set(-EINVAL,
                         "%s: verdict drop would cut it off: it has %s.\n"
                         "Verdict drop is for TAP and SPAN ports. Watch it with --verdict "
                         "pass, or, if you mean it, with --force.",
                         port->name,
                         port->has_default_route ? "the default route"
                         : port->has_address     ? "an address"
                                                 : "a bridge or bond above it");
}

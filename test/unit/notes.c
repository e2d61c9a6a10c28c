/* SPDX-License-Identifier: BSD-2-Clause */
/* Notes about a port: each appears exactly when its reason is there, and all can be told at once.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "notes.h"
#include "util.h"

static const struct netdev_port GOOD = {
        .ifindex = 2,
        .name = "eth7",
        .mtu = 1500,
        .up = true,
        .running = true,
        .driver = "i40e",
        .rx_queues = 8,
        .cpus = 8,
        .gro = true,
        .xdp_features_known = true,
        .xdp_features = NETDEV_XDP_FEATURE_NATIVE,
};

/* The port that gives every note: names, numbers and drivers as long as they get. */
static const struct netdev_port WORST = {
        .name = "fifteen-letters",
        .driver = "a-driver-of-thirty-one-letters-",
        .kind = "a-kind-of-thirty-one-letters--",
        .mtu = UINT32_MAX,
        .rx_queues = UINT32_MAX - 1,
        .cpus = UINT32_MAX,
        .vlan_stripping = true,
        .lro = true,
        .gro_hw = true,
        .xdp_features_known = true,
};

static const struct note *note_of(const struct netdev_port *port, const char *name) {
        static struct note notes[XSKIM_NOTES_MAX];
        uint32_t count = notes_find(port, notes, XSKIM_NOTES_MAX);

        for (uint32_t i = 0; i < count; i++) {
                if (!strcmp(notes[i].name, name))
                        return &notes[i];
        }
        return NULL;
}

static uint32_t note_count(struct netdev_port port) {
        struct note notes[XSKIM_NOTES_MAX];

        return notes_find(&port, notes, XSKIM_NOTES_MAX);
}

Test(notes, good_port_has_none) {
        cr_expect(eq(u32, note_count(GOOD), 0));
}

/* One change to a good port, one note, with something to do that names the port. */
#define EXPECT_NOTE(name_, todo_, ...)                                                             \
        do {                                                                                       \
                struct netdev_port port_ = GOOD;                                                   \
                const struct note *note_;                                                          \
                __VA_ARGS__;                                                                       \
                note_ = note_of(&port_, name_);                                                    \
                cr_expect(ne(ptr, (void *)note_, NULL), "%s", name_);                              \
                cr_expect(eq(u32, note_count(port_), 1), "%s and no other", name_);                \
                if (note_)                                                                         \
                        cr_expect(ne(ptr, strstr(note_->todo, todo_), NULL), "%s", note_->todo);   \
        } while (0)

Test(notes, each_reason_gives_its_note) {
        EXPECT_NOTE("down", "ip link set eth7 up", port_.up = port_.running = false);
        EXPECT_NOTE("down", "connect", port_.running = false);
        EXPECT_NOTE("vlan", "ethtool -K eth7 rxvlan off", port_.vlan_stripping = true);
        EXPECT_NOTE("lro", "ethtool -K eth7 lro off", port_.lro = true);
        EXPECT_NOTE("gro_hw", "ethtool -K eth7 rx-gro-hw off", port_.gro_hw = true);
        EXPECT_NOTE("queues", "ethtool -L eth7 combined 8", port_.rx_queues = 7);
        EXPECT_NOTE("mtu", "mtu 3506, or --generic", port_.mtu = 9000);
        EXPECT_NOTE("veth", "empty XDP program", strcpy(port_.kind, "veth"));
}

Test(notes, mtu_counts_beyond_one_buffer) {
        struct netdev_port port = GOOD;

        port.mtu = NOTES_SINGLE_BUFFER_MTU;
        cr_expect(eq(u32, note_count(port), 0));
        port.mtu++;
        cr_expect(eq(u32, note_count(port), 1));
        port.xdp_features |= NETDEV_XDP_FEATURE_MULTI_BUFFER;
        cr_expect(eq(ptr, strstr(note_of(&port, "mtu")->todo, "--generic"), NULL),
                  "it is allowed here");
        cr_expect(eq(ptr, strstr(note_of(&port, "mtu")->found, "if the driver"), NULL));
        port.xdp_features_known = false;
        cr_expect(ne(ptr, strstr(note_of(&port, "mtu")->found, "if the driver"), NULL));
}

Test(notes, queues_are_no_matter_on_veth) {
        struct netdev_port port = GOOD;

        port.rx_queues = 1;
        strcpy(port.kind, "veth");
        cr_expect(eq(ptr, (void *)note_of(&port, "queues"), NULL));
        cr_expect(ne(ptr, (void *)note_of(&port, "veth"), NULL));
        port = GOOD;
        port.rx_queues = 16;
        cr_expect(eq(u32, note_count(port), 0), "more queues than CPUs is fine");
        port.rx_queues = 0;
        cr_expect(eq(u32, note_count(port), 0), "not known");
}

Test(notes, veth_loses_tags_at_its_sender) {
        struct netdev_port port = GOOD;

        strcpy(port.kind, "veth");
        port.vlan_stripping = true;
        cr_expect(ne(ptr, strstr(note_of(&port, "vlan")->todo, "txvlan"), NULL));
}

/* Everything fits where watch keeps it, whole: nothing is cut, nothing is left out. */
Test(notes, all_at_once_fit) {
        struct note notes[XSKIM_NOTES_MAX];
        char lines[XSKIM_NOTES_MAX][XSKIM_NOTE_BYTES];
        struct netdev_port veth = WORST;
        const struct netdev_port *ports[] = {&WORST, &veth};

        strcpy(veth.kind, "veth");
        cr_expect(eq(u32, notes_find(&WORST, notes, XSKIM_NOTES_MAX), 6));
        for (size_t p = 0; p < ARRAY_SIZE(ports); p++) {
                uint32_t count = notes_find(ports[p], notes, XSKIM_NOTES_MAX);

                cr_assert(eq(u32, notes_make(ports[p], lines, XSKIM_NOTES_MAX), count));
                cr_expect(lt(u32, count, XSKIM_NOTES_MAX), "room for an event of the port");
                for (uint32_t i = 0; i < count; i++) {
                        cr_expect(lt(ulong, strlen(notes[i].found), NOTES_FOUND_BYTES - 1));
                        cr_expect(lt(ulong, strlen(notes[i].todo), NOTES_TODO_BYTES - 1));
                        cr_expect(lt(ulong, strlen(lines[i]), XSKIM_NOTE_BYTES - 1));
                        cr_expect(ne(ptr, strstr(lines[i], notes[i].found), NULL));
                        cr_expect(ne(ptr, strstr(lines[i], notes[i].todo), NULL));
                }
        }
}

Test(notes, no_more_than_asked_for) {
        char lines[2][XSKIM_NOTE_BYTES] = {"", "untouched"};

        cr_expect(eq(u32, notes_make(&WORST, lines, 1), 1));
        cr_expect(eq(str, lines[1], "untouched"));
        cr_expect(eq(u32, notes_make(&WORST, lines, 0), 0));
}

Test(notes, drop_is_refused_where_it_would_cut_somebody_off) {
        struct netdev_port port = GOOD;

        cr_expect(eq(int, notes_refuse_drop(&port), 0));
        cr_expect(eq(str, (char *)error_message(), ""));
        port.has_address = true;
        cr_expect(eq(int, notes_refuse_drop(&port), -EINVAL));
        cr_expect(ne(ptr, strstr(error_message(), "eth7"), NULL));
        cr_expect(ne(ptr, strstr(error_message(), "an address"), NULL));
        cr_expect(ne(ptr, strstr(error_message(), "--force"), NULL));
        error_clear();
        port.has_default_route = true;
        cr_expect(eq(int, notes_refuse_drop(&port), -EINVAL));
        cr_expect(ne(ptr, strstr(error_message(), "default route"), NULL));
        port = GOOD;
        port.has_master = true;
        cr_expect(eq(int, notes_refuse_drop(&port), -EINVAL));
        port = GOOD;
        port.has_default_route = true;
        cr_expect(eq(int, notes_refuse_drop(&port), -EINVAL));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces as the kernel shows them, in a network namespace of the test's own. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "log.h"
#include "netdev.h"
#include "probe.h"
#include "util.h"

enum { MTU = 3498 };

/* Each test has its own process; they share the namespace, so each deletes what it made. */
static int near_index, far_index;

static void pair_create(void) {
        cr_assert(eq(int, netdev_veth_create("near", "far", MTU, &near_index, &far_index), 0), "%s",
                  error_message());
}

static void pair_delete(void) {
        netdev_delete(near_index);
}

static void pair_up(void) {
        cr_assert(eq(int, netdev_set_up(near_index), 0), "%s", error_message());
        cr_assert(eq(int, netdev_set_up(far_index), 0), "%s", error_message());
}

/* For what xskim itself never changes: ip(8) is the second opinion. */
static void ip(const char *arguments) {
        char command[256];

        snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin; ip %s", arguments);
        cr_assert(eq(int, system(command), 0), "%s", command);
}

static struct netdev_port port_find(const char *name) {
        struct netdev_port port;

        cr_assert(eq(int, netdev_find(name, &port), 0), "%s", error_message());
        return port;
}

Test(netdev, lo_is_found) {
        struct netdev_port lo = port_find("lo");

        cr_expect(eq(int, lo.ifindex, 1));
        cr_expect(lo.loopback);
        cr_expect(not(lo.up));
        cr_expect(eq(u32, lo.mtu, 65536));
        cr_expect(ge(u32, lo.cpus, 1));
        cr_expect(not(lo.has_address));
}

Test(netdev, unknown_port_is_named) {
        struct netdev_port port = {.ifindex = 77};

        cr_expect(eq(int, netdev_find("nosuchport", &port), -ENODEV));
        cr_expect(ne(ptr, strstr(error_message(), "nosuchport"), NULL));
        cr_expect(eq(int, port.ifindex, 77), "the output is untouched on failure");
        error_clear();
        cr_expect(eq(int, netdev_find("a-name-longer-than-any-port-can-have", &port), -ENODEV));
        cr_expect(eq(int, netdev_find("", &port), -ENODEV));
}

Test(netdev, veth_pair_is_as_asked, .init = pair_create, .fini = pair_delete) {
        struct netdev_port port = port_find("near");

        cr_expect(eq(int, port.ifindex, near_index));
        cr_expect(eq(int, (int)if_nametoindex("far"), far_index));
        cr_expect(eq(u32, port.mtu, MTU));
        cr_expect(eq(u32, port_find("far").mtu, MTU));
        cr_expect(eq(str, port.kind, "veth"));
        cr_expect(eq(str, port.driver, "veth"));
        cr_expect(eq(u32, port.rx_queues, 1));
        cr_expect(not(port.up));
        cr_expect(eq(int, port.xdp, NETDEV_XDP_NONE));
        cr_expect(eq(u32, port.xdp_program_id, 0));
        pair_up();
        port = port_find("near");
        cr_expect(port.up);
        cr_expect(port.running);
}

Test(netdev, veth_that_exists_is_refused, .init = pair_create, .fini = pair_delete) {
        cr_expect(eq(int, netdev_veth_create("near", "other", MTU, NULL, NULL), -EEXIST));
        cr_expect(ne(ptr, strstr(error_message(), "near"), NULL));
        cr_expect(eq(int, (int)if_nametoindex("other"), 0));
        error_clear();
        cr_expect(eq(int, netdev_veth_create("a-name-too-long-for-a-port", "b", MTU, NULL, NULL),
                     -EINVAL));
}

/* An interface with an IPv6 address sends DAD, MLD and router solicitations within a second. */
Test(netdev, veth_pair_is_quiet, .init = pair_create, .fini = pair_delete) {
        struct netdev_counters near, far;

        pair_up();
        usleep(1200000);
        cr_assert(eq(int, netdev_counters(near_index, &near), 0), "%s", error_message());
        cr_assert(eq(int, netdev_counters(far_index, &far), 0), "%s", error_message());
        cr_expect(eq(u64, near.packets, 0));
        cr_expect(eq(u64, far.packets, 0));
}

Test(netdev, deleting_an_end_deletes_both) {
        pair_create();
        cr_expect(eq(int, netdev_delete(far_index), 0));
        cr_expect(eq(int, (int)if_nametoindex("near"), 0));
        cr_expect(eq(int, netdev_delete(near_index), -ENODEV));
        cr_expect(lt(int, netdev_delete(0), 0), "0 is no interface");
}

/* Sends `count` frames of 60 bytes with this EtherType. */
static void frames_send(int ifindex, uint16_t ether_type, unsigned int count) {
        struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};
        unsigned char frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1};
        int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

        cr_assert(ge(int, fd, 0));
        frame[12] = ether_type >> 8;
        frame[13] = ether_type & 0xff;
        while (count--)
                cr_assert(
                        eq(long,
                           sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
                           60));
        close(fd);
}

/* No protocol takes EtherType 0x88b5, which the kernel counts as dropped, after XDP. */
Test(netdev, what_the_stack_does_not_want_is_not_lost_before_xdp, .init = pair_create,
     .fini = pair_delete) {
        struct netdev_counters before, now;

        pair_up();
        cr_assert(eq(int, netdev_counters(near_index, &before), 0), "%s", error_message());
        frames_send(far_index, 0x88b5, 100);
        usleep(100000);
        cr_assert(eq(int, netdev_counters(near_index, &now), 0), "%s", error_message());
        cr_expect(eq(u64, now.packets - before.packets, 100));
        cr_expect(ge(u64, now.dropped + now.no_handler - before.dropped - before.no_handler, 100),
                  "the premise");
        cr_expect(eq(u64, netdev_counters_lost(&before, &now), 0));
}

/* An XDP_DROP verdict is no loss: the packet was seen. */
Test(netdev, what_xdp_drops_is_not_lost_before_xdp, .init = pair_create, .fini = pair_delete) {
        struct netdev_counters before, now;
        struct netdev_port port;
        int program, link;

        pair_up();
        cr_assert(eq(int, probe_xdp_load(&program), 0));
        cr_assert(eq(int, probe_xdp_attach(program, near_index, &link), 0));
        port = port_find("near");
        cr_expect(eq(int, port.xdp, NETDEV_XDP_NATIVE));
        cr_expect(gt(u32, port.xdp_program_id, 0));
        cr_assert(eq(int, netdev_counters(near_index, &before), 0), "%s", error_message());
        frames_send(far_index, 0x0800, 100);
        usleep(100000);
        cr_assert(eq(int, netdev_counters(near_index, &now), 0), "%s", error_message());
        cr_expect(eq(u64, now.packets - before.packets, 100));
        cr_expect(eq(u64, netdev_counters_lost(&before, &now), 0));
        close(link);
        cr_expect(eq(int, port_find("near").xdp, NETDEV_XDP_NONE));
}

Test(netdev, counters_of_no_interface) {
        struct netdev_counters counters;

        cr_expect(eq(int, netdev_counters(4711, &counters), -ENODEV));
        cr_expect(ne(ptr, strstr(error_message(), "4711"), NULL));
}

Test(netdev, lost_is_additive_and_survives_a_reset) {
        struct netdev_counters a = {.missed = 10, .fifo = 10, .crc = 1, .dropped = 5};
        struct netdev_counters b = {.missed = 17, .fifo = 17, .crc = 3, .dropped = 500};
        struct netdev_counters c = {.missed = 17, .fifo = 20, .crc = 3, .driver_drops = 4};
        struct netdev_counters reset = {.missed = 2};

        cr_expect(eq(u64, netdev_counters_lost(&a, &a), 0));
        cr_expect(eq(u64, netdev_counters_lost(&a, &b), 9), "counted in two places, lost once");
        cr_expect(eq(u64, netdev_counters_lost(&b, &c), 7));
        cr_expect(eq(u64, netdev_counters_lost(&c, &reset), 2));
}

Test(netdev, address_and_default_route_are_seen, .init = pair_create, .fini = pair_delete) {
        pair_up();
        cr_expect(not(port_find("near").has_address));
        cr_expect(not(port_find("near").has_default_route));
        ip("address add 192.0.2.1/24 dev near");
        cr_expect(port_find("near").has_address);
        cr_expect(not(port_find("near").has_default_route), "a connected route is not the default");
        ip("route add default via 192.0.2.2 dev near metric 7 table 1234");
        cr_expect(port_find("near").has_default_route);
        cr_expect(not(port_find("far").has_address));
        cr_expect(not(port_find("far").has_default_route));
}

Test(netdev, multipath_default_route_is_seen, .init = pair_create, .fini = pair_delete) {
        pair_up();
        ip("address add 192.0.2.1/24 dev near");
        ip("address add 198.51.100.1/24 dev far");
        ip("route add default nexthop via 192.0.2.2 dev near nexthop via 198.51.100.2 dev far");
        cr_expect(port_find("near").has_default_route);
        cr_expect(port_find("far").has_default_route);
        cr_expect(not(port_find("lo").has_default_route));
}

Test(netdev, ipv6_address_counts_but_not_the_link_local_one, .init = pair_create,
     .fini = pair_delete) {
        struct stat there;

        if (stat("/proc/sys/net/ipv6", &there))
                cr_skip("this kernel has no IPv6");
        pair_up();
        ip("address add fe80::1/64 dev near nodad");
        cr_expect(not(port_find("near").has_address));
        ip("address add 2001:db8::1/64 dev near nodad");
        cr_expect(port_find("near").has_address);
        ip("route add default via 2001:db8::2 dev near");
        cr_expect(port_find("near").has_default_route);
}

/* Promiscuity goes with the process, SIGKILL included. */
Test(netdev, promiscuous_while_the_descriptor_is_open, .init = pair_create, .fini = pair_delete) {
        int fd, pipes[2];
        char byte;
        pid_t child;

        cr_expect(not(port_find("near").promiscuous));
        cr_assert(eq(int, netdev_promiscuous_open(near_index, &fd), 0), "%s", error_message());
        cr_expect(port_find("near").promiscuous);
        close(fd);
        cr_expect(not(port_find("near").promiscuous));
        cr_assert(eq(int, pipe(pipes), 0));
        child = fork();
        if (!child) {
                netdev_promiscuous_open(near_index, &fd);
                if (write(pipes[1], "x", 1) == 1)
                        pause();
                _exit(1);
        }
        cr_assert(eq(long, read(pipes[0], &byte, 1), 1));
        cr_expect(port_find("near").promiscuous);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        cr_expect(not(port_find("near").promiscuous));
        cr_expect(lt(int, netdev_promiscuous_open(4711, &fd), 0));
}

/* Waits at most a second for this event of this interface; other events are passed over. */
static bool event_seen(int fd, int ifindex, enum netdev_event_type type) {
        struct netdev_event events[8];
        struct pollfd wait = {.fd = fd, .events = POLLIN};

        while (poll(&wait, 1, 1000) > 0) {
                int count = netdev_monitor_read(fd, events, ARRAY_SIZE(events));

                for (int i = 0; i < count; i++) {
                        if (events[i].ifindex == ifindex && events[i].type == type)
                                return true;
                }
        }
        return false;
}

Test(netdev, monitor_hears_up_down_and_gone) {
        struct netdev_event events[8];
        int fd;

        cr_assert(eq(int, netdev_monitor_open(&fd), 0), "%s", error_message());
        cr_expect(eq(int, netdev_monitor_read(fd, events, 8), 0), "nothing happened, no blocking");
        pair_create();
        pair_up();
        cr_expect(event_seen(fd, near_index, NETDEV_UP));
        ip("link set near down");
        cr_expect(event_seen(fd, near_index, NETDEV_DOWN));
        ip("link set near up");
        cr_expect(event_seen(fd, near_index, NETDEV_UP));
        ip("link set far down");
        cr_expect(event_seen(fd, near_index, NETDEV_DOWN), "no carrier");
        pair_delete();
        cr_expect(event_seen(fd, near_index, NETDEV_GONE));
        close(fd);
}

Test(netdev, monitor_that_lost_events_says_so) {
        struct netdev_event events[8];
        int fd, least = 1, count;
        bool told = false;

        cr_assert(eq(int, netdev_monitor_open(&fd), 0), "%s", error_message());
        cr_assert(eq(int, setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), 0));
        for (int i = 0; i < 8; i++) {
                pair_create();
                pair_delete();
        }
        while ((count = netdev_monitor_read(fd, events, ARRAY_SIZE(events))) > 0) {
                cr_assert(le(int, count, 8));
                for (int i = 0; i < count; i++)
                        told |= events[i].type == NETDEV_LOOK_AGAIN && !events[i].ifindex;
        }
        cr_expect(eq(int, count, 0));
        cr_expect(told);
        close(fd);
}

static ino_t namespace_number(void) {
        struct stat there;

        cr_assert(eq(int, stat("/proc/thread-self/ns/net", &there), 0));
        return there.st_ino;
}

Test(netdev, namespace_is_entered_and_left) {
        ino_t first = namespace_number();
        int old;

        pair_create();
        cr_assert(eq(int, netdev_namespace_enter_new(&old), 0), "%s", error_message());
        cr_expect(ne(ulong, namespace_number(), first));
        cr_expect(eq(int, (int)if_nametoindex("near"), 0));
        cr_expect(not(port_find("lo").up));
        cr_expect(eq(int, netdev_veth_create("near", "far", MTU, NULL, NULL), 0),
                  "the same names, not the same ports");
        cr_assert(eq(int, netdev_namespace_return(old), 0), "%s", error_message());
        cr_expect(eq(ulong, namespace_number(), first));
        cr_expect(eq(int, fcntl(old, F_GETFD), -1), "closed");
        cr_expect(eq(int, (int)if_nametoindex("near"), near_index));
        pair_delete();
}

int main(int argc, char **argv) {
        struct criterion_test_set *tests;
        int old, r = 1;

        if (netdev_namespace_enter_new(&old)) {
                fprintf(stderr, "%s\n", error_message());
                return 1;
        }
        tests = criterion_initialize();
        if (criterion_handle_args(argc, argv, true))
                r = !criterion_run_all_tests(tests);
        criterion_finalize(tests);
        return r;
}

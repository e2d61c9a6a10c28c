/* SPDX-License-Identifier: BSD-2-Clause */
/* See lab.h. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "command.h"
#include "lab.h"
#include "log.h"
#include "netdev.h"
#include "sender.skel.h"

static void give_up(const char *what) {
        fprintf(stderr, "lab: %s: %s %s\n", what, strerror(errno), error_message());
        exit(1);
}

void lab_pair(const char *name, const char *peer, unsigned int mtu) {
        int a, b;

        if (netdev_veth_create(name, peer, mtu, &a, &b) < 0 || netdev_set_up(a) < 0 ||
            netdev_set_up(b) < 0)
                give_up(name);
}

void lab_enter(void) {
        if (unshare(CLONE_NEWNET))
                give_up("a network namespace needs root");
        lab_pair(LAB_PORT, LAB_PEER, 1500);
}

int lab_main(int argc, char *argv[]) {
        struct criterion_test_set *tests;
        int failed = 0;

        lab_enter();
        tests = criterion_initialize();
        if (criterion_handle_args(argc, argv, true))
                failed = !criterion_run_all_tests(tests);
        criterion_finalize(tests);
        return failed;
}

void lab_fresh(void) {
        cr_assert_eq(unshare(CLONE_NEWNET), 0);
        lab_pair(LAB_PORT, LAB_PEER, 1500);
}

void lab_config(struct xskim_config *config) {
        xskim_config_init(config);
        config->ports[0] = LAB_PORT;
        config->port_count = 1;
        config->verdict = XSKIM_VERDICT_DROP;
        config->sample = 1;
        config->interval_ms = 100;
}

void lab_balanced(const struct xskim_snapshot *s) {
        cr_assert(s->final);
        cr_assert_eq(s->ledger.unaccounted, 0, "%s", s->ledger.where);
        cr_assert_eq(s->ledger.waiting, 0);
        cr_assert_eq(s->ledger.sampled + s->ledger.stamped + s->ledger.hashed,
                     s->ledger.decoded + s->ledger.ring_full + s->ledger.unparsable +
                             s->ledger.lost_in_socket + s->ledger.malformed);
}

void lab_run(const char *format, ...) {
        char command[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(command, sizeof(command), format, arguments);
        va_end(arguments);
        cr_assert_eq(system(command), 0, "%s", command);
}

int lab_ifindex(const char *name) {
        return (int)if_nametoindex(name);
}

/* RFC 1071, of a header whose checksum field is 0. */
static void ip_checksum(uint8_t *header) {
        uint32_t sum = 0;

        for (int i = 0; i < 20; i += 2)
                sum += (uint32_t)header[i] << 8 | header[i + 1];
        sum = (sum & 0xffff) + (sum >> 16);
        sum = ~(sum + (sum >> 16)) & 0xffff;
        header[10] = (uint8_t)(sum >> 8);
        header[11] = (uint8_t)sum;
}

uint32_t lab_udp(uint8_t *packet, uint32_t bytes, uint16_t source, uint16_t destination) {
        uint16_t ip = (uint16_t)(bytes - 14), udp = (uint16_t)(bytes - 34);
        uint8_t head[42] = {
                [0] = 2,
                [5] = 1,
                [6] = 2,
                [11] = 2,
                [12] = 8,
                [14] = 0x45,
                [16] = ip >> 8,
                [17] = ip & 255,
                [22] = 64,
                [23] = 17,
                [26] = 10,
                [29] = 1,
                [30] = 10,
                [33] = 2,
                [34] = source >> 8,
                [35] = source & 255,
                [36] = destination >> 8,
                [37] = destination & 255,
                [38] = udp >> 8,
                [39] = udp & 255,
        };

        memset(packet, 0, bytes);
        memcpy(packet, head, sizeof(head));
        ip_checksum(packet + 14);
        return bytes;
}

/* One for each namespace that the process is in: closing such a socket takes 10 ms. */
static int transmit_socket(void) {
        static int fd = -1;
        static ino_t namespace;
        struct stat facts;

        cr_assert_eq(stat("/proc/thread-self/ns/net", &facts), 0);
        if (fd >= 0 && namespace == facts.st_ino)
                return fd;
        if (fd >= 0)
                close(fd);
        namespace = facts.st_ino;
        fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        cr_assert_geq(fd, 0);
        return fd;
}

void lab_transmit(const char *port, const uint8_t *frame, uint32_t bytes, uint64_t count) {
        struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = lab_ifindex(port)};
        int fd = transmit_socket();

        while (count--)
                cr_assert_eq(sendto(fd, frame, bytes, 0, (struct sockaddr *)&to, sizeof(to)), bytes,
                             "%s: %u bytes: %s", port, bytes, strerror(errno));
}

uint32_t lab_xdp_program(const char *port) {
        struct netdev_port found;

        cr_assert_eq(netdev_find(port, &found), 0, "%s", error_message());
        return found.xdp_program_id;
}

/* One statistic by name, summed over queues: "rx_queue_*_xdp_packets". */
static uint64_t statistic_sum(int socket_fd, const char *port, const char *suffix) {
        struct {
                struct ethtool_sset_info head;
                uint32_t count;
        } sets = {.head = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS}};
        struct ifreq request = {0};
        struct ethtool_gstrings *names;
        struct ethtool_stats *values;
        uint64_t sum = 0;

        snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", port);
        request.ifr_data = (void *)&sets;
        cr_assert_eq(ioctl(socket_fd, SIOCETHTOOL, &request), 0);
        names = calloc(1, sizeof(*names) + sets.count * ETH_GSTRING_LEN);
        values = calloc(1, sizeof(*values) + sets.count * sizeof(uint64_t));
        names->cmd = ETHTOOL_GSTRINGS;
        names->string_set = ETH_SS_STATS;
        names->len = sets.count;
        request.ifr_data = (void *)names;
        cr_assert_eq(ioctl(socket_fd, SIOCETHTOOL, &request), 0);
        values->cmd = ETHTOOL_GSTATS;
        values->n_stats = sets.count;
        request.ifr_data = (void *)values;
        cr_assert_eq(ioctl(socket_fd, SIOCETHTOOL, &request), 0);
        for (uint32_t i = 0; i < sets.count; i++)
                if (strstr((char *)names->data + i * ETH_GSTRING_LEN, suffix))
                        sum += values->data[i];
        free(names);
        free(values);
        return sum;
}

static uint64_t statistic(const char *port, const char *suffix) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        uint64_t sum = statistic_sum(fd, port, suffix);

        close(fd);
        return sum;
}

uint64_t lab_xdp_packets(const char *port) {
        return statistic(port, "_xdp_packets");
}

uint64_t lab_queue_packets(const char *port, unsigned int queue) {
        char name[64];

        snprintf(name, sizeof(name), "rx_queue_%u_xdp_packets", queue);
        return statistic(port, name);
}

void lab_queues(unsigned int queues) {
        lab_run("ip link delete " LAB_PORT "; ip link add " LAB_PORT
                " numtxqueues %u numrxqueues %u type veth peer name " LAB_PEER
                " numtxqueues %u numrxqueues %u && for port in " LAB_PORT " " LAB_PEER
                "; do ip link set $port addrgenmode none && ip link set $port up || exit 1; done",
                queues, queues, queues, queues);
        lab_run("ethtool -K " LAB_PEER " gro on >/dev/null");
}

/* Runs the sender until it has run `count` times. */
static void sender_run(int fd, const uint8_t *packet, uint32_t bytes, uint64_t count) {
        struct xdp_md context = {.data_end = bytes, .ingress_ifindex = 1};
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = bytes,
                    .ctx_in = &context, .ctx_size_in = sizeof(context),
                    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
        int r = 0;

        while (count && !r) {
                options.repeat = (int)(count < 1000000 ? count : 1000000);
                r = bpf_prog_test_run_opts(fd, &options);
                count -= (uint64_t)options.repeat;
        }
        cr_assert_eq(r, 0, "BPF_PROG_RUN: %d", r);
}

/* What went into the other end's ring; the names of its failures start with the same words. */
static uint64_t taken_by_the_peer(const char *port) {
        return statistic(port, "_xdp_xmit") - statistic(port, "_xdp_xmit_errors");
}

uint64_t lab_send(const char *peer, const uint8_t *packet, uint32_t bytes, uint64_t count) {
        enum { AGAIN_MAX = 100 };
        struct sender_bpf *sender = sender_bpf__open();
        uint64_t sent = 0, before = taken_by_the_peer(peer);

        cr_assert(sender);
        sender->rodata->target = lab_ifindex(peer);
        cr_assert_eq(sender_bpf__load(sender), 0);
        for (int i = 0; i < AGAIN_MAX && sent < count; i++) {
                sender_run(bpf_program__fd(sender->progs.sender), packet, bytes, count - sent);
                sent = taken_by_the_peer(peer) - before;
        }
        sender_bpf__destroy(sender);
        return sent;
}

void lab_skip(const char *why) {
        const char *strict = getenv("XSKIM_NO_SKIP");

        if (strict && strict[0] == '1')
                cr_assert(0, "must not skip: %s", why);
        cr_skip("%s", why);
}

struct xskim_session *lab_session_open(const struct xskim_config *config) {
        struct xskim_session *session;

        cr_assert_eq(xskim_open(config, &session), 0, "%s", xskim_error_message());
        return session;
}

void lab_session_summary(struct xskim_session *session, struct xskim_snapshot *ret) {
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_snapshot(session, 0, ret), 0);
        xskim_close(session);
        lab_balanced(ret);
}

static void namespace_hold(void *context) {
        int *ready = context;

        if (unshare(CLONE_NEWNET) || write(ready[1], "x", 1) != 1)
                _exit(1);
        pause();
}

pid_t lab_namespace(void) {
        int ready[2];
        char byte;
        pid_t pid;

        cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
        pid = command_fork(namespace_hold, ready);
        cr_assert_eq(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        close(ready[1]);
        return pid;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that are not as usual: longer than a page, cut short, contradicting themselves. They are
 * counted to the byte and under the name of their fault, and passed on as they came.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xskim/xskim.h>

#include "command.h"
#include "lab.h"

TestSuite(oddities, .init = lab_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* Longer than a page: several buffers a packet. */
Test(oddities, jumbo_frames_are_counted_to_the_byte) {
        static const uint32_t sizes[] = {60, 1514, 3400, 4096, 8192, 9014};
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        uint8_t packet[9014];
        uint64_t bytes = 0;

        lab_run("ip link set " LAB_PORT " mtu 9000; ip link set " LAB_PEER " mtu 9000");
        lab_config(&config);
        session = lab_session_open(&config);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                lab_transmit(LAB_PEER, packet, lab_udp(packet, sizes[i], 1, 2), 100);
                bytes += 100 * sizes[i];
        }
        usleep(20000);
        lab_session_summary(session, &s);
        cr_expect_eq(s.ledger.seen, 600);
        cr_expect_eq(s.ledger.bytes, bytes, "%lu of %lu", s.ledger.bytes, bytes);
        cr_expect_eq(s.classes.udp, 600);
        cr_expect_eq(s.parse.complete, 600);
        cr_expect_eq(s.size.max, 9014);
        cr_expect_eq(s.ledger.decoded + s.ledger.ring_full, 600);
}

/* On veth, how long a packet can be is the peer's to say; the port's own MTU does not tell. */
Test(oddities, a_peer_with_a_longer_mtu_does_not_keep_the_port_from_being_watched) {
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        uint8_t packet[1514];

        lab_run("ip link set " LAB_PEER " mtu 9000");
        lab_config(&config);
        session = lab_session_open(&config);
        lab_transmit(LAB_PEER, packet, lab_udp(packet, sizeof(packet), 1, 2), 100);
        usleep(20000);
        lab_session_summary(session, &s);
        cr_expect_eq(s.ledger.seen, 100);
        cr_expect_eq(s.ledger.bytes, 100 * sizeof(packet));
}

static int namespace_enter(const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        cr_assert_geq(fd, 0, "%s", path);
        cr_assert_eq(setns(fd, CLONE_NEWNET), 0);
        return fd;
}

/* A datagram socket of another namespace, for this one's thread. */
static int socket_of(pid_t other) {
        int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), there, fd;
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/ns/net", other);
        there = namespace_enter(path);
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        cr_assert_geq(fd, 0);
        cr_assert_eq(setns(home, CLONE_NEWNET), 0);
        close(home);
        close(there);
        return fd;
}

/* A neighbour with a stack and an address of its own. */
static pid_t neighbour_make(void) {
        pid_t other = lab_namespace();

        lab_run("ip link set " LAB_PORT " mtu 9000 address " LAB_PORT_MAC);
        lab_run("ip address add " LAB_PORT_IP "/24 dev " LAB_PORT);
        lab_run("ip link set " LAB_PEER " netns %d", other);
        /* another namespace is another IPv6, which would greet its neighbours */
        lab_run("nsenter -t %d -n ip link set " LAB_PEER " addrgenmode none 2>/dev/null || :",
                other);
        lab_run("nsenter -t %d -n ip address add 10.0.0.1/24 dev " LAB_PEER, other);
        lab_run("nsenter -t %d -n ip link set " LAB_PEER " mtu 9000 up", other);
        lab_run("nsenter -t %d -n ip neighbour replace " LAB_PORT_IP " lladdr " LAB_PORT_MAC
                " dev " LAB_PEER,
                other);
        return other;
}

/* From stack to stack, with verdict pass: the datagrams of a whole MTU arrive as they were sent. */
Test(oddities, jumbo_datagrams_reach_the_host_and_are_counted_to_the_byte) {
        enum { DATAGRAMS = 500, PAYLOAD = 9000 - 28 };
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
        const struct timeval patience = {.tv_sec = 10};
        pid_t other = neighbour_make();
        int out = socket_of(other), in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        static uint8_t sent[PAYLOAD], got[PAYLOAD + 1];
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;

        inet_pton(AF_INET, LAB_PORT_IP, &to.sin_addr);
        cr_assert_eq(bind(in, (struct sockaddr *)&to, sizeof(to)), 0);
        setsockopt(in, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        lab_config(&config);
        config.verdict = XSKIM_VERDICT_PASS;
        session = lab_session_open(&config);
        for (int i = 0; i < DATAGRAMS; i++) {
                memset(sent, i, sizeof(sent));
                cr_assert_eq(sendto(out, sent, PAYLOAD, 0, (struct sockaddr *)&to, sizeof(to)),
                             PAYLOAD);
                cr_assert_eq(recv(in, got, sizeof(got), 0), PAYLOAD);
                cr_assert_arr_eq(got, sent, PAYLOAD);
        }
        lab_session_summary(session, &s);
        cr_expect_eq(s.classes.udp, DATAGRAMS);
        cr_expect_eq(s.ledger.seen, DATAGRAMS + s.classes.arp);
        cr_expect_eq(s.ledger.bytes, DATAGRAMS * 9014 + s.classes.arp * 42);
        cr_expect_eq(s.size.max, 9014);
        command_kill(other);
}

#define PARSE_OUTCOME(name_) offsetof(struct xskim_parse, name_)

/* The plain UDP packet, cut to `bytes`, with one byte changed. */
static struct bad_packet {
        char name[48]; /* no pointer: a case's parameters go to another process */
        uint32_t bytes;
        uint32_t at;
        uint8_t value;
        size_t outcome;
} bad_packets[] = {
        {"whole", 64, 22, 64, PARSE_OUTCOME(complete)},
        {"nothing after the EtherType", 14, 22, 64, PARSE_OUTCOME(cut_l3)},
        {"IPv4 header cut in its last byte", 33, 22, 64, PARSE_OUTCOME(cut_l3)},
        {"UDP header cut", 40, 22, 64, PARSE_OUTCOME(cut_l4)},
        {"another version than the EtherType's", 64, 14, 0x55, PARSE_OUTCOME(malformed)},
        {"header length below 20", 64, 14, 0x44, PARSE_OUTCOME(malformed)},
        {"header longer than the total length", 64, 14, 0x4f, PARSE_OUTCOME(malformed)},
        {"EtherType of a VLAN, tag missing", 14, 12, 0x81, PARSE_OUTCOME(cut_l2)},
};

ParameterizedTestParameters(oddities, bad_packets_are_counted_under_their_fault) {
        return cr_make_param_array(struct bad_packet, bad_packets,
                                   sizeof(bad_packets) / sizeof(*bad_packets));
}

ParameterizedTest(struct bad_packet *bad, oddities, bad_packets_are_counted_under_their_fault,
                  .init = lab_fresh) {
        bool no_ether_type = bad->outcome == PARSE_OUTCOME(cut_l2);
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        uint8_t packet[64];

        lab_udp(packet, sizeof(packet), 1, 2);
        packet[bad->at] = bad->value;
        lab_config(&config);
        session = lab_session_open(&config);
        cr_assert_eq(lab_send(LAB_PEER, packet, bad->bytes, 1000), 1000);
        lab_session_summary(session, &s);
        cr_expect_eq(s.ledger.seen, 1000);
        cr_expect_eq(s.ledger.bytes, 1000 * bad->bytes);
        cr_expect_eq(*(uint64_t *)((char *)&s.parse + bad->outcome), 1000, "%s", bad->name);
        cr_expect_eq(s.ledger.unparsable, no_ether_type ? 1000 : 0, "%s", bad->name);
        cr_expect_eq(s.ledger.malformed, 0, "that is said of records");
}

enum { TAGS = 5, EXTENSIONS = 9 };

/* Ethernet, five tags, and then something. */
static uint32_t tagged_deep(uint8_t *packet) {
        uint8_t *at = packet + 12;

        memset(packet, 0, 64);
        for (int i = 0; i < TAGS; i++, at += 4)
                memcpy(at, "\x88\xa8\x00\x64", 4);
        memcpy(at, "\x08\x00", 2);
        return 64;
}

/* Ethernet, IPv6, and nine extension headers of 8 bytes: destination options. */
static uint32_t extended_deep(uint8_t *packet) {
        enum { FIXED = 14 + 40, NO_NEXT = 59, OPTIONS = 60 };
        uint32_t bytes = FIXED + EXTENSIONS * 8;

        memset(packet, 0, bytes);
        memcpy(packet + 12, "\x86\xdd\x60", 3);
        packet[19] = EXTENSIONS * 8;
        packet[20] = OPTIONS;
        for (int i = 0; i < EXTENSIONS; i++)
                packet[FIXED + i * 8] = i + 1 < EXTENSIONS ? OPTIONS : NO_NEXT;
        return bytes;
}

/* As a packet socket sends them: of every length, and nested deeper than the parser follows. */
Test(oddities, every_length_and_any_depth_is_counted_to_the_byte) {
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        uint8_t packet[256];
        uint64_t sent = 0, bytes = 0;
        uint32_t length;

        lab_config(&config);
        session = lab_session_open(&config);
        for (length = 14; length <= 64; length++, sent++) {
                lab_udp(packet, 64, 1, 2);
                lab_transmit(LAB_PEER, packet, length, 1);
                bytes += length;
        }
        length = tagged_deep(packet);
        lab_transmit(LAB_PEER, packet, length, 1);
        bytes += length;
        length = extended_deep(packet);
        lab_transmit(LAB_PEER, packet, length, 1);
        bytes += length;
        usleep(20000);
        lab_session_summary(session, &s);
        cr_expect_eq(s.ledger.seen, sent + 2);
        cr_expect_eq(s.ledger.bytes, bytes);
        cr_expect_eq(s.ledger.decoded, sent + 2);
        cr_expect_eq(s.classes.ipv4, sent);
        cr_expect_eq(s.classes.ipv6, 1);
        cr_expect_eq(s.classes.vlan, 1);
        cr_expect_eq(s.classes.other_l3, 1);
        cr_expect_eq(s.parse.too_deep, 2);
        cr_expect_eq(s.parse.cut_l3, 34 - 14);
        cr_expect_eq(s.parse.cut_l4, 42 - 34);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The editing options of xskim replay, as they come out at the other end. What editing does to any
 * packet is in unit/editing.c. */
#include <criterion/criterion.h>
#include <string.h>

#include "lab.h"
#include "replaying.h"
#include "util.h"

TestSuite(player_edit, .init = replaying_begin, .fini = replaying_end, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* One packet, sent with these options: what arrives. */
#define EDITED(...)                                                                                \
        edited((const char *const[]){"replay", "--json", made, LAB_PORT, __VA_ARGS__, NULL})

static struct tape_packet edited(const char *const arguments[]) {
        struct judge judge = judge_start(LAB_PEER);
        struct command_result result = replaying_run(arguments);
        struct tape_packets received;

        cr_assert_eq(result.status, 0, "%s", result.err);
        received = judge_end(&judge);
        cr_assert_eq(received.count, 1);
        replaying_keep(received.packet[0].bytes);
        return *(struct tape_packet *)replaying_keep(received.packet);
}

static void make_one(uint32_t bytes, uint32_t captured) {
        uint8_t packet[1514];
        struct tape *tape = tape_open(made, TAPE_ETHERNET);

        tape_put(tape, 0, packet, lab_udp(packet, bytes, 1000, 2000) - bytes + captured, bytes);
        tape_close(tape);
}

Test(player_edit, addresses) {
        struct tape_packet packet;

        make_one(100, 100);
        packet = EDITED("--dst-mac", "02:11:22:33:44:55", "--src-mac", "02:66:77:88:99:aa",
                        "--src-net", "10.0.0.0/8=192.0.0.0", "--dst-net",
                        "10.0.0.2/32=198.51.100.7");
        cr_expect_eq(
                memcmp(packet.bytes, "\x02\x11\x22\x33\x44\x55\x02\x66\x77\x88\x99\xaa\x08", 13),
                0);
        cr_expect_eq(memcmp(packet.bytes + 26, "\xc0\x00\x00\x01\xc6\x33\x64\x07", 8), 0);
        cr_expect_eq(packet.captured, 100);
}

Test(player_edit, the_ports_address_and_its_neighbours) {
        struct tape_packet packet;

        make_one(100, 100);
        cr_expect_eq(REPLAY("--dst-mac", "neighbour", made, LAB_PORT).status, 1);
        lab_run("ip link set " LAB_PORT " address 02:00:00:00:00:77; ip neighbour add 10.0.0.9 "
                "lladdr 02:00:00:00:00:99 dev " LAB_PORT);
        packet = EDITED("--dst-mac", "neighbour", "--src-mac", "port");
        cr_expect_eq(memcmp(packet.bytes, "\2\0\0\0\0\x99\2\0\0\0\0\x77", 12), 0);
        lab_run("ip neighbour add 10.0.0.10 lladdr 02:00:00:00:00:9a dev " LAB_PORT);
        cr_expect_eq(REPLAY("--dst-mac", "neighbour", made, LAB_PORT).status, 1);
}

static uint8_t destinations[2][6] = {{0x02, 0xee, 0, 0, 0, 1}, {0x33, 0x33, 0, 0, 0, 1}};

static void make_to_one_and_to_all(void) {
        uint8_t packet[100];
        struct tape *tape = tape_open(made, TAPE_ETHERNET);

        lab_udp(packet, sizeof(packet), 1000, 2000);
        for (size_t i = 0; i < ARRAY_SIZE(destinations); i++) {
                memcpy(packet, destinations[i], 6);
                tape_put(tape, i, packet, sizeof(packet), sizeof(packet));
        }
        tape_close(tape);
}

/* Both packets, sent with these options. */
static struct tape_packets both_sent(const char *option, const char *value, const char *to) {
        struct judge judge = judge_start(LAB_PEER);
        struct command_result result = REPLAY(made, LAB_PORT, option, value);
        struct tape_packets received = judge_end(&judge);

        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_assert_eq(received.count, 2);
        cr_expect_eq(strncmp(report_text(&result, "destination") + strlen("{\"from\":\""), to,
                             strlen(to)),
                     0, "%s", result.out);
        return received;
}

static void as_captured(const char *option, const char *value) {
        struct tape_packets sent = tape_read(made), received = both_sent(option, value, "captured");

        tape_equal(&sent, &received, 1);
        tape_free(&sent);
        tape_free(&received);
}

/* Unasked only when it is sure to be meant: one neighbour; and groups stay groups. */
Test(player_edit, the_one_neighbour_gets_it_unless_told_otherwise) {
        struct tape_packets received;

        lab_run("ip link set " LAB_PORT " address 02:00:00:00:00:77");
        make_to_one_and_to_all();
        as_captured(NULL, NULL);
        lab_run("ip neighbour add 10.0.0.9 lladdr 02:00:00:00:00:99 dev " LAB_PORT);
        received = both_sent(NULL, NULL, "neighbour");
        cr_expect_eq(memcmp(received.packet[0].bytes, "\2\0\0\0\0\x99\2\0\0\0\0\x77\x08", 13), 0);
        cr_expect_eq(memcmp(received.packet[1].bytes, destinations[1], 6), 0);
        cr_expect_eq(memcmp(received.packet[1].bytes + 6, "\2\0\0\0\0\x77\x08", 7), 0);
        tape_free(&received);
        as_captured("--dst-mac", "captured");
        as_captured("--src-mac", "captured");
        lab_run("ip neighbour add 10.0.0.10 lladdr 02:00:00:00:00:9a dev " LAB_PORT);
        as_captured(NULL, NULL);
}

Test(player_edit, tags) {
        struct tape_packet packet;

        make_one(100, 100);
        packet = EDITED("--vlan-push", "300");
        cr_expect_eq(packet.captured, 104);
        cr_expect_eq(memcmp(packet.bytes + 12, "\x81\x00\x01\x2c\x08\x00\x45", 7), 0);
        packet = EDITED("--vlan-pop");
        cr_expect_eq(packet.captured, 100);
}

Test(player_edit, lengths) {
        struct command_result result;

        make_one(1000, 200);
        cr_expect_eq(EDITED("--truncate", "64").captured, 64);
        cr_expect_eq(EDITED("--pad").captured, 1000);
        cr_expect_eq(EDITED("--min-size", "512").captured, 512);
        result = REPLAY("--pad", made, LAB_PORT);
        cr_expect_eq(report_number(&result, "padded"), 1);
        cr_expect_eq(report_number(&result, "cut_short"), 0);
        result = REPLAY(made, LAB_PORT);
        cr_expect_eq(report_number(&result, "cut_short"), 1);
        result = REPLAY("--truncate", "100", made, LAB_PORT);
        cr_expect_eq(report_number(&result, "cut_short"), 0);
}

/* The MTU holds for what is sent, not for what was captured. */
Test(player_edit, what_fits_the_port_is_decided_in_the_end) {
        struct command_result result;

        lab_run("ip link set " LAB_PORT " mtu 500");
        make_one(1000, 1000);
        result = REPLAY(made, LAB_PORT);
        cr_expect_eq(report_number(&result, "too_long"), 1);
        result = REPLAY("--truncate", "514", made, LAB_PORT);
        cr_expect_eq(report_number(&result, "packets"), 1);
        make_one(514, 514);
        result = REPLAY("--vlan-push", "5", made, LAB_PORT);
        cr_expect_eq(report_number(&result, "packets"), 1);
        result = REPLAY("--min-size", "515", made, LAB_PORT);
        cr_expect_eq(report_number(&result, "too_long"), 1);
        make_one(1000, 100);
        result = REPLAY("--pad", made, LAB_PORT);
        cr_expect_eq(report_number(&result, "too_long"), 1);
}

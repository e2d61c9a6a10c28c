/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim watch --expect over a wire: captures sent by xskim replay and by tcpreplay are found whole;
 * what the test itself damages, drops, adds and copies is counted to the packet, and the exit
 * status says so.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "expecting.h"
#include "lab.h"
#include "replaying.h"

TestSuite(expect, .init = expecting_begin, .fini = expecting_end, .timeout = 300);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- whole ---- */

Test(expect, captures_that_are_replayed_arrive_whole) {
        const struct captures *captures = captures_here();

        for (uint32_t i = 0; i < captures->count; i++) {
                const char *path = captures->path[i], *engine = i % 2 ? "xdp" : "afxdp";
                struct command watch = WATCH("--expect", path, "--expect-loops", "2");
                struct command_result result;

                replaying_well(
                        REPLAY("--engine", engine, "--loop", "2", "--top-speed", path, LAB_PORT),
                        2 * packets_of(path));
                result = watch_end(&watch);
                all_is_well(&result, 2 * packets_of(path));
        }
}

Test(expect, captures_that_tcpreplay_sends_arrive_whole) {
        const struct captures *captures = captures_here();

        for (uint32_t i = 0; i < captures->count; i++) {
                struct command watch = WATCH("--expect", captures->path[i], "--sample", "1");
                struct command_result result;

                lab_run("tcpreplay --pps=20000 -i " LAB_PORT " %s >/dev/null 2>&1",
                        captures->path[i]);
                result = watch_end(&watch);
                all_is_well(&result, packets_of(captures->path[i]));
        }
}

/* ---- known damage ---- */

static void sum_fix(uint8_t *header) {
        uint32_t sum = 0;

        header[10] = header[11] = 0;
        for (int i = 0; i < 20; i += 2)
                sum += (uint32_t)(header[i] << 8 | header[i + 1]);
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        header[10] = (uint8_t)(~sum >> 8);
        header[11] = (uint8_t)~sum;
}

/* As a router leaves a packet: other addresses below, one hop less, other DSCP. */
static void route(struct tape_packet *packet) {
        uint8_t *bytes = packet->bytes;

        if (packet->captured < 34 || bytes[12] != 8 || bytes[13] || bytes[14] != 0x45)
                return;
        memcpy(bytes, "\x02\x0a\x0b\x0c\x0d\x0e\x02\x1a\x1b\x1c\x1d\x1e", 12);
        bytes[15] ^= 0x44;
        bytes[22]--;
        sum_fix(bytes + 14);
}

static bool is_alone(const struct tape_packets *packets, size_t which) {
        const struct tape_packet *one = &packets->packet[which];

        for (size_t i = 0; i < packets->count; i++)
                if (i != which && packets->packet[i].captured == one->captured &&
                    !memcmp(packets->packet[i].bytes + 14, one->bytes + 14, one->captured - 14))
                        return false;
        return true;
}

/* The next TCP packet from there with a payload, and no other is like it. */
static size_t with_payload(const struct tape_packets *packets, size_t from) {
        while (packets->packet[from].captured < 66 || packets->packet[from].bytes[23] != 6 ||
               packets->packet[from].bytes[17] < 50 || !is_alone(packets, from))
                from++;
        return from;
}

/* All but one as routed, one of them damaged in its last byte, one twice, and one that is foreign.
 */
static void damaged_write(const char *path) {
        static const uint8_t arp[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4};
        struct tape_packets packets = tape_read(path);
        size_t changed = with_payload(&packets, 100), lost = with_payload(&packets, 5000),
               copied = with_payload(&packets, 9000);
        struct tape *tape = tape_open(made, TAPE_ETHERNET);

        tape_put(tape, 0, arp, sizeof(arp), sizeof(arp));
        for (size_t i = 0; i < packets.count; i++) {
                struct tape_packet *packet = &packets.packet[i];

                route(packet);
                if (i == changed)
                        packet->bytes[14 + packet->bytes[17] - 1] ^= 1;
                for (int copies = (i != lost) + (i == copied); copies; copies--)
                        tape_put(tape, 0, packet->bytes, packet->captured, packet->wire);
        }
        tape_close(tape);
        tape_free(&packets);
}

Test(expect, what_a_path_did_is_counted_to_the_packet) {
        const char *path = capture_named("modbus-big");
        struct command watch = WATCH("--expect", path);
        uint64_t packets = packets_of(path);
        struct command_result result;
        struct xskim_expect e;

        damaged_write(path);
        replaying_well(REPLAY("--top-speed", made, LAB_PORT), packets + 1);
        result = watch_end(&watch);
        e = told(&result);
        cr_assert_eq(e.packets, packets);
        cr_assert_eq(e.matched, packets - 2, "%lu", e.matched);
        cr_assert_eq(e.changed, 1);
        cr_assert_eq(e.missing, 1);
        cr_assert_eq(e.duplicated, 1);
        cr_assert_eq(e.extra, 1);
        cr_assert(strstr(result.out, "\"extra_classes\":{\"ipv4\":0,\"ipv6\":0,\"arp\":1,"));
        cr_assert_eq(result.status, 3);
        cr_assert(strstr(result.err, "missing 1, changed 1, duplicated 1, extra 1."), "%s",
                  result.err);
}

/* Each of them alone makes the status 3. */
static struct command_result one_sent(uint8_t last, unsigned int copies) {
        struct command watch = WATCH("--expect", other);
        uint8_t packet[100];

        one_packet(packet, last);
        if (copies)
                lab_transmit(LAB_PORT, packet, sizeof(packet), copies);
        return watch_end(&watch);
}

Test(expect, each_fault_alone_is_an_exit_status_of_3) {
        struct command_result result;
        struct command watch;

        one_write(other, 7, 100, 1);
        result = one_sent(7, 1);
        all_is_well(&result, 1);
        result = one_sent(0, 0);
        cr_expect(result.status == 3 && told(&result).missing == 1);
        result = one_sent(8, 1);
        cr_expect(result.status == 3 && told(&result).changed == 1 && !told(&result).missing);
        result = one_sent(7, 2);
        cr_expect(result.status == 3 && told(&result).duplicated == 1);
        watch = WATCH("--expect", other);
        lab_transmit(LAB_PORT, (const uint8_t[60]){2, 1, [12] = 0x88, 0xb5}, 60, 1);
        result = watch_end(&watch);
        cr_expect(result.status == 3 && told(&result).extra == 1);
}

/* What is left of it is what a replay sends; the whole one may be the same or not. */
Test(expect, packets_that_the_capture_cut_short) {
        struct command_result result;
        struct command watch;

        one_write(other, 7, 60, 2);
        watch = WATCH("--expect", other);
        cr_assert_eq(REPLAY(other, LAB_PORT).status, 0);
        result = watch_end(&watch);
        all_is_well(&result, 2);
        result = one_sent(7, 1);
        cr_expect_eq(told(&result).incomparable, 1);
        cr_expect_eq(told(&result).missing, 1);
        cr_expect_eq(told(&result).extra, 0);
        result = one_sent(7, 2);
        cr_expect_eq(told(&result).incomparable, 2);
        cr_expect_eq(result.status, 0, "nothing is known to be wrong: %s", result.err);
}

Test(expect, only_what_the_filter_selects) {
        const char *path = capture_named("tcp-timestamps");
        struct command watch = WATCH("--expect", path, "--expect-filter", "less 100");
        uint64_t packets = packets_of(path);
        struct command_result result;
        struct xskim_expect e;

        replaying_well(REPLAY("--top-speed", path, LAB_PORT), packets);
        result = watch_end(&watch);
        e = told(&result);
        cr_expect_eq(e.matched, e.packets);
        cr_expect_eq(e.missing, 0);
        cr_expect_eq(e.extra, packets - e.packets);
        cr_expect_gt(e.packets, 0);
        cr_expect_lt(e.packets, packets);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim replay --stamp over a veth into a session with --transit: every packet that got a stamp is
 * found, once, whole and in order; tshark says that the checksums are as right as they were; and
 * what got no stamp is what was captured.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xskim/xskim.h>

#include "captures.h"
#include "lab.h"
#include "replaying.h"
#include "stamp.h"
#include "tshark.h"
#include "util.h"

TestSuite(player_stamp, .init = replaying_begin, .fini = replaying_end, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

enum { MTU_BYTES = 1514, HEADERS = 42 };

static const char *const ENGINES[] = {"xdp", "afxdp"};

/* ---- real captures ---- */

static void captures_need(struct captures *captures) {
        captures_find(captures);
        if (!captures->count)
                test_skip("no captures in %s (XSKIM_CAPTURES)", captures_directory());
        /* one of them has packets with two tags */
        lab_run("ip link set " LAB_PORT " mtu 1600; ip link set " LAB_PEER " mtu 1600");
}

/* Round after round in the same memory, with both engines. */
Test(player_stamp, every_stamp_of_a_capture_is_found, .timeout = 300) {
        static struct captures captures;

        captures_need(&captures);
        for (uint32_t c = 0; c < captures.count; c++)
                for (size_t i = 0; i < ARRAY_SIZE(ENGINES); i++) {
                        struct xskim_session *session = replaying_far_end(XSKIM_VERDICT_DROP);
                        struct command_result result =
                                REPLAY("--stamp", "--engine", ENGINES[i], "--loop", "3", "--rate",
                                       "50kpps", captures.path[c], LAB_PORT);

                        replaying_all_came(&result, session);
                }
}

enum { LINE = 256 };

/* What tshark says of the checksums of each packet, a line a packet. */
static FILE *checksums_open(const char *path) {
        char command[1024];
        FILE *output;

        snprintf(command, sizeof(command),
                 "tshark -n " CLASSES_TSHARK " -o ip.check_checksum:TRUE "
                 "-o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE "
                 "-o tcp.desegment_tcp_streams:FALSE -r '%s' -T fields -e ip.checksum.status "
                 "-e tcp.checksum.status -e udp.checksum.status -e icmp.checksum.status "
                 "-e icmpv6.checksum.status 2>/dev/null",
                 path);
        output = popen(command, "r");
        cr_assert(output);
        return output;
}

/* Returns how many packets have a right transport checksum. */
static unsigned int checksums_equal(const char *path, const char *other_path) {
        FILE *one = checksums_open(path), *other = checksums_open(other_path);
        char line[LINE], other_line[LINE];
        unsigned int right = 0, number = 0;

        while (fgets(line, sizeof(line), one)) {
                cr_assert(fgets(other_line, sizeof(other_line), other), "packet %u", number);
                cr_assert_str_eq(line, other_line, "%s, packet %u", path, number);
                right += strchr(strchr(line, '\t'), '1') != NULL;
                number++;
        }
        cr_assert(!fgets(other_line, sizeof(other_line), other));
        pclose(one);
        pclose(other);
        return right;
}

/* Replays it with this option, and leaves what came in `made`, what the capture cut off marked as
 * such. */
static struct tape_packets passed_on(const char *path, const char *option, const char *engine) {
        struct judge judge = judge_start(LAB_PEER);
        struct xskim_session *session = replaying_far_end(XSKIM_VERDICT_PASS);
        struct command_result result =
                REPLAY(option, "--engine", engine, "--rate", "20kpps", path, LAB_PORT);
        struct tape_packets received = judge_end(&judge);
        struct tape_packets sent = tape_read(path);
        struct tape *tape = tape_open(made, TAPE_ETHERNET);

        replaying_all_came(&result, session);
        cr_assert_eq(received.count, sent.count);
        for (size_t i = 0; i < received.count; i++) {
                const struct tape_packet *packet = &received.packet[i];
                uint32_t cut = sent.packet[i].wire - sent.packet[i].captured;

                tape_put(tape, i, packet->bytes, packet->captured, packet->captured + cut);
        }
        tape_close(tape);
        tape_free(&sent);
        return received;
}

Test(player_stamp, checksums_are_as_right_as_they_were, .timeout = 300) {
        static struct captures captures;
        const char *why;
        unsigned int right = 0;

        captures_need(&captures);
        if (!tshark_usable(&why))
                test_skip("%s", why);
        for (uint32_t c = 0; c < captures.count; c++) {
                const char *option = c % 2 ? "--stamp" : "--stamp-over";
                struct tape_packets received =
                        passed_on(captures.path[c], option, ENGINES[c / 2 % 2]);

                tape_free(&received);
                right += checksums_equal(captures.path[c], made);
        }
        cr_expect_gt(right, 100);
}

/* ---- lengths ---- */

/* A packet of each length that UDP has on this port. */
static char lengths_made[96];

static void lengths_make(void) {
        uint8_t packet[MTU_BYTES];
        struct tape *tape;

        snprintf(lengths_made, sizeof(lengths_made), "%s-lengths", made);
        tape = tape_open(lengths_made, TAPE_ETHERNET);
        for (uint32_t bytes = HEADERS; bytes <= MTU_BYTES; bytes++)
                tape_put(tape, 0, packet, lab_udp(packet, bytes, 1000, 2000), bytes);
        tape_close(tape);
}

static uint32_t length_stamped(uint32_t bytes, bool over) {
        return over || bytes + XSKIM_STAMP_BYTES > MTU_BYTES ? bytes : bytes + XSKIM_STAMP_BYTES;
}

/* Judged by tcpdump: as long as they are to be, and each stamp where it belongs. */
static void lengths_are(bool over) {
        struct tape_packets received;
        struct stamp_reading reading;
        uint64_t stamped = 0;

        lengths_make();
        received = passed_on(lengths_made, over ? "--stamp-over" : "--stamp", "afxdp");
        unlink(lengths_made);
        cr_assert_eq(received.count, MTU_BYTES - HEADERS + 1);
        for (uint32_t i = 0; i < received.count; i++) {
                const struct tape_packet *packet = &received.packet[i];
                bool fits = !over || i >= XSKIM_STAMP_BYTES;

                cr_expect_eq(packet->captured, length_stamped(HEADERS + i, over), "%u", i);
                cr_expect_eq(stamp_read(packet->bytes, packet->captured, &reading),
                             fits ? STAMP_done : STAMP_absent);
                if (fits)
                        cr_expect_eq(reading.sequence, stamped++);
        }
        tape_free(&received);
}

Test(player_stamp, packets_grow_where_the_port_takes_that) {
        lengths_are(false);
}

Test(player_stamp, lengths_stay_over_the_payload) {
        lengths_are(true);
}

/* ---- what carries none ---- */

/* One of each reason. */
static void unstampable_make(void) {
        struct tape *tape = tape_open(made, TAPE_ETHERNET);
        uint8_t udp[100], changed[100] = {2};

        lab_udp(udp, sizeof(udp), 1, 2);
        changed[12] = 0x08;
        changed[13] = 0x06;
        tape_put(tape, 0, changed, 60, 60); /* ARP: not_ip */
        tape_put(tape, 0, udp, 80, 100);    /* cut */
        memcpy(changed, udp, sizeof(udp));
        changed[14] = 0x41;
        tape_put(tape, 0, changed, 100, 100); /* malformed: a header of 4 bytes */
        memcpy(changed, udp, sizeof(udp));
        changed[20] = 0x20;
        tape_put(tape, 0, changed, 100, 100); /* fragment */
        memcpy(changed, udp, sizeof(udp));
        changed[23] = 132;
        tape_put(tape, 0, changed, 100, 100); /* protocol: SCTP */
        memcpy(changed, udp, sizeof(udp));
        changed[39]--;
        tape_put(tape, 0, changed, 100, 100);               /* length: UDP says another one */
        tape_put(tape, 0, udp, lab_udp(udp, 60, 1, 2), 60); /* small */
        tape_close(tape);
}

Test(player_stamp, what_carries_none_is_sent_as_it_is_and_counted) {
        static const char *const reasons[] = {"not_ip",   "cut",    "malformed", "fragment",
                                              "protocol", "length", "small"};
        struct tape_packets sent, received;
        struct judge judge = judge_start(LAB_PEER);
        struct command_result result;

        unstampable_make();
        sent = tape_read(made);
        result = REPLAY("--stamp-over", "--loop", "3", "--top-speed", made, LAB_PORT);
        received = judge_end(&judge);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(report_number(&result, "stamped"), 0);
        cr_expect_eq(report_number(&result, "unstamped"), 3 * ARRAY_SIZE(reasons));
        for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
                cr_expect_eq(report_number(&result, reasons[i]), 3, "%s", reasons[i]);
        tape_equal(&sent, &received, 3);
        tape_free(&sent);
        tape_free(&received);
}

Test(player_stamp, without_it_there_are_no_stamps) {
        struct command_result result;

        replaying_make(10, 0);
        result = REPLAY("--top-speed", made, LAB_PORT);
        cr_expect_eq(strncmp(report_text(&result, "stamps"), "null", 4), 0);
}

/* ---- ends ---- */

static void stampable_make(unsigned int packets) {
        struct tape *tape = tape_open(made, TAPE_ETHERNET);
        uint8_t packet[MTU_BYTES];

        for (unsigned int i = 0; i < packets; i++) {
                uint32_t bytes = HEADERS + i * 31 % 200;

                tape_put(tape, i * NS_A_MS, packet, lab_udp(packet, bytes, (uint16_t)i, 2), bytes);
        }
        tape_close(tape);
}

Test(player_stamp, numbers_are_whole_wherever_it_ends) {
        for (size_t i = 0; i < ARRAY_SIZE(ENGINES); i++) {
                struct xskim_session *session = replaying_far_end(XSKIM_VERDICT_DROP);
                struct command_result result;
                struct command command;
                double first_run;

                stampable_make(100);
                result = REPLAY("--stamp", "--limit", "777", "--loop", "0", "--rate", "20kpps",
                                "--engine", ENGINES[i], made, LAB_PORT);
                cr_expect_eq(report_number(&result, "stamped"), 777);
                first_run = report_number(&result, "run");
                replaying_all_came(&result, session);
                session = replaying_far_end(XSKIM_VERDICT_DROP);
                command = COMMAND_START(NULL, "replay", "--json", "--stamp", "--loop", "0",
                                        "--rate", "20kpps", "--engine", ENGINES[i], made, LAB_PORT);
                usleep(300000);
                kill(command.pid, SIGINT);
                result = replaying_wait(&command);
                cr_expect_neq(report_number(&result, "run"), first_run);
                replaying_all_came(&result, session);
        }
}

/* ---- time ---- */

/* At top speed packets share a reading of the clock, but few of them. */
Test(player_stamp, packets_of_one_time_are_few) {
        static const uint32_t most[] = {64, 16};

        for (size_t i = 0; i < ARRAY_SIZE(ENGINES); i++) {
                struct judge judge = judge_start(LAB_PEER);
                struct tape_packets received;
                struct stamp_reading reading;
                uint64_t time_ns = 0;
                uint32_t same = 0;

                stampable_make(500);
                REPLAY("--stamp", "--top-speed", "--engine", ENGINES[i], made, LAB_PORT);
                received = judge_end(&judge);
                cr_assert_eq(received.count, 500);
                for (size_t p = 0; p < received.count; p++) {
                        cr_assert_eq(stamp_read(received.packet[p].bytes,
                                                received.packet[p].captured, &reading),
                                     STAMP_done);
                        cr_assert_geq(reading.sent_ns, time_ns);
                        same = reading.sent_ns == time_ns ? same + 1 : 1;
                        cr_assert_leq(same, most[i]);
                        time_ns = reading.sent_ns;
                }
                tape_free(&received);
        }
}

/* ---- many ---- */

#define MANY "300000"
enum { ATTEMPTS = 5 };

/* Every packet is told apart: it came, or xskim says that its record was lost. */
static uint64_t many_unrecorded(const char *packets) {
        static struct xskim_snapshot s;
        struct xskim_session *session = replaying_far_end(XSKIM_VERDICT_DROP);
        struct command_result result =
                REPLAY("--stamp", "--engine", "xdp", "--loop", "0", "--limit", packets, "--rate",
                       "200kpps", made, LAB_PORT);

        usleep(100000);
        lab_session_summary(session, &s);
        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_assert_eq(report_number(&result, "stamped"), strtod(packets, NULL));
        cr_assert_eq(report_number(&result, "port_dropped"), 0);
        cr_assert_eq(s.ledger.stamped, report_number(&result, "stamped"));
        cr_assert_eq(s.transit.sum.received + s.transit.unrecorded, s.ledger.stamped);
        /* the time is that of each sending, not of the first round's, nor of the start */
        cr_assert_lt((double)s.transit.sum.latency.quantiles[XSKIM_P50].value,
                     report_number(&result, "duration_s") * 1e9 / 10);
        cr_assert_leq(s.transit.sum.lost, s.transit.unrecorded);
        cr_assert_eq(s.transit.sum.duplicated + s.transit.sum.corrupted, 0);
        cr_log_info("%lu received, %lu lost, %lu unrecorded", s.transit.sum.received,
                    s.transit.sum.lost, s.transit.unrecorded);
        return s.transit.unrecorded;
}

/* Ten million by XSKIM_TEST_PACKETS=10000000. Where others keep the collector from its CPU, the
 * best of some runs counts. */
Test(player_stamp, every_one_of_many_packets_comes, .timeout = 400) {
        const char *packets = getenv("XSKIM_TEST_PACKETS");
        uint64_t unrecorded;
        int left = ATTEMPTS;

        stampable_make(1000);
        do
                unrecorded = many_unrecorded(packets ? packets : MANY);
        while (unrecorded && --left);
        cr_expect_eq(unrecorded, 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What xskim replay reads: plain, compressed, from a pipe, selected by a filter; what it refuses,
 * and what it makes of captures that are damaged or do not fit the port.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "captures.h"
#include "command.h"
#include "lab.h"
#include "replaying.h"
#include "util.h"

TestSuite(player_input, .init = replaying_begin, .fini = replaying_end, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- what is read ---- */

static void arrives_from(const char *shell, unsigned int rounds) {
        struct tape_packets sent = tape_read(made), received;
        struct judge judge = judge_start(LAB_PEER);

        /* the shell's last line may end in a comment; the standard output is the test's report */
        lab_run("(%s\n) >/dev/null", shell);
        received = judge_end(&judge);
        tape_equal(&sent, &received, rounds);
        tape_free(&sent);
        tape_free(&received);
}

/* In several members and frames too, as pigz and split archives make them. */
Test(player_input, compressed_captures_and_pipes_are_read) {
        static const char *const ways[] = {
                "gzip -c %s >%s.z; timeout 20 " XSKIM_COMMAND " replay --top-speed %s.z " LAB_PORT,
                "zstd -qfo %2$s.z %1$s; timeout 20 " XSKIM_COMMAND
                " replay --top-speed %3$s.z " LAB_PORT,
                "(head -c 70001 %s | gzip; tail -c +70002 %s | gzip) | timeout 20 " XSKIM_COMMAND
                " replay --top-speed - " LAB_PORT " # %s",
                "(head -c 70001 %s | zstd; tail -c +70002 %s | zstd) | timeout 20 " XSKIM_COMMAND
                " replay --top-speed - " LAB_PORT " # %s",
                "cat %s | timeout 20 " XSKIM_COMMAND " replay --top-speed - " LAB_PORT " # %s %s",
                "timeout 20 " XSKIM_COMMAND " replay --top-speed - " LAB_PORT " <%s # %s %s",
        };

        replaying_make(MADE_PACKETS, 1000);
        for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
                char shell[512];

                snprintf(shell, sizeof(shell), ways[i], made, made, made);
                arrives_from(shell, 1);
        }
        lab_run("rm %s.z", made);
}

Test(player_input, a_filter_selects) {
        uint8_t packet[200];
        struct tape *tape = tape_open(made, TAPE_ETHERNET);
        struct command_result result;

        for (uint16_t port = 1; port <= 100; port++)
                tape_put(tape, port, packet, lab_udp(packet, 200, port, 53), 200);
        tape_close(tape);
        result = REPLAY("--filter", "udp src portrange 11-30", made, LAB_PORT);
        cr_expect_eq(report_number(&result, "packets"), 20);
        cr_expect_eq(report_number(&result, "filtered"), 80);
        cr_expect_eq(report_number(&result, "skipped"), 0);
        result = REPLAY("--filter", "no such words", made, LAB_PORT);
        cr_expect_eq(result.status, 2);
        cr_expect(strstr(result.err, "no such words"), "%s", result.err);
}

Test(player_input, packets_that_do_not_fit_are_counted) {
        uint8_t bytes[4000] = {2, [12] = 8};
        struct tape *tape = tape_open(made, TAPE_ETHERNET);
        struct command_result result;

        tape_put(tape, 0, bytes, 13, 13);
        tape_put(tape, 1, bytes, 14, 60);
        tape_put(tape, 2, bytes, 1514, 1514);
        tape_put(tape, 3, bytes, 1515, 1515);
        memcpy(bytes + 12, "\x81\x00", 2);
        tape_put(tape, 4, bytes, 1518, 1518);
        tape_put(tape, 5, bytes, 1519, 1519);
        tape_close(tape);
        result = REPLAY(made, LAB_PORT);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(report_number(&result, "packets"), 3);
        cr_expect_eq(report_number(&result, "port_packets"), 3);
        cr_expect_eq(report_number(&result, "bytes"), 14 + 1514 + 1518);
        cr_expect_eq(report_number(&result, "skipped"), 3);
        cr_expect_eq(report_number(&result, "too_short"), 1);
        cr_expect_eq(report_number(&result, "too_long"), 2);
        cr_expect_eq(report_number(&result, "cut_short"), 1);
}

/* ---- refusals ---- */

static void refused(struct command_result result, int status, const char *words) {
        cr_expect_eq(result.status, status, "%s: status %d", words, result.status);
        cr_expect(strstr(result.err, words), "\"%s\" is not in: %s", words, result.err);
}

Test(player_input, bad_captures_are_refused_by_name) {
        struct tape *tape = tape_open(made, TAPE_RAW_IP);

        tape_close(tape);
        refused(REPLAY(made, LAB_PORT), 1, "not Ethernet");
        tape_close(tape_open(made, TAPE_ETHERNET));
        refused(REPLAY(made, LAB_PORT), 1, "no packet that can be sent");
        lab_run("echo nothing like a capture, whatever it is >%s", made);
        refused(REPLAY(made, LAB_PORT), 1, "cannot be read as a capture");
        lab_run(": >%s", made);
        refused(REPLAY(made, LAB_PORT), 1, "cannot be read as a capture");
        refused(REPLAY("/nowhere/to/be.found", LAB_PORT), 1, "No such file");
        refused(REPLAY("/dev/null", LAB_PORT), 1, "/dev/null");
}

/* What was whole is sent; the message says where it ends. */
Test(player_input, a_torn_capture_is_sent_as_far_as_it_is_whole) {
        struct command_result result;

        replaying_make(10, NS_A_MS);
        lab_run("truncate -s -7 %s", made);
        result = REPLAY(made, LAB_PORT);
        cr_expect_eq(report_number(&result, "packets"), 9);
        refused(result, 1, "record 10 cannot be read");
        replaying_make(10, NS_A_MS);
        /* the captured length of the first record, far beyond any packet */
        lab_run("printf '\\377\\377\\377\\177' | dd of=%s bs=1 seek=32 conv=notrunc status=none",
                made);
        refused(REPLAY(made, LAB_PORT), 1, "record 1 cannot be read");
}

Test(player_input, torn_compressed_captures_are_told) {
        static const char *const tools[] = {"gzip -c", "zstd -qc"};

        for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
                replaying_make(MADE_PACKETS, 1000);
                lab_run("%s %s | head -c 200000 >%s.z; mv %s.z %s", tools[i], made, made, made,
                        made);
                refused(REPLAY("--top-speed", made, LAB_PORT), 1,
                        "damaged or cut off behind record");
                replaying_make(MADE_PACKETS, 1000);
                lab_run("%s %s >%s.z; mv %s.z %s; printf 'xxxxxxxx' | dd of=%s bs=1 seek=100000 "
                        "conv=notrunc status=none",
                        tools[i], made, made, made, made, made);
                refused(REPLAY("--top-speed", made, LAB_PORT), 1, "record");
        }
}

Test(player_input, bad_rest_is_skipped_when_asked) {
        struct command_result result;

        replaying_make(10, NS_A_MS);
        lab_run("truncate -s -7 %s", made);
        result = REPLAY("--skip-bad", "--loop", "2", made, LAB_PORT);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(report_number(&result, "packets"), 18);
        cr_expect_eq(report_number(&result, "unreadable"), 1);
}

Test(player_input, ports_that_cannot_be_sent_to_are_refused) {
        replaying_make(10, NS_A_MS);
        refused(REPLAY(made, "absent0"), 1, "no such network interface");
        lab_run("ethtool -K " LAB_PEER " gro off >/dev/null");
        refused(REPLAY("--engine", "xdp", made, LAB_PORT), 5, "ethtool -K PEER gro on");
        lab_run("ip link set " LAB_PORT " down");
        refused(REPLAY(made, LAB_PORT), 1, "is down");
        refused(REPLAY("--speed", "2", "--top-speed", made, LAB_PORT), 2, "give one of");
        refused(REPLAY("--rate", "5", made, LAB_PORT), 2, "2Mpps");
        refused(REPLAY(made), 2, "give a FILE and a PORT");
}

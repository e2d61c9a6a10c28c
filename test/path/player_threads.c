/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim replay --threads on a veth with several queues: together the threads send what one would,
 * the packets of a flow in their order, at the times of the whole capture, and end as one.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xskim/skip.h>

#include "lab.h"
#include "replaying.h"
#include "util.h"

enum { QUEUES = 4, THREADS = 2, NUMBER_AT = 42, PORT_AT = 34, BYTES = 100, PACKETS_MAX = 20000 };

static const char *const ENGINES[] = {"xdp", "afxdp"};

static void begin(void) {
        replaying_begin();
        lab_queues(QUEUES);
        if (sysconf(_SC_NPROCESSORS_ONLN) < THREADS)
                lab_skip("two threads want two CPUs");
}

TestSuite(player_threads, .init = begin, .fini = replaying_end, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- numbered packets of some flows ---- */

static void number_put(struct tape *tape, uint32_t number, uint16_t flow, uint64_t time_ns) {
        uint8_t packet[BYTES];

        lab_udp(packet, BYTES, flow, 9);
        memcpy(packet + NUMBER_AT, &number, sizeof(number));
        tape_put(tape, time_ns, packet, BYTES, BYTES);
}

static void flows_make(uint32_t packets, uint16_t flows, uint64_t gap_ns) {
        struct tape *tape = tape_open(made, TAPE_ETHERNET);
        __u64 random = 11;

        for (uint32_t i = 0; i < packets; i++)
                number_put(tape, i, (uint16_t)(1000 + xskim_random_next(&random) % flows),
                           i * gap_ns);
        tape_close(tape);
}

static uint32_t number_of(const struct tape_packet *packet) {
        uint32_t number;

        cr_assert_eq(packet->captured, BYTES);
        memcpy(&number, packet->bytes + NUMBER_AT, sizeof(number));
        return number;
}

static uint16_t flow_of(const struct tape_packet *packet) {
        return (uint16_t)(packet->bytes[PORT_AT] << 8 | packet->bytes[PORT_AT + 1]);
}

/* The first `count` packets of the rounds of `sent`, each to the byte, and each flow in order. */
static void flows_equal(const struct tape_packets *sent, const struct tape_packets *received,
                        uint64_t count) {
        static uint32_t came[PACKETS_MAX];
        static int64_t last[1 << 16];

        cr_assert_eq(received->count, count);
        memset(came, 0, sizeof(came));
        memset(last, 0xff, sizeof(last));
        for (size_t i = 0; i < received->count; i++) {
                const struct tape_packet *packet = &received->packet[i];
                uint32_t number = number_of(packet);
                uint16_t flow = flow_of(packet);
                int64_t place;

                cr_assert_lt(number, sent->count);
                cr_assert_eq(memcmp(packet->bytes, sent->packet[number].bytes, BYTES), 0);
                place = (int64_t)(came[number]++ * sent->count + number);
                cr_assert_gt(place, last[flow], "flow %u: %ld came behind %ld", flow, place,
                             last[flow]);
                last[flow] = place;
        }
        for (uint32_t n = 0; n < sent->count; n++)
                cr_assert_eq(came[n], count / sent->count + (n < count % sent->count), "%u", n);
}

/* ---- what arrives ---- */

static void arrive(const char *engine, const char *pace, const char *value) {
        uint64_t before[QUEUES];
        struct tape_packets sent = tape_read(made), received;
        struct judge judge = judge_start(LAB_PEER);
        struct xskim_session *session = replaying_far_end(XSKIM_VERDICT_PASS);
        struct command_result result;

        for (unsigned int q = 0; q < QUEUES; q++)
                before[q] = lab_queue_packets(LAB_PEER, q);
        result = REPLAY("--threads", "2", "--stamp-over", "--engine", engine, "--loop", "3", made,
                        LAB_PORT, pace, value);
        received = judge_end(&judge);
        replaying_all_came(&result, session);
        cr_expect_eq(report_number(&result, "packets"), 3 * sent.count);
        cr_expect_eq(report_number(&result, "rounds"), 3);
        cr_expect_eq(report_number(&result, "stamped"), 3 * sent.count);
        for (unsigned int q = 0; q < THREADS; q++)
                cr_expect_gt(lab_queue_packets(LAB_PEER, q) - before[q], sent.count, "%s: queue %u",
                             engine, q);
        /* stamps lie behind the numbers */
        for (size_t i = 0; i < received.count; i++)
                memcpy(received.packet[i].bytes + BYTES - 32,
                       sent.packet[number_of(&received.packet[i])].bytes + BYTES - 32, 32);
        for (size_t i = 0; i < received.count; i++)
                memcpy(received.packet[i].bytes + 40,
                       sent.packet[number_of(&received.packet[i])].bytes + 40, 2);
        flows_equal(&sent, &received, 3 * sent.count);
        tape_free(&sent);
        tape_free(&received);
}

Test(player_threads, every_packet_arrives_and_each_flow_in_order) {
        flows_make(5000, 64, 20000);
        for (size_t i = 0; i < ARRAY_SIZE(ENGINES); i++) {
                arrive(ENGINES[i], "--speed", "1");
                arrive(ENGINES[i], "--rate", "20kpps");
                arrive(ENGINES[i], "--top-speed", NULL);
        }
}

/* ---- one schedule ---- */

enum { ATTEMPTS = 5 };

static int compare(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

/* Judged by tcpdump: how far the 90th of 100 packets is from where the whole capture has it. */
static double error_judged(void) {
        static double errors[PACKETS_MAX];
        struct tape_packets sent = tape_read(made), received;
        struct judge judge = judge_start(LAB_PEER);
        double base;

        replaying_well(REPLAY("--threads", "2", made, LAB_PORT), sent.count);
        received = judge_end(&judge);
        flows_equal(&sent, &received, sent.count);
        for (size_t i = 0; i < received.count; i++)
                errors[i] = (double)(received.packet[i].time_ns -
                                     sent.packet[number_of(&received.packet[i])].time_ns);
        qsort(errors, received.count, sizeof(errors[0]), compare);
        base = errors[received.count / 2];
        for (size_t i = 0; i < received.count; i++)
                errors[i] = fabs(errors[i] - base);
        qsort(errors, received.count, sizeof(errors[0]), compare);
        tape_free(&sent);
        tape_free(&received);
        return errors[sent.count * 9 / 10];
}

Test(player_threads, captured_timing_is_that_of_the_whole_capture) {
        double error_ns = 1e9;

        flows_make(500, 16, NS_A_MS);
        for (int left = ATTEMPTS; error_ns > 1e6 && left; left--)
                error_ns = error_judged();
        cr_expect_lt(error_ns, 1e6);
}

Test(player_threads, the_rate_is_that_of_all) {
        struct command_result result;
        double duration_s = 0;

        flows_make(2000, 16, 0);
        for (int left = ATTEMPTS; fabs(duration_s - 0.2) > 0.02 && left; left--) {
                result = REPLAY("--threads", "2", "--rate", "10kpps", made, LAB_PORT);
                duration_s = report_number(&result, "duration_s");
        }
        cr_expect_float_eq(duration_s, 0.2, 0.02);
}

/* ---- ends ---- */

/* The first so many of the whole, whichever threads they go by. */
Test(player_threads, the_limit_is_that_of_all) {
        static const char *const limits[] = {"1", "777", "1000", "1500"};

        flows_make(1000, 16, 0);
        for (size_t i = 0; i < ARRAY_SIZE(limits) * ARRAY_SIZE(ENGINES); i++) {
                const char *limit = limits[i / 2];
                struct tape_packets sent = tape_read(made), received;
                struct judge judge = judge_start(LAB_PEER);

                replaying_well(REPLAY("--threads", "2", "--limit", limit, "--loop", "0",
                                      "--top-speed", "--engine", ENGINES[i % 2], made, LAB_PORT),
                               strtoull(limit, NULL, 10));
                received = judge_end(&judge);
                flows_equal(&sent, &received, strtoull(limit, NULL, 10));
                tape_free(&sent);
                tape_free(&received);
        }
}

Test(player_threads, the_duration_is_that_of_all) {
        struct command_result result;

        flows_make(100, 16, 0);
        result = REPLAY("--threads", "2", "--loop", "0", "--rate", "10kpps", "--duration", "100ms",
                        made, LAB_PORT);
        cr_expect_eq(result.status, 0);
        cr_expect_eq(report_number(&result, "packets"), 1000);
}

Test(player_threads, a_signal_ends_all_of_them) {
        struct xskim_session *session = replaying_far_end(XSKIM_VERDICT_DROP);
        struct command_result result;
        struct command command;

        flows_make(100, 16, 0);
        command = COMMAND_START(NULL, "replay", "--json", "--stamp", "--threads", "2", "--loop",
                                "0", "--rate", "20kpps", made, LAB_PORT);
        usleep(500000);
        kill(command.pid, SIGINT);
        result = replaying_wait(&command);
        cr_expect_eq(strncmp(report_text(&result, "stopped"), "true", 4), 0);
        replaying_all_came(&result, session);
}

Test(player_threads, a_thread_that_has_nothing_to_send_ends, .timeout = 30) {
        struct command_result result;

        flows_make(100, 1, 0);
        result = REPLAY("--threads", "2", "--loop", "3", "--rate", "20kpps", made, LAB_PORT);
        replaying_well(result, 300);
        cr_expect_eq(report_number(&result, "rounds"), 3);
        /* beyond the first round, so that it goes round in memory */
        replaying_well(REPLAY("--threads", "2", "--loop", "0", "--limit", "150", made, LAB_PORT),
                       150);
}

/* By the library, which tells more than the command prints. */
Test(player_threads, the_report_is_of_all_threads) {
        static struct xskim_replay_report report;
        const struct xskim_replay_watch watch = {0};
        struct xskim_replay_config config;
        struct xskim_replay *replay;
        uint64_t packets = 0;

        flows_make(1000, 64, 10000);
        xskim_replay_config_init(&config);
        config.file = made;
        config.port = LAB_PORT;
        config.threads = THREADS;
        config.rounds = 2;
        cr_assert_eq(xskim_replay_open(&config, &replay), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_replay_run(replay, &watch, &report), 0, "%s", xskim_error_message());
        xskim_replay_close(replay);
        cr_expect_eq(report.sent.progress.packets, 2000);
        cr_expect_eq(report.sent.progress.bytes, 2000 * BYTES);
        cr_expect_eq(report.error_ns.count, 2000);
        cr_expect_eq(report.thread_count, THREADS);
        for (unsigned int i = 0; i < report.thread_count; i++) {
                cr_expect_gt(report.threads[i].packets, 500);
                packets += report.threads[i].packets;
        }
        cr_expect_eq(packets, 2000);
}

/* Its last packet goes with a chunk that others have filled. */
Test(player_threads, a_flow_that_ends_early_is_told_of_the_rounds_end, .timeout = 30) {
        enum { PACKETS = 12000 };
        struct tape *tape = tape_open(made, TAPE_ETHERNET);
        struct tape_packets sent, received;
        struct judge judge = judge_start(LAB_PEER);

        for (uint32_t i = 0; i < PACKETS; i++)
                number_put(tape, i, (uint16_t)(i < 100 ? 1000 + i % 16 : 1), i);
        tape_close(tape);
        sent = tape_read(made);
        replaying_well(REPLAY("--threads", "2", "--loop", "2", "--rate", "50kpps", made, LAB_PORT),
                       2 * PACKETS);
        received = judge_end(&judge);
        flows_equal(&sent, &received, 2 * PACKETS);
        tape_free(&sent);
        tape_free(&received);
}

/* More than the belts hold, most of it one flow: it streams, and is read again. */
Test(player_threads, a_long_lopsided_capture_streams) {
        enum { PACKETS = 100000 };
        struct tape *tape = tape_open(made, TAPE_ETHERNET);
        uint8_t packet[1000];

        for (uint32_t i = 0; i < PACKETS; i++)
                tape_put(tape, i, packet,
                         lab_udp(packet, sizeof(packet), (uint16_t)(i % 1000 ? 1 : i / 1000), 9),
                         sizeof(packet));
        tape_close(tape);
        replaying_well(REPLAY("--threads", "2", "--loop", "2", "--top-speed", made, LAB_PORT),
                       2 * PACKETS);
}

static uint32_t threads_of(const struct command_result *result) {
        const char *place = report_text(result, "threads"), *end = strchr(place, ']');
        uint32_t count = 0;

        while ((place = strstr(place + 1, "\"packets\":")) && place < end)
                count++;
        return count;
}

/* As many as there are queues, where they are worth it and nobody says how many. */
Test(player_threads, top_speed_takes_all_queues) {
        struct command_result result;

        flows_make(1000, 16, 0);
        result = REPLAY("--engine", "afxdp", "--top-speed", made, LAB_PORT);
        replaying_well(result, 1000);
        cr_expect_eq(threads_of(&result), THREADS, "%s", result.out);
        result = REPLAY("--engine", "afxdp", "--top-speed", "--threads", "1", made, LAB_PORT);
        replaying_well(result, 1000);
        cr_expect_eq(threads_of(&result), 1, "%s", result.out);
        result = REPLAY("--engine", "xdp", "--top-speed", made, LAB_PORT);
        replaying_well(result, 1000);
        cr_expect_eq(threads_of(&result), 1, "%s", result.out);
        result = REPLAY("--engine", "afxdp", "--rate", "50kpps", made, LAB_PORT);
        replaying_well(result, 1000);
        cr_expect_eq(threads_of(&result), 1, "%s", result.out);
        lab_queues(1);
        result = REPLAY("--engine", "afxdp", "--top-speed", made, LAB_PORT);
        replaying_well(result, 1000);
        cr_expect_eq(threads_of(&result), 1, "%s", result.out);
}

Test(player_threads, more_than_there_are_queues_or_cpus_is_refused) {
        struct command_result result;

        flows_make(10, 1, 0);
        result = REPLAY("--threads", "64", made, LAB_PORT);
        cr_expect_eq(result.status, 1);
        cr_expect(strstr(result.err, "64 threads want a CPU each"), "%s", result.err);
        lab_queues(1);
        result = REPLAY("--threads", "2", "--engine", "afxdp", made, LAB_PORT);
        cr_expect_eq(result.status, 1);
        cr_expect(strstr(result.err, "2 threads want a TX queue each"), "%s", result.err);
        result = REPLAY("--threads", "2", made, LAB_PORT);
        replaying_well(result, 10);
        cr_expect(strstr(report_text(&result, "engine_why"), "TX queues"), "%s", result.out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The load of an experiment and its receiver. Every packet that the load says it sent is received,
 * or counted where it was lost; the kernel's counters and tcpdump are the judges.
 */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "hosts.h"
#include "lab.h"
#include "log.h"
#include "quantile.h"
#include "stand.h"

TestSuite(load, .init = lab_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

enum { LOAD_FRAME_BYTES = 2048 /* more than tcpdump keeps of one */ };

/* ---- every packet is accounted for ---- */

Test(load, below_capacity_all_that_is_sent_is_received) {
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_stack};
        struct stand s = stand_open(&plan);
        struct load_result result = stand_run(&s, 20000, 100);
        struct receiver_counts counts;

        cr_expect_eq(result.sent + result.behind, 2000);
        cr_expect_eq(stand_accounted(&s, result.sent), result.sent);
        counts = stand_counts(&s);
        cr_expect_eq(counts.packets, result.sent);
        cr_expect_eq(counts.bytes, result.sent * 60);
        cr_expect_eq(counts.overrun, 0);
        cr_expect_eq(stand_packets(&s), result.sent, "by the port");
        cr_expect_eq(result.bytes, result.sent * 60);
        cr_expect_eq(result.refused, 0);
        stand_close(&s);
}

Test(load, at_top_speed_every_packet_is_accounted_for_on_each_path) {
        const enum xskim_bench_path paths[] = {XSKIM_BENCH_PATH_stack, XSKIM_BENCH_PATH_drop,
                                               XSKIM_BENCH_PATH_forward};

        for (int i = 0; i < 3; i++) {
                struct stand_plan plan = {.path = paths[i]};
                struct stand s = stand_open(&plan);
                struct load_result result = stand_run(&s, 0, 100);

                cr_expect_gt(result.sent, 1000, "path %d", paths[i]);
                cr_expect_eq(stand_accounted(&s, result.sent), result.sent, "path %d", paths[i]);
                cr_expect_eq(load_sent(s.load), result.sent);
                stand_close(&s);
        }
}

Test(load, what_the_socket_had_no_room_for_is_counted) {
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_stack, .same_cpu = true};
        struct stand s = stand_open(&plan);
        struct load_result result = stand_run(&s, 0, 200);

        cr_expect_eq(stand_accounted(&s, result.sent), result.sent);
        cr_expect_gt(stand_counts(&s).overrun, 0);
        stand_close(&s);
}

Test(load, bulk_tcp_arrives_byte_by_byte) {
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_tcp};
        struct stand s = stand_open(&plan);
        struct load_result result = stand_run(&s, 0, 100);

        for (int i = 0; i < 200 && stand_counts(&s).bytes != result.bytes; i++)
                usleep(10000);
        cr_expect_gt(result.bytes, 1000000);
        cr_expect_eq(stand_counts(&s).bytes, result.bytes);
        cr_expect_eq(stand_counts(&s).packets, result.bytes / LOAD_TCP_BYTES);
        cr_expect_eq(result.sent, result.bytes / LOAD_TCP_BYTES);
        cr_expect_null(load_packet(s.load, &(uint32_t){0}));
        stand_close(&s);
}

/* ---- at a rate ---- */

Test(load, a_rate_is_kept_to_the_packet) {
        static const uint64_t rates[] = {1, 10, 333, 1000, 7919, 50000};
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_drop};
        struct stand s = stand_open(&plan);
        uint64_t all = 0;

        for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
                struct load_result result = stand_run(&s, rates[i], 100);

                /* behind: somebody else had the CPU at the very end */
                cr_expect_eq(result.sent + result.behind, (rates[i] + 9) / 10,
                             "%lu packets/s: %lu and %lu", rates[i], result.sent, result.behind);
                cr_expect_geq(result.end_ns - result.start_ns,
                              (result.sent - 1) * 1000000000 / rates[i]);
                all += result.sent;
        }
        cr_expect_eq(stand_packets(&s), all);
        stand_close(&s);
}

Test(load, too_much_falls_behind_and_says_by_how_much) {
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_drop};
        struct stand s = stand_open(&plan);
        /* 10 ns a packet */
        struct load_result result = stand_run(&s, 100000000, 20);

        cr_expect_gt(result.behind, 0);
        cr_expect_eq(result.sent + result.behind, 2000000, "none was skipped");
        cr_expect_eq(stand_accounted(&s, result.sent), result.sent);
        cr_expect_gt(result.late_p99_ns, 1000000);
        stand_close(&s);
}

static const struct xskim_pace_mark *mark_in(const struct hosts_frame *frame) {
        return (const struct xskim_pace_mark *)(frame->bytes + LOAD_HEADER_BYTES);
}

static uint64_t unix_minus_monotonic(void) {
        return clock_unix_ns() - clock_monotonic_ns();
}

/* By the marks, which is what latency is taken from, and by the kernel's clock in tcpdump. */
Test(load, packets_say_when_they_are_due_and_none_is_early) {
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_stack};
        struct stand s = stand_open(&plan);
        uint64_t offset = unix_minus_monotonic(), start_ns;
        uint32_t run = load_run_next(s.load);
        struct hosts_judge judge;
        struct hosts_frames frames;
        struct load_result result;

        cr_assert_eq(arena_enter(s.arena, ARENA_RECEIVER), 0);
        judge = hosts_judge_here(s.arena->rx.name);
        cr_assert_eq(arena_leave(s.arena), 0);
        result = stand_run(&s, 7919, 200);
        frames = hosts_judge_end(&judge);
        cr_expect_eq(result.sent + result.behind, 1584);
        cr_assert_eq(frames.count, result.sent);
        cr_expect_eq(result.run, run);
        start_ns = result.start_ns;
        for (uint32_t i = 0; i < frames.count; i++) {
                const struct xskim_pace_mark *mark = mark_in(&frames.frames[i]);

                cr_assert_eq(mark->magic, XSKIM_PACE_MAGIC);
                cr_assert_eq(mark->run, run);
                cr_assert_eq(mark->due_ns, start_ns + (uint64_t)i * 1000000000 / 7919, "%u", i);
                /* clocks are steered: 100 us in a second is more than any is */
                cr_assert_geq(frames.frames[i].unix_ns - offset + 100000, mark->due_ns, "%u", i);
        }
        hosts_frames_free(&frames);
        stand_close(&s);
}

Test(load, a_run_ends_when_it_is_told_to) {
        struct load_order long_one = {.pps = 1000, .duration_ns = 3600000000000};
        struct load_order again = {.pps = 1000};
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_drop};
        struct stand s = stand_open(&plan);
        struct load_result result;

        cr_expect_eq(load_stop(s.load, true, &result), -EINVAL);
        cr_assert_eq(load_start(s.load, &long_one), 0);
        cr_expect_eq(load_start(s.load, &again), -EBUSY);
        usleep(50000);
        cr_expect_eq(load_stop(s.load, true, &result), 0);
        cr_expect_gt(result.sent, 0);
        cr_expect_lt(result.end_ns - result.start_ns, 60000000000);
        cr_expect_eq(stand_accounted(&s, result.sent), result.sent);
        /* one after the other, each for itself */
        cr_assert_eq(load_start(s.load, &again), 0);
        cr_expect_lt(load_sent(s.load), result.sent + 1);
        stand_close(&s);
}

Test(load, a_port_that_goes_away_ends_the_run) {
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_drop, .tx = LAB_PEER, .rx = LAB_PORT};
        struct load_order order = {0};
        struct load_result result;
        struct stand s;

        lab_run("ethtool -K " LAB_PORT " gro on > /dev/null");
        s = stand_open(&plan);
        lab_run("ip link delete " LAB_PORT);
        cr_assert_eq(load_start(s.load, &order), 0);
        usleep(300000);
        cr_expect_eq(load_stop(s.load, true, &result), -ENETDOWN, "%s", error_message());
        cr_expect_gt(result.refused, 0);
        stand_close(&s);
}

Test(load, packets_of_impossible_length_are_refused) {
        struct arena_config config = {.path = XSKIM_BENCH_PATH_drop};
        struct arena *arena;
        struct load *load = NULL;

        cr_assert_eq(arena_open(&config, &arena), 0);
        for (uint32_t bytes = 63; bytes <= 1519; bytes += 1519 - 63) {
                struct load_config wrong = {.arena = arena, .packet_bytes = bytes, .cpu = -1};

                cr_expect_eq(load_open(&wrong, &load), -EINVAL);
                cr_expect(strstr(error_message(), "64 to 1518"), "%s", error_message());
                error_clear();
        }
        arena_close(arena);
}

/* ---- latency ---- */

/* A packet with a mark of ours, through the stack of the sender. */
static void mark_send(const struct stand *s, struct xskim_pace_mark mark, uint32_t times) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(ARENA_UDP_PORT)};
        int fd;

        memcpy(&to.sin_addr, s->arena->rx_address, sizeof(to.sin_addr));
        cr_assert_eq(arena_enter(s->arena, ARENA_SENDER), 0);
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(arena_leave(s->arena), 0);
        while (times--)
                cr_assert_eq(sendto(fd, &mark, sizeof(mark), 0, (struct sockaddr *)&to, sizeof(to)),
                             sizeof(mark), "%s", strerror(errno));
        close(fd);
}

/* The delay is known because the mark says that it was due a while ago. */
Test(load, latency_counts_from_when_a_packet_was_due) {
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_stack};
        struct stand s = stand_open(&plan);
        uint64_t begin_ns = clock_monotonic_ns(), took_ns;
        struct xskim_pace_mark mark = {.magic = XSKIM_PACE_MAGIC, .run = 77};
        struct xskim_distribution d;
        struct histogram_view view;

        receiver_latency_begin(s.receiver, 77);
        mark.due_ns = begin_ns - 1000000000;
        mark_send(&s, mark, 95);
        mark.due_ns = begin_ns - 60000000000;
        mark_send(&s, mark, 5);
        view = histogram_view(receiver_latency_end(s.receiver));
        took_ns = clock_monotonic_ns() - begin_ns;
        quantile_fill(&view, &d);
        cr_expect_eq(d.count, 100);
        cr_expect_geq(d.min, 1000000000);
        cr_expect_leq(d.quantiles[XSKIM_P90].value, (1000000000 + took_ns) * 1.006);
        cr_expect_geq(d.quantiles[XSKIM_P99].value, 60000000000 * 0.994);
        cr_expect_leq(d.max, 60000000000 + took_ns);
        stand_close(&s);
}

Test(load, latency_is_of_one_run_and_begins_empty) {
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_stack};
        struct stand s = stand_open(&plan);
        struct xskim_pace_mark mark = {.magic = XSKIM_PACE_MAGIC, .run = 5};

        receiver_latency_begin(s.receiver, 6);
        mark_send(&s, mark, 3);
        mark.due_ns = clock_monotonic_ns();
        mark_send(&s, mark, 10);
        mark.run = 6;
        mark.magic = 1;
        mark_send(&s, mark, 10);
        mark.magic = XSKIM_PACE_MAGIC;
        mark_send(&s, mark, 4);
        cr_expect_eq(receiver_latency_end(s.receiver)->samples, 4);
        cr_expect_eq(stand_counts(&s).packets, 27, "all are counted");
        mark_send(&s, mark, 4);
        cr_expect_eq(stand_accounted(&s, 31), 31);
        receiver_latency_begin(s.receiver, 6);
        cr_expect_eq(receiver_latency_end(s.receiver)->samples, 0);
        stand_close(&s);
}

Test(load, latency_is_taken_of_each_packet_of_a_rate_on_stack_and_forward) {
        const enum xskim_bench_path paths[] = {XSKIM_BENCH_PATH_stack, XSKIM_BENCH_PATH_forward};

        for (int i = 0; i < 2; i++) {
                struct stand_plan plan = {.path = paths[i]};
                struct stand s = stand_open(&plan);
                const struct histogram *latency;
                struct load_result result;

                receiver_latency_begin(s.receiver, load_run_next(s.load));
                result = stand_run(&s, 5000, 100);
                cr_expect_eq(result.sent + result.behind, 500);
                latency = receiver_latency_end(s.receiver);
                cr_expect_eq(latency->samples, result.sent, "path %d", paths[i]);
                cr_expect_gt(histogram_min(latency), 0);
                /* the next one is another run */
                stand_run(&s, 5000, 10);
                cr_expect_eq(latency->samples, result.sent, "path %d", paths[i]);
                stand_close(&s);
        }
}

/* ---- on the wire ---- */

/* Of the shares of a mix, tcpdump's frames of each length. */
static void sizes_judge(const struct stand_plan *plan) {
        struct stand s = stand_open(plan);
        uint64_t on_wire = 0, of[LOAD_FRAME_BYTES] = {0};
        struct hosts_judge judge;
        struct hosts_frames frames;
        struct load_result result;

        cr_assert_eq(arena_enter(s.arena, ARENA_RECEIVER), 0);
        judge = hosts_judge_here(s.arena->rx.name);
        cr_assert_eq(arena_leave(s.arena), 0);
        result = stand_run(&s, 12000, 100);
        cr_expect_eq(stand_accounted(&s, result.sent), result.sent);
        frames = hosts_judge_end(&judge);
        cr_expect_eq(frames.count, result.sent);
        for (uint32_t i = 0; i < frames.count; i++) {
                on_wire += frames.frames[i].length;
                of[frames.frames[i].length]++;
        }
        cr_expect_eq(on_wire, result.bytes);
        if (!plan->mix)
                cr_expect_eq(of[plan->packet_bytes - LOAD_FCS_BYTES], result.sent);
        else if (!result.behind)
                cr_expect(of[60] == 700 && of[590] == 400 && of[1514] == 100);
        /* the kernel took them, so its checks of length and checksum passed */
        cr_expect_eq(stand_counts(&s).packets, result.sent);
        cr_expect_eq(stand_counts(&s).bytes, on_wire);
        hosts_frames_free(&frames);
        stand_close(&s);
}

Test(load, packets_have_the_lengths_that_were_asked_for) {
        static const uint32_t sizes[] = {64, 65, 512, 1518};

        for (int i = 0; i < 4; i++)
                sizes_judge(&(struct stand_plan){.path = XSKIM_BENCH_PATH_stack,
                                                 .packet_bytes = sizes[i]});
        sizes_judge(&(struct stand_plan){.path = XSKIM_BENCH_PATH_stack, .mix = true});
}

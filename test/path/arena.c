/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an experiment is made of: the arena, the load, the receiver. Every packet that the load says
 * it sent is received, or counted where it was lost; the kernel's counters and tcpdump are the
 * judges.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "arena.h"
#include "clock.h"
#include "hosts.h"
#include "lab.h"
#include "load.h"
#include "log.h"
#include "netdev.h"
#include "netdev_sent.h"
#include "quantile.h"
#include "receiver.h"

TestSuite(arena, .init = lab_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- a stand: all three together ---- */

struct stand {
        struct arena *arena;
        struct load *load;
        struct receiver *receiver;
        int link; /* the program of the port under test */
};

struct plan {
        enum xskim_bench_path path;
        uint32_t packet_bytes; /* 0: 64 */
        bool mix;
        const char *tx;
        const char *rx;
        bool same_cpu; /* the reader gets the CPU only when the load leaves it */
};

/* What the conditions do otherwise: pass, drop, or redirect to `out`. */
static int port_program(const struct arena *arena) {
        struct bpf_insn verdict[] = {
                {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS},
                {.code = BPF_JMP | BPF_EXIT},
        };
        struct bpf_insn redirect[] = {
                {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = arena->out.ifindex},
                {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2},
                {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
                {.code = BPF_JMP | BPF_EXIT},
        };
        bool forward = arena->path == XSKIM_BENCH_PATH_forward;
        int fd;

        verdict[0].imm = arena->path == XSKIM_BENCH_PATH_drop ? XDP_DROP : XDP_PASS;
        fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "under_test", "GPL", forward ? redirect : verdict,
                           forward ? 4 : 2, NULL);
        cr_assert_geq(fd, 0, "%s", strerror(errno));
        return fd;
}

static void program_put(struct stand *s) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        int fd = port_program(s->arena);

        cr_assert_eq(arena_enter(s->arena, ARENA_RECEIVER), 0);
        s->link = bpf_link_create(fd, s->arena->rx.ifindex, BPF_XDP, &options);
        cr_assert_eq(arena_leave(s->arena), 0);
        cr_assert_geq(s->link, 0, "%s", strerror(errno));
        close(fd);
}

static struct stand stand_open(const struct plan *plan) {
        struct arena_config arena = {.path = plan->path, .tx_port = plan->tx, .rx_port = plan->rx};
        struct stand s = {.link = -1};
        struct receiver_config receiver = {.cpu = plan->same_cpu ? 0 : 1};
        struct load_config load = {.packet_bytes = plan->mix            ? XSKIM_BENCH_IMIX
                                                   : plan->packet_bytes ? plan->packet_bytes
                                                                        : 64,
                                   .cpu = 0};

        cr_assert_eq(arena_open(&arena, &s.arena), 0, "%s", error_message());
        receiver.arena = load.arena = s.arena;
        if (plan->path != XSKIM_BENCH_PATH_stack && plan->path != XSKIM_BENCH_PATH_tcp)
                program_put(&s);
        cr_assert_eq(receiver_open(&receiver, &s.receiver), 0, "%s", error_message());
        cr_assert_eq(load_open(&load, &s.load), 0, "%s", error_message());
        return s;
}

static void stand_close(struct stand *s) {
        load_close(s->load);
        receiver_close(s->receiver);
        if (s->link >= 0)
                close(s->link);
        arena_close(s->arena);
}

static struct receiver_counts counts_of(const struct stand *s) {
        struct receiver_counts counts;

        cr_assert_eq(receiver_counts(s->receiver, &counts), 0, "%s", error_message());
        return counts;
}

/* Frames that the port to the one under test had no room for, by its own counters. */
static uint64_t port_drops(const struct stand *s) {
        struct xskim_replay_port_sent sent;

        cr_assert_eq(arena_enter(s->arena, ARENA_SENDER), 0);
        cr_assert_eq(netdev_sent(s->arena->tx.ifindex, &sent), 0);
        cr_assert_eq(arena_leave(s->arena), 0);
        return sent.dropped;
}

static uint64_t port_packets(const struct stand *s) {
        struct netdev_counters counters;

        cr_assert_eq(arena_enter(s->arena, ARENA_RECEIVER), 0);
        cr_assert_eq(netdev_counters(s->arena->rx.ifindex, &counters), 0);
        cr_assert_eq(arena_leave(s->arena), 0);
        return counters.packets;
}

static struct load_result load_run(const struct stand *s, uint64_t pps, uint64_t ms) {
        struct load_order order = {.pps = pps, .duration_ns = ms * 1000000};
        struct load_result result;

        if (!pps)
                order.duration_ns = 0;
        cr_assert_eq(load_start(s->load, &order), 0, "%s", error_message());
        if (!pps)
                usleep((useconds_t)ms * 1000);
        cr_assert_eq(load_stop(s->load, !pps, &result), 0, "%s", error_message());
        return result;
}

/* Everything that is accounted for, once it is `sent` or no more comes for two seconds: the reader
 * may have to wait for a CPU. */
static uint64_t accounted(const struct stand *s, uint64_t sent) {
        struct receiver_counts counts;
        uint64_t sum = 0, before = 1;

        for (int idle = 0; idle < 200 && sum != sent; idle = sum == before ? idle + 1 : 0) {
                before = sum;
                usleep(10000);
                counts = counts_of(s);
                sum = counts.packets + counts.overrun + port_drops(s);
        }
        return sum;
}

/* ---- every packet is accounted for ---- */

Test(arena, below_capacity_all_that_is_sent_is_received) {
        struct plan plan = {.path = XSKIM_BENCH_PATH_stack};
        struct stand s = stand_open(&plan);
        struct load_result result = load_run(&s, 20000, 100);
        struct receiver_counts counts;

        cr_expect_eq(result.sent, 2000);
        cr_expect_eq(accounted(&s, 2000), 2000);
        counts = counts_of(&s);
        cr_expect_eq(counts.packets, 2000);
        cr_expect_eq(counts.bytes, 2000 * 60);
        cr_expect_eq(counts.overrun, 0);
        cr_expect_eq(port_packets(&s), 2000, "by the port");
        cr_expect_eq(result.bytes, 2000 * 60);
        cr_expect_eq(result.refused, 0);
        stand_close(&s);
}

Test(arena, at_top_speed_every_packet_is_accounted_for_on_each_path) {
        const enum xskim_bench_path paths[] = {XSKIM_BENCH_PATH_stack, XSKIM_BENCH_PATH_drop,
                                               XSKIM_BENCH_PATH_forward};

        for (int i = 0; i < 3; i++) {
                struct plan plan = {.path = paths[i]};
                struct stand s = stand_open(&plan);
                struct load_result result = load_run(&s, 0, 100);

                cr_expect_gt(result.sent, 1000, "path %d", paths[i]);
                cr_expect_eq(accounted(&s, result.sent), result.sent, "path %d", paths[i]);
                cr_expect_eq(load_sent(s.load), result.sent);
                stand_close(&s);
        }
}

Test(arena, what_the_socket_had_no_room_for_is_counted) {
        struct plan plan = {.path = XSKIM_BENCH_PATH_stack, .same_cpu = true};
        struct stand s = stand_open(&plan);
        struct load_result result = load_run(&s, 0, 200);

        cr_expect_eq(accounted(&s, result.sent), result.sent);
        cr_expect_gt(counts_of(&s).overrun, 0);
        stand_close(&s);
}

Test(arena, bulk_tcp_arrives_byte_by_byte) {
        struct plan plan = {.path = XSKIM_BENCH_PATH_tcp};
        struct stand s = stand_open(&plan);
        struct load_result result = load_run(&s, 0, 100);

        for (int i = 0; i < 200 && counts_of(&s).bytes != result.bytes; i++)
                usleep(10000);
        cr_expect_gt(result.bytes, 1000000);
        cr_expect_eq(counts_of(&s).bytes, result.bytes);
        cr_expect_eq(counts_of(&s).packets, result.bytes / LOAD_TCP_BYTES);
        cr_expect_eq(result.sent, result.bytes / LOAD_TCP_BYTES);
        cr_expect_null(load_packet(s.load, &(uint32_t){0}));
        stand_close(&s);
}

/* ---- at a rate ---- */

Test(arena, a_rate_is_kept_to_the_packet) {
        static const uint64_t rates[] = {1, 10, 333, 1000, 7919, 50000};
        struct plan plan = {.path = XSKIM_BENCH_PATH_drop};
        struct stand s = stand_open(&plan);
        uint64_t all = 0;

        for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
                struct load_result result = load_run(&s, rates[i], 100);

                /* behind: somebody else had the CPU at the very end */
                cr_expect_eq(result.sent + result.behind, (rates[i] + 9) / 10,
                             "%lu packets/s: %lu and %lu", rates[i], result.sent, result.behind);
                cr_expect_geq(result.end_ns - result.start_ns,
                              (result.sent - 1) * 1000000000 / rates[i]);
                all += result.sent;
        }
        cr_expect_eq(port_packets(&s), all);
        stand_close(&s);
}

Test(arena, too_much_falls_behind_and_says_by_how_much) {
        struct plan plan = {.path = XSKIM_BENCH_PATH_drop};
        struct stand s = stand_open(&plan);
        /* 10 ns a packet */
        struct load_result result = load_run(&s, 100000000, 20);

        cr_expect_gt(result.behind, 0);
        cr_expect_eq(result.sent + result.behind, 2000000, "none was skipped");
        cr_expect_eq(accounted(&s, result.sent), result.sent);
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
Test(arena, packets_say_when_they_are_due_and_none_is_early) {
        struct plan plan = {.path = XSKIM_BENCH_PATH_stack};
        struct stand s = stand_open(&plan);
        uint64_t offset = unix_minus_monotonic(), start_ns;
        uint32_t run = load_run_next(s.load);
        struct hosts_judge judge;
        struct hosts_frames frames;
        struct load_result result;

        cr_assert_eq(arena_enter(s.arena, ARENA_RECEIVER), 0);
        judge = hosts_judge_here(s.arena->rx.name);
        cr_assert_eq(arena_leave(s.arena), 0);
        result = load_run(&s, 7919, 200);
        frames = hosts_judge_end(&judge);
        cr_assert_eq(frames.count, 1584);
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

Test(arena, a_run_ends_when_it_is_told_to) {
        struct load_order long_one = {.pps = 1000, .duration_ns = 3600000000000};
        struct load_order again = {.pps = 1000};
        struct plan plan = {.path = XSKIM_BENCH_PATH_drop};
        struct stand s = stand_open(&plan);
        struct load_result result;

        cr_expect_eq(load_stop(s.load, true, &result), -EINVAL);
        cr_assert_eq(load_start(s.load, &long_one), 0);
        cr_expect_eq(load_start(s.load, &again), -EBUSY);
        usleep(50000);
        cr_expect_eq(load_stop(s.load, true, &result), 0);
        cr_expect_gt(result.sent, 0);
        cr_expect_lt(result.end_ns - result.start_ns, 60000000000);
        cr_expect_eq(accounted(&s, result.sent), result.sent);
        /* one after the other, each for itself */
        cr_assert_eq(load_start(s.load, &again), 0);
        cr_expect_lt(load_sent(s.load), result.sent + 1);
        stand_close(&s);
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
Test(arena, latency_counts_from_when_a_packet_was_due) {
        struct plan plan = {.path = XSKIM_BENCH_PATH_stack};
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

Test(arena, latency_is_of_one_run_and_begins_empty) {
        struct plan plan = {.path = XSKIM_BENCH_PATH_stack};
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
        cr_expect_eq(counts_of(&s).packets, 27, "all are counted");
        mark_send(&s, mark, 4);
        cr_expect_eq(accounted(&s, 31), 31);
        receiver_latency_begin(s.receiver, 6);
        cr_expect_eq(receiver_latency_end(s.receiver)->samples, 0);
        stand_close(&s);
}

Test(arena, latency_is_taken_of_each_packet_of_a_rate_on_stack_and_forward) {
        const enum xskim_bench_path paths[] = {XSKIM_BENCH_PATH_stack, XSKIM_BENCH_PATH_forward};

        for (int i = 0; i < 2; i++) {
                struct plan plan = {.path = paths[i]};
                struct stand s = stand_open(&plan);
                const struct histogram *latency;

                receiver_latency_begin(s.receiver, load_run_next(s.load));
                cr_assert_eq(load_run(&s, 5000, 100).sent, 500);
                latency = receiver_latency_end(s.receiver);
                cr_expect_eq(latency->samples, 500, "path %d", paths[i]);
                cr_expect_gt(histogram_min(latency), 0);
                /* the next one is another run */
                load_run(&s, 5000, 10);
                cr_expect_eq(latency->samples, 500, "path %d", paths[i]);
                stand_close(&s);
        }
}

/* ---- on the wire ---- */

static void sizes_judge(const struct plan *plan, uint32_t packets, uint64_t bytes) {
        struct stand s = stand_open(plan);
        struct hosts_judge judge;
        struct hosts_frames frames;
        uint64_t on_wire = 0;

        cr_assert_eq(arena_enter(s.arena, ARENA_RECEIVER), 0);
        judge = hosts_judge_here(s.arena->rx.name);
        cr_assert_eq(arena_leave(s.arena), 0);
        cr_assert_eq(load_run(&s, 12000, 100).bytes, bytes);
        cr_expect_eq(accounted(&s, packets), packets);
        frames = hosts_judge_end(&judge);
        cr_expect_eq(frames.count, packets);
        for (uint32_t i = 0; i < frames.count; i++) {
                cr_assert(plan->mix || frames.frames[i].length == plan->packet_bytes - 4);
                on_wire += frames.frames[i].length;
        }
        cr_expect_eq(on_wire, bytes);
        /* the kernel took them, so its checks of length and checksum passed */
        cr_expect_eq(counts_of(&s).packets, packets);
        cr_expect_eq(counts_of(&s).bytes, bytes);
        hosts_frames_free(&frames);
        stand_close(&s);
}

Test(arena, packets_have_the_lengths_that_were_asked_for) {
        static const uint32_t sizes[] = {64, 65, 512, 1518};

        for (int i = 0; i < 4; i++)
                sizes_judge(
                        &(struct plan){.path = XSKIM_BENCH_PATH_stack, .packet_bytes = sizes[i]},
                        1200, 1200 * (sizes[i] - 4));
        sizes_judge(&(struct plan){.path = XSKIM_BENCH_PATH_stack, .mix = true}, 1200,
                    700 * 60 + 400 * 590 + 100 * 1514);
}

Test(arena, its_wires_are_silent_until_the_load_sends) {
        struct arena_config config = {.path = XSKIM_BENCH_PATH_forward};
        struct arena *arena;
        struct hosts_judge rx, out;
        struct hosts_frames on_rx, on_out;

        cr_assert_eq(arena_open(&config, &arena), 0, "%s", error_message());
        cr_assert_eq(arena_enter(arena, ARENA_RECEIVER), 0);
        rx = hosts_judge_here(arena->rx.name);
        out = hosts_judge_here(arena->out.name);
        cr_assert_eq(arena_leave(arena), 0);
        sleep(2);
        on_rx = hosts_judge_end(&rx);
        on_out = hosts_judge_end(&out);
        cr_expect_eq(on_rx.count, 0);
        cr_expect_eq(on_out.count, 0);
        hosts_frames_free(&on_rx);
        hosts_frames_free(&on_out);
        arena_close(arena);
}

/* ---- real ports ---- */

Test(arena, ports_that_are_there_are_used_as_they_are) {
        struct plan plan = {.path = XSKIM_BENCH_PATH_stack, .tx = LAB_PEER, .rx = LAB_PORT};
        struct stand s;

        lab_run("ethtool -K " LAB_PORT
                " gro on > /dev/null; ip address add 198.51.100.254/24 dev " LAB_PORT
                "; ip address add 198.51.100.253/32 dev lo");
        s = stand_open(&plan);
        cr_expect(!s.arena->own);
        cr_expect_eq(memcmp(s.arena->rx_address, "\xc6\x33\x64\xfe", 4), 0);
        /* the topmost that is not ours */
        cr_expect_eq(memcmp(s.arena->tx_address, "\xc6\x33\x64\xfc", 4), 0);
        cr_expect_eq(load_run(&s, 10000, 100).sent, 1000);
        cr_expect_eq(accounted(&s, 1000), 1000);
        cr_expect_eq(counts_of(&s).packets, 1000);
        stand_close(&s);
        lab_run("ip link show " LAB_PORT " > /dev/null");
}

Test(arena, a_port_that_goes_away_ends_the_run) {
        struct plan plan = {.path = XSKIM_BENCH_PATH_drop, .tx = LAB_PEER, .rx = LAB_PORT};
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

static void refused(enum xskim_bench_path path, const char *tx, const char *rx, int error,
                    const char *word) {
        struct arena_config config = {.path = path, .tx_port = tx, .rx_port = rx};
        struct arena *arena = NULL;

        error_clear();
        cr_expect_eq(arena_open(&config, &arena), error, "%s %s: %s", tx ? tx : "-", rx ? rx : "-",
                     error_message());
        cr_expect(strstr(error_message(), word), "%s", error_message());
        cr_expect_null(arena);
        arena_close(arena);
}

Test(arena, ports_that_cannot_be_used_are_refused_with_a_reason) {
        const enum xskim_bench_path stack = XSKIM_BENCH_PATH_stack;

        refused(stack, LAB_PEER, LAB_PEER, -EINVAL, "at once");
        refused(stack, LAB_PEER, NULL, -EINVAL, "two");
        refused(stack, NULL, LAB_PEER, -EINVAL, "two");
        refused(stack, "nosuch", LAB_PORT, -ENODEV, "nosuch");
        refused(stack, LAB_PEER, "nosuch", -ENODEV, "nosuch");
        refused(stack, "lo", LAB_PORT, -EINVAL, "loopback");
        refused(XSKIM_BENCH_PATH_forward, LAB_PEER, LAB_PORT, -EINVAL, "lab");
        refused(XSKIM_BENCH_PATH_tcp, LAB_PEER, LAB_PORT, -EINVAL, "lab");
        refused(stack, LAB_PEER, LAB_PORT, -EOPNOTSUPP, "gro on");
        lab_run("ethtool -K " LAB_PORT " gro on > /dev/null");
        refused(stack, LAB_PEER, LAB_PORT, -EADDRNOTAVAIL, "ip address add");
        lab_run("ip address add 198.51.100.1/32 dev " LAB_PORT);
        refused(stack, LAB_PEER, LAB_PORT, -EADDRNOTAVAIL, "shorter prefix");
        lab_run("ip link set " LAB_PEER " down");
        refused(stack, LAB_PEER, LAB_PORT, -ENETDOWN, "down");
}

Test(arena, packets_of_impossible_length_are_refused) {
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

/* ---- the end ---- */

static unsigned int entries(const char *directory) {
        DIR *open = opendir(directory);
        unsigned int count = 0;

        cr_assert(open);
        while (readdir(open))
                count++;
        closedir(open);
        return count;
}

/* Namespaces, ports, programs and sockets live by descriptors alone. */
Test(arena, nothing_is_left_behind) {
        unsigned int descriptors, threads;
        char before[64] = "", after[64] = "";

        for (enum xskim_bench_path path = 0; path < XSKIM_BENCH_PATH_COUNT; path++) {
                struct plan plan = {.path = path};
                struct stand s;

                descriptors = entries("/proc/self/fd");
                threads = entries("/proc/self/task");
                cr_assert_gt(readlink("/proc/thread-self/ns/net", before, sizeof(before) - 1), 0);
                s = stand_open(&plan);
                load_run(&s, 0, 20);
                stand_close(&s);
                cr_expect_eq(entries("/proc/self/fd"), descriptors, "path %d", path);
                cr_expect_eq(entries("/proc/self/task"), threads, "path %d", path);
                cr_assert_gt(readlink("/proc/thread-self/ns/net", after, sizeof(after) - 1), 0);
                cr_expect_str_eq(before, after);
        }
}

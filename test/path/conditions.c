/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the port under test runs in turn, with real packets: each condition sees what came while it
 * had the port and nothing else, to the packet; nothing stays behind.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xskim/xskim.h>

#include "clock.h"
#include "command.h"
#include "conditions.h"
#include "lab.h"
#include "log.h"
#include "netdev.h"

enum { PACKET_BYTES = 60, ROUNDS = 3 };

/* The lab as an arena: the pair in a namespace, the calling thread in another. */
static struct arena arena;

static int namespace_open(void) {
        int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

        cr_assert_geq(fd, 0);
        return fd;
}

static void set_up(void) {
        lab_fresh();
        arena = (struct arena){.path = XSKIM_BENCH_PATH_drop, .own = true};
        for (int i = 0; i < ARENA_PLACES; i++)
                arena.places[i] = namespace_open();
        cr_assert_eq(netdev_find(LAB_PORT, &arena.rx), 0);
        cr_assert_eq(netdev_find(LAB_PEER, &arena.tx), 0);
        cr_assert_eq(unshare(CLONE_NEWNET), 0);
        arena.home = namespace_open();
}

static void receiver_enter(void) {
        cr_assert_eq(setns(arena.places[ARENA_RECEIVER], CLONE_NEWNET), 0);
}

static void home_enter(void) {
        cr_assert_eq(setns(arena.home, CLONE_NEWNET), 0);
}

static void send(uint64_t count) {
        uint8_t packet[PACKET_BYTES];

        lab_udp(packet, sizeof(packet), 1000, 2000);
        receiver_enter();
        cr_assert_eq(lab_send(LAB_PEER, packet, sizeof(packet), count), count);
        home_enter();
}

static uint32_t on_the_port(void) {
        uint32_t id;

        receiver_enter();
        id = lab_xdp_program(LAB_PORT);
        home_enter();
        return id;
}

/* Read from text, one after another. */
struct asked {
        struct xskim_bench_condition conditions[XSKIM_BENCH_CONDITIONS_MAX];
        unsigned int count;
};

static void ask(struct asked *asked, const char *text) {
        cr_assert_eq(xskim_bench_condition_read(text, &asked->conditions[asked->count]), 0,
                     "%s: %s", text, xskim_error_message());
        asked->count++;
}

static struct conditions *opened(const struct asked *asked) {
        const struct conditions_config config = {
                .arena = &arena,
                .asked = asked->conditions,
                .count = asked->count,
                .tier = XSKIM_TIER_CLASSES,
                .collector_cpu = 1,
                .settle_ms = 300,
        };
        struct conditions *conditions;

        error_clear();
        cr_assert_eq(conditions_open(&config, &conditions), 0, "%s", error_message());
        return conditions;
}

/* Gives the port to a condition for so many packets. */
static void round_of(struct conditions *conditions, unsigned int number, uint64_t packets) {
        cr_assert_eq(conditions_enter(conditions, number), 0, "%s: %s",
                     conditions_name(conditions, number), error_message());
        send(packets);
        conditions_truth(conditions, number, packets);
}

static void finished(struct conditions *conditions, const struct asked *asked,
                     struct xskim_bench_outcome *outcomes) {
        memset(outcomes, 0, asked->count * sizeof(*outcomes));
        cr_assert_eq(conditions_finish(conditions, outcomes), 0, "%s", error_message());
        conditions_close(conditions);
        cr_assert_eq(on_the_port(), 0);
}

static const char *const SWITCHED[] = {
        "ringbuf=1", "ringbuf=64", "perfbuf=1:counts", "buckets=1", "burn=100", "empty",
        "empty",     "counts",     "classes",          "sample=64", "sample=1", "sample=7:counts"};

Test(conditions, each_sees_what_came_while_it_had_the_port, .init = set_up) {
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        struct asked asked = {0};
        struct conditions *conditions;

        for (unsigned int i = 0; i < sizeof(SWITCHED) / sizeof(SWITCHED[0]); i++)
                ask(&asked, SWITCHED[i]);
        conditions = opened(&asked);
        for (unsigned int round = 0; round < ROUNDS; round++)
                for (unsigned int i = 0; i < asked.count; i++)
                        round_of(conditions, i, 100 * round + 10 * i + 1);
        finished(conditions, &asked, outcomes);
        for (unsigned int i = 0; i < asked.count; i++) {
                cr_assert_not(outcomes[i].failed, "%s: %s", outcomes[i].name, outcomes[i].note);
                cr_assert_eq(outcomes[i].truth, 300 + ROUNDS * (10 * i + 1));
                cr_assert_gt(outcomes[i].memory_bytes, 0);
                if (outcomes[i].kind == XSKIM_BENCH_KIND_empty ||
                    outcomes[i].kind == XSKIM_BENCH_KIND_burn)
                        continue;
                cr_assert(outcomes[i].seen_known);
                cr_assert_eq(outcomes[i].seen, outcomes[i].truth, "%s", outcomes[i].name);
                cr_assert_eq(outcomes[i].unaccounted, 0, "%s: %s", outcomes[i].name,
                             outcomes[i].note);
        }
}

struct sending {
        pthread_t thread;
        uint64_t count;
        uint64_t sent;
        _Atomic bool done;
};

static void *sending_main(void *context) {
        struct sending *sending = context;
        uint8_t packet[PACKET_BYTES];

        lab_udp(packet, sizeof(packet), 1000, 2000);
        if (!setns(arena.places[ARENA_SENDER], CLONE_NEWNET))
                sending->sent = lab_send(LAB_PEER, packet, sizeof(packet), sending->count);
        sending->done = true;
        return NULL;
}

/* Each packet meets one of the programs, whenever it comes: the sum is what was sent. */
Test(conditions, switching_under_traffic_loses_no_packet, .init = set_up) {
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        struct sending sending = {.count = 200000};
        struct conditions *conditions;
        uint64_t seen = 0, switches = 0;
        struct asked asked = {0};

        ask(&asked, "counts");
        ask(&asked, "classes");
        ask(&asked, "sample=64");
        ask(&asked, "sample=1");
        conditions = opened(&asked);
        cr_assert_eq(conditions_enter(conditions, 0), 0);
        cr_assert_eq(pthread_create(&sending.thread, NULL, sending_main, &sending), 0);
        while (!sending.done)
                cr_assert_eq(conditions_enter(conditions, (unsigned int)(++switches % asked.count)),
                             0, "%s", error_message());
        pthread_join(sending.thread, NULL);
        cr_assert_eq(sending.sent, sending.count);
        cr_assert_gt(switches, 10);
        finished(conditions, &asked, outcomes);
        for (unsigned int i = 0; i < asked.count; i++) {
                seen += outcomes[i].seen;
                /* nobody told a truth: the rest of the account holds */
                cr_assert_eq(outcomes[i].unaccounted, outcomes[i].seen, "%s", outcomes[i].note);
        }
        cr_assert_eq(seen, sending.count);
}

/* ---- other programs ---- */

static void command(struct asked *asked, const char *text) {
        asked->conditions[asked->count++] =
                (struct xskim_bench_condition){.kind = XSKIM_BENCH_KIND_command, .command = text};
}

/* One empty condition and one command. */
static struct conditions *opened_command(struct asked *asked, const char *text) {
        *asked = (struct asked){0};
        ask(asked, "empty");
        command(asked, text);
        return opened(asked);
}

static void no_process_of(const char *mark) {
        char text[256];

        snprintf(text, sizeof(text),
                 "! grep -la -e %s /proc/[0-9]*/environ 2>/dev/null | grep -v /$$/", mark);
        cr_assert_eq(system(text), 0, "left behind: %s", mark);
}

Test(conditions, what_tcpdump_counts_is_the_truth, .init = set_up) {
        struct xskim_bench_outcome outcomes[2];
        struct asked asked;
        struct conditions *conditions;

        arena.path = XSKIM_BENCH_PATH_stack;
        conditions = opened_command(&asked, "tcpdump -n -B 8192 -i {port} -w /dev/null udp");
        for (unsigned int round = 1; round <= 2; round++) {
                round_of(conditions, 1, 100 * round);
                round_of(conditions, 0, 50);
        }
        cr_assert_gt(conditions_collector_ns(conditions, 1), 0);
        finished(conditions, &asked, outcomes);
        cr_assert_str_eq(outcomes[1].name, "tcpdump");
        cr_assert_not(outcomes[1].failed, "%s", outcomes[1].note);
        cr_assert(outcomes[1].seen_known);
        cr_assert_eq(outcomes[1].truth, 300);
        cr_assert_eq(outcomes[1].seen, 300, "%lu", (unsigned long)outcomes[1].seen);
}

Test(conditions, a_command_that_is_not_there_says_so, .init = set_up) {
        struct xskim_bench_outcome outcomes[2];
        struct asked asked;
        struct conditions *conditions = opened_command(&asked, "nosuchthing {port}");

        cr_assert_eq(conditions_enter(conditions, 1), -ECHILD);
        cr_assert(strstr(error_message(), "not found"), "%s", error_message());
        cr_assert(conditions_has_failed(conditions, 1));
        cr_assert_neq(on_the_port(), 0);
        round_of(conditions, 0, 10);
        finished(conditions, &asked, outcomes);
        cr_assert(outcomes[1].failed);
        cr_assert(strstr(outcomes[1].note, "not found"), "%s", outcomes[1].note);
}

Test(conditions, a_command_that_dies_meanwhile_has_failed, .init = set_up) {
        struct asked asked;
        struct conditions *conditions =
                opened_command(&asked, "sleep 0.4; echo it is full; exit 3");

        cr_assert_eq(conditions_enter(conditions, 1), 0, "%s", error_message());
        usleep(400000);
        cr_assert_eq(conditions_enter(conditions, 0), 0, "%s", error_message());
        cr_assert(conditions_has_failed(conditions, 1));
        cr_assert_eq(conditions_enter(conditions, 1), -ENOTSUP);
        cr_assert(strstr(error_message(), "status 3"), "%s", error_message());
        cr_assert(strstr(error_message(), "it is full"), "%s", error_message());
        conditions_close(conditions);
}

/* Neither SIGINT nor SIGTERM ends it, and part of it has left its process group. */
Test(conditions, a_command_that_never_stops_is_stopped, .init = set_up) {
        struct asked asked;
        struct conditions *conditions = opened_command(
                &asked,
                "export XSKIM_MARK=stubborn; trap '' INT TERM; setsid sh -c 'trap \"\" TERM; "
                "while :; do sleep 1; done' & while :; do sleep 1; done");
        uint64_t start_ns;

        cr_assert_eq(conditions_enter(conditions, 1), 0, "%s", error_message());
        start_ns = clock_monotonic_ns();
        cr_assert_eq(conditions_leave(conditions), 0, "%s", error_message());
        cr_assert_lt(clock_monotonic_ns() - start_ns, 20000000000ULL);
        cr_assert_not(conditions_has_failed(conditions, 1));
        no_process_of("XSKIM_MARK=stubborn");
        conditions_close(conditions);
}

Test(conditions, a_command_that_prints_without_end_costs_no_memory, .init = set_up) {
        struct xskim_bench_outcome outcomes[2];
        struct asked asked;
        struct conditions *conditions =
                opened_command(&asked, "trap 'echo 7 packets captured; exit' INT; "
                                       "while :; do head -c 100000 /dev/urandom; done");

        cr_assert_eq(conditions_enter(conditions, 1), 0, "%s", error_message());
        cr_assert_gt(conditions_collector_ns(conditions, 1), 0);
        cr_assert_eq(conditions_leave(conditions), 0);
        finished(conditions, &asked, outcomes);
        cr_assert_not(outcomes[1].failed, "%s", outcomes[1].note);
        cr_assert(outcomes[1].seen_known);
        cr_assert_eq(outcomes[1].seen, 7);
}

static void hold_a_command(void *context) {
        int *ready = context;
        struct asked asked;
        struct conditions *conditions = opened_command(
                &asked, "export XSKIM_MARK=orphan; trap '' INT TERM; while :; do sleep 1; done");

        if (conditions_enter(conditions, 1) || write(ready[1], "x", 1) != 1)
                _exit(1);
        pause();
}

Test(conditions, nothing_outlives_a_kill, .init = set_up) {
        int ready[2];
        char byte;
        pid_t pid;

        cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
        pid = command_fork(hold_a_command, ready);
        cr_assert_eq(read(ready[0], &byte, 1), 1);
        cr_assert_neq(on_the_port(), 0);
        cr_assert_neq(system("grep -qa -e XSKIM_MARK=orphan /proc/[0-9]*/environ 2>/dev/null"), 1);
        command_kill(pid);
        for (int i = 0; i < 500 && on_the_port(); i++)
                usleep(10000);
        cr_assert_eq(on_the_port(), 0);
        usleep(500000);
        no_process_of("XSKIM_MARK=orphan");
}

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

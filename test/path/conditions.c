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

static const char *const SWITCHED[] = {"empty",     "empty",    "counts",         "classes",
                                       "sample=64", "sample=1", "sample=7:counts"};

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
                if (outcomes[i].kind == XSKIM_BENCH_KIND_empty)
                        continue;
                cr_assert(outcomes[i].seen_known);
                cr_assert_eq(outcomes[i].seen, outcomes[i].truth, "%s", outcomes[i].name);
                cr_assert_eq(outcomes[i].unaccounted, 0, "%s: %s", outcomes[i].name,
                             outcomes[i].note);
                cr_assert_gt(outcomes[i].memory_bytes, 0);
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

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the port under test runs in turn, with real packets: each condition sees what came while it
 * had the port and nothing else, to the packet; nothing stays behind.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "empty.skel.h"
#include "lab.h"
#include "log.h"
#include "netdev.h"
#include "switching.h"

TestSuite(conditions, .init = switching_fresh, .timeout = 300);

enum { ROUNDS = 3 };

static const char *const SWITCHED[] = {
        "ringbuf=1", "ringbuf=64", "perfbuf=1:counts", "buckets=1", "burn=100", "empty",
        "empty",     "counts",     "classes",          "sample=64", "sample=1", "sample=7:counts"};

Test(conditions, each_sees_what_came_while_it_had_the_port) {
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        struct switching asked = {0};
        struct conditions *conditions;

        for (unsigned int i = 0; i < sizeof(SWITCHED) / sizeof(SWITCHED[0]); i++)
                switching_ask(&asked, SWITCHED[i]);
        conditions = switching_open(&asked);
        for (unsigned int round = 0; round < ROUNDS; round++)
                for (unsigned int i = 0; i < asked.count; i++)
                        switching_round(conditions, i, 100 * round + 10 * i + 1);
        switching_finish(conditions, &asked, outcomes);
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

/* They share a program: each burns its own time, in its turn, and is told apart; what is run by
 * hand is not in it. */
Test(conditions, what_burns_says_what_it_burnt) {
        enum { PACKETS = 2000, LONG = 2000 };
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        uint8_t packet[SWITCHING_PACKET_BYTES];
        struct switching asked = {0};
        struct conditions *conditions;
        double alone[3];

        lab_udp(packet, sizeof(packet), 1000, 2000);
        switching_ask(&asked, "burn=0");
        switching_ask(&asked, "burn=2000");
        switching_ask(&asked, "burn=10");
        switching_ask(&asked, "burn=1000");
        conditions = switching_open(&asked);
        for (unsigned int i = 0; i < 3; i++)
                switching_round(conditions, i, PACKETS);
        for (unsigned int i = 0; i < 3; i++)
                alone[i] = conditions_run_ns(conditions, i, packet, sizeof(packet), PACKETS);
        /* still the one that has the port */
        conditions_run_ns(conditions, 0, packet, sizeof(packet), 1);
        switching_round(conditions, 2, PACKETS);
        switching_finish(conditions, &asked, outcomes);
        for (unsigned int i = 0; i < 3; i += 2) {
                cr_expect_gt(outcomes[1].burnt_ns - outcomes[i].burnt_ns, LONG / 2.0,
                             "burnt %g, %g: %g", outcomes[1].burnt_ns, i ? 10.0 : 0,
                             outcomes[i].burnt_ns);
                cr_expect_gt(alone[1] - alone[i], LONG / 2.0);
        }
        cr_expect(isnan(outcomes[3].burnt_ns), "run by hand: %g", outcomes[3].burnt_ns);
}

struct sending {
        pthread_t thread;
        uint64_t count;
        uint64_t sent;
        _Atomic bool done;
};

static void *sending_main(void *context) {
        struct sending *sending = context;
        uint8_t packet[SWITCHING_PACKET_BYTES];

        lab_udp(packet, sizeof(packet), 1000, 2000);
        if (!setns(switching_arena.places[ARENA_SENDER], CLONE_NEWNET))
                sending->sent = lab_send(LAB_PEER, packet, sizeof(packet), sending->count);
        sending->done = true;
        return NULL;
}

/* Each packet meets one of the programs, whenever it comes: the sum is what was sent. */
Test(conditions, switching_under_traffic_loses_no_packet) {
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        struct sending sending = {.count = 200000};
        struct conditions *conditions;
        uint64_t seen = 0, switches = 0;
        struct switching asked = {0};

        switching_ask(&asked, "counts");
        switching_ask(&asked, "classes");
        switching_ask(&asked, "sample=64");
        switching_ask(&asked, "sample=1");
        conditions = switching_open(&asked);
        cr_assert_eq(conditions_enter(conditions, 0), 0);
        cr_assert_eq(pthread_create(&sending.thread, NULL, sending_main, &sending), 0);
        while (!sending.done)
                cr_assert_eq(conditions_enter(conditions, (unsigned int)(++switches % asked.count)),
                             0, "%s", error_message());
        pthread_join(sending.thread, NULL);
        cr_assert_eq(sending.sent, sending.count);
        cr_assert_gt(switches, 10);
        switching_finish(conditions, &asked, outcomes);
        for (unsigned int i = 0; i < asked.count; i++) {
                seen += outcomes[i].seen;
                /* nobody told a truth: the rest of the account holds */
                cr_assert_eq(outcomes[i].unaccounted, outcomes[i].seen, "%s", outcomes[i].note);
        }
        cr_assert_eq(seen, sending.count);
}

/* Else what one session costs would be booked to those that have the port after it. */
Test(conditions, who_does_not_have_the_port_costs_nothing) {
        enum { SESSION, EMPTY, ASLEEP_US = 50000, FLUSHES_US = 400000 };
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        struct switching asked = {0};
        struct conditions *conditions;
        uint64_t resting_ns, working_ns;

        switching_ask(&asked, "sample=1");
        switching_ask(&asked, "empty");
        conditions = switching_open(&asked);
        switching_round(conditions, SESSION, 100);
        cr_assert_eq(conditions_enter(conditions, EMPTY), 0);
        usleep(ASLEEP_US);
        resting_ns = conditions_collector_ns(conditions, SESSION);
        usleep(FLUSHES_US);
        cr_assert_eq(conditions_collector_ns(conditions, SESSION), resting_ns);
        cr_assert_eq(conditions_enter(conditions, SESSION), 0);
        usleep(ASLEEP_US);
        working_ns = conditions_collector_ns(conditions, SESSION);
        usleep(FLUSHES_US);
        cr_assert_gt(conditions_collector_ns(conditions, SESSION), working_ns);
        switching_finish(conditions, &asked, outcomes);
        cr_assert_eq(outcomes[SESSION].unaccounted, 0, "%s", outcomes[SESSION].note);
}

/* ---- what is slow to switch, and other paths ---- */

static const char *const SLOW[] = {"empty", "off", "stack", "sample=1"};

Test(conditions, slow_ones_take_turns_with_fast_ones) {
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        struct conditions *conditions;
        struct switching asked = {0};

        switching_arena.path = XSKIM_BENCH_PATH_stack;
        for (unsigned int i = 0; i < sizeof(SLOW) / sizeof(SLOW[0]); i++)
                switching_ask(&asked, SLOW[i]);
        conditions = switching_open(&asked);
        for (unsigned int round = 0; round < ROUNDS; round++)
                for (unsigned int i = 0; i < asked.count; i++) {
                        cr_assert_eq(conditions_is_slow(conditions, i), i == 1 || i == 2);
                        switching_round(conditions, i, 50 + i);
                        cr_assert_eq(switching_program() == 0, i == 1, "%s", SLOW[i]);
                }
        switching_finish(conditions, &asked, outcomes);
        for (unsigned int i = 0; i < asked.count; i++) {
                cr_assert_not(outcomes[i].failed, "%s: %s", SLOW[i], outcomes[i].note);
                cr_assert_eq(outcomes[i].note[0], '\0', "%s", outcomes[i].note);
                cr_assert_eq(outcomes[i].seen, i < 2 ? 0 : outcomes[i].truth, "%s", SLOW[i]);
                cr_assert_eq(outcomes[i].unaccounted, 0, "%s: %s", SLOW[i], outcomes[i].note);
        }
        cr_assert_eq(outcomes[2].truth, ROUNDS * 52);
}

/* Where the kernel, or what is mounted, is against libxdp's dispatcher it says so. */
Test(conditions, the_dispatcher_takes_its_turn) {
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        struct conditions *conditions;
        struct switching asked = {0};

        switching_arena.path = XSKIM_BENCH_PATH_stack;
        switching_ask(&asked, "empty");
        switching_ask(&asked, "shared");
        conditions = switching_open(&asked);
        cr_assert(conditions_is_slow(conditions, 1));
        if (conditions_enter(conditions, 1)) {
                bool refused = strstr(error_message(), "the kernel refuses libxdp's dispatcher");

                cr_assert(refused, "%s", error_message());
                conditions_close(conditions);
                lab_skip("the kernel refuses libxdp's dispatcher: run this suite without lockdown");
        }
        switching_round(conditions, 1, 50);
        switching_finish(conditions, &asked, outcomes);
        cr_assert_eq(outcomes[1].seen, outcomes[1].truth);
        cr_assert_eq(outcomes[1].unaccounted, 0, "%s", outcomes[1].note);
}

static uint64_t arrived_at(const char *port) {
        struct netdev_counters counters;

        switching_there();
        cr_assert_eq(netdev_counters(lab_ifindex(port), &counters), 0);
        switching_home();
        return counters.packets;
}

/* On path forward the verdict is the redirect: what comes goes out of the other port. */
Test(conditions, all_forward_what_they_see) {
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        struct conditions *conditions;
        struct switching asked = {0};
        uint64_t sent = 0;

        switching_there();
        lab_pair("out0", "out1", 1500);
        lab_run("ethtool -K out1 gro on >/dev/null");
        cr_assert_eq(netdev_find("out0", &switching_arena.out), 0);
        switching_home();
        switching_arena.path = XSKIM_BENCH_PATH_forward;
        for (unsigned int i = 0; i < sizeof(SWITCHED) / sizeof(SWITCHED[0]); i++)
                switching_ask(&asked, SWITCHED[i]);
        switching_ask(&asked, "stack");
        conditions = switching_open(&asked);
        for (unsigned int i = 0; i + 1 < asked.count; i++) {
                switching_round(conditions, i, 40 + i);
                sent += 40 + i;
                cr_assert_eq(arrived_at("out1"), sent, "%s", SWITCHED[i]);
        }
        cr_assert_eq(conditions_enter(conditions, asked.count - 1), CONDITIONS_CANNOT);
        switching_finish(conditions, &asked, outcomes);
        for (unsigned int i = 0; i + 1 < asked.count; i++) {
                cr_assert_eq(outcomes[i].unaccounted, 0, "%s", SWITCHED[i]);
                cr_assert(!outcomes[i].seen_known || outcomes[i].seen == 40 + i);
        }
        cr_assert(outcomes[asked.count - 1].failed);
}

/* ---- what is asked about programs ---- */

Test(conditions, runs_by_hand_are_in_the_account) {
        struct xskim_bench_outcome outcomes[XSKIM_BENCH_CONDITIONS_MAX];
        struct conditions *conditions;
        uint8_t packet[SWITCHING_PACKET_BYTES];
        struct switching asked = {0};
        double ns[4];

        lab_udp(packet, sizeof(packet), 1000, 2000);
        switching_ask(&asked, "empty");
        switching_ask(&asked, "burn=2000");
        switching_ask(&asked, "sample=64");
        switching_ask(&asked, "off");
        conditions = switching_open(&asked);
        for (unsigned int i = 0; i < asked.count; i++)
                ns[i] = conditions_run_ns(conditions, i, packet, sizeof(packet), 10000);
        cr_assert_gt(ns[0], 0);
        cr_assert_gt(ns[1] - ns[0], 1000, "%f and %f", ns[0], ns[1]);
        cr_assert_gt(ns[2], 0);
        cr_assert(isnan(ns[3]));
        switching_finish(conditions, &asked, outcomes);
        cr_assert_geq(outcomes[2].truth, 10000);
        cr_assert_eq(outcomes[2].seen, outcomes[2].truth);
        cr_assert_eq(outcomes[2].unaccounted, 0, "%s", outcomes[2].note);
        cr_assert(strstr(outcomes[1].note, "ns more than the empty program"), "%s",
                  outcomes[1].note);
}

Test(conditions, the_kernel_counts_the_runs_of_each) {
        struct conditions *conditions;
        struct switching asked = {0};
        uint64_t runs, ns;
        int fd;

        switching_ask(&asked, "empty");
        switching_ask(&asked, "counts");
        switching_ask(&asked, "off");
        conditions = switching_open(&asked);
        switching_round(conditions, 0, 100);
        fd = conditions_statistics_on();
        cr_assert_geq(fd, 0, "%s", error_message());
        switching_round(conditions, 1, 100);
        close(fd);
        cr_assert_eq(conditions_statistics(conditions, 1, &runs, &ns), 0);
        cr_assert_eq(runs, 100);
        cr_assert_gt(ns, 0);
        cr_assert_eq(conditions_statistics(conditions, 0, &runs, &ns), 0);
        cr_assert_eq(runs, 0);
        cr_assert_eq(conditions_statistics(conditions, 2, &runs, &ns), 0);
        cr_assert_eq(runs + ns, 0);
        conditions_close(conditions);
        cr_assert_eq(switching_program(), 0);
}

/* ---- what is in the way ---- */

Test(conditions, a_program_that_is_there_is_named_and_stays) {
        struct conditions_config config = {
                .arena = &switching_arena, .count = 1, .collector_cpu = -1};
        struct xskim_bench_condition empty = {.kind = XSKIM_BENCH_KIND_empty};
        struct conditions *conditions = NULL;
        struct empty_bpf *foreign = empty_bpf__open_and_load();
        uint32_t id;
        int link;

        config.asked = &empty;
        switching_there();
        link = bpf_link_create(bpf_program__fd(foreign->progs.empty), switching_arena.rx.ifindex,
                               BPF_XDP, NULL);
        switching_home();
        cr_assert_geq(link, 0);
        id = switching_program();
        error_clear();
        cr_assert_eq(conditions_open(&config, &conditions), -EBUSY);
        cr_assert_null(conditions);
        cr_assert(strstr(error_message(), LAB_PORT) && strstr(error_message(), "empty"), "%s",
                  error_message());
        cr_assert_eq(switching_program(), id);
        close(link);
        empty_bpf__destroy(foreign);
}

Test(conditions, names_are_unique_and_tell_the_tier) {
        static const char *const names[] = {"empty",           "empty again",    "sample=1",
                                            "sample=1:counts", "sample=1 again", "empty 2"};
        static const char *const tiers[] = {"", "", "classes", "counts", "classes", ""};
        struct conditions *conditions;
        struct switching asked = {0};

        switching_ask(&asked, "empty");
        switching_ask(&asked, "empty");
        switching_ask(&asked, "sample=1");
        switching_ask(&asked, "sample=1:counts");
        switching_ask(&asked, "sample=1");
        switching_ask(&asked, "empty");
        asked.conditions[asked.count++] = (struct xskim_bench_condition){
                .kind = XSKIM_BENCH_KIND_command, .command = "/usr/bin/true -x"};
        asked.conditions[asked.count++] = (struct xskim_bench_condition){
                .kind = XSKIM_BENCH_KIND_command, .command = " true"};
        conditions = switching_open(&asked);
        for (unsigned int i = 0; i < 6; i++) {
                cr_assert_str_eq(conditions_name(conditions, i), names[i]);
                cr_assert_str_eq(conditions_tier(conditions, i), tiers[i]);
        }
        cr_assert_str_eq(conditions_name(conditions, 6), "true");
        cr_assert_str_eq(conditions_name(conditions, 7), "true 2");
        conditions_close(conditions);
}

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

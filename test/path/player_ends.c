/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every way for a run of xskim replay to end before its capture does: a signal, a port that goes, a
 * receiver that is too slow or stops, a report that nobody takes. Each is told, and nothing is left
 * behind.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "lab.h"
#include "netdev_sent.h"
#include "replaying.h"
#include "slow.skel.h"
#include "util.h"

TestSuite(player_ends, .init = replaying_begin, .fini = replaying_end, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static const char *const ENGINES[] = {"xdp", "afxdp"};
static const char *const PACES[] = {NULL, "--top-speed"};

/* ---- signals ---- */

static uint64_t packets_sent(void) {
        struct xskim_replay_port_sent sent = {0};

        cr_assert_eq(netdev_sent(lab_ifindex(LAB_PORT), &sent), 0);
        return sent.packets;
}

/* Returns when it is sending. */
static struct command endless_start(const char *engine, const char *pace) {
        enum { WANTED = 20, TRIES = 1000 };
        struct command command;
        uint64_t before;

        replaying_make(10, 10 * NS_A_MS);
        before = packets_sent();
        command = COMMAND_START(NULL, "replay", "--json", "--loop", "0", "--engine", engine, made,
                                LAB_PORT, pace);
        for (int i = 0; i < TRIES && packets_sent() - before < WANTED; i++)
                usleep(10000);
        return command;
}

static const int SIGNALS[] = {SIGINT, SIGTERM};

Test(player_ends, a_signal_ends_it_with_the_report) {
        for (size_t i = 0; i < ARRAY_SIZE(SIGNALS); i++) {
                struct command command;
                struct command_result result;

                command = endless_start("auto", i ? "--top-speed" : NULL);
                kill(command.pid, SIGNALS[i]);
                result = replaying_wait(&command);
                cr_expect_eq(result.status, 0, "%s", result.err);
                cr_expect_gt(report_number(&result, "packets"), 10);
                cr_expect_eq(strncmp(report_text(&result, "stopped"), "true", 4), 0);
        }
        /* nothing is left: the pair, and lo */
        lab_run("test $(ip -o link | wc -l) -eq 3");
}

static int ends[2];

static void from_pipe(void) {
        dup2(ends[0], STDIN_FILENO);
}

/* Whoever writes the capture may stall; that holds nothing up. */
Test(player_ends, a_signal_ends_it_while_a_pipe_is_silent) {
        struct command command;
        struct command_result result;

        replaying_make(10, NS_A_MS);
        cr_assert_eq(pipe(ends), 0);
        lab_run("cat %s >/proc/%d/fd/%d", made, getpid(), ends[1]);
        command = COMMAND_START(from_pipe, "replay", "--json", "-", LAB_PORT);
        usleep(500000);
        kill(command.pid, SIGINT);
        result = replaying_wait(&command);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(strncmp(report_text(&result, "stopped"), "true", 4), 0);
}

/* ---- the port ---- */

/* Nothing but lo and the pair, or not even that. */
static void nothing_left(unsigned int links) {
        lab_run("test $(ip -o link | wc -l) -eq %u", links);
}

static void port_back(void) {
        lab_run("ip link show " LAB_PORT " >/dev/null 2>&1 && ip link set " LAB_PORT
                " up && ip link set " LAB_PEER " up || true");
        lab_run("ip link show " LAB_PORT " >/dev/null 2>&1 || ip link add " LAB_PORT
                " type veth peer name " LAB_PEER);
        lab_run("ip link set " LAB_PORT " up; ip link set " LAB_PEER " up; ethtool -K " LAB_PEER
                " gro on >/dev/null");
}

/* What happens while it is being replayed to. */
static const struct {
        const char *command;
        unsigned int links; /* that are left: lo, and the pair */
} BLOWS[] = {
        {"ip link set " LAB_PORT " down", 3},
        {"ip link set " LAB_PEER " down", 3},
        {"ip link delete " LAB_PORT, 1},
};

static void blow(size_t i, const char *engine, const char *pace) {
        struct command command = endless_start(engine, pace);
        struct command_result result;

        lab_run("%s", BLOWS[i].command);
        result = replaying_wait(&command);
        cr_expect_eq(result.status, 1, "%s, %s", BLOWS[i].command, engine);
        cr_expect(strstr(result.err, LAB_PORT ": w") &&
                          strstr(result.err, "while it was being replayed to"),
                  "%s, %s: %s", BLOWS[i].command, engine, result.err);
        cr_expect_gt(report_number(&result, "packets"), 10);
        nothing_left(BLOWS[i].links);
        port_back();
}

Test(player_ends, a_port_that_goes_is_told) {
        for (size_t i = 0; i < ARRAY_SIZE(BLOWS); i++)
                for (size_t engine = 0; engine < ARRAY_SIZE(ENGINES); engine++)
                        for (size_t pace = 0; pace < ARRAY_SIZE(PACES); pace++)
                                blow(i, ENGINES[engine], PACES[pace]);
}

/* ---- the receiver ---- */

/* Its ring of 256 packets is emptied by a thread of the kernel, not by whoever sends; 20000 rounds
 * take about 150 us a packet. */
static void slow_attach(uint32_t rounds) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        struct slow_bpf *slow = slow_bpf__open();
        int link;

        cr_assert(slow);
        slow->rodata->rounds = rounds;
        cr_assert_eq(slow_bpf__load(slow), 0);
        link = bpf_link_create(bpf_program__fd(slow->progs.slow), lab_ifindex(LAB_PEER), BPF_XDP,
                               &options);
        cr_assert_geq(link, 0);
        slow_bpf__destroy(slow); /* the link keeps the program */
        lab_run("unshare -m sh -c 'mount -t sysfs none /sys && echo 1 >/sys/class/net/" LAB_PEER
                "/threaded'");
}

/* What has arrived when no more does. */
static uint64_t received_settled(void) {
        uint64_t before, now = lab_xdp_packets(LAB_PEER);

        do {
                before = now;
                usleep(100000);
                now = lab_xdp_packets(LAB_PEER);
        } while (now != before);
        return now;
}

/* Its ring fills up. One engine has packets dropped by the port and tells it, the
 * other waits: each packet is one or the other. */
Test(player_ends, a_receiver_that_is_too_slow_is_told) {
        enum { PACKETS = 500, ROUNDS = 20 };

        replaying_make(PACKETS, 1000);
        slow_attach(20000);
        for (size_t i = 0; i < ARRAY_SIZE(ENGINES); i++) {
                uint64_t before = lab_xdp_packets(LAB_PEER), dropped, received;
                struct command_result result = REPLAY("--top-speed", "--loop", "20", "--engine",
                                                      ENGINES[i], made, LAB_PORT);

                dropped = (uint64_t)report_number(&result, "port_dropped");
                cr_expect_eq(result.status, 0, "%s", result.err);
                cr_expect_eq(report_number(&result, "packets"), PACKETS * ROUNDS);
                received = received_settled() - before;
                cr_expect_eq(received + dropped, PACKETS * ROUNDS, "%lu + %lu", received, dropped);
                cr_expect(i || dropped > 0, "%s", result.out);
        }
}

/* 64 packets take it more than a second. What still waits then was not sent, and is not said to be.
 */
Test(player_ends, a_receiver_that_stops_is_told) {
        enum { PACKETS = 500, ROOM_MAX = 400 };
        struct command_result result;
        double packets, refused;

        replaying_make(PACKETS, 1000);
        slow_attach(4000000);
        result = REPLAY("--top-speed", "--engine", "afxdp", made, LAB_PORT);
        packets = report_number(&result, "packets");
        refused = report_number(&result, "refused");
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(packets + refused, PACKETS, "%s", result.out);
        cr_expect_leq(packets, ROOM_MAX, "%s", result.out);
}

/* ---- the report ---- */

static void to_full_disk(void) {
        dup2(open("/dev/full", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
}

static void to_nobody(void) {
        int pipe_ends[2];

        if (pipe(pipe_ends))
                _exit(97);
        close(pipe_ends[0]);
        dup2(pipe_ends[1], STDOUT_FILENO);
}

Test(player_ends, a_report_that_nobody_takes_is_told) {
        static const struct {
                void (*before)(void);
                const char *words;
        } sinks[] = {{to_full_disk, "No space left"}, {to_nobody, "Whoever was reading it"}};
        static const char *const forms[] = {NULL, "--json"};

        replaying_make(10, 1000);
        for (size_t i = 0; i < ARRAY_SIZE(sinks); i++)
                for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
                        struct command command = COMMAND_START(sinks[i].before, "replay", made,
                                                               LAB_PORT, forms[form]);
                        struct command_result result = replaying_wait(&command);

                        cr_expect_eq(result.status, 1, "%d", result.status);
                        cr_expect_eq(result.signal, 0);
                        cr_expect(strstr(result.err, sinks[i].words), "%s", result.err);
                }
}

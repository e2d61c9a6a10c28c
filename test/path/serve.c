/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim serve as its surroundings see it: real ports, real packets, its pages over HTTP. What it
 * counts is held against what was sent and against the kernel's own counters; ports go and come,
 * belong to somebody else, and the configuration changes, all under a running service.
 */
#include <criterion/criterion.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "command.h"
#include "lab.h"
#include "sender.skel.h"
#include "serving.h"

TestSuite(serve, .init = serving_two_pairs, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

#define TWO_PORTS                                                                                  \
        SERVING_HEAD "json: true\nports:\n"                                                        \
                     "  - name: " LAB_PORT "\n    verdict: drop\n    sample: 1\n"                  \
                     "  - name: " SERVING_OTHER_PORT "\n    verdict: drop\n    sample: off\n"

#define ONE_PORT SERVING_HEAD "ports:\n  - name: " LAB_PORT "\n    verdict: drop\n    sample: 1\n"

static bool has_logged(const struct serving *s, const char *text) {
        return strstr(serving_log(s), text);
}

static double now_s(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- what it serves ---- */

Test(serve, each_port_is_counted_to_the_packet_by_its_own_settings) {
        struct serving s = serving_start(TWO_PORTS);

        SERVING_UNTIL(&s, serving_get("/readyz", NULL) == 200);
        serving_send(LAB_PEER, 1000);
        serving_send(SERVING_OTHER_PEER, 500);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 1000 &&
                                  serving_packets(SERVING_OTHER_PORT) == 500);
        cr_expect_eq(lab_xdp_packets(LAB_PORT), 1000);
        cr_expect_eq(lab_xdp_packets(SERVING_OTHER_PORT), 500);
        SERVING_UNTIL(&s, serving_metric("xskim_decoded_records_total", LAB_PORT) == 1000);
        cr_expect_eq(serving_metric("xskim_sampled_packets_total", LAB_PORT), 1000);
        cr_expect_eq(serving_metric("xskim_sampled_packets_total", SERVING_OTHER_PORT), 0);
        cr_expect_eq(serving_metric("xskim_unaccounted_packets_total", LAB_PORT), 0);
        cr_expect_eq(serving_metric("xskim_port_restarts_total", LAB_PORT), 0);
        cr_expect_eq(serving_metric("xskim_packet_size_bytes_count", SERVING_OTHER_PORT), 500);
        serving_ends_well(&s);
}

Test(serve, json_has_snapshots_and_a_summary_of_each_port) {
        struct serving s = serving_start(TWO_PORTS);
        struct command_result result;
        unsigned int summaries = 0;

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT) && serving_is_up(SERVING_OTHER_PORT));
        serving_send(LAB_PEER, 300);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 300);
        result = serving_end(&s, SIGTERM);
        cr_expect_eq(result.status, 0, "%s", result.err);
        for (const char *at = result.out; (at = strstr(at, "{\"type\":\"summary\"")); at++)
                summaries++;
        cr_expect_eq(summaries, 2);
        cr_expect(strstr(result.err, ": seen 300 packets, sampled 300, "), "%s", result.err);
        cr_expect(strstr(result.out, "{\"type\":\"snapshot\",\"port\":\"" LAB_PORT "\""));
        cr_expect_eq(command_summary(&result, "ledger", "seen"), 300);
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0);
        command_result_free(&result);
}

/* ---- ports come and go ---- */

Test(serve, a_port_that_is_not_there_yet_is_waited_for) {
        struct serving s;
        char *ready = NULL;

        lab_run("ip link del " SERVING_OTHER_PORT);
        s = serving_start(TWO_PORTS);
        SERVING_UNTIL(&s, serving_get("/readyz", NULL) == 503);
        SERVING_UNTIL(&s, serving_is_up(LAB_PORT) && !serving_is_up(SERVING_OTHER_PORT));
        cr_assert_eq(serving_get("/readyz", &ready), 503);
        cr_expect(strstr(ready, SERVING_OTHER_PORT), "%s", ready);
        cr_expect_eq(serving_get("/healthz", NULL), 200);
        lab_pair(SERVING_OTHER_PORT, SERVING_OTHER_PEER, 1500);
        SERVING_UNTIL(&s, serving_get("/readyz", NULL) == 200);
        serving_send(SERVING_OTHER_PEER, 100);
        SERVING_UNTIL(&s, serving_packets(SERVING_OTHER_PORT) == 100);
        free(ready);
        serving_ends_well(&s);
}

/* Sends until it is killed; the port may go under it. */
static void send_on(void *context) {
        struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = lab_ifindex(LAB_PEER)};
        int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        uint8_t packet[64];

        (void)context;
        lab_udp(packet, 64, 1, 2);
        for (;;) {
                (void)!sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to));
                usleep(200);
        }
}

/* The new device counts from 0, and only what reaches an XDP program: exactly what is to be added
 * to what was counted on the one before. */
Test(serve, a_port_deleted_and_recreated_goes_on_where_it_was) {
        struct serving s = serving_start(ONE_PORT);
        double back_s, before;
        pid_t sender;

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_send(LAB_PEER, 1000);
        lab_run("ip link del " LAB_PORT);
        SERVING_UNTIL(&s, serving_get("/readyz", NULL) == 503);
        cr_expect_eq(serving_packets(LAB_PORT), 1000, "all are booked: %f",
                     serving_packets(LAB_PORT));
        lab_pair(LAB_PORT, LAB_PEER, 1500);
        back_s = now_s();
        sender = command_fork(send_on, NULL);
        before = 1000;
        while (!serving_is_up(LAB_PORT)) {
                cr_assert_lt(now_s() - back_s, 2, "%s", serving_log(&s));
                cr_assert_geq(serving_packets(LAB_PORT), before);
                usleep(10000);
        }
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) > 1200);
        command_kill(sender);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 1000 + (double)lab_xdp_packets(LAB_PORT));
        cr_expect_eq(serving_metric("xskim_port_restarts_total", LAB_PORT), 1);
        cr_expect_eq(serving_metric("xskim_unaccounted_packets_total", LAB_PORT), 0);
        cr_expect(has_logged(&s, "the port is gone"));
        cr_expect(has_logged(&s, "watched again"));
        serving_ends_well(&s);
}

/* Whatever was in flight when it went, the ledger of each session balances, or the status is 1. */
Test(serve, a_port_deleted_under_traffic_is_accounted_for_and_harms_no_other) {
        struct serving s = serving_start(TWO_PORTS);
        double counted = 0, now;

        for (int i = 0; i < 3; i++) {
                pid_t sender;

                SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
                sender = command_fork(send_on, NULL);
                SERVING_UNTIL(&s, serving_packets(LAB_PORT) > counted);
                lab_run("ip link del " LAB_PORT);
                command_kill(sender);
                SERVING_UNTIL(&s, !serving_is_up(LAB_PORT));
                now = serving_packets(LAB_PORT);
                cr_expect_gt(now, counted);
                counted = now;
                lab_pair(LAB_PORT, LAB_PEER, 1500);
        }
        serving_send(SERVING_OTHER_PEER, 500);
        SERVING_UNTIL(&s, serving_packets(SERVING_OTHER_PORT) == 500 && serving_is_up(LAB_PORT));
        cr_expect_eq(serving_metric("xskim_port_restarts_total", SERVING_OTHER_PORT), 0);
        cr_expect_eq(serving_metric("xskim_port_restarts_total", LAB_PORT), 3);
        serving_ends_well(&s);
}

Test(serve, a_port_set_down_and_up_keeps_its_session) {
        struct serving s = serving_start(ONE_PORT);

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_send(LAB_PEER, 100);
        lab_run("ip link set " LAB_PORT " down");
        SERVING_UNTIL(&s, has_logged(&s, "went down"));
        lab_run("ip link set " LAB_PORT " up");
        SERVING_UNTIL(&s, has_logged(&s, "came up"));
        serving_send(LAB_PEER, 100);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 200);
        cr_expect_eq(serving_metric("xskim_port_restarts_total", LAB_PORT), 0);
        serving_ends_well(&s);
}

/* What the configuration names is a name, and its counters stay with it. */
Test(serve, a_renamed_port_is_no_longer_the_one_that_was_meant) {
        struct serving s = serving_start(ONE_PORT);

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_send(LAB_PEER, 100);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 100);
        lab_run("ip link set " LAB_PORT " down");
        lab_run("ip link set " LAB_PORT " name renamed0");
        SERVING_UNTIL(&s, !serving_is_up(LAB_PORT));
        cr_expect_eq(lab_xdp_program("renamed0"), 0);
        lab_run("ip link set renamed0 name " LAB_PORT);
        lab_run("ip link set " LAB_PORT " up");
        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_send(LAB_PEER, 100);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 200);
        serving_ends_well(&s);
}

Test(serve, a_port_moved_to_another_namespace_is_watched_when_it_is_back) {
        struct serving s = serving_start(ONE_PORT);
        pid_t other = lab_namespace();

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_send(LAB_PEER, 100);
        lab_run("ip link set " LAB_PORT " netns %d", other);
        SERVING_UNTIL(&s, !serving_is_up(LAB_PORT));
        lab_run("nsenter -t %d -n ip link set " LAB_PORT " netns %d up", other, getpid());
        lab_run("ip link set " LAB_PORT " up");
        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_send(LAB_PEER, 50);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 150);
        command_kill(other);
        serving_ends_well(&s);
}

/* ---- somebody else's program ---- */

Test(serve, a_foreign_program_is_named_and_left_alone_until_it_goes) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        struct sender_bpf *foreign = sender_bpf__open_and_load();
        struct command_result result;
        struct serving s;
        uint32_t id;
        int link;

        cr_assert(foreign);
        link = bpf_link_create(bpf_program__fd(foreign->progs.sender), lab_ifindex(LAB_PORT),
                               BPF_XDP, &options);
        cr_assert_geq(link, 0);
        id = lab_xdp_program(LAB_PORT);
        s = serving_start(TWO_PORTS);
        SERVING_UNTIL(&s, serving_is_up(SERVING_OTHER_PORT));
        SERVING_UNTIL(&s, has_logged(&s, "another XDP program is attached (sender"));
        cr_expect_eq(serving_get("/readyz", NULL), 503);
        /* tried again meanwhile, and said once: not even held back */
        usleep(1500000);
        cr_expect_eq(lab_xdp_program(LAB_PORT), id);
        close(link);
        sender_bpf__destroy(foreign);
        SERVING_UNTIL(&s, serving_get("/readyz", NULL) == 200);
        serving_send(LAB_PEER, 100);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 100);
        result = serving_end(&s, SIGTERM);
        cr_expect_eq(result.status, 0);
        cr_expect(strstr(result.err, "another XDP program is attached"));
        cr_expect_not(strstr(strstr(result.err, "another XDP program") + 1, "another XDP program"),
                      "%s", result.err);
        command_result_free(&result);
}

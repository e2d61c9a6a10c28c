/* SPDX-License-Identifier: BSD-2-Clause */
/* The arena of an experiment: its own lab is silent and leaves nothing, ports that are there are
 * used as they are or refused with a reason. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hosts.h"
#include "lab.h"
#include "log.h"
#include "process.h"
#include "stand.h"

TestSuite(arena, .init = lab_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
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
        struct stand_plan plan = {.path = XSKIM_BENCH_PATH_stack, .tx = LAB_PEER, .rx = LAB_PORT};
        struct stand s;
        uint64_t sent;

        lab_run("ethtool -K " LAB_PORT
                " gro on > /dev/null; ip address add 198.51.100.254/24 dev " LAB_PORT
                "; ip address add 198.51.100.253/32 dev lo");
        s = stand_open(&plan);
        cr_expect(!s.arena->own);
        cr_expect_eq(memcmp(s.arena->rx_address, "\xc6\x33\x64\xfe", 4), 0);
        /* the topmost that is not ours */
        cr_expect_eq(memcmp(s.arena->tx_address, "\xc6\x33\x64\xfc", 4), 0);
        sent = stand_run(&s, 10000, 100).sent;
        cr_expect_gt(sent, 0);
        cr_expect_eq(stand_accounted(&s, sent), sent);
        cr_expect_eq(stand_counts(&s).packets, sent);
        stand_close(&s);
        lab_run("ip link show " LAB_PORT " > /dev/null");
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
        refused(stack, LAB_PEER, LAB_PORT, -EADDRNOTAVAIL, "ip address add");
        lab_run("ip address add 198.51.100.1/32 dev " LAB_PORT);
        refused(stack, LAB_PEER, LAB_PORT, -EADDRNOTAVAIL, "shorter prefix");
        lab_run("ip link set " LAB_PEER " down");
        refused(stack, LAB_PEER, LAB_PORT, -ENETDOWN, "down");
}

/* ---- the end ---- */

/* Namespaces, ports, programs and sockets live by descriptors alone. */
Test(arena, nothing_is_left_behind) {
        unsigned int descriptors, threads;
        char before[64] = "", after[64] = "";

        for (enum xskim_bench_path path = 0; path < XSKIM_BENCH_PATH_COUNT; path++) {
                struct stand_plan plan = {.path = path};
                struct stand s;

                descriptors = process_entries("/proc/self/fd");
                threads = process_entries("/proc/self/task");
                cr_assert_gt(readlink("/proc/thread-self/ns/net", before, sizeof(before) - 1), 0);
                s = stand_open(&plan);
                stand_run(&s, 0, 20);
                stand_close(&s);
                cr_expect_eq(process_entries("/proc/self/fd"), descriptors, "path %d", path);
                cr_expect_eq(process_entries("/proc/self/task"), threads, "path %d", path);
                cr_assert_gt(readlink("/proc/thread-self/ns/net", after, sizeof(after) - 1), 0);
                cr_expect_str_eq(before, after);
        }
}

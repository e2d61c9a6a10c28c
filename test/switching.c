/* SPDX-License-Identifier: BSD-2-Clause */
/* See switching.h. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"
#include "log.h"
#include "netdev.h"
#include "switching.h"

struct arena switching_arena;

static int namespace_open(void) {
        int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

        cr_assert_geq(fd, 0);
        return fd;
}

void switching_fresh(void) {
        lab_fresh();
        /* takes redirected frames without a program, too */
        lab_run("ethtool -K " LAB_PORT " gro on >/dev/null");
        switching_arena = (struct arena){.path = XSKIM_BENCH_PATH_drop, .own = true};
        for (int i = 0; i < ARENA_PLACES; i++)
                switching_arena.places[i] = namespace_open();
        cr_assert_eq(netdev_find(LAB_PORT, &switching_arena.rx), 0);
        cr_assert_eq(netdev_find(LAB_PEER, &switching_arena.tx), 0);
        cr_assert_eq(unshare(CLONE_NEWNET), 0);
        switching_arena.home = namespace_open();
}

void switching_there(void) {
        cr_assert_eq(setns(switching_arena.places[ARENA_RECEIVER], CLONE_NEWNET), 0);
}

void switching_home(void) {
        cr_assert_eq(setns(switching_arena.home, CLONE_NEWNET), 0);
}

static void send(uint64_t count) {
        uint8_t packet[SWITCHING_PACKET_BYTES];

        lab_udp(packet, sizeof(packet), 1000, 2000);
        switching_there();
        cr_assert_eq(lab_send(LAB_PEER, packet, sizeof(packet), count), count);
        switching_home();
}

uint32_t switching_program(void) {
        uint32_t id;

        switching_there();
        id = lab_xdp_program(LAB_PORT);
        switching_home();
        return id;
}

void switching_ask(struct switching *asked, const char *text) {
        cr_assert_eq(xskim_bench_condition_read(text, &asked->conditions[asked->count]), 0,
                     "%s: %s", text, xskim_error_message());
        asked->count++;
}

struct conditions *switching_open_settling(const struct switching *asked, uint32_t settle_ms) {
        const struct conditions_config config = {
                .arena = &switching_arena,
                .asked = asked->conditions,
                .count = asked->count,
                .tier = XSKIM_TIER_CLASSES,
                .collector_cpu = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1,
                .settle_ms = settle_ms,
        };
        struct conditions *conditions;

        error_clear();
        cr_assert_eq(conditions_open(&config, &conditions), 0, "%s", error_message());
        return conditions;
}

struct conditions *switching_open(const struct switching *asked) {
        return switching_open_settling(asked, 300);
}

void switching_round(struct conditions *conditions, unsigned int number, uint64_t packets) {
        cr_assert_eq(conditions_enter(conditions, number), 0, "%s: %s",
                     conditions_name(conditions, number), error_message());
        send(packets);
        conditions_truth(conditions, number, packets);
}

void switching_finish(struct conditions *conditions, const struct switching *asked,
                      struct xskim_bench_outcome *outcomes) {
        memset(outcomes, 0, asked->count * sizeof(*outcomes));
        cr_assert_eq(conditions_finish(conditions, outcomes), 0, "%s", error_message());
        conditions_close(conditions);
        cr_assert_eq(switching_program(), 0);
}

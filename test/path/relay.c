/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lab's relay does what it was told, to the packet: tcpdump on both of its sides is the judge,
 * a count that is not the relay's. What has to come is known beforehand, from the seed: the pure
 * model says it, the wire must show it, byte by byte and in its order, and the relay's own account
 * must be what the captures show.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "distributions.h"
#include "hosts.h"
#include "lab.h"
#include "log.h"
#include "schedule.h"
#include "util.h"

enum { FRAMES = 20000, BYTES = 100, RING_FRAMES = 8192 };

static const uint64_t US = 1000;

TestSuite(relay, .init = hosts_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return hosts_main(argc, argv);
}

/* ---- what has to come, by the model ---- */

struct expected {
        uint32_t count;
        struct {
                uint32_t number;
                struct fate fate;
        } frames[2 * FRAMES];
};

static void expect_add(struct schedule *schedule, const struct impairment *told, uint32_t number) {
        struct schedule_frame frame = {.index = number};
        struct fate fate = fate_of(told, FATE_LEFT_TO_RIGHT, number, BYTES);

        if (fate.is_lost)
                return;
        schedule_add(schedule, &frame, BYTES, number, &fate);
        frame.is_copy = true;
        if (fate.is_duplicated)
                schedule_add(schedule, &frame, BYTES, number, &fate);
}

static void expect(const char *text, uint32_t count, struct expected *ret_expected) {
        struct schedule schedule;
        struct schedule_frame frame;
        struct impairment told;
        bool is_reordered;

        ret_expected->count = 0;
        cr_assert_eq(impairment_parse(text, &told), 0, "%s", error_message());
        told.limit = 1000000;
        cr_assert_eq(schedule_open(&schedule, &told), 0);
        for (uint32_t i = 0; i < count; i++)
                expect_add(&schedule, &told, i);
        while (schedule_take(&schedule, UINT64_MAX, &frame, &is_reordered)) {
                uint32_t place = ret_expected->count++;

                ret_expected->frames[place].number = (uint32_t)frame.index;
                ret_expected->frames[place].fate =
                        fate_of(&told, FATE_LEFT_TO_RIGHT, frame.index, BYTES);
        }
        schedule_close(&schedule);
}

static void same_frame(const struct hosts_frame *sent, const struct hosts_frame *came,
                       const struct fate *fate) {
        uint8_t bytes[BYTES];

        cr_assert_eq(sent->length, BYTES);
        cr_assert_eq(came->length, BYTES);
        memcpy(bytes, sent->bytes, BYTES);
        if (fate->is_corrupted)
                bytes[fate->bit / 8] ^= (uint8_t)(1 << fate->bit % 8);
        cr_assert_eq(memcmp(bytes, came->bytes, BYTES), 0, "frame %u, which %s", hosts_number(sent),
                     fate->is_corrupted ? "was to be corrupted" : "was not to be changed");
}

/* ---- what the captures show, counted without the model ---- */

struct shown {
        uint64_t lost;
        uint64_t duplicated;
        uint64_t reordered; /* RFC 4737: an earlier number came first; the first of its copies */
        uint64_t corrupted;
};

/* The numbers of corrupted frames are taken from the model: a changed number says nothing. */
static struct shown shown(const struct hosts_run *run, const struct expected *expected) {
        struct shown shown = {.lost = run->sent.count};
        bool *seen = calloc(run->sent.count, sizeof(*seen));
        uint32_t next = 0;

        cr_assert(seen);
        for (uint32_t i = 0; i < run->came.count; i++) {
                uint32_t number = expected->frames[i].number;

                shown.corrupted += memcmp(run->sent.frames[number].bytes, run->came.frames[i].bytes,
                                          BYTES) != 0;
                shown.duplicated += seen[number];
                shown.lost -= !seen[number];
                shown.reordered += !seen[number] && number < next;
                seen[number] = true;
                next = MAX(next, number + 1);
        }
        free(seen);
        return shown;
}

static void judge(const char *told, const struct hosts_run *run) {
        static struct expected expected;
        struct shown found;

        expect(told, run->sent.count, &expected);
        cr_assert_eq(run->came.count, expected.count, "%s: %u came, %u were to come: %s", told,
                     run->came.count, expected.count, hosts_account());
        for (uint32_t i = 0; i < expected.count; i++)
                same_frame(&run->sent.frames[expected.frames[i].number], &run->came.frames[i],
                           &expected.frames[i].fate);
        found = shown(run, &expected);
        fprintf(stderr, "%s: lost %lu duplicated %lu reordered %lu corrupted %lu of %u\n", told,
                found.lost, found.duplicated, found.reordered, found.corrupted, run->sent.count);
        cr_expect_eq(hosts_count("lost"), found.lost, "%s", hosts_account());
        cr_expect_eq(hosts_count("duplicated"), found.duplicated, "%s", hosts_account());
        cr_expect_eq(hosts_count("reordered"), found.reordered, "%s", hosts_account());
        cr_expect_eq(hosts_count("corrupted"), found.corrupted, "%s", hosts_account());
        cr_expect_eq(hosts_count("forwarded"), run->came.count, "%s", hosts_account());
}

/* ---- each impairment ---- */

struct words {
        char text[96];
};

static struct words each[] = {
        {"off"},
        {"loss=3%,seed=1"},
        {"loss=0.05%,seed=2"},
        {"duplicate=3%,seed=3"},
        {"reorder=2%,gap=1,seed=4"},
        {"reorder=1%,gap=5,seed=5"},
        {"corrupt=2%,seed=6"},
        {"delay=3ms,jitter=1ms,seed=7"},
        {"delay=2ms,jitter=100us,loss=1%,duplicate=1%,reorder=1%,corrupt=1%,seed=8"},
};

ParameterizedTestParameters(relay, what_was_told_is_what_both_captures_show) {
        return cr_make_param_array(struct words, each, ARRAY_SIZE(each));
}

ParameterizedTest(struct words *told, relay, what_was_told_is_what_both_captures_show,
                  .init = hosts_fresh) {
        struct hosts_run both = hosts_run(told->text, FRAMES, 25 * US, BYTES, NULL);

        judge(told->text, &both);
        hosts_run_free(&both);
}

static uint32_t of_all_kinds(uint32_t number, uint8_t *ret_bytes) {
        static uint64_t random = 11;
        uint32_t bytes = number % 100 ? 60 + test_random(&random) % 1455 : number % 200 ? 16 : 1514;
        uint32_t tags = number % 3, bytes_max = tags == 1 ? 1518 : 1514;

        for (uint32_t i = 0; i < bytes + 8; i++)
                ret_bytes[i] = (uint8_t)test_random(&random);
        memcpy(ret_bytes, "\2\0\0\0\0\x99\2\0\0\0\0\1", 12);
        if (tags == 2)
                memcpy(ret_bytes + 12, "\x88\xa8\x20\x05", 4);
        if (tags)
                memcpy(ret_bytes + 8 + 4 * tags, "\x81\x00\x60\x07", 4);
        memcpy(ret_bytes + 12 + 4 * tags, "\x88\xb5", 2); /* for experiments: no stack takes it */
        return MIN(bytes + 4 * tags, bytes_max);
}

/* One tag may exceed the MTU, as on a wire; a second one may not. */
Test(relay, off_changes_no_byte_of_any_kind_of_frame) {
        struct hosts_run both = hosts_run("off", 5000, 50 * US, 0, of_all_kinds);

        cr_assert_eq(both.came.count, both.sent.count, "%s", hosts_account());
        for (uint32_t i = 0; i < both.sent.count; i++) {
                cr_assert_eq(both.sent.frames[i].length, both.came.frames[i].length, "frame %u", i);
                cr_assert_eq(memcmp(both.sent.frames[i].bytes, both.came.frames[i].bytes,
                                    both.sent.frames[i].length),
                             0, "frame %u", i);
        }
        cr_expect_eq(hosts_count("forwarded"), both.sent.count, "%s", hosts_account());
        hosts_run_free(&both);
}

/* ---- bounds, and ends ---- */

Test(relay, frames_beyond_the_limit_are_counted) {
        struct hosts_run both = hosts_run("delay=200ms,limit=100", 1000, 20 * US, BYTES, NULL);

        cr_expect_eq(both.came.count, 100);
        cr_expect_eq(hosts_count("limit_reached"), 900, "%s", hosts_account());
        hosts_run_free(&both);
}

/* Each of its threads; a signal alone is only on its way. */
static void stop_for_now(pid_t relay) {
        kill(relay, SIGSTOP);
        lab_run("for i in $(seq 500); do"
                " grep -h ^State: /proc/%d/task/*/status | grep -qv '(stopped)' || exit 0;"
                " sleep 0.01; done; exit 1",
                relay);
}

Test(relay, what_the_socket_had_no_room_for_is_counted) {
        pid_t relay;

        hosts_up("off");
        relay = hosts_relay();
        stop_for_now(relay);
        hosts_send("left", 10000, 0, BYTES, NULL);
        kill(relay, SIGCONT);
        hosts_down();
        hosts_balanced();
        cr_expect_eq(hosts_count("seen"), 10000, "%s", hosts_account());
        cr_expect_eq(hosts_count("socket_dropped"), 10000 - RING_FRAMES, "%s", hosts_account());
        cr_expect_eq(hosts_count("forwarded"), RING_FRAMES, "%s", hosts_account());
}

Test(relay, frames_under_way_still_leave_at_the_end) {
        hosts_up("delay=500ms");
        hosts_send("left", 500, 20 * US, BYTES, NULL);
        hosts_down();
        hosts_balanced();
        cr_expect_eq(hosts_count("forwarded"), 500, "%s", hosts_account());
        cr_expect_eq(hosts_count("waiting"), 0, "%s", hosts_account());
}

Test(relay, a_second_signal_ends_at_once_and_what_waits_is_counted) {
        hosts_up("delay=60s");
        hosts_send("left", 500, 20 * US, BYTES, NULL);
        usleep(50000);
        kill(hosts_relay(), SIGTERM);
        hosts_down();
        hosts_balanced();
        cr_expect_eq(hosts_count("waiting"), 500, "%s", hosts_account());
}

Test(relay, a_port_that_is_down_takes_nothing_and_that_is_counted) {
        hosts_up("off");
        cr_assert_eq(hosts_lab("exec dut ip link set dut-right down"), 0, "%s", hosts_said());
        hosts_send("left", 500, 20 * US, BYTES, NULL);
        usleep(50000);
        hosts_down();
        hosts_balanced();
        cr_expect_eq(hosts_count("send_failed"), 500, "%s", hosts_account());
}

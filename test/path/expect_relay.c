/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim watch --expect behind the lab's relay, which loses, copies, overtakes and damages frames
 * from a seed. One judge is the relay's own account; the other compares, byte by byte, what tcpdump
 * saw on both of its sides.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xskim/xskim.h>

#include "captures.h"
#include "command.h"
#include "hosts.h"
#include "tape.h"
#include "util.h"

enum { FRAMES = 10000, BYTES = 120, INTERVAL_NS = 50000 };

static char capture[64];

static void begin(void) {
        snprintf(capture, sizeof(capture), "/tmp/xskim-relayed-%d.pcap", getpid());
        hosts_fresh();
}

static void end(void) {
        unlink(capture);
}

TestSuite(expect_relay, .init = begin, .fini = end, .timeout = 120);

int main(int argc, char *argv[]) {
        return hosts_main(argc, argv);
}

/* ---- both ends ---- */

static void enter(const char *host) {
        int fd = hosts_namespace(host);

        setns(fd, CLONE_NEWNET);
        close(fd);
}

static void enter_left(void) {
        enter("left");
}

static void enter_right(void) {
        enter("right");
}

static struct command watch_start(const char *path) {
        struct command watch = COMMAND_START(enter_right, "watch", "right0", "--json", "--interval",
                                             "100ms", "--ring-slots", "32736", "--expect", path);

        cr_assert(command_running(&watch));
        return watch;
}

static struct xskim_expect watch_end(struct command *watch, int status) {
        struct command_result result;
        struct xskim_expect told = {0};

        usleep(500000);
        kill(watch->pid, SIGINT);
        result = command_end(watch);
        cr_assert_eq(result.status, status, "%s", result.err);
#define TOLD(name_, doc_) told.name_ = command_summary(&result, "expect", #name_);
        XSKIM_EXPECT_ROWS(TOLD)
#undef TOLD
        command_result_free(&result);
        cr_assert_eq(told.unrecorded, 0, "xskim lost records: the test says nothing");
        return told;
}

/* ---- the relay's account as the judge ---- */

static const char *capture_named(const char *name) {
        static struct captures captures;

        captures_find(&captures);
        for (uint32_t i = 0; i < captures.count; i++)
                if (strstr(captures.path[i], name))
                        return captures.path[i];
        test_skip("no %s in %s (XSKIM_CAPTURES)", name, captures_directory());
}

static struct xskim_expect replayed(const char *told, int status) {
        const char *path = capture_named("modbus-big");
        struct command_result result;
        struct command watch, replay;
        struct xskim_expect e;

        hosts_up(told);
        watch = watch_start(path);
        replay = COMMAND_START(enter_left, "replay", "--json", "--rate", "10kpps", path, "left0");
        result = command_end(&replay);
        cr_assert_eq(result.status, 0, "%s", result.err);
        command_result_free(&result);
        e = watch_end(&watch, status);
        hosts_down();
        hosts_balanced();
        cr_assert_eq(hosts_count("received"), e.packets, "%s", hosts_account());
        return e;
}

Test(expect_relay, a_relay_that_does_nothing_changes_nothing) {
        struct xskim_expect e = replayed("off", 0);

        cr_expect_eq(e.matched, e.packets);
        cr_expect_eq(e.missing + e.changed + e.duplicated + e.extra, 0);
}

Test(expect_relay, what_it_lost_is_missing) {
        struct xskim_expect e = replayed("loss=3%,jitter=1ms,reorder=2%,delay=2ms,seed=5", 3);

        cr_expect_gt(e.missing, 200);
        cr_expect_eq(e.missing, hosts_count("lost"), "%s", hosts_account());
        cr_expect_eq(e.matched, e.packets - e.missing);
        cr_expect_eq(e.changed + e.duplicated + e.extra, 0);
}

Test(expect_relay, what_it_copied_is_duplicated) {
        struct xskim_expect e = replayed("duplicate=2%,seed=6", 3);

        cr_expect_gt(e.duplicated, 100);
        cr_expect_eq(e.duplicated, hosts_count("duplicated"), "%s", hosts_account());
        cr_expect_eq(e.matched, e.packets);
        cr_expect_eq(e.changed + e.missing + e.extra, 0);
}

/* ---- everything at once, frame by frame ---- */

static uint32_t frame_make(uint32_t number, uint8_t *ret_bytes) {
        static const uint8_t headers[42] = {
                2,  1,  1, 1, 1,  1, 2, 2, 2,  2, 2, 2, 8,    0, 0x45, 0, 0, BYTES - 14, 0, 0, 0, 0,
                64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x10, 0, 0x20, 0, 0, BYTES - 34, 0, 0};

        memcpy(ret_bytes, headers, sizeof(headers));
        ret_bytes[18] = (uint8_t)(number >> 8);
        ret_bytes[19] = (uint8_t)number;
        for (uint32_t at = 42; at < BYTES; at++)
                ret_bytes[at] = (uint8_t)(number * 31 + at);
        memcpy(ret_bytes + HOSTS_NUMBER_OFFSET, &number, sizeof(number));
        return BYTES;
}

static uint32_t tape_make(void *context, uint32_t number, uint8_t *ret_bytes, uint32_t room) {
        (void)context;
        (void)room;
        return frame_make(number, ret_bytes);
}

/* Frame number n is the only one with this IPv4 identification. What a path may change is put back.
 */
static void mask(uint8_t *bytes) {
        memset(bytes, 0, 12);
        bytes[15] = bytes[22] = bytes[24] = bytes[25] = 0;
}

struct verdict {
        uint64_t matched, changed, missing, duplicated, extra;
};

static struct verdict judged(const struct hosts_frames *came) {
        static uint32_t whole[FRAMES], damaged[FRAMES];
        struct verdict v = {0};

        memset(whole, 0, sizeof(whole));
        memset(damaged, 0, sizeof(damaged));
        for (uint32_t i = 0; i < came->count; i++) {
                uint8_t frame[BYTES], expected[BYTES];
                uint32_t number;

                memcpy(frame, came->frames[i].bytes, BYTES);
                number = (uint32_t)(frame[18] << 8 | frame[19]);
                frame_make(number, expected);
                mask(frame);
                mask(expected);
                if (number < FRAMES && !memcmp(frame, expected, BYTES))
                        whole[number]++;
                else if (number < FRAMES && !memcmp(frame, expected, 40))
                        damaged[number]++;
                else
                        v.extra++;
        }
        for (uint32_t n = 0; n < FRAMES; n++) {
                v.matched += whole[n] > 0;
                v.duplicated += whole[n] ? whole[n] - 1 : 0;
                v.changed += !whole[n] && damaged[n];
                v.missing += !whole[n] && !damaged[n];
                v.extra += whole[n] ? damaged[n] : damaged[n] ? damaged[n] - 1 : 0;
        }
        return v;
}

Test(expect_relay, all_that_it_did_at_once_is_what_the_wire_shows) {
        struct hosts_judge right;
        struct hosts_frames came;
        struct command watch;
        struct xskim_expect e;
        struct verdict v;

        cr_assert_eq(capture_write(capture, FRAMES, tape_make, NULL), 0);
        hosts_up("loss=2%,duplicate=3%,corrupt=10%,delay=2ms,jitter=1ms,reorder=2%,seed=9");
        right = hosts_judge_start("right");
        watch = watch_start(capture);
        hosts_send("left", FRAMES, INTERVAL_NS, BYTES, frame_make);
        e = watch_end(&watch, 3);
        came = hosts_judge_end(&right);
        hosts_down();
        v = judged(&came);
        hosts_frames_free(&came);
        cr_expect_gt(v.changed, 300);
        cr_expect_gt(v.extra, 100);
        cr_expect_eq(e.matched, v.matched, "%lu, judged %lu", e.matched, v.matched);
        cr_expect_eq(e.changed, v.changed, "%lu, judged %lu", e.changed, v.changed);
        cr_expect_eq(e.missing, v.missing, "%lu, judged %lu", e.missing, v.missing);
        cr_expect_eq(e.duplicated, v.duplicated, "%lu, judged %lu", e.duplicated, v.duplicated);
        cr_expect_eq(e.extra, v.extra, "%lu, judged %lu", e.extra, v.extra);
        cr_expect_eq(hosts_count("lost") + v.matched + v.changed + v.duplicated + v.extra -
                             hosts_count("duplicated"),
                     FRAMES, "%s", hosts_account());
}

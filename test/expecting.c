/* SPDX-License-Identifier: BSD-2-Clause */
/* See expecting.h. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "expecting.h"
#include "lab.h"
#include "replaying.h"

char other[64];

void expecting_begin(void) {
        replaying_begin();
        lab_run("ip link set " LAB_PORT " mtu 1600; ip link set " LAB_PEER " mtu 1600");
        snprintf(other, sizeof(other), "/tmp/xskim-other-%d.pcap", getpid());
}

void expecting_end(void) {
        unlink(other);
        replaying_end();
}

/* ---- watching ---- */

struct command watch_start(const char *const arguments[]) {
        struct command watch = command_start(NULL, arguments);

        cr_assert(command_attached(&watch, LAB_PEER), "it did not start");
        return watch;
}

struct command_result watch_end(struct command *watch) {
        usleep(200000);
        kill(watch->pid, SIGINT);
        return replaying_wait(watch);
}

struct xskim_expect told(const struct command_result *result) {
        struct xskim_expect told = {0};

#define TOLD(name_, doc_) told.name_ = command_summary(result, "expect", #name_);
        XSKIM_EXPECT_ROWS(TOLD)
#undef TOLD
        cr_assert_eq(told.packets, told.matched + told.changed + told.incomparable + told.missing);
        cr_assert_eq(command_summary(result, "ledger", "hashed"),
                     told.matched + told.changed + told.incomparable + told.duplicated +
                             told.extra + told.unrecorded);
        cr_assert_eq(command_summary(result, "ledger", "unaccounted"), 0);
        return told;
}

void all_is_well(const struct command_result *result, uint64_t packets) {
        struct xskim_expect e = told(result);

        cr_assert_eq(e.matched, packets, "%lu of %lu: %s", e.matched, packets, result->out);
        cr_assert_eq(e.packets, packets);
        cr_assert_eq(e.extra + e.duplicated + e.unrecorded, 0);
        cr_assert_eq(result->status, 0, "%s", result->err);
        cr_assert_str_empty(result->err);
}

const struct captures *captures_here(void) {
        static struct captures captures;

        captures_find(&captures);
        if (!captures.count)
                test_skip("no captures in %s (XSKIM_CAPTURES)", captures_directory());
        return &captures;
}

uint64_t packets_of(const char *path) {
        struct tape_packets packets = tape_read(path);
        uint64_t count = packets.count;

        tape_free(&packets);
        return count;
}

const char *capture_named(const char *name) {
        const struct captures *captures = captures_here();

        for (uint32_t i = 0; i < captures->count; i++)
                if (strstr(captures->path[i], name))
                        return captures->path[i];
        test_skip("no %s in %s (XSKIM_CAPTURES)", name, captures_directory());
}

void one_packet(uint8_t *ret_packet, uint8_t last) {
        lab_udp(ret_packet, 100, 1, 2);
        ret_packet[99] = last;
}

void one_write(const char *path, uint8_t last, uint32_t captured, int copies) {
        struct tape *tape = tape_open(path, TAPE_ETHERNET);
        uint8_t packet[100];

        one_packet(packet, last);
        while (copies--)
                tape_put(tape, 0, packet, captured, sizeof(packet));
        tape_close(tape);
}

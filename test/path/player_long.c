/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures that no memory holds: made from small ones, of XSKIM_TEST_CAPTURE_BYTES bytes or twice
 * the bound, they stream through a bounded one, from a file, a pipe and a compressed file, into a
 * port that drops; to the packet, by the receiving port's own counters.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "captures.h"
#include "command.h"
#include "empty.skel.h"
#include "lab.h"
#include "replaying.h"
#include "util.h"

#define RESIDENT_BYTES_MAX (256ULL << 20)
#define CAPTURE_BYTES_DEFAULT (2 * RESIDENT_BYTES_MAX)

enum {
        BLOCK_BYTES_MAX = 8 << 20,
        SNAP_BYTES = 65535,
        TIMEOUT_S = 3600,
        RATE_ATTEMPTS = 5,
        PAUSE_US = 300000,
        SETTLE_US = 100000,
};

/* Records of the small captures, as often as they are wanted. */
static struct {
        uint8_t *bytes;
        uint64_t length;
        uint64_t packets;
        uint64_t packet_bytes;
} block;
static uint64_t blocks;

TestSuite(player_long, .init = replaying_begin, .fini = replaying_end, .timeout = TIMEOUT_S);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- the capture ---- */

static void record_add(void *context, const uint8_t *bytes, uint32_t length) {
        uint32_t header[] = {(uint32_t)block.packets, 0, length, length};

        (void)context;
        if (length < 14 || length > PACKET_BYTES_MAX ||
            block.length + sizeof(header) + length > BLOCK_BYTES_MAX)
                return;
        memcpy(block.bytes + block.length, header, sizeof(header));
        memcpy(block.bytes + block.length + sizeof(header), bytes, length);
        block.length += sizeof(header) + length;
        block.packets++;
        block.packet_bytes += length;
}

static uint64_t bytes_wanted(void) {
        const char *asked = getenv("XSKIM_TEST_CAPTURE_BYTES");

        return asked ? strtoull(asked, NULL, 10) : CAPTURE_BYTES_DEFAULT;
}

/* Of those that are there, or else of one that is made. */
static void block_make(uint64_t bytes) {
        static struct captures captures;

        captures_find(&captures);
        if (!captures.count) {
                replaying_make(MADE_PACKETS, 1);
                captures.count = 1;
                snprintf(captures.path[0], sizeof(captures.path[0]), "%s", made);
        }
        block.bytes = mmap(NULL, BLOCK_BYTES_MAX, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        cr_assert_neq(block.bytes, MAP_FAILED);
        for (uint32_t i = 0; i < captures.count; i++)
                cr_assert_eq(capture_read(captures.path[i], record_add, NULL), 0);
        blocks = (bytes + block.length - 1) / block.length;
}

static void write_all(int fd, const uint8_t *bytes, size_t length) {
        for (ssize_t count; length; bytes += count, length -= (size_t)count) {
                count = write(fd, bytes, length);
                cr_assert_gt(count, 0, "the capture cannot be written: %s", strerror(errno));
        }
}

static void capture_put(int fd) {
        /* magic, version 2.4, zone, accuracy, longest packet, Ethernet */
        static const uint32_t header[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, SNAP_BYTES, 1};

        write_all(fd, (const uint8_t *)header, sizeof(header));
        for (uint64_t i = 0; i < blocks; i++)
                write_all(fd, block.bytes, block.length);
}

/* ---- the run ---- */

static void peer_drops(void) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        struct empty_bpf *empty = empty_bpf__open_and_load();

        cr_assert(empty);
        cr_assert_geq(bpf_link_create(bpf_program__fd(empty->progs.empty), lab_ifindex(LAB_PEER),
                                      BPF_XDP, &options),
                      0);
        empty_bpf__destroy(empty); /* the link keeps the program */
}

static uint64_t packets_wanted(void) {
        return blocks * block.packets;
}

/* Waits however long it takes; that is the test's own time limit. */
static struct command_result run(void (*before)(void), const char *engine, const char *file) {
        struct command command = COMMAND_START(before, "replay", "--json", "--top-speed",
                                               "--engine", engine, file, LAB_PORT);
        siginfo_t ended = {0};

        cr_assert_eq(waitid(P_PID, (id_t)command.pid, &ended, WEXITED | WNOWAIT), 0);
        return replaying_wait(&command);
}

/* To the packet, by the report and both ports, and in a bounded memory. At top speed a receiver may
 * be too slow for some now and then: then the sending port says so, and the sum holds. */
static void judge(struct command_result result, uint64_t received, const char *way) {
        uint64_t dropped = (uint64_t)report_number(&result, "port_dropped");

        fprintf(stderr,
                "%s: %" PRIu64 " packets, %.2f GB in %.2f s, at most %" PRIu64
                " MB resident, %.0f stalls, %" PRIu64 " dropped\n",
                way, packets_wanted(), (double)(blocks * block.length) / 1e9,
                report_number(&result, "duration_s"), result.resident_bytes_max >> 20,
                report_number(&result, "stalls"), dropped);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_str_empty(result.err);
        cr_expect_eq(report_number(&result, "packets"), packets_wanted(), "%s", result.out);
        cr_expect_eq(report_number(&result, "skipped"), 0);
        cr_expect_eq(report_number(&result, "bytes"), (double)(blocks * block.packet_bytes));
        cr_expect_eq(received + dropped, packets_wanted());
        cr_expect_leq(result.resident_bytes_max, RESIDENT_BYTES_MAX);
        /* a sum of zero would be under any bound */
        cr_expect_gt(result.resident_bytes_max, 1 << 20);
}

static void streams(void (*before)(void), const char *engine, const char *file, const char *way) {
        uint64_t received = lab_xdp_packets(LAB_PEER);
        struct command_result result = run(before, engine, file);

        usleep(SETTLE_US); /* what is still in the receiver's ring */
        judge(result, lab_xdp_packets(LAB_PEER) - received, way);
}

static int ends[2];

static void pipe_write(void *context) {
        (void)context;
        close(ends[0]);
        capture_put(ends[1]);
}

static void from_pipe(void) {
        dup2(ends[0], STDIN_FILENO);
}

Test(player_long, a_pipe_streams) {
        pid_t writer;

        block_make(bytes_wanted());
        peer_drops();
        cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
        writer = command_fork(pipe_write, NULL);
        close(ends[1]);
        streams(from_pipe, "afxdp", "-", "pipe");
        command_kill(writer);
}

static void pipe_write_haltingly(void *context) {
        (void)context;
        close(ends[0]);
        capture_put(ends[1]);
        usleep(PAUSE_US);
        write_all(ends[1], block.bytes, block.length);
}

Test(player_long, what_is_not_read_in_time_is_told) {
        struct command_result result;
        pid_t writer;

        block_make(1);
        peer_drops();
        cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
        writer = command_fork(pipe_write_haltingly, NULL);
        close(ends[1]);
        result = run(from_pipe, "xdp", "-");
        command_kill(writer);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(report_number(&result, "packets"), 2 * block.packets);
        cr_expect_geq(report_number(&result, "stalls"), 1);
}

/* The test ends when there is no room, and says so. */
static void room_require(uint64_t bytes) {
        struct statvfs facts;

        cr_assert_eq(statvfs("/tmp", &facts), 0);
        if (facts.f_bavail * facts.f_frsize < bytes + bytes / 2)
                test_skip("no room for a capture of %" PRIu64 " bytes in /tmp", bytes);
}

Test(player_long, a_file_streams) {
        int fd;

        block_make(bytes_wanted());
        room_require(bytes_wanted());
        peer_drops();
        fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        cr_assert_geq(fd, 0);
        capture_put(fd);
        close(fd);
        streams(NULL, "xdp", made, "file");
}

/* The largest window that a file may ask for takes the most memory. */
Test(player_long, a_compressed_file_streams) {
        FILE *packer;
        char command[128];

        block_make(bytes_wanted());
        room_require(bytes_wanted());
        peer_drops();
        snprintf(command, sizeof(command), "zstd -q -1 --long=27 -fo %s", made);
        packer = popen(command, "we");
        cr_assert(packer);
        capture_put(fileno(packer));
        cr_assert_eq(pclose(packer), 0, "%s", command);
        streams(NULL, "xdp", made, "zstd");
}

/* At a pace that reading keeps up with, nothing waits for it. */
Test(player_long, what_is_read_in_time_is_not_waited_for) {
        enum { BYTES = 100000000 }; /* more than stays in memory */
        struct command_result result;
        int fd, left = RATE_ATTEMPTS;

        block_make(BYTES);
        peer_drops();
        fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        cr_assert_geq(fd, 0);
        capture_put(fd);
        close(fd);
        do
                result = REPLAY("--rate", "40Mbps", "--limit", "20000", made, LAB_PORT);
        while (report_number(&result, "stalls") > 0 && --left);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(report_number(&result, "stalls"), 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sampler makes of packets with --expect is what is made of them natively: content,
 * identity and class, of every capture and of any packet, in one buffer and in several. Each packet
 * leaves one record of it, sampled or not.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "captures.h"
#include "content.h"
#include "lab.h"
#include "packets.h"
#include "recordfile.h"
#include "session.h"
#include "util.h"

TestSuite(content, .init = lab_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

enum { PACKETS_MAX = 40000, ONE_BUFFER = 3400, SEVERAL = 20000, BATCH = 4000 };

struct run {
        struct xskim_session *session;
        int fd;
        uint32_t most; /* bytes of a packet */
        uint32_t count;
        char record[64];
        char capture[64];
        struct content *natively;
};

static struct run run;

static uint32_t packet_make(void *context, uint32_t number, uint8_t *ret_bytes, uint32_t room) {
        (void)context;
        (void)number;
        (void)room;
        return lab_udp(ret_bytes, 60, 1, 2);
}

static void run_open(uint32_t most) {
        struct xskim_config config;
        cpu_set_t cpu;

        CPU_ZERO(&cpu);
        CPU_SET(0, &cpu);
        cr_assert_eq(sched_setaffinity(0, sizeof(cpu), &cpu), 0);
        run = (struct run){.most = most, .natively = calloc(PACKETS_MAX, sizeof(*run.natively))};
        snprintf(run.record, sizeof(run.record), "/tmp/xskim-content-%d.xskim", getpid());
        snprintf(run.capture, sizeof(run.capture), "/tmp/xskim-content-%d.pcap", getpid());
        cr_assert_eq(capture_write(run.capture, 1, packet_make, NULL), 0);
        lab_config(&config);
        config.sample = 3;
        config.ring_slots = 32736;
        config.record_path = run.record;
        config.expect_path = run.capture;
        run.session = lab_session_open(&config);
        run.fd = program_sampler_fd(run.session->programs, 0);
}

/* Every so often the ring is emptied: nothing may be lost. */
static void packet_run(const uint8_t *bytes, uint32_t length) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes, .data_size_in = length,
                    .repeat = 1);
        struct content *natively = &run.natively[run.count];

        if (length < 14 || length > run.most || run.count == PACKETS_MAX)
                return;
        cr_assert(content_of(bytes, length, natively));
        cr_assert_eq(bpf_prog_test_run_opts(run.fd, &options), 0, "%u bytes", length);
        cr_assert_eq(options.retval, XDP_DROP);
        if (++run.count % BATCH == 0)
                usleep(50000);
}

static void capture_run(void *context, const uint8_t *bytes, uint32_t length) {
        (void)context;
        packet_run(bytes, length);
}

static void records_compare(const struct xskim_frame_header *frame, uint32_t *at) {
        const struct xskim_content_record *records = (const void *)(frame + 1);

        for (uint32_t i = 0; i < frame->records; i++) {
                const struct content *natively = &run.natively[*at];

                if (records[i].weight)
                        continue;
                cr_assert_lt(*at, run.count);
                cr_assert_eq(records[i].kind, XSKIM_RECORD_OF_CONTENT);
                cr_assert_eq(records[i].content, natively->content, "content of packet %u", *at);
                cr_assert_eq(records[i].identity, natively->identity, "identity of packet %u", *at);
                cr_assert_eq(records[i].class, natively->class, "class of packet %u", *at);
                (*at)++;
        }
}

static void file_compare(void) {
        int fd = open(run.record, O_RDONLY | O_CLOEXEC);
        static struct recordfile file;
        struct recordfile_item item;
        struct stat facts;
        size_t at, length;
        uint32_t found = 0;
        uint8_t *bytes;

        cr_assert_eq(fstat(fd, &facts), 0);
        length = (size_t)facts.st_size;
        bytes = aligned_alloc(64, (length + 63) / 64 * 64);
        cr_assert_eq(read(fd, bytes, length), (ssize_t)length);
        close(fd);
        for (at = (size_t)recordfile_open(&file, bytes, length); at < length;) {
                at += recordfile_next(&file, bytes + at, length - at, &item);
                if (item.type == RECORDFILE_FRAME)
                        records_compare(item.frame, &found);
        }
        cr_assert_eq(found, run.count);
        free(bytes);
}

static void run_compare(void) {
        static struct xskim_snapshot summary;

        lab_session_summary(run.session, &summary);
        cr_assert_eq(summary.ledger.ring_full, 0, "records were lost: the test says nothing");
        cr_assert_eq(summary.ledger.seen, run.count);
        cr_assert_eq(summary.ledger.hashed, run.count);
        cr_assert_eq(summary.ledger.staged,
                     run.count + summary.ledger.sampled - summary.ledger.unparsable);
        cr_assert_gt(summary.ledger.sampled, run.count / 4);
        file_compare();
        unlink(run.record);
        unlink(run.capture);
        free(run.natively);
}

Test(content, of_every_capture_is_what_is_made_natively) {
        static struct captures captures;

        captures_find(&captures);
        if (!captures.count)
                test_skip("no captures in %s (XSKIM_CAPTURES)", captures_directory());
        run_open(ONE_BUFFER);
        for (uint32_t i = 0; i < captures.count; i++)
                cr_assert_eq(capture_read(captures.path[i], capture_run, NULL), 0);
        cr_assert_gt(run.count, 10000);
        run_compare();
}

static void any_packets_run(uint32_t most, uint32_t count) {
        static struct packet packet;
        uint64_t random = 17;

        run_open(most);
        for (uint32_t i = 0; i < count; i++) {
                struct packet_plan plan;
                uint32_t bytes;

                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                if (i % 4 == 3)
                        packet_spoil(&random, &packet);
                bytes = packet.length;
                if (i % 3 == 1)
                        bytes = packet_below(&random, bytes + 1);
                packet_run(packet.bytes, bytes);
        }
        cr_assert_gt(run.count, count / 2);
        run_compare();
}

Test(content, of_any_packet_is_what_is_made_natively) {
        any_packets_run(ONE_BUFFER, 20000);
}

/* The sampler's variant for several buffers; payloads of every length around the ends of stripes,
 * chunks and buffers. */
Test(content, of_a_packet_in_several_buffers_is_what_is_made_natively) {
        static uint8_t packet[SEVERAL];
        uint64_t random = 23;

        lab_run("ip link set " LAB_PORT " mtu 9000; ip link set " LAB_PEER " mtu 9000");
        run_open(SEVERAL);
        for (uint32_t bytes = 42; bytes < 9000; bytes += bytes < 400 ? 1 : 7) {
                lab_udp(packet, bytes, 1, 2);
                for (uint32_t at = 42; at < bytes; at++)
                        packet[at] = (uint8_t)packet_below(&random, 256);
                packet_run(packet, bytes);
        }
        cr_assert_gt(run.count, 1500);
        run_compare();
}

Test(content, of_any_packet_in_several_buffers_too) {
        lab_run("ip link set " LAB_PORT " mtu 9000; ip link set " LAB_PEER " mtu 9000");
        any_packets_run(SEVERAL, 10000);
}

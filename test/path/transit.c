/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stamped packets through a whole session: what happens to them is known to the packet, because the
 * test decides it, and when they arrive is known to within two clock readings. The sampler is run
 * by BPF_PROG_RUN on the calling thread's CPU, so nothing is lost on the way to it.
 */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <xskim/xskim.h>

#include "clock.h"
#include "lab.h"
#include "session.h"
#include "stamp.h"
#include "util.h"

TestSuite(transit, .init = lab_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

enum {
        PACKETS = 1000000,
        BYTES = 100,
        RUN = 0xabc,
        STREAM = 4,
        DELAY_NS = 2000000,
        MOVE_EVERY = 5000
};

static void run_on(int cpu) {
        cpu_set_t cpus;

        CPU_ZERO(&cpus);
        CPU_SET((size_t)cpu, &cpus);
        cr_assert_eq(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
}

static void packet_arrive(int fd, const uint8_t *packet, uint32_t bytes) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = bytes,
                    .repeat = 1);

        cr_assert_eq(bpf_prog_test_run_opts(fd, &options), 0);
        cr_assert_eq(options.retval, XDP_DROP);
}

static struct xskim_session *transit_open_session(uint32_t sample, const char *record_path,
                                                  int *ret_fd) {
        struct xskim_config config;
        struct xskim_session *session;

        lab_config(&config);
        config.sample = sample;
        config.seed = 7;
        config.transit = true;
        config.ring_slots = 32736;
        config.record_path = record_path;
        session = lab_session_open(&config);
        *ret_fd = program_sampler_fd(session->programs, 0);
        return session;
}

/* ---- a known pattern, a million packets ---- */

/* What is known of the arrivals, by the most naive account of them. */
struct known {
        uint8_t arrived[PACKETS];
        uint64_t highest;
        uint64_t received, duplicated, reordered, corrupted;
        uint64_t latest_ns[PACKETS]; /* the latency is at least DELAY_NS, and at most this */
};

static struct known known;

static void known_book(uint64_t number, bool corrupted, uint64_t latest_ns) {
        known.corrupted += corrupted;
        if (known.arrived[number]) {
                known.duplicated++;
                return;
        }
        known.arrived[number] = 1;
        known.latest_ns[known.received++] = latest_ns;
        known.reordered += number < known.highest;
        known.highest = MAX(known.highest, number);
}

struct sender {
        int fd;
        uint8_t packet[BYTES];
        struct stamp_spot spot;
        uint64_t sent;
};

static void sender_open(struct sender *sender, int fd) {
        uint32_t bytes = lab_udp(sender->packet, BYTES - XSKIM_STAMP_BYTES, 1, 2);

        sender->fd = fd;
        sender->sent = 0;
        cr_assert_eq(stamp_prepare(sender->packet, bytes, BYTES, STAMP_APPEND, &sender->spot),
                     STAMP_done);
}

static void send_one(struct sender *sender, uint64_t number, bool corrupted) {
        uint64_t sent_ns, done_ns;

        if (sender->sent++ % MOVE_EVERY == 0)
                run_on((int)(sender->sent / MOVE_EVERY % 2));
        sent_ns = clock_monotonic_ns();
        stamp_write(sender->packet, &sender->spot, RUN, STREAM, number, sent_ns - DELAY_NS);
        sender->packet[50] ^= corrupted;
        packet_arrive(sender->fd, sender->packet, BYTES);
        sender->packet[50] ^= corrupted;
        done_ns = clock_monotonic_ns();
        known_book(number, corrupted, DELAY_NS + done_ns - sent_ns);
}

/* Losses, copies at once and late, overtaking by 10, damage: each with a period of its own. */
static void pattern_send(struct sender *sender) {
        for (uint64_t n = 0; n < PACKETS; n++) {
                bool late = n % 89 == 7 && n + 10 < PACKETS, lost = n % 97 == 13;

                if (!late && !lost)
                        send_one(sender, n, n % 1009 == 3);
                if (n % 101 == 5 && !late && !lost)
                        send_one(sender, n, false);
                if (n > 10 && (n - 10) % 89 == 7)
                        send_one(sender, n - 10, false);
                if (n > 300 && n % 5003 == 9 && known.arrived[n - 300])
                        send_one(sender, n - 300, false);
        }
}

static int by_size(const void *a, const void *b) {
        uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

        return one < other ? -1 : one > other;
}

static void latency_is_known(const struct xskim_distribution *latency) {
        static const double shares[] = {0.5, 0.9, 0.99, 0.999};

        qsort(known.latest_ns, known.received, sizeof(known.latest_ns[0]), by_size);
        cr_assert_eq(latency->count, known.received);
        cr_assert_geq(latency->min, DELAY_NS);
        cr_assert_leq(latency->max, known.latest_ns[known.received - 1]);
        for (int i = 0; i < XSKIM_QUANTILE_COUNT; i++) {
                uint64_t latest =
                        known.latest_ns[(uint64_t)(shares[i] * (double)(known.received - 1))];

                cr_assert_gt(latency->quantiles[i].high, DELAY_NS);
                cr_assert_leq(latency->quantiles[i].low, latest);
                cr_assert_leq(latency->quantiles[i].value, latency->quantiles[i].high);
        }
}

static void pattern_is_found(const struct xskim_transit *transit) {
        const struct xskim_stream *sum = &transit->sum;

        cr_assert(transit->enabled);
        cr_assert_eq(transit->unrecorded, 0, "%lu records were lost: the test says nothing",
                     transit->unrecorded);
        cr_assert_eq(transit->unordered + transit->untracked + transit->unattributed, 0);
        cr_assert_eq(transit->stream_count, 1);
        cr_assert(transit->streams[0].run == RUN && transit->streams[0].number == STREAM);
        cr_assert_eq(sum->received, known.received);
        cr_assert_eq(sum->lost, known.highest + 1 - known.received);
        cr_assert_eq(sum->duplicated, known.duplicated);
        cr_assert_eq(sum->reordered, known.reordered);
        cr_assert_eq(sum->corrupted, known.corrupted);
        cr_assert_eq(sum->beyond_window + sum->before_sent, 0);
        cr_assert_gt(sum->reordered, 10000);
        cr_assert_gt(sum->duplicated, 9000);
        latency_is_known(&sum->latency);
}

static void reading_agrees(const char *path, const struct xskim_snapshot *live) {
        static struct xskim_snapshot summary;
        const union xskim_value *values;
        struct xskim_reader *reader;
        uint64_t records = 0;

        cr_assert_eq(xskim_reader_open(path, &reader), 0, "%s", xskim_error_message());
        while (xskim_reader_next(reader, &values) == XSKIM_CONTINUE)
                records++;
        cr_assert_eq(records, live->ledger.sampled, "samples are listed, stamps are not");
        cr_assert_eq(xskim_reader_summary(reader, 0, &summary), 0);
        cr_assert_eq(xskim_reader_judge(reader), 0, "%s", xskim_error_message());
        cr_assert_eq(memcmp(&summary.transit, &live->transit, sizeof(live->transit)), 0);
        xskim_reader_close(reader);
}

Test(transit, a_million_packets_of_a_known_pattern_are_found_exactly_and_read_back) {
        static struct xskim_snapshot summary;
        static struct sender sender;
        char path[] = "/tmp/xskim-transit-XXXXXX";
        struct xskim_session *session;
        int fd, file = mkstemp(path);

        cr_assert_geq(file, 0);
        session = transit_open_session(64, path, &fd);
        sender_open(&sender, fd);
        pattern_send(&sender);
        lab_session_summary(session, &summary);
        cr_assert_eq(summary.ledger.stamped, sender.sent);
        cr_assert_eq(summary.ledger.seen, sender.sent);
        pattern_is_found(&summary.transit);
        reading_agrees(path, &summary);
        unlink(path);
        close(file);
}

/* ---- what looking for stamps does not disturb ---- */

static void stamped_and_not(bool transit, struct xskim_snapshot *ret) {
        static struct sender sender;
        struct xskim_config config;
        struct xskim_session *session;
        uint8_t plain[BYTES];

        lab_udp(plain, BYTES, 1, 2);
        lab_config(&config);
        config.sample = 8;
        config.seed = 99;
        config.transit = transit;
        config.ring_slots = 32736;
        session = lab_session_open(&config);
        sender_open(&sender, program_sampler_fd(session->programs, 0));
        run_on(0);
        for (uint64_t n = 0; n < 20000; n++) {
                packet_arrive(sender.fd, plain, BYTES);
                if (n % 3)
                        continue;
                stamp_write(sender.packet, &sender.spot, RUN, STREAM, n, clock_monotonic_ns());
                packet_arrive(sender.fd, sender.packet, BYTES);
        }
        lab_session_summary(session, ret);
}

Test(transit, the_same_packets_are_sampled_with_and_without_it) {
        static struct xskim_snapshot with, without;

        stamped_and_not(true, &with);
        stamped_and_not(false, &without);
        cr_assert(!without.transit.enabled);
        cr_assert_eq(without.ledger.stamped, 0);
        cr_assert_eq(with.ledger.stamped, 20000 / 3 + 1);
        cr_assert_eq(with.transit.sum.received, 20000 / 3 + 1);
        cr_assert_eq(with.ledger.seen, without.ledger.seen);
        cr_assert_eq(with.ledger.sampled, without.ledger.sampled);
        cr_assert_eq(with.ledger.staged, without.ledger.staged + with.ledger.stamped);
        cr_assert_eq(with.estimate_packets.value, without.estimate_packets.value);
        cr_assert_eq(with.estimate_bytes.value, without.estimate_bytes.value);
        cr_assert_eq(with.size.count, without.size.count);
        cr_assert_eq(with.size.mean, without.size.mean);
        cr_assert_eq(with.classes.udp, without.classes.udp);
}

Test(transit, stamps_are_found_when_nothing_is_sampled_and_nothing_classified) {
        static struct xskim_snapshot summary;
        static struct sender sender;
        struct xskim_config config;
        struct xskim_session *session;

        lab_config(&config);
        config.sample = 0;
        config.tier = XSKIM_TIER_COUNTS;
        config.transit = true;
        config.clock_offset_ns = -5000000;
        session = lab_session_open(&config);
        sender_open(&sender, program_sampler_fd(session->programs, 0));
        for (uint64_t n = 0; n < 500; n++)
                send_one(&sender, n, n % 10 == 0);
        lab_session_summary(session, &summary);
        cr_assert_eq(summary.ledger.sampled, 0);
        cr_assert_eq(summary.transit.sum.received, 500);
        cr_assert_eq(summary.transit.sum.corrupted, 50);
        cr_assert_geq(summary.transit.sum.latency.min, DELAY_NS + 5000000);
}

/* ---- lengths: payloads that end anywhere in the hash's chunks, padding, several buffers ---- */

static void length_arrive(int fd, uint32_t bytes, uint64_t number, uint32_t padding) {
        static uint8_t packet[9014];
        struct stamp_spot spot;

        lab_udp(packet, bytes, 1, 2);
        for (uint32_t i = 42; i < bytes; i++)
                packet[i] = (uint8_t)(i * 7 + number);
        cr_assert_eq(stamp_prepare(packet, bytes, sizeof(packet), STAMP_OVER, &spot), STAMP_done);
        stamp_write(packet, &spot, RUN, STREAM, number, 1);
        packet_arrive(fd, packet, bytes + padding);
}

Test(transit, payloads_of_every_length_are_checked_whole) {
        static struct xskim_snapshot summary;
        int fd;
        struct xskim_session *session = transit_open_session(0, NULL, &fd);
        uint64_t number = 0;

        for (uint32_t bytes = 42 + XSKIM_STAMP_BYTES; bytes <= 1500; bytes++)
                length_arrive(fd, bytes, number++, bytes % 14);
        lab_session_summary(session, &summary);
        cr_assert_eq(summary.transit.sum.received, number);
        cr_assert_eq(summary.transit.sum.corrupted, 0);
        cr_assert_eq(summary.ledger.stamped, number);
}

Test(transit, stamps_of_packets_in_several_buffers_are_found) {
        static struct xskim_snapshot summary;
        struct xskim_session *session;
        uint64_t number = 0;
        int fd;

        lab_run("ip link set " LAB_PORT " mtu 9000; ip link set " LAB_PEER " mtu 9000");
        session = transit_open_session(0, NULL, &fd);
        for (uint32_t bytes = 3000; bytes <= 9014; bytes += 13)
                length_arrive(fd, bytes, number++, 0);
        lab_session_summary(session, &summary);
        cr_assert_eq(summary.transit.sum.received, number);
        cr_assert_eq(summary.transit.sum.corrupted, 0);
}

/* ---- on the wire ---- */

static void over_the_wire(bool generic, bool shared) {
        static struct xskim_snapshot summary;
        static struct sender sender;
        struct xskim_config config;
        struct xskim_session *session;
        uint64_t before_ns;

        lab_config(&config);
        config.sample = 8;
        config.transit = true;
        config.generic = generic;
        config.shared = shared;
        if (xskim_open(&config, &session) < 0) {
                cr_assert(shared && strstr(xskim_error_message(), "refuses libxdp's dispatcher"),
                          "%s", xskim_error_message());
                lab_skip("the kernel refuses libxdp's dispatcher: run this suite without lockdown");
        }
        sender_open(&sender, -1);
        before_ns = clock_monotonic_ns();
        for (uint64_t n = 0; n < 1000; n++) {
                stamp_write(sender.packet, &sender.spot, RUN, STREAM, n, clock_monotonic_ns());
                lab_transmit(LAB_PEER, sender.packet, BYTES, 1 + n % 2);
        }
        usleep(100000);
        lab_session_summary(session, &summary);
        cr_assert_eq(summary.transit.sum.received, 1000);
        cr_assert_eq(summary.transit.sum.duplicated, 500);
        cr_assert_eq(summary.transit.sum.lost + summary.transit.sum.reordered, 0);
        cr_assert_eq(summary.transit.sum.corrupted, 0);
        cr_assert_lt(summary.transit.sum.latency.max, clock_monotonic_ns() - before_ns);
        cr_assert_gt(summary.transit.sum.latency.min, 0);
}

Test(transit, stamps_that_came_over_a_wire_are_found) {
        over_the_wire(false, false);
}

Test(transit, stamps_are_found_in_generic_mode) {
        over_the_wire(true, false);
}

Test(transit, stamps_are_found_in_the_dispatcher) {
        cr_assert_eq(unshare(CLONE_NEWNS), 0);
        cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        cr_assert_eq(mount("lab", "/sys/fs/bpf", "bpf", 0, NULL), 0);
        over_the_wire(false, true);
}

/* Every byte of the payload and of the stamp, the magic left out. */
Test(transit, damage_of_any_byte_is_seen) {
        static struct xskim_snapshot summary;
        static struct sender sender;
        int fd;
        struct xskim_session *session = transit_open_session(0, NULL, &fd);
        uint64_t number = 0;

        sender_open(&sender, fd);
        for (uint32_t at = 42; at < BYTES; at++) {
                if (at >= sender.spot.trailer && at < sender.spot.trailer + 4)
                        continue;
                stamp_write(sender.packet, &sender.spot, RUN, STREAM, number++, 1);
                sender.packet[at] ^= 0x40;
                packet_arrive(fd, sender.packet, BYTES);
                sender.packet[at] ^= 0x40;
        }
        lab_session_summary(session, &summary);
        cr_assert_eq(summary.transit.sum.corrupted, BYTES - 42 - 4);
        cr_assert_eq(summary.transit.unattributed, XSKIM_STAMP_BYTES - 4);
        cr_assert_eq(summary.transit.sum.received, sender.spot.trailer - 42);
}

Test(transit, a_ring_that_overran_is_told) {
        static struct xskim_snapshot summary;
        static struct sender sender;
        struct xskim_config config;
        struct xskim_session *session;

        lab_config(&config);
        config.sample = 0;
        config.transit = true;
        config.ring_slots = 96;
        config.flush_ms = 60000;
        session = lab_session_open(&config);
        sender_open(&sender, program_sampler_fd(session->programs, 0));
        run_on(0);
        sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
        for (uint64_t n = 0; n < 50000; n++)
                send_one(&sender, n, false);
        sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
        lab_session_summary(session, &summary);
        cr_assert_eq(summary.ledger.stamped, 50000);
        cr_assert_eq(summary.transit.unrecorded, summary.ledger.ring_full);
        cr_assert_eq(summary.transit.sum.received + summary.ledger.ring_full, 50000);
}

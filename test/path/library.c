/* SPDX-License-Identifier: BSD-2-Clause */
/* What the library exports, what it refuses, and that nothing is left behind then; through the
 * shared library. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user.h"

int main(int argc, char *argv[]) {
        return user_main(argc, argv);
}

/* The names that a pipe prints, sorted, one a line. */
static void names_read(const char *command, char *text, size_t bytes) {
        FILE *pipe = popen(command, "r");
        size_t length;

        cr_assert(pipe);
        length = fread(text, 1, bytes - 1, pipe);
        text[length] = '\0';
        cr_assert_eq(pclose(pipe), 0);
        cr_assert(length > 0 && length < bytes - 1);
}

Test(library, exports_exactly_what_the_header_declares) {
        char exported[4096], declared[4096];

        names_read("nm -D --defined-only " XSKIM_LIBRARY " | awk '{print $3}' | "
                   "grep -v '^__[ua]\\?[bts]san\\|^_fini$\\|^_init$' | LC_ALL=C sort",
                   exported, sizeof(exported));
        names_read("cat " XSKIM_HEADERS
                   "/xskim*.h | tr '\\n' ' ' | grep -o 'XSKIM_PUBLIC [^;(]*(' | "
                   "grep -o 'xskim_[a-z_]*(' | tr -d '(' | LC_ALL=C sort",
                   declared, sizeof(declared));
        cr_assert_str_eq(exported, declared);
}

Test(library, says_its_version_and_no_error_before_there_is_one) {
        unsigned int major, minor, patch;

        cr_assert_eq(sscanf(xskim_version(), "%u.%u.%u", &major, &minor, &patch), 3);
        cr_assert_str_eq(xskim_error_message(), "");
        cr_assert_null(xskim_close(NULL));
}

/* Rows: one field out of range each. */
static void no_ports(struct xskim_config *c) {
        c->port_count = 0;
}
static void too_many_ports(struct xskim_config *c) {
        c->port_count = XSKIM_PORTS_MAX + 1;
}
static void port_without_name(struct xskim_config *c) {
        c->port_count = 2;
        c->ports[1] = NULL;
}
static void port_with_empty_name(struct xskim_config *c) {
        c->ports[0] = "";
}
static void port_twice(struct xskim_config *c) {
        c->port_count = 2;
        c->ports[1] = c->ports[0];
}
static void verdict_unknown(struct xskim_config *c) {
        c->verdict = XSKIM_VERDICT_DROP + 1;
}
static void tier_unknown(struct xskim_config *c) {
        c->tier = XSKIM_TIER_CLASSES + 1;
}
static void sample_too_large(struct xskim_config *c) {
        c->sample = UINT32_MAX;
}
static void interval_too_short(struct xskim_config *c) {
        c->interval_ms = 0;
}
static void flush_zero(struct xskim_config *c) {
        c->flush_ms = 0;
}
static void flush_too_long(struct xskim_config *c) {
        c->flush_ms = UINT32_MAX;
}
static void slots_too_few(struct xskim_config *c) {
        c->ring_slots = 48;
}
static void slots_too_many(struct xskim_config *c) {
        c->ring_slots = 32784;
}
static void slots_not_whole_frames(struct xskim_config *c) {
        c->ring_slots = 1000;
}
static void no_workers(struct xskim_config *c) {
        c->workers = 0;
}
static void too_many_workers(struct xskim_config *c) {
        c->workers = 65;
}
static void too_many_cpus(struct xskim_config *c) {
        c->cpu_count = XSKIM_CPUS_MAX + 1;
}
static void cpu_that_is_not_there(struct xskim_config *c) {
        c->cpu_count = 1;
        c->cpus[0] = 100000;
}
static void stack_with_drop(struct xskim_config *c) {
        c->stack = true;
        c->verdict = XSKIM_VERDICT_DROP;
}
static void stack_without_samples(struct xskim_config *c) {
        c->stack = true;
        c->sample = 0;
}
static void stack_in_generic_mode(struct xskim_config *c) {
        c->stack = c->generic = true;
}

struct bad_config {
        const char *name;
        void (*spoil)(struct xskim_config *config);
};

#define BAD(function_)                                                                             \
        { #function_, function_ }

static const struct bad_config bad_configs[] = {
        BAD(no_ports),
        BAD(too_many_ports),
        BAD(port_without_name),
        BAD(port_twice),
        BAD(verdict_unknown),
        BAD(tier_unknown),
        BAD(sample_too_large),
        BAD(interval_too_short),
        BAD(flush_zero),
        BAD(flush_too_long),
        BAD(slots_too_few),
        BAD(slots_too_many),
        BAD(no_workers),
        BAD(slots_not_whole_frames),
        BAD(too_many_workers),
        BAD(too_many_cpus),
        BAD(cpu_that_is_not_there),
        BAD(stack_with_drop),
        BAD(port_with_empty_name),
        BAD(stack_without_samples),
        BAD(stack_in_generic_mode),
};

static void refused(const char *name, const struct xskim_config *config, int error) {
        struct xskim_session *untouched = (void *)&untouched, *session = untouched;
        unsigned int fds = entries_count("/proc/self/fd");
        unsigned int threads = entries_count("/proc/self/task");

        cr_expect_eq(xskim_open(config, &session), error, "%s: %s", name, xskim_error_message());
        cr_expect_eq(session, untouched, "%s", name);
        cr_expect(strlen(xskim_error_message()) > 10, "%s: no message", name);
        cr_expect_eq(entries_count("/proc/self/fd"), fds, "%s: descriptors are left", name);
        cr_expect_eq(entries_count("/proc/self/task"), threads, "%s: threads are left", name);
}

Test(library, refuses_each_value_out_of_range_with_a_message_and_leaves_nothing) {
        struct xskim_config config;

        for (size_t i = 0; i < sizeof(bad_configs) / sizeof(bad_configs[0]); i++) {
                config_of(&config, 1);
                bad_configs[i].spoil(&config);
                refused(bad_configs[i].name, &config, -EINVAL);
                cr_expect_not(port_has_program(ports[0]), "%s", bad_configs[i].name);
        }
}

Test(library, leaves_nothing_when_the_second_port_cannot_be_had) {
        struct xskim_config config;

        config_of(&config, 2);
        config.ports[1] = "nosuchport";
        refused("unknown port", &config, -ENODEV);
        cr_assert(strstr(xskim_error_message(), "nosuchport"));
        cr_assert_not(port_has_program(ports[0]));
}

/* Two packets of 60 bytes, a millisecond apart (draft-ietf-opsawg-pcap). */
static void capture_write(const char *path) {
        const uint32_t head[] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};
        uint8_t packet[60] = {[12] = 0x88, [13] = 0xb5};
        FILE *file = fopen(path, "we");

        cr_assert(file);
        cr_assert_eq(fwrite(head, sizeof(head), 1, file), 1);
        for (uint32_t i = 0; i < 2; i++) {
                const uint32_t record[] = {0, i * 1000, sizeof(packet), sizeof(packet)};

                cr_assert_eq(fwrite(record, sizeof(record), 1, file), 1);
                cr_assert_eq(fwrite(packet, sizeof(packet), 1, file), 1);
        }
        cr_assert_eq(fclose(file), 0);
}

Test(library, replays_a_capture_and_says_how) {
        struct xskim_replay_config config;
        struct xskim_replay *untouched = (void *)&untouched, *replay = untouched;
        struct xskim_replay_watch watch = {0};
        struct xskim_replay_report report;

        xskim_replay_config_init(&config);
        config.file = "/tmp/xskim-library.pcap";
        capture_write(config.file);
        config.port = "nosuchport";
        cr_assert_eq(xskim_replay_open(&config, &replay), -ENODEV);
        cr_assert_eq(replay, untouched);
        config.port = peers[0];
        cr_assert_eq(xskim_replay_open(&config, &replay), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_replay_run(replay, &watch, &report), 0, "%s", xskim_error_message());
        cr_expect_eq(report.sent.progress.packets, 2);
        cr_expect_eq(report.sent.progress.bytes, 120);
        cr_expect_eq(xskim_replay_skipped(&report), 0);
        cr_expect(xskim_replay_duration_s(&report.sent.progress) >= 0.5e-3, "%g",
                  xskim_replay_duration_s(&report.sent.progress));
        cr_expect_eq(report.error_ns.count, 2);
        xskim_replay_close(replay);
        config.rounds = 0;
        cr_assert_eq(xskim_replay_open(&config, &replay), 0, "%s", xskim_error_message());
        xskim_replay_interrupt(replay);
        cr_assert_eq(xskim_replay_run(replay, &watch, &report), 0);
        cr_expect(report.sent.stopped);
        cr_expect_leq(report.sent.progress.packets, 2, "%lu: it went on",
                      report.sent.progress.packets);
        cr_assert_null(xskim_replay_close(replay));
        cr_assert_null(xskim_replay_close(NULL));
        remove(config.file);
}

Test(library, leaves_the_first_session_alone_when_a_second_wants_its_port) {
        struct xskim_config config;
        struct xskim_session *session;
        struct xskim_snapshot s;

        config_of(&config, 2);
        config.ports[0] = ports[1];
        config.port_count = 1;
        session = session_open(&config);
        config_of(&config, 2);
        refused("a port twice", &config, -EBUSY);
        cr_assert(strstr(xskim_error_message(), ports[1]));
        cr_assert_not(port_has_program(ports[0]));
        packets_send(peers[1], 10);
        cr_assert_eq(xskim_stop(session), 0);
        cr_assert_eq(xskim_snapshot(session, 0, &s), 0);
        cr_assert_eq(s.ledger.seen, 10);
        xskim_close(session);
}

static unsigned int worst_of(const struct xskim_examination *found, unsigned int *ret_of_port) {
        unsigned int worst = XSKIM_CHECK_OK;

        *ret_of_port = 0;
        for (unsigned int i = 0; i < found->count; i++) {
                const struct xskim_check *check = &found->checks[i];

                cr_expect(strlen(check->name) > 1 && !strchr(check->name, ' '));
                cr_expect(strlen(check->found) > 0, "%s", check->name);
                cr_expect(check->status < XSKIM_CHECK_DENIED, "%s: %s", check->name, check->found);
                cr_expect(strlen(xskim_check_word(check->status)) > 1);
                cr_expect(check->of_port >= (*ret_of_port > 0), "the port's come last");
                *ret_of_port += check->of_port;
                worst = check->status > worst ? check->status : worst;
        }
        return worst;
}

Test(library, tells_whether_a_port_is_in_use) {
        bool in_use = true;
        char line[128];

        cr_assert_eq(xskim_port_in_use("nosuchport", &in_use), -ENODEV);
        cr_assert_eq(xskim_port_in_use(ports[0], &in_use), 0, "%s", xskim_error_message());
        cr_expect_not(in_use);
        snprintf(line, sizeof(line), "ip address add 2001:db8::7/64 dev %s nodad", ports[0]);
        cr_assert_eq(system(line), 0);
        cr_assert_eq(xskim_port_in_use(ports[0], &in_use), 0, "%s", xskim_error_message());
        cr_expect(in_use);
        snprintf(line, sizeof(line), "ip address del 2001:db8::7/64 dev %s", ports[0]);
        cr_assert_eq(system(line), 0);
}

Test(library, examines_the_machine_and_a_port) {
        static struct xskim_examination machine, port;
        unsigned int of_port, fds = entries_count("/proc/self/fd");

        cr_assert_eq(xskim_examine(NULL, false, &machine), 0, "%s", xskim_error_message());
        cr_expect_eq(worst_of(&machine, &of_port), machine.worst);
        cr_expect_eq(of_port, 0);
        cr_assert_eq(xskim_examine(ports[0], false, &port), 0, "%s", xskim_error_message());
        cr_expect_eq(worst_of(&port, &of_port), port.worst);
        cr_expect_eq(port.count, machine.count + of_port);
        cr_expect(of_port >= 4);
        cr_assert_eq(xskim_examine(NULL, true, &port), 0, "%s", xskim_error_message());
        cr_expect_eq(port.count, machine.count + 1);
        cr_expect_str_eq(port.checks[machine.count].name, "leftovers");
        cr_expect_eq(entries_count("/proc/self/fd"), fds, "descriptors are left");
        cr_expect_not(port_has_program(ports[0]));
}

Test(library, examines_no_port_that_is_not_there) {
        static struct xskim_examination found = {.count = 77};

        cr_assert_eq(xskim_examine("nosuchport", false, &found), -ENODEV);
        cr_expect(strstr(xskim_error_message(), "nosuchport"));
        cr_assert_eq(xskim_examine("nosuchport", true, &found), -ENODEV);
        cr_expect_eq(found.count, 77);
}

/* ---- buckets ---- */

static const struct xskim_buckets *buckets_of(struct xskim_session *session, unsigned int port,
                                              enum xskim_distribution_name name) {
        static struct xskim_buckets buckets;

        cr_assert_eq(xskim_buckets(session, port, name, &buckets), 0, "%s", xskim_error_message());
        return &buckets;
}

/* All packets are of one size, so they are in one slot, whose bounds hold it. */
static void expect_sizes(struct xskim_session *session, unsigned int port, uint64_t count) {
        const struct xskim_buckets *sizes = buckets_of(session, port, XSKIM_DISTRIBUTION_size);
        unsigned int slot = 0;

        while (xskim_bucket_bound(sizes->scale, slot) < PACKET_BYTES)
                slot++;
        cr_expect_eq(sizes->counts[slot], count, "port %u: %lu", port, sizes->counts[slot]);
        cr_expect_eq(sizes->count, count);
        cr_expect_float_eq(sizes->sum, (double)(PACKET_BYTES * count), 0);
}

static void snapshot_when_seen(struct xskim_session *session, unsigned int port, uint64_t seen) {
        static struct xskim_snapshot s;
        double until = now_s() + 10;

        do
                cr_assert_eq(xskim_snapshot(session, port, &s), 0, "%s", xskim_error_message());
        while (s.ledger.decoded < seen && now_s() < until);
        cr_assert_eq(s.ledger.seen, seen);
        cr_assert_eq(s.ledger.decoded, seen);
}

Test(library, gives_the_buckets_of_the_snapshots_moment) {
        const unsigned int counts[] = {10, 25};
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;

        config_of(&config, 2);
        config.tier = XSKIM_TIER_CLASSES;
        session = session_open(&config);
        expect_sizes(session, 0, 0);
        for (unsigned int p = 0; p < 2; p++)
                packets_send(peers[p], counts[p]);
        for (unsigned int p = 0; p < 2; p++)
                snapshot_when_seen(session, p, counts[p]);
        packets_send(peers[0], 7);
        for (unsigned int p = 0; p < 2; p++) {
                expect_sizes(session, p, counts[p]);
                cr_expect_eq(buckets_of(session, p, XSKIM_DISTRIBUTION_delivery)->count, counts[p]);
                cr_expect_eq(buckets_of(session, p, XSKIM_DISTRIBUTION_stack)->count, 0);
        }
        cr_assert_eq(xskim_stop(session), 0);
        expect_sizes(session, 0, counts[0] + 7);
        expect_sizes(session, 1, counts[1]);
        cr_assert_eq(xskim_snapshot(session, 1, &s), 0);
        cr_expect_eq(buckets_of(session, 1, XSKIM_DISTRIBUTION_gap)->samples, s.gap.count);
        cr_expect_gt(s.gap.count, 0);
        xskim_close(session);
}

Test(library, gives_no_buckets_of_what_is_not_there) {
        static struct xskim_buckets untouched = {.samples = 77};
        struct xskim_session *session;
        struct xskim_config config;

        config_of(&config, 1);
        session = session_open(&config);
        cr_expect_eq(xskim_buckets(session, 1, XSKIM_DISTRIBUTION_gap, &untouched), -EINVAL);
        cr_expect_eq(xskim_buckets(session, 0, XSKIM_DISTRIBUTION_COUNT, &untouched), -EINVAL);
        cr_expect(strlen(xskim_error_message()) > 10);
        cr_expect_eq(untouched.samples, 77);
        xskim_close(session);
}

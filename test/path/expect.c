/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim watch --expect over a wire: captures sent by xskim replay and by tcpreplay are found whole;
 * what the test itself damages, drops, adds and copies is counted to the packet, and the exit
 * status says so.
 */
#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "captures.h"
#include "command.h"
#include "lab.h"
#include "replaying.h"
#include "session.h"
#include "util.h"

static char other[64]; /* a second capture that the test makes */

static void expect_begin(void) {
        replaying_begin();
        lab_run("ip link set " LAB_PORT " mtu 1600; ip link set " LAB_PEER " mtu 1600");
        snprintf(other, sizeof(other), "/tmp/xskim-other-%d.pcap", getpid());
}

static void expect_end(void) {
        unlink(other);
        replaying_end();
}

TestSuite(expect, .init = expect_begin, .fini = expect_end, .timeout = 300);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- watching ---- */

#define WATCH(...)                                                                                 \
        watch_start((const char *const[]){"watch", LAB_PEER, "--verdict", "drop", "--json",        \
                                          "--ring-slots", "32736", __VA_ARGS__, NULL})

static struct command watch_start(const char *const arguments[]) {
        struct command watch = command_start(NULL, arguments);

        cr_assert(command_attached(&watch, LAB_PEER), "it did not start");
        return watch;
}

static struct command_result watch_end(struct command *watch) {
        usleep(200000);
        kill(watch->pid, SIGINT);
        return replaying_wait(watch);
}

static struct xskim_expect told(const struct command_result *result) {
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

static void all_is_well(const struct command_result *result, uint64_t packets) {
        struct xskim_expect e = told(result);

        cr_assert_eq(e.matched, packets, "%lu of %lu: %s", e.matched, packets, result->out);
        cr_assert_eq(e.packets, packets);
        cr_assert_eq(e.extra + e.duplicated + e.unrecorded, 0);
        cr_assert_eq(result->status, 0, "%s", result->err);
        cr_assert_str_empty(result->err);
}

/* ---- whole ---- */

static struct captures *captures_here(void) {
        static struct captures captures;

        captures_find(&captures);
        if (!captures.count)
                test_skip("no captures in %s (XSKIM_CAPTURES)", captures_directory());
        return &captures;
}

static uint64_t packets_of(const char *path) {
        struct tape_packets packets = tape_read(path);
        uint64_t count = packets.count;

        tape_free(&packets);
        return count;
}

Test(expect, captures_that_are_replayed_arrive_whole) {
        struct captures *captures = captures_here();

        for (uint32_t i = 0; i < captures->count; i++) {
                const char *path = captures->path[i], *engine = i % 2 ? "xdp" : "afxdp";
                struct command watch = WATCH("--expect", path, "--expect-loops", "2");
                struct command_result result;

                replaying_well(
                        REPLAY("--engine", engine, "--loop", "2", "--top-speed", path, LAB_PORT),
                        2 * packets_of(path));
                result = watch_end(&watch);
                all_is_well(&result, 2 * packets_of(path));
        }
}

Test(expect, captures_that_tcpreplay_sends_arrive_whole) {
        struct captures *captures = captures_here();

        for (uint32_t i = 0; i < captures->count; i++) {
                struct command watch = WATCH("--expect", captures->path[i], "--sample", "1");
                struct command_result result;

                lab_run("tcpreplay --pps=20000 -i " LAB_PORT " %s >/dev/null 2>&1",
                        captures->path[i]);
                result = watch_end(&watch);
                all_is_well(&result, packets_of(captures->path[i]));
        }
}

/* ---- known damage ---- */

static const char *capture_named(const char *name) {
        struct captures *captures = captures_here();

        for (uint32_t i = 0; i < captures->count; i++)
                if (strstr(captures->path[i], name))
                        return captures->path[i];
        test_skip("no %s in %s (XSKIM_CAPTURES)", name, captures_directory());
}

static void sum_fix(uint8_t *header) {
        uint32_t sum = 0;

        header[10] = header[11] = 0;
        for (int i = 0; i < 20; i += 2)
                sum += (uint32_t)(header[i] << 8 | header[i + 1]);
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        header[10] = (uint8_t)(~sum >> 8);
        header[11] = (uint8_t)~sum;
}

/* As a router leaves a packet: other addresses below, one hop less, other DSCP. */
static void route(struct tape_packet *packet) {
        uint8_t *bytes = packet->bytes;

        if (packet->captured < 34 || bytes[12] != 8 || bytes[13] || bytes[14] != 0x45)
                return;
        memcpy(bytes, "\x02\x0a\x0b\x0c\x0d\x0e\x02\x1a\x1b\x1c\x1d\x1e", 12);
        bytes[15] ^= 0x44;
        bytes[22]--;
        sum_fix(bytes + 14);
}

static bool is_alone(const struct tape_packets *packets, size_t which) {
        const struct tape_packet *one = &packets->packet[which];

        for (size_t i = 0; i < packets->count; i++)
                if (i != which && packets->packet[i].captured == one->captured &&
                    !memcmp(packets->packet[i].bytes + 14, one->bytes + 14, one->captured - 14))
                        return false;
        return true;
}

/* The next TCP packet from there with a payload, and no other is like it. */
static size_t with_payload(const struct tape_packets *packets, size_t from) {
        while (packets->packet[from].captured < 66 || packets->packet[from].bytes[23] != 6 ||
               packets->packet[from].bytes[17] < 50 || !is_alone(packets, from))
                from++;
        return from;
}

/* All but one as routed, one of them damaged in its last byte, one twice, and one that is foreign.
 */
static void damaged_write(const char *path) {
        static const uint8_t arp[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4};
        struct tape_packets packets = tape_read(path);
        size_t changed = with_payload(&packets, 100), lost = with_payload(&packets, 5000),
               copied = with_payload(&packets, 9000);
        struct tape *tape = tape_open(made, TAPE_ETHERNET);

        tape_put(tape, 0, arp, sizeof(arp), sizeof(arp));
        for (size_t i = 0; i < packets.count; i++) {
                struct tape_packet *packet = &packets.packet[i];

                route(packet);
                if (i == changed)
                        packet->bytes[14 + packet->bytes[17] - 1] ^= 1;
                for (int copies = (i != lost) + (i == copied); copies; copies--)
                        tape_put(tape, 0, packet->bytes, packet->captured, packet->wire);
        }
        tape_close(tape);
        tape_free(&packets);
}

Test(expect, what_a_path_did_is_counted_to_the_packet) {
        const char *path = capture_named("modbus-big");
        struct command watch = WATCH("--expect", path);
        uint64_t packets = packets_of(path);
        struct command_result result;
        struct xskim_expect e;

        damaged_write(path);
        replaying_well(REPLAY("--top-speed", made, LAB_PORT), packets + 1);
        result = watch_end(&watch);
        e = told(&result);
        cr_assert_eq(e.packets, packets);
        cr_assert_eq(e.matched, packets - 2, "%lu", e.matched);
        cr_assert_eq(e.changed, 1);
        cr_assert_eq(e.missing, 1);
        cr_assert_eq(e.duplicated, 1);
        cr_assert_eq(e.extra, 1);
        cr_assert(strstr(result.out, "\"extra_classes\":{\"ipv4\":0,\"ipv6\":0,\"arp\":1,"));
        cr_assert_eq(result.status, 3);
        cr_assert(strstr(result.err, "missing 1, changed 1, duplicated 1, extra 1."), "%s",
                  result.err);
}

/* Each of them alone makes the status 3. */
static void one_packet(uint8_t *ret_packet, uint8_t last) {
        lab_udp(ret_packet, 100, 1, 2);
        ret_packet[99] = last;
}

static void one_write(const char *path, uint8_t last, uint32_t captured, int copies) {
        struct tape *tape = tape_open(path, TAPE_ETHERNET);
        uint8_t packet[100];

        one_packet(packet, last);
        while (copies--)
                tape_put(tape, 0, packet, captured, sizeof(packet));
        tape_close(tape);
}

static struct command_result one_sent(uint8_t last, unsigned int copies) {
        struct command watch = WATCH("--expect", other);
        uint8_t packet[100];

        one_packet(packet, last);
        if (copies)
                lab_transmit(LAB_PORT, packet, sizeof(packet), copies);
        return watch_end(&watch);
}

Test(expect, each_fault_alone_is_an_exit_status_of_3) {
        struct command_result result;
        struct command watch;

        one_write(other, 7, 100, 1);
        result = one_sent(7, 1);
        all_is_well(&result, 1);
        result = one_sent(0, 0);
        cr_expect(result.status == 3 && told(&result).missing == 1);
        result = one_sent(8, 1);
        cr_expect(result.status == 3 && told(&result).changed == 1 && !told(&result).missing);
        result = one_sent(7, 2);
        cr_expect(result.status == 3 && told(&result).duplicated == 1);
        watch = WATCH("--expect", other);
        lab_transmit(LAB_PORT, (const uint8_t[60]){2, 1, [12] = 0x88, 0xb5}, 60, 1);
        result = watch_end(&watch);
        cr_expect(result.status == 3 && told(&result).extra == 1);
}

/* What is left of it is what a replay sends; the whole one may be the same or not. */
Test(expect, packets_that_the_capture_cut_short) {
        struct command_result result;
        struct command watch;

        one_write(other, 7, 60, 2);
        watch = WATCH("--expect", other);
        cr_assert_eq(REPLAY(other, LAB_PORT).status, 0);
        result = watch_end(&watch);
        all_is_well(&result, 2);
        result = one_sent(7, 1);
        cr_expect_eq(told(&result).incomparable, 1);
        cr_expect_eq(told(&result).missing, 1);
        cr_expect_eq(told(&result).extra, 0);
        result = one_sent(7, 2);
        cr_expect_eq(told(&result).incomparable, 2);
        cr_expect_eq(result.status, 0, "nothing is known to be wrong: %s", result.err);
}

Test(expect, only_what_the_filter_selects) {
        const char *path = capture_named("quic-firefox");
        struct command watch = WATCH("--expect", path, "--expect-filter", "udp");
        uint64_t packets = packets_of(path);
        struct command_result result;
        struct xskim_expect e;

        replaying_well(REPLAY("--top-speed", path, LAB_PORT), packets);
        result = watch_end(&watch);
        e = told(&result);
        cr_expect_eq(e.matched, e.packets);
        cr_expect_eq(e.missing, 0);
        cr_expect_eq(e.extra, packets - e.packets);
        cr_expect_geq(e.packets, 1);
}

/* ---- every way to watch ---- */

static void watched(const char *const arguments[]) {
        const char *path = capture_named("tcp-timestamps");
        const char *words[32] = {"watch",  LAB_PEER,   "--verdict", "drop",
                                 "--json", "--expect", path};
        struct command_result result;
        struct command watch;
        int count = 7;

        while (*arguments)
                words[count++] = *arguments++;
        watch = command_start(NULL, words);
        if (!command_attached(&watch, LAB_PEER)) {
                result = replaying_wait(&watch);
                cr_assert(strstr(result.err, "refuses libxdp's dispatcher"), "%s", result.err);
                lab_skip("the kernel refuses libxdp's dispatcher: run this suite without lockdown");
        }
        replaying_well(REPLAY("--rate", "20kpps", path, LAB_PORT), packets_of(path));
        result = watch_end(&watch);
        all_is_well(&result, packets_of(path));
}

#define WATCHED(...) watched((const char *const[]){__VA_ARGS__, NULL})

Test(expect, works_however_it_is_watched) {
        WATCHED("--generic");
        WATCHED("--sample", "off");
        WATCHED("--tier", "counts", "--sample", "3");
        WATCHED("--workers", "2", "--busy");
        WATCHED("--sample", "1", "--ring-slots", "9600");
}

Test(expect, works_in_the_dispatcher) {
        cr_assert_eq(unshare(CLONE_NEWNS), 0);
        cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        cr_assert_eq(mount("lab", "/sys/fs/bpf", "bpf", 0, NULL), 0);
        WATCHED("--shared");
}

/* ---- recording ---- */

Test(expect, a_recorded_run_reads_back_without_it) {
        const char *path = capture_named("tcp-timestamps");
        struct command watch = WATCH("--expect", path, "--sample", "4", "--record", other);
        struct command_result live, read;
        struct command reading;

        replaying_well(REPLAY("--top-speed", path, LAB_PORT), packets_of(path));
        live = watch_end(&watch);
        all_is_well(&live, packets_of(path));
        reading = COMMAND_START(NULL, "read", "--json", other);
        read = replaying_wait(&reading);
        cr_assert_eq(read.status, 0, "%s", read.err);
        cr_assert(!command_summary_has(&read, "\"expect\""));
#define SAME(name_, unit_, doc_)                                                                   \
        cr_expect_eq(command_summary(&read, "ledger", #name_),                                     \
                     command_summary(&live, "ledger", #name_));
        XSKIM_LEDGER_ROWS(SAME)
        reading = COMMAND_START(NULL, "read", "--csv", other);
        read = replaying_wait(&reading);
        cr_assert_eq(read.status, 0, "%s", read.err);
        for (const char *c = read.out; (c = strchr(c, '\n')); c++)
                live.status++;
        cr_expect_eq((uint64_t)live.status - 1, command_summary(&live, "ledger", "sampled"),
                     "samples are listed, contents are not");
}

/* ---- what xskim lost itself ---- */

Test(expect, a_ring_that_overran_is_told) {
        enum { SENT = 20000 };
        static struct xskim_snapshot summary;
        struct xskim_config config;
        struct xskim_session *session;
        uint8_t packet[100];
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof(packet),
                    .repeat = SENT);

        one_write(other, 7, 100, 1);
        one_packet(packet, 7);
        lab_config(&config);
        config.sample = 0;
        config.expect_path = other;
        config.expect_loops = SENT;
        config.ring_slots = 96;
        config.flush_ms = 60000;
        session = lab_session_open(&config);
        cr_assert_eq(bpf_prog_test_run_opts(program_sampler_fd(session->programs, 0), &options), 0);
        lab_session_summary(session, &summary);
        cr_assert_eq(summary.ledger.hashed, SENT);
        cr_assert_gt(summary.ledger.ring_full, 0, "nothing overran: the test says nothing");
        cr_assert_eq(summary.expect.unrecorded, summary.ledger.ring_full);
        cr_assert_eq(summary.expect.missing, summary.ledger.ring_full);
        cr_assert_eq(summary.expect.matched + summary.ledger.ring_full, SENT);
        cr_assert_eq(summary.expect.loops, SENT);
        cr_assert_str_eq(summary.expect.file, other);
}

/* ---- what cannot be expected ---- */

static void refused(int status, const char *words, const char *const arguments[]) {
        struct command watch = command_start(NULL, arguments);
        struct command_result result = replaying_wait(&watch);

        cr_expect_eq(result.status, status, "%d: %s", result.status, result.err);
        cr_expect(strstr(result.err, words), "no \"%s\" in: %s", words, result.err);
}

#define REFUSED(status_, words_, ...)                                                              \
        refused(status_, words_, (const char *const[]){"watch", LAB_PEER, __VA_ARGS__, NULL})

Test(expect, says_why_it_cannot) {
        struct tape *tape = tape_open(made, TAPE_RAW_IP);

        tape_close(tape);
        one_write(other, 7, 100, 1);
        REFUSED(2, "Either transit or expect", "--expect", other, "--transit");
        REFUSED(2, "not standard input", "--expect", "-");
        REFUSED(2, "none is named", "--expect-loops", "2");
        REFUSED(2, "none is named", "--expect-filter", "udp");
        REFUSED(2, "has no packet that the filter selects", "--expect", other, "--expect-filter",
                "tcp");
        REFUSED(2, "--filter \"nonsense\"", "--expect", other, "--expect-filter", "nonsense");
        REFUSED(1, "cannot be read", "--expect", "/nowhere.pcap");
        REFUSED(1, "cannot be read as a capture", "--expect", "/proc/self/exe");
        REFUSED(1, "not Ethernet", "--expect", made);
        tape = tape_open(made, TAPE_ETHERNET);
        tape_close(tape);
        REFUSED(2, "has no packet: there is nothing to expect", "--expect", made);
}

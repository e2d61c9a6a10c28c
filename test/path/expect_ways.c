/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim watch --expect in every way to watch, recorded and read back, with records lost, and what
 * it refuses. */
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "expecting.h"
#include "lab.h"
#include "replaying.h"
#include "session.h"

TestSuite(expect_ways, .init = expecting_begin, .fini = expecting_end, .timeout = 300);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- every way to watch ---- */

static void watched(const char *const arguments[]) {
        const char *path = capture_named("tcp-timestamps");
        const char *words[32] = {"watch",      LAB_PEER, "--verdict", "drop", "--json",
                                 "--interval", "100ms",  "--expect",  path};
        struct command_result result;
        struct command watch;
        int count = 9;

        while (*arguments)
                words[count++] = *arguments++;
        watch = command_start(NULL, words);
        if (command_running(&watch))
                replaying_well(REPLAY("--rate", "20kpps", path, LAB_PORT), packets_of(path));
        result = watch_end(&watch);
        if (strstr(result.err, "refuses libxdp's dispatcher"))
                lab_skip("the kernel refuses libxdp's dispatcher: run this suite without lockdown");
        all_is_well(&result, packets_of(path));
}

#define WATCHED(...) watched((const char *const[]){__VA_ARGS__, NULL})

Test(expect_ways, works_however_it_is_watched) {
        WATCHED("--generic");
        WATCHED("--sample", "off");
        WATCHED("--tier", "counts", "--sample", "3");
        WATCHED("--workers", "2", "--busy");
        WATCHED("--sample", "1", "--ring-slots", "9600");
}

Test(expect_ways, works_in_the_dispatcher) {
        cr_assert_eq(unshare(CLONE_NEWNS), 0);
        cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        cr_assert_eq(mount("lab", "/sys/fs/bpf", "bpf", 0, NULL), 0);
        WATCHED("--shared");
}

/* ---- recording ---- */

Test(expect_ways, a_recorded_run_reads_back_without_it) {
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

/* Without the account at its end the frames' headers say what was counted. */
Test(expect_ways, a_recorded_run_that_was_cut_knows_what_was_hashed) {
        const char *path = capture_named("modbus-big");
        struct command watch = WATCH("--expect", path, "--record", other);
        struct command_result live, read;
        struct command reading;
        struct stat facts;

        replaying_well(REPLAY("--rate", "20kpps", path, LAB_PORT), packets_of(path));
        live = watch_end(&watch);
        all_is_well(&live, packets_of(path));
        cr_assert_eq(stat(other, &facts), 0);
        cr_assert_eq(truncate(other, facts.st_size / 2), 0);
        reading = COMMAND_START(NULL, "read", "--json", other);
        read = replaying_wait(&reading);
        cr_expect_eq(read.status, 1);
        cr_expect_gt(command_summary(&read, "ledger", "hashed"), packets_of(path) / 10);
        cr_expect_eq(command_summary(&read, "ledger", "stamped"), 0);
        cr_expect_eq(command_summary(&read, "ledger", "unaccounted"), 0);
}

/* ---- what xskim lost itself ---- */

Test(expect_ways, a_ring_that_overran_is_told) {
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

Test(expect_ways, says_why_it_cannot) {
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

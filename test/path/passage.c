/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole loop as one command: what xskim replay --lab measures at the end of the path is what
 * the lab's relay says it did (tests of the relay hold that against tcpdump on both of its sides),
 * and however it ends, nothing of it is left.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"
#include "replaying.h"
#include "util.h"

enum { PACKETS = 4000, BYTES = 120 };

static char directory[48], page[128];

/* UDP, which takes stamps, with room behind the payload. */
static void capture_make(const char *path, uint32_t packets, uint64_t gap_ns) {
        struct tape *tape = tape_open(path, TAPE_ETHERNET);
        uint8_t bytes[BYTES];

        for (uint32_t i = 0; i < packets; i++) {
                lab_udp(bytes, sizeof(bytes), 1000 + i % 7, 53);
                memcpy(bytes + 42, &i, sizeof(i));
                bytes[40] = bytes[41] = 0; /* no UDP checksum */
                tape_put(tape, 1000000000ULL + i * gap_ns, bytes, sizeof(bytes), sizeof(bytes));
        }
        tape_close(tape);
}

static void begin(void) {
        replaying_begin();
        snprintf(directory, sizeof(directory), "/tmp/xskim-passage-%d", getpid());
        snprintf(page, sizeof(page), "%s/page.html", directory);
        cr_assert_eq(mkdir(directory, 0700), 0);
        capture_make(made, PACKETS, 250000);
}

static void end(void) {
        char command[128];

        snprintf(command, sizeof(command), "umount %s 2>/dev/null; rm -rf %s", directory,
                 directory);
        cr_expect_eq(system(command), 0);
        replaying_end();
}

TestSuite(passage, .init = begin, .fini = end, .timeout = 180);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- what there is in the object ---- */

static uint64_t number_in(const struct command_result *result, const char *object,
                          const char *name) {
        const char *place = report_text(result, object);
        char key[64];

        snprintf(key, sizeof(key), "\"%s\":", name);
        place = strstr(place, key);
        cr_assert(place, "no %s.%s in %s", object, name, result->out);
        return strtoull(place + strlen(key), NULL, 10);
}

#define TRANSIT(name_) number_in(&result, "transit", name_)
#define RELAY(name_) number_in(&result, "left_to_right", name_)

/* Namespaces, relay, guard and state of the lab of a process that has ended: it may take a moment
 * when that was killed. */
static void nothing_is_left(pid_t pid) {
        lab_run("for i in $(seq 200); do"
                " ls /run/netns /run/xskim-lab 2>/dev/null | grep -q 'xskim-r%d\\b' ||"
                " grep -lsazE 'lab.(guard|down|up)|xskim-r%d-dut' /proc/[0-9]*/cmdline |"
                " xargs -r grep -lsaz -e 'r%d$' | grep -q . || exit 0;"
                " sleep 0.05; done; exit 1",
                pid, pid, pid);
}

static struct command_result passage(const char *const arguments[]) {
        struct command command = command_start(NULL, arguments);
        pid_t pid = command.pid;
        struct command_result result = replaying_wait(&command);

        nothing_is_left(pid);
        return result;
}
#define PASSAGE(...) passage((const char *const[]){"replay", "--json", __VA_ARGS__, NULL})

/* Both accounts are whole, so what they say must be the same. */
static void accounts_are_whole(struct command_result result) {
        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_assert_str_empty(result.err);
        cr_assert_eq(number_in(&result, "ledger", "unaccounted"), 0);
        cr_assert_eq(TRANSIT("unrecorded") + TRANSIT("unordered") + TRANSIT("untracked"), 0);
        cr_assert_eq(number_in(&result, "stamps", "stamped"), report_number(&result, "packets"));
        cr_assert_eq(RELAY("seen"), report_number(&result, "packets"), "%s", result.out);
        cr_assert_eq(RELAY("socket_dropped"), 0, "the relay was too slow: %s", result.out);
        cr_assert_eq(RELAY("unaccounted"), 0);
}

/* ---- found is what was told ---- */

struct words {
        char text[96];
};

static struct words each[] = {
        {"off"},
        {"loss=2%,seed=1"},
        {"duplicate=2%,seed=2"},
        {"reorder=2%,gap=3,seed=3"},
        {"delay=5ms,jitter=1ms,loss=1%,duplicate=1%,reorder=1%,seed=4"},
        {"loss=100%"},
};

ParameterizedTestParameters(passage, found_is_what_the_relay_did) {
        return cr_make_param_array(struct words, each, ARRAY_SIZE(each));
}

ParameterizedTest(struct words *told, passage, found_is_what_the_relay_did) {
        struct command_result result = PASSAGE(made, "--lab", "--impair", told->text);

        accounts_are_whole(result);
        cr_expect_eq(PACKETS - TRANSIT("received"), RELAY("lost"), "%s", result.out);
        cr_expect_eq(TRANSIT("duplicated"), RELAY("duplicated"), "%s", result.out);
        cr_expect_eq(TRANSIT("reordered"), RELAY("reordered"), "%s", result.out);
        cr_expect_eq(TRANSIT("corrupted"), 0);
        cr_expect_leq(TRANSIT("lost"), RELAY("lost"), "lost before the last that arrived");
        cr_expect_eq(strcmp(told->text, "off") != 0,
                     RELAY("lost") + RELAY("duplicated") + RELAY("reordered") > 0);
}

/* A bit may fall where no check value looks: addresses, and what a path may change. */
Test(passage, damage_is_found) {
        struct command_result result =
                PASSAGE(made, "--lab", "--impair", "corrupt=5%,seed=5", "--limit", "3000");
        uint64_t done;

        accounts_are_whole(result);
        done = RELAY("corrupted");
        cr_expect_leq(TRANSIT("corrupted"), done);
        cr_expect_geq(TRANSIT("corrupted"), done / 3, "%s", result.out);
        cr_expect_leq(3000 - TRANSIT("received"), done);
}

/* The relay never lets go early, and says how late it was. */
static bool delay_is_found(bool last) {
        struct command_result result = PASSAGE(made, "--lab", "--impair", "delay=20ms");
        uint64_t p50, low, late;
        bool kept;

        accounts_are_whole(result);
        cr_assert_geq(TRANSIT("min_ns"), 20 * NS_A_MS, "early");
        p50 = TRANSIT("p50_ns");
        low = strtoull(strstr(report_text(&result, "transit"), "\"p50_bucket_ns\":[") + 17, NULL,
                       10);
        late = RELAY("p50");
        /* the way to the relay and from it to XDP is not in its statement */
        kept = p50 <= 20 * NS_A_MS + late + NS_A_MS / 2 && low <= 20 * NS_A_MS + late + NS_A_MS / 2;
        cr_expect(kept || !last, "p50 %lu, the relay was late by %lu", p50, late);
        return kept;
}

Test(passage, delay_is_found) {
        for (int left = 4; left && !delay_is_found(left == 1); left--)
                ;
}

/* Longer than anything would wait for them on a guess. */
Test(passage, the_last_packets_are_waited_for) {
        struct command_result result =
                PASSAGE(made, "--lab", "--impair", "delay=3s", "--limit", "500");

        accounts_are_whole(result);
        cr_expect_eq(TRANSIT("received"), 500, "%s", result.out);
}

Test(passage, of_a_port_here_to_another) {
        struct command_result result = PASSAGE(made, LAB_PORT, "--arrive", LAB_PEER);

        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(TRANSIT("received"), PACKETS, "%s", result.out);
        cr_expect_eq(TRANSIT("lost") + TRANSIT("duplicated") + TRANSIT("reordered"), 0);
        cr_expect_eq(number_in(&result, "ledger", "unaccounted"), 0);
        cr_expect(strstr(result.out, "\"lab\":null"), "%s", result.out);
}

/* Its packets are not ours to drop, whatever the kind of its address. */
Test(passage, a_port_that_is_in_use_is_watched_and_keeps_its_packets) {
        struct command_result result;

        lab_run("ip address add 2001:db8::9/64 dev " LAB_PEER " nodad");
        result = PASSAGE(made, LAB_PORT, "--arrive", LAB_PEER);
        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(TRANSIT("received"), PACKETS, "%s", result.out);
        cr_expect(strstr(result.out, "\"from\":\"arrival\""), "%s", result.out);
        cr_expect(strstr(result.out, "\"verdict\":\"pass\""), "%s", result.out);
}

/* ---- ends ---- */

static struct command endless(const char *impair) {
        return COMMAND_START(NULL, "replay", "--json", made, "--lab", "--loop", "0", "--impair",
                             impair);
}

/* Until its watch is there and packets pass. */
static void wait_for_packets(pid_t pid) {
        lab_run("for i in $(seq 500); do"
                " test $(nsenter --net=/run/netns/xskim-r%d-right"
                " cat /proc/net/dev 2>/dev/null | sed -n 's/.*right0: *[0-9]* "
                "*\\([0-9]*\\).*/\\1/p')0"
                " -gt 1000 && exit 0; sleep 0.02; done; exit 1",
                pid);
}

Test(passage, an_interrupt_ends_it_with_the_report) {
        struct command command = endless("delay=100ms");
        pid_t pid = command.pid;
        struct command_result result;

        wait_for_packets(pid);
        kill(pid, SIGINT);
        result = replaying_wait(&command);
        nothing_is_left(pid);
        accounts_are_whole(result);
        cr_expect(strstr(result.out, "\"stopped\":true"), "%s", result.out);
        cr_expect_eq(TRANSIT("received"), report_number(&result, "packets"),
                     "what was under way still came");
}

Test(passage, a_second_one_gives_up_what_is_under_way) {
        struct command command = endless("delay=60s");
        pid_t pid = command.pid;
        struct command_result result;

        sleep(2);
        kill(pid, SIGINT);
        sleep(2);
        kill(pid, SIGINT);
        result = replaying_wait(&command);
        nothing_is_left(pid);
        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_expect_gt(report_number(&result, "packets"), 0);
        cr_expect_eq(RELAY("waiting"), report_number(&result, "packets"), "%s", result.out);
        cr_expect_eq(TRANSIT("received"), 0);
}

/* While the lab is made, and later. */
Test(passage, nothing_is_left_after_sigkill) {
        for (unsigned int ms = 50; ms <= 1500; ms += 290) {
                struct command command = endless("off");

                usleep(ms * 1000);
                kill(command.pid, SIGKILL);
                cr_expect_eq(replaying_wait(&command).signal, SIGKILL);
                nothing_is_left(command.pid);
        }
}

/* ---- refused ---- */

static void refused(struct command_result result, int status, const char *says) {
        cr_expect_eq(result.status, status, "%s", result.err);
        cr_expect(strstr(result.err, says), "%s", result.err);
        cr_expect_str_empty(result.out);
}

Test(passage, wrong_words_are_refused) {
        refused(PASSAGE(made, "--lab", "--impair", "loss=1"), 2, "1%");
        refused(PASSAGE(made, LAB_PORT, "--lab"), 2, "no PORT");
        refused(PASSAGE(made, LAB_PORT, "--impair", "off"), 2, "--lab");
        refused(PASSAGE(made), 2, "a PORT, or --lab");
        refused(PASSAGE(made, LAB_PORT, "--arrive", "nowhere0"), 1, "nowhere0");
        refused(PASSAGE("/nonexistent.pcap", "--lab"), 1, "/nonexistent.pcap");
}

static void without_lab(void) {
        setenv("XSKIM_LAB", "/nonexistent/lab", true);
}

Test(passage, a_lab_that_is_not_there_is_said) {
        struct command command = COMMAND_START(without_lab, "replay", made, "--lab");

        refused(replaying_wait(&command), 1, "/nonexistent/lab");
}

/* ---- the page ---- */

#ifndef XSKIM_PAGE_JUDGE
#error "where page.py is"
#endif

static void page_is_well(int pictures, int lines, const char *text) {
        lab_run("python3 %s %s %d %d \"%s\"", XSKIM_PAGE_JUDGE, page, pictures, lines, text);
        lab_run("test $(ls %s | wc -l) -le 2", directory);
}

Test(passage, the_page_is_whole_and_needs_nothing_else) {
        char hostile[128];

        snprintf(hostile, sizeof(hostile), "%s/<b>&'x' onload=\xe9.pcap", directory);
        capture_make(hostile, PACKETS, 250000);
        accounts_are_whole(PASSAGE(hostile, "--lab", "--impair", "delay=2ms,loss=1%,seed=1",
                                   "--loop", "3", "--report", page));
        page_is_well(4, 11, "/<b>&'x' onload=\xef\xbf\xbd.pcap");
        unlink(hostile);
}

Test(passage, a_page_of_nothing_that_arrived) {
        accounts_are_whole(PASSAGE(made, "--lab", "--impair", "loss=100%", "--report", page));
        page_is_well(4, 1, "did not (100 %)");
}

/* It is over before anybody took a sample. */
Test(passage, a_page_of_a_moment) {
        accounts_are_whole(PASSAGE(made, "--lab", "--limit", "3", "--report", page));
        page_is_well(4, 0, "Of 3 stamped packets 3 arrived");
}

Test(passage, a_page_of_what_was_sent_alone) {
        struct command_result result = PASSAGE(made, LAB_PORT, "--report", page);

        cr_assert_eq(result.status, 0, "%s", result.err);
        page_is_well(1, 1, "packets were sent");
        cr_expect(strstr(result.out, "\"transit\":null"), "%s", result.out);
}

static void without_programs(void) {
        setenv("PATH", directory, true);
}

Test(passage, without_gnuplot_nothing_is_sent) {
        struct command command =
                COMMAND_START(without_programs, "replay", made, LAB_PORT, "--report", page);

        refused(replaying_wait(&command), 5, "gnuplot-nox");
        cr_expect_neq(access(page, F_OK), 0);
        lab_run("test $(sed -n 's/ *" LAB_PEER
                ": *[0-9]* *\\([0-9]*\\).*/\\1/p' /proc/net/dev) -lt 100");
}

Test(passage, where_no_page_can_be_nothing_is_sent) {
        refused(PASSAGE(made, LAB_PORT, "--report", "/nonexistent/page.html"), 1,
                "/nonexistent/page.html");
        refused(PASSAGE(made, LAB_PORT, "--report", directory), 1, directory);
}

/* The figures are printed all the same, and a page that was there stays. */
Test(passage, a_full_disk_is_said) {
        struct command_result result;

        lab_run("mount -t tmpfs -o size=8k none %s && echo old >%s", directory, page);
        result = PASSAGE(made, LAB_PORT, "--report", page);
        cr_expect_eq(result.status, 1, "%s", result.err);
        cr_expect(strstr(result.err, "Make room"), "%s", result.err);
        cr_expect_eq(report_number(&result, "packets"), PACKETS);
        lab_run("test \"$(cat %s)\" = old && test $(ls %s | wc -l) = 1", page, directory);
}

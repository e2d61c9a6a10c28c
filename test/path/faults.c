/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes wrong with ports and privileges: each fault ends in a clear error with the right exit
 * status, or in a named counter or note, and the ledger balances. Ports are of the test's own
 * (lab_fresh).
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_link.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>

#include <xskim/xskim.h>

#include "command.h"
#include "lab.h"
#include "netdev.h"
#include "privilege.h"
#include "sender.skel.h"

TestSuite(faults, .init = lab_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- the command: exit status and message ---- */

static void expect_refused(struct command_result result, int status, const char *const words[]) {
        cr_expect_eq(result.status, status, "status %d, signal %d: %s", result.status,
                     result.signal, result.err);
        for (; *words; words++)
                cr_expect(strstr(result.err, *words), "no “%s” in: %s", *words, result.err);
        cr_expect_not(strstr(result.err, "\n        "), "indented twice: %s", result.err);
        cr_expect_eq(lab_xdp_program(LAB_PORT), 0);
        command_result_free(&result);
}
#define EXPECT_REFUSED(result_, status_, ...)                                                      \
        expect_refused(result_, status_, (const char *const[]){__VA_ARGS__, NULL})

#define WATCH(before_, ...)                                                                        \
        ({                                                                                         \
                struct command command_ =                                                          \
                        COMMAND_START(before_, "watch", "--duration", "200ms", __VA_ARGS__);       \
                command_end(&command_);                                                            \
        })

Test(faults, unknown_port_is_named) {
        EXPECT_REFUSED(WATCH(NULL, "nosuch0"), 1, "nosuch0", "no such network interface");
        EXPECT_REFUSED(WATCH(NULL, LAB_PORT, "nosuch0"), 1, "nosuch0");
}

Test(faults, a_port_named_twice_is_wrong_usage_whatever_its_names) {
        lab_run("ip link property add dev " LAB_PORT " altname second0");
        EXPECT_REFUSED(WATCH(NULL, LAB_PORT, LAB_PORT), 2, LAB_PORT, "named twice");
        EXPECT_REFUSED(WATCH(NULL, LAB_PORT, "second0"), 2, "second0", LAB_PORT, "named twice");
        EXPECT_REFUSED(WATCH(NULL, "second0"), 0, "");
}

Test(faults, a_cpu_that_is_not_there_is_named) {
        EXPECT_REFUSED(WATCH(NULL, LAB_PORT, "--cpu", "1023"), 2, "CPU 1023", "taskset");
}

Test(faults, without_privilege_it_says_which) {
        EXPECT_REFUSED(WATCH((void (*)(void))privilege_drop_all, LAB_PORT), 4, "CAP_BPF",
                       "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN", "root");
}

/* Not even root gets these back by exec. */
static void memlock_tighten(void) {
        const struct rlimit limit = {.rlim_cur = 64 << 10, .rlim_max = 64 << 10};

        if (prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK) || prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE) ||
            setrlimit(RLIMIT_MEMLOCK, &limit))
                _exit(97);
}

Test(faults, too_little_memory_to_lock_is_not_called_a_network_fault) {
        EXPECT_REFUSED(WATCH(memlock_tighten, LAB_PORT), 1, "RLIMIT_MEMLOCK", "ulimit -l",
                       "CAP_IPC_LOCK");
}

Test(faults, verdict_drop_is_refused_where_it_would_cut_the_host_off) {
        lab_run("ip address add 192.0.2.1/24 dev " LAB_PORT);
        EXPECT_REFUSED(WATCH(NULL, LAB_PORT, "--verdict", "drop"), 2, LAB_PORT, "an address",
                       "--force");
        lab_run("ip route add default via 192.0.2.2 dev " LAB_PORT);
        EXPECT_REFUSED(WATCH(NULL, LAB_PORT, "--verdict", "drop"), 2, "the default route");
        EXPECT_REFUSED(WATCH(NULL, LAB_PORT, "--verdict", "drop", "--force"), 0, "");
}

/* `lo` has no native XDP. */
Test(faults, port_without_native_xdp_is_pointed_to_generic) {
        lab_run("ip link set lo up");
        EXPECT_REFUSED(WATCH(NULL, "lo"), 5, "lo", "native", "--generic");
        cr_expect_eq(lab_xdp_program("lo"), 0);
}

/* ---- foreign programs ---- */

/* Attaches a program of somebody else's; it stays with its descriptor or, by netlink, until the
 * namespace goes. Returns its id. */
static uint32_t foreign_attach(bool by_link, struct bpf_prog_info *ret_facts) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        struct sender_bpf *foreign = sender_bpf__open_and_load();
        uint32_t size = sizeof(*ret_facts);
        int fd, ifindex = lab_ifindex(LAB_PORT);

        cr_assert(foreign);
        fd = bpf_program__fd(foreign->progs.sender);
        cr_assert_eq(bpf_obj_get_info_by_fd(fd, ret_facts, &size), 0);
        if (by_link)
                cr_assert_geq(bpf_link_create(fd, ifindex, BPF_XDP, &options), 0);
        else
                cr_assert_eq(bpf_xdp_attach(ifindex, fd, XDP_FLAGS_DRV_MODE, NULL), 0);
        sender_bpf__destroy(foreign); /* what it is attached by keeps the program */
        cr_assert_eq(lab_xdp_program(LAB_PORT), ret_facts->id);
        return ret_facts->id;
}

static void foreign_survives(bool by_link, const char *mode) {
        struct bpf_prog_info facts = {0};
        uint32_t id = foreign_attach(by_link, &facts);
        struct command_result result = mode ? WATCH(NULL, LAB_PORT, mode) : WATCH(NULL, LAB_PORT);
        char id_text[32], tag[24] = "tag ";

        snprintf(id_text, sizeof(id_text), "id %u", id);
        for (size_t i = 0; i < sizeof(facts.tag); i++)
                snprintf(tag + 4 + 2 * i, 3, "%02x", facts.tag[i]);
        cr_expect_eq(result.status, 1, "%s", result.err);
        cr_expect(strstr(result.err, LAB_PORT), "%s", result.err);
        cr_expect(strstr(result.err, "sender"), "its name: %s", result.err);
        cr_expect(strstr(result.err, id_text), "%s: %s", id_text, result.err);
        cr_expect(strstr(result.err, tag), "%s: %s", tag, result.err);
        cr_expect(strstr(result.err, "--shared"), "%s", result.err);
        cr_expect_eq(lab_xdp_program(LAB_PORT), id, "it is still there");
        command_result_free(&result);
}

Test(faults, foreign_program_on_a_link_is_named_and_stays) {
        foreign_survives(true, NULL);
}

Test(faults, foreign_program_by_netlink_is_named_and_stays) {
        foreign_survives(false, NULL);
}

Test(faults, foreign_native_program_keeps_generic_mode_out_too) {
        foreign_survives(false, "--generic");
}

/* ---- sessions of the library ---- */

/* Serves the session until it ends (true) or for as long as asked. */
static bool session_ends(struct xskim_session *session, int within_ms) {
        struct pollfd wait = {.fd = xskim_fd(session), .events = POLLIN};
        int r = XSKIM_CONTINUE;

        for (int i = 0; i < within_ms / 10 && r == XSKIM_CONTINUE; i++) {
                poll(&wait, 1, 10);
                r = xskim_dispatch(session);
                cr_assert_geq(r, 0, "%s", xskim_error_message());
        }
        return r == XSKIM_ENDED;
}

static bool has_note(const struct xskim_snapshot *s, const char *text) {
        for (unsigned int i = 0; i < s->note_count; i++)
                if (strstr(s->notes[i], text))
                        return true;
        return false;
}

static void send_udp(uint64_t count) {
        uint8_t packet[64];

        cr_assert_eq(lab_send(LAB_PEER, packet, lab_udp(packet, 64, 1, 2), count), count);
}

/* Datagrams to oneself; what arrives is exactly what generic mode saw. */
Test(faults, generic_mode_counts_exactly) {
        enum { DATAGRAMS = 5000, PAYLOAD = 500 };
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
        socklen_t size = sizeof(to);
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        char payload[PAYLOAD] = {0};
        int in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        lab_run("ip link set lo up");
        lab_config(&config);
        config.ports[0] = "lo";
        config.verdict = XSKIM_VERDICT_PASS;
        config.generic = true;
        cr_assert_eq(bind(in, (struct sockaddr *)&to, sizeof(to)), 0);
        cr_assert_eq(getsockname(in, (struct sockaddr *)&to, &size), 0);
        session = lab_session_open(&config);
        for (int i = 0; i < DATAGRAMS; i++) {
                cr_assert_eq(sendto(in, payload, PAYLOAD, 0, (struct sockaddr *)&to, size),
                             PAYLOAD);
                cr_assert_eq(recv(in, payload, PAYLOAD, 0), PAYLOAD);
        }
        lab_session_summary(session, &s);
        cr_expect_str_eq(s.mode.xdp, "generic");
        cr_expect_eq(s.ledger.seen, DATAGRAMS);
        cr_expect_eq(s.ledger.bytes, DATAGRAMS * (PAYLOAD + 42));
        cr_expect_eq(s.classes.udp, DATAGRAMS);
        cr_expect_eq(s.ledger.sampled, DATAGRAMS);
        close(in);
}

Test(faults, port_that_is_down_is_watched_and_works_when_it_comes_up) {
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;

        lab_run("ip link set " LAB_PORT " down");
        lab_config(&config);
        session = lab_session_open(&config);
        cr_assert_not(session_ends(session, 100));
        lab_run("ip link set " LAB_PORT " up");
        cr_assert_not(session_ends(session, 100));
        send_udp(1000);
        lab_session_summary(session, &s);
        cr_expect(has_note(&s, "is down"));
        cr_expect(has_note(&s, "came up"));
        cr_expect_eq(s.ledger.seen, 1000);
}

Test(faults, port_set_down_and_up_again_goes_on) {
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;

        lab_config(&config);
        session = lab_session_open(&config);
        send_udp(1000);
        lab_run("ip link set " LAB_PORT " down");
        cr_assert_not(session_ends(session, 100));
        lab_run("ip link set " LAB_PORT " up");
        cr_assert_not(session_ends(session, 100));
        send_udp(500);
        lab_session_summary(session, &s);
        cr_expect(has_note(&s, "went down"));
        cr_expect(has_note(&s, "came up"));
        cr_expect_eq(s.ledger.seen, 1500);
}

/* Both are the end of the port for us, and no failure: the command's exit status is 0. */
static void port_goes(const char *how) {
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;

        lab_config(&config);
        session = lab_session_open(&config);
        send_udp(1000);
        lab_run("%s", how);
        cr_assert(session_ends(session, 5000), "%s", how);
        lab_session_summary(session, &s);
        cr_expect(has_note(&s, "the port is gone"));
        cr_expect_eq(s.ledger.seen, 1000);
        cr_expect_eq(s.ledger.decoded + s.ledger.ring_full, 1000);
}

Test(faults, port_deleted_while_watched_ends_the_session) {
        port_goes("ip link del " LAB_PORT);
}

Test(faults, port_moved_to_another_namespace_ends_the_session) {
        pid_t other = lab_namespace();
        char command[64];

        snprintf(command, sizeof(command), "ip link set " LAB_PORT " netns %d", other);
        port_goes(command);
        lab_run("! nsenter -t %d -n ip link show " LAB_PORT " | grep -q xdp", other);
        command_kill(other);
}

Test(faults, command_ends_with_0_and_a_note_when_its_port_goes) {
        struct command command =
                COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--interval", "10ms");
        struct command_result result;

        cr_assert(command_running(&command));
        lab_run("ip link del " LAB_PORT);
        result = command_end(&command);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect(command_summary_has(&result, "the port is gone"));
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0);
        command_result_free(&result);
}

static bool is_promiscuous(void) {
        struct netdev_port port;

        cr_assert_eq(netdev_find(LAB_PORT, &port), 0);
        return port.promiscuous;
}

Test(faults, verdict_drop_makes_the_port_promiscuous_and_restores_it) {
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;

        lab_config(&config);
        cr_assert_not(is_promiscuous());
        session = lab_session_open(&config);
        cr_expect(is_promiscuous());
        lab_session_summary(session, &s);
        cr_expect_not(is_promiscuous());
        config.verdict = XSKIM_VERDICT_PASS;
        session = lab_session_open(&config);
        cr_expect_not(is_promiscuous(), "a host's own port stays as it is");
        lab_session_summary(session, &s);
}

/* ---- what the command was started with ---- */

static void output_close(void) {
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
}

/* A descriptor of the session's own would be 1, and be written to. */
Test(faults, without_standard_output_nothing_else_is_written_to) {
        EXPECT_REFUSED(WATCH(output_close, LAB_PORT), 1, "output", strerror(EBADF));
}

static void output_break(void) {
        int ends[2];

        if (pipe(ends) || dup2(ends[1], STDOUT_FILENO) < 0)
                _exit(97);
        close(ends[0]);
        close(ends[1]);
}

Test(faults, who_has_seen_enough_ends_it_without_a_complaint) {
        struct command_result result = WATCH(output_break, LAB_PORT, "--interval", "20ms");

        cr_expect_eq(result.status, 0, "status %d, signal %d", result.status, result.signal);
        cr_expect_str_empty(result.err);
        cr_expect_eq(lab_xdp_program(LAB_PORT), 0);
        command_result_free(&result);
}

static void file_size_tighten(void) {
        const struct rlimit limit = {.rlim_cur = 48 << 10, .rlim_max = 48 << 10};

        if (setrlimit(RLIMIT_FSIZE, &limit))
                _exit(97);
}

Test(faults, a_limit_on_file_size_is_a_note_and_not_the_end) {
        char path[] = "/tmp/xskim-limit-XXXXXX";
        struct command_result result;
        struct command command;
        uint8_t packet[64];
        int fd = mkstemp(path);

        cr_assert_geq(fd, 0);
        close(fd);
        command = COMMAND_START(file_size_tighten, "watch", LAB_PORT, "--sample", "1", "--json",
                                "--verdict", "drop", "--record", path, "--interval", "1h");
        cr_assert(command_attached(&command, LAB_PORT));
        lab_send(LAB_PEER, packet, lab_udp(packet, 64, 1, 2), 1000);
        usleep(50000);
        kill(command.pid, SIGINT);
        result = command_end(&command);
        unlink(path);
        cr_expect_eq(result.status, 0, "status %d, signal %d: %s", result.status, result.signal,
                     result.err);
        cr_expect_eq(command_summary(&result, "ledger", "seen"), 1000);
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0);
        cr_expect_gt(command_summary(&result, "ledger", "record_dropped"), 0);
        cr_expect(command_summary_has(&result, "the record file is incomplete"));
        command_result_free(&result);
}

/* ---- news that are lost ---- */

/* More of them than the monitor's socket holds, while nobody reads. */
static void news_flood(void) {
        lab_run("for i in $(seq 400); do echo link set " LAB_PEER " alias $i; done | "
                "ip -batch -");
}

Test(faults, a_port_that_was_renamed_is_not_taken_for_gone_when_news_are_lost) {
        struct command command = COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--verdict",
                                               "drop", "--sample", "1", "--interval", "20ms");
        struct command_result result;
        uint8_t packet[64];

        cr_assert(command_running(&command));
        kill(command.pid, SIGSTOP);
        lab_run("ip link set " LAB_PORT " name renamed0");
        news_flood();
        kill(command.pid, SIGCONT);
        usleep(200000);
        lab_send(LAB_PEER, packet, lab_udp(packet, 64, 1, 2), 1000);
        kill(command.pid, SIGINT);
        result = command_end(&command);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_geq(command_summary(&result, "ledger", "seen"), 1000);
        cr_expect_not(command_summary_has(&result, "the port is gone"));
        command_result_free(&result);
}

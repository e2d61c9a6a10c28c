/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * More than the collector can take: rings overrun, a collector that is stopped, frames that its
 * socket drops. Every loss has its name, the ledger holds to the packet, what is left is reweighted
 * and says so, and with verdict pass the host gets every packet.
 *
 * In normal running the socket drops nothing, because a worker injects no more carriers than it has
 * places for; the last test injects them behind its back.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xskim/barrier.h>
#include <xskim/control.h>
#include <xskim/frame.h>
#include <xskim/xskim.h>

#include "clock.h"
#include "command.h"
#include "lab.h"
#include "program.h"
#include "session.h"
#include "worker.h"

TestSuite(overload, .init = lab_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static uint64_t send_udp(uint64_t count) {
        uint8_t packet[64];

        return lab_send(LAB_PEER, packet, lab_udp(packet, 64, 1, 2), count);
}

/* ---- rings ---- */

/* Nobody empties the rings while the packets come. */
Test(overload, stopped_collector_leaves_rings_full_and_every_packet_accounted_for) {
        enum { PACKETS = 200000, SLOTS = 96 };
        struct command command =
                COMMAND_START(NULL, "watch", LAB_PORT, "--verdict", "drop", "--sample", "1",
                              "--ring-slots", "96", "--json", "--interval", "10ms");
        uint64_t most = SLOTS * (uint64_t)sysconf(_SC_NPROCESSORS_CONF), decoded;
        struct command_result result;

        cr_assert(command_running(&command));
        kill(command.pid, SIGSTOP);
        cr_assert_eq(send_udp(PACKETS), PACKETS);
        kill(command.pid, SIGCONT);
        kill(command.pid, SIGINT);
        result = command_end(&command);
        cr_assert_eq(result.status, 0, "%s", result.err);
        decoded = command_summary(&result, "ledger", "decoded");
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0);
        cr_expect_eq(command_summary(&result, "ledger", "seen"), PACKETS);
        cr_expect_eq(command_summary(&result, "ledger", "sampled"), PACKETS);
        cr_expect_geq(decoded, SLOTS);
        cr_expect_leq(decoded, most);
        cr_expect_eq(command_summary(&result, "ledger", "ring_full"), PACKETS - decoded);
        cr_expect(command_summary_has(&result, "\"biased\":true"));
        /* what is left stands for what was lost */
        cr_expect_eq(command_summary(&result, "estimate", "packets"), PACKETS);
        command_result_free(&result);
}

/* The smallest rings at full rate; how much is lost depends on the machine. */
Test(overload, overrun_rings_lose_under_their_name_only) {
        enum { PACKETS = 1000000 };
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;

        lab_config(&config);
        config.ring_slots = 96;
        cr_assert_eq(xskim_open(&config, &session), 0, "%s", xskim_error_message());
        cr_assert_eq(send_udp(PACKETS), PACKETS);
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_snapshot(session, 0, &s), 0);
        xskim_close(session);
        lab_balanced(&s);
        cr_expect_eq(s.ledger.seen, PACKETS);
        cr_expect_eq(s.ledger.decoded + s.ledger.ring_full, PACKETS);
        cr_expect_gt(s.ledger.decoded, 0);
        cr_expect_gt(s.ledger.ring_full, 0, "not an overload");
        cr_expect(s.gap.biased);
        cr_expect(s.size.biased);
}

/* ---- the host's packets ---- */

/* How many packets IP handed to the protocols above it, in this network namespace. */
static uint64_t ip_delivered(void) {
        FILE *file = fopen("/proc/thread-self/net/snmp", "re");
        unsigned long long delivers = 0;
        char line[1024];
        bool found = false;

        cr_assert(file);
        while (!found && fgets(line, sizeof(line), file))
                found = sscanf(line, "Ip: %*u %*u %*u %*u %*u %*u %*u %*u %llu", &delivers) == 1;
        fclose(file);
        cr_assert(found);
        return delivers;
}

/* A receiver, so that nobody answers; its buffer may overflow, which is after IP. */
static int host_make(void) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(2)};
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        lab_run("ip link set " LAB_PORT " address " LAB_PORT_MAC);
        lab_run("ip address add " LAB_PORT_IP "/24 dev " LAB_PORT);
        cr_assert_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
        return fd;
}

Test(overload, host_gets_every_packet_while_the_collector_is_stopped) {
        struct command command = COMMAND_START(NULL, "watch", LAB_PORT, "--sample", "1", "--json",
                                               "--interval", "100ms");
        int receiver = host_make();
        uint64_t xdp_before, delivered_before, until_ns, seen, arrived;
        struct command_result result;

        delivered_before = ip_delivered();
        xdp_before = lab_xdp_packets(LAB_PORT);
        cr_assert(command_running(&command));
        send_udp(10000);
        kill(command.pid, SIGSTOP);
        until_ns = clock_monotonic_ns() + 2000000000;
        while (clock_monotonic_ns() < until_ns)
                send_udp(100000);
        kill(command.pid, SIGCONT);
        send_udp(500000);
        kill(command.pid, SIGINT);
        result = command_end(&command);
        cr_assert_eq(result.status, 0, "%s", result.err);
        arrived = lab_xdp_packets(LAB_PORT) - xdp_before;
        seen = command_summary(&result, "ledger", "seen");
        cr_expect_geq(seen, 600000);
        cr_expect_eq(seen, arrived, "seen %lu, the port counted %lu", seen, arrived);
        cr_expect_eq(ip_delivered() - delivered_before, seen, "IP got %lu of %lu",
                     ip_delivered() - delivered_before, seen);
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0);
        cr_expect_gt(command_summary(&result, "ledger", "ring_full"), 0, "not an overload");
        cr_expect(command_summary_has(&result, "\"biased\":true"));
        command_result_free(&result);
        close(receiver);
}

/* ---- the disk ---- */

/* A file system of its own, with less room than the records take. */
Test(overload, full_disk_loses_records_under_their_name_and_says_so) {
        enum { PACKETS = 20000 };
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        bool noted = false;

        cr_assert_eq(unshare(CLONE_NEWNS), 0);
        cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        cr_assert_eq(mount("lab", "/mnt", "tmpfs", 0, "size=256k"), 0);
        lab_config(&config);
        config.ring_slots = 20016;
        config.record_path = "/mnt/records";
        cr_assert_eq(xskim_open(&config, &session), 0, "%s", xskim_error_message());
        cr_assert_eq(send_udp(PACKETS), PACKETS);
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_snapshot(session, 0, &s), 0);
        xskim_close(session);
        lab_balanced(&s);
        cr_expect_eq(s.ledger.decoded, PACKETS, "the figures do not depend on the file");
        cr_expect_not(s.size.biased);
        cr_expect_gt(s.ledger.recorded, 0);
        cr_expect_gt(s.ledger.record_dropped, 0);
        cr_expect_eq(s.ledger.recorded + s.ledger.record_dropped, PACKETS);
        for (unsigned int i = 0; i < s.note_count; i++)
                noted |= !!strstr(s.notes[i], "the record file is incomplete: No space left");
        cr_expect(noted);
}

/* ---- the socket ---- */

/* Goes to where the session's carrier ports are: a thread of this process is there. */
static int carrier_namespace_enter(void) {
        DIR *threads = opendir("/proc/self/task");
        struct dirent *entry;
        char path[300];
        int fd, ifindex = 0;

        while (!ifindex && (entry = readdir(threads))) {
                snprintf(path, sizeof(path), "/proc/self/task/%s/ns/net", entry->d_name);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd >= 0 && !setns(fd, CLONE_NEWNET))
                        ifindex = (int)if_nametoindex("carrier0");
                if (fd >= 0)
                        close(fd);
        }
        closedir(threads);
        cr_assert_gt(ifindex, 0, "no carrier port");
        return ifindex;
}

/* Carriers that the worker does not know of, for one ring. */
static void carriers_inject(struct programs *programs, int ifindex, uint32_t ring, uint32_t count) {
        struct xskim_worker_control *plan = program_worker_controls(programs);

        for (uint32_t i = 0; i < count; i++)
                plan->plan[i] = ring;
        plan->plan_length = count;
        plan->next = 0;
        cr_assert_eq(program_carrier_run(programs, 0, ifindex, count), 0);
}

static void cpu_pin(int cpu) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((size_t)cpu, &set);
        cr_assert_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

/*
 * The worker sleeps: its rings are not marked asleep any more, so nobody rings, and the flush is a
 * minute away. The socket has WORKER_SOCKET_SLOTS places, so LOST frames of records find none, and
 * one more, the worker's own when the session is stopped.
 */
Test(overload, frames_that_the_socket_drops_are_lost_in_socket) {
        enum { LOST = 30, RECORDS = (WORKER_SOCKET_SLOTS + LOST) * XSKIM_FRAME_RECORDS_MAX };
        struct xskim_ring_control *controls;
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        int ifindex, home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

        cpu_pin(0);
        lab_config(&config);
        config.ring_slots = 200 * XSKIM_FRAME_RECORDS_MAX;
        config.flush_ms = 60000;
        cr_assert_eq(xskim_open(&config, &session), 0, "%s", xskim_error_message());
        controls = program_ring_controls(session->programs);
        while (!__atomic_load_n(&controls[0].asleep, __ATOMIC_SEQ_CST))
                usleep(1000);
        xskim_mark_awake(&controls[0].asleep);
        cr_assert_eq(send_udp(RECORDS), RECORDS);
        ifindex = carrier_namespace_enter();
        carriers_inject(session->programs, ifindex, 0, WORKER_SOCKET_SLOTS);
        carriers_inject(session->programs, ifindex, 0, LOST);
        cr_assert_eq(setns(home, CLONE_NEWNET), 0);
        cr_assert_eq(send_udp(10), 10);
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_snapshot(session, 0, &s), 0);
        xskim_close(session);
        lab_balanced(&s);
        cr_expect_eq(s.ledger.seen, RECORDS + 10);
        cr_expect_eq(s.ledger.ring_full, 0);
        cr_expect_eq(s.ledger.lost_in_socket, LOST * XSKIM_FRAME_RECORDS_MAX + 10, "%lu",
                     s.ledger.lost_in_socket);
        cr_expect_eq(s.ledger.decoded, WORKER_SOCKET_SLOTS * XSKIM_FRAME_RECORDS_MAX);
        cr_expect(s.size.biased);
        cr_expect_float_eq(s.estimate_packets.value, RECORDS + 10, 0.5, "%f",
                           s.estimate_packets.value);
        close(home);
}

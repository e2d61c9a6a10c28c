/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a session promises beside its figures: the time in the stack, a worker without privilege, a
 * record file without room, and the exit status when the ledger does not balance.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include <xskim/control.h>
#include <xskim/xskim.h>

#include "command.h"
#include "lab.h"
#include "process.h"
#include "program.h"

TestSuite(session, .init = lab_fresh, .timeout = 60);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static uint64_t send_udp(uint64_t count) {
        uint8_t packet[64];

        return lab_send(LAB_PEER, packet, lab_udp(packet, 64, 1, 2), count);
}

static void session_summary(struct xskim_session *session, struct xskim_snapshot *ret) {
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_snapshot(session, 0, ret), 0);
        xskim_close(session);
        lab_balanced(ret);
}

/* ---- the time in the stack ---- */

static int receiver_open(void) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(2)};
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        lab_run("ip link set " LAB_PORT " address " LAB_PORT_MAC);
        lab_run("ip address add " LAB_PORT_IP "/24 dev " LAB_PORT);
        cr_assert_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
        return fd;
}

static uint32_t received(int fd) {
        uint32_t count = 0;
        char payload[64];

        while (recv(fd, payload, sizeof(payload), MSG_DONTWAIT) >= 0)
                count++;
        return count;
}

/* Every packet is sampled, so every one has its time, and all of them arrive. */
Test(session, measures_stack_and_delivery_and_passes_the_packet_on) {
        enum { PACKETS = 50, MOST_NS = 1000000000 };
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        int r, receiver = receiver_open();

        lab_config(&config);
        config.verdict = XSKIM_VERDICT_PASS;
        config.stack = true;
        r = xskim_open(&config, &session);
        if (r == -EOPNOTSUPP)
                lab_skip("no TCX links here (Linux 6.6)");
        cr_assert_eq(r, 0, "%s", xskim_error_message());
        cr_assert_eq(send_udp(PACKETS), PACKETS);
        usleep(20000);
        session_summary(session, &s);
        cr_expect_eq(s.ledger.seen, PACKETS);
        cr_expect_eq(s.stack.count, PACKETS);
        cr_expect_gt(s.stack.min, 0);
        cr_expect_lt(s.stack.max, MOST_NS);
        cr_expect_geq(s.stack.mean, s.stack.min);
        cr_expect_leq(s.stack.mean, s.stack.max);
        cr_expect_eq(s.delivery.count, PACKETS);
        cr_expect_lt(s.delivery.max, MOST_NS);
        cr_expect_eq(received(receiver), PACKETS);
        close(receiver);
}

/* ---- the worker ---- */

Test(session, has_workers_without_any_capability) {
        const char *const without[] = {"CapEff:\t0000000000000000\n", "CapPrm:\t0000000000000000\n",
                                       "NoNewPrivs:\t1\n", NULL};
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;

        lab_config(&config);
        config.workers = 3;
        cr_assert_eq(process_threads_with(without), 0);
        cr_assert_eq(xskim_open(&config, &session), 0, "%s", xskim_error_message());
        cr_expect_eq(process_threads_with(without), 3);
        session_summary(session, &s);
}

/* ---- the record file ---- */

Test(session, counts_the_records_that_the_file_has_no_room_for) {
        enum { PACKETS = 20000 };
        char directory[] = "/tmp/xskim-full-XXXXXX", path[64];
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;

        cr_assert_eq(unshare(CLONE_NEWNS), 0);
        cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        cr_assert(mkdtemp(directory));
        cr_assert_eq(mount("full", directory, "tmpfs", 0, "size=256k"), 0);
        snprintf(path, sizeof(path), "%s/run.xskim", directory);
        lab_config(&config);
        config.record_path = path;
        cr_assert_eq(xskim_open(&config, &session), 0, "%s", xskim_error_message());
        for (int i = 0; i < PACKETS / 1000; i++) {
                cr_assert_eq(send_udp(1000), 1000);
                usleep(2000);
        }
        session_summary(session, &s);
        umount(directory);
        rmdir(directory);
        cr_expect_gt(s.ledger.recorded, 0);
        cr_expect_gt(s.ledger.record_dropped, 0);
        cr_expect_eq(s.ledger.recorded + s.ledger.record_dropped, s.ledger.decoded);
        cr_expect_eq(s.ledger.lost_in_socket, 0);
}

/* A file system of its own that can be frozen: its writes wait until it is thawed. */
static void disk_make(const char *directory) {
        cr_assert_eq(unshare(CLONE_NEWNS), 0);
        cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        cr_assert_eq(mount("disk", directory, "tmpfs", 0, "size=64m"), 0);
        lab_run("truncate -s 48M %s/image && mkfs.ext4 -q %s/image && mkdir %s/on", directory,
                directory, directory);
        lab_run("mount -o loop %s/image %s/on", directory, directory);
}

static int disk_freeze(const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        cr_assert_geq(fd, 0);
        cr_assert_eq(ioctl(fd, FIFREEZE, 0), 0);
        return fd;
}

static void disk_thaw_later(void *context) {
        usleep(300000);
        ioctl(*(int *)context, FITHAW, 0);
        pause();
}

/* Every frame waits to be written, so there are no places for carriers, and the rings fill up;
 * nothing is lost without its name, and the end waits for what is under way. */
Test(session, injects_no_more_carriers_than_it_has_places_for_while_the_disk_stands_still) {
        enum { PACKETS = 100000 };
        char directory[] = "/tmp/xskim-disk-XXXXXX", path[64];
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        int disk;
        pid_t thaw;

        if (access("/dev/loop-control", R_OK))
                lab_skip("no loop devices here");
        cr_assert(mkdtemp(directory));
        disk_make(directory);
        snprintf(path, sizeof(path), "%s/on/run.xskim", directory);
        lab_config(&config);
        config.interval_ms = 60000;
        config.record_path = path;
        cr_assert_eq(xskim_open(&config, &session), 0, "%s", xskim_error_message());
        disk = disk_freeze(path);
        for (int i = 0; i < PACKETS / 1000; i++) {
                cr_assert_eq(send_udp(1000), 1000);
                usleep(1000);
        }
        thaw = command_fork(disk_thaw_later, &disk);
        session_summary(session, &s);
        command_kill(thaw);
        close(disk);
        lab_run("umount %s/on && umount %s && rmdir %s", directory, directory, directory);
        cr_expect_eq(s.ledger.seen, PACKETS);
        cr_expect_gt(s.ledger.ring_full, 0, "it did not stand still");
        cr_expect_eq(s.ledger.lost_in_socket, 0);
        cr_expect_eq(s.ledger.record_dropped, 0);
        cr_expect_eq(s.ledger.recorded, s.ledger.decoded);
}

/* ---- the end ---- */

/* More records than one run of carriers takes, and nobody wakes the worker before the end. */
Test(session, empties_the_rings_before_its_summary) {
        enum { PACKETS = 5000, SLOTS = 9600 };
        struct xskim_session *session;
        struct xskim_config config;
        struct xskim_snapshot s;
        cpu_set_t cpus;

        CPU_ZERO(&cpus);
        CPU_SET(0, &cpus);
        cr_assert_eq(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
        cr_assert_lt(PACKETS, XSKIM_RING_HIGH_WATER(SLOTS));
        lab_config(&config);
        config.ring_slots = SLOTS;
        config.flush_ms = config.interval_ms = 60000;
        cr_assert_eq(xskim_open(&config, &session), 0, "%s", xskim_error_message());
        cr_assert_eq(send_udp(PACKETS), PACKETS);
        session_summary(session, &s);
        cr_expect_eq(s.ledger.decoded, PACKETS);
        cr_expect_eq(s.ledger.waiting, 0);
}

/* ---- the exit status ---- */

/* The sampler's state of that process: a map among its descriptors. */
static int states_open(pid_t pid) {
        struct bpf_map_info facts;
        char path[64], line[256];
        unsigned int id;

        for (int number = 0; number < 128; number++) {
                FILE *file;

                snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, number);
                file = fopen(path, "re");
                while (file && fgets(line, sizeof(line), file)) {
                        uint32_t size = sizeof(facts);
                        int fd = sscanf(line, "map_id: %u", &id) == 1 ? bpf_map_get_fd_by_id(id)
                                                                      : -1;

                        if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &facts, &size) &&
                            !strcmp(facts.name, "states"))
                                return fd;
                }
                if (file)
                        fclose(file);
        }
        cr_assert_fail("no map of the sampler's state");
        return -1;
}

/* Nothing comes through the port meanwhile, so nobody else writes there. */
static void seen_spoil(pid_t pid, uint64_t packets) {
        struct xskim_sampler_state *states = calloc(program_cpus_possible(), sizeof(*states));
        int fd = states_open(pid);
        uint32_t key = 0;

        cr_assert_eq(bpf_map_lookup_elem(fd, &key, states), 0);
        states[0].counters.seen += packets;
        cr_assert_eq(bpf_map_update_elem(fd, &key, states, 0), 0);
        free(states);
        close(fd);
}

Test(session, whose_ledger_does_not_balance_is_a_failure) {
        struct command command =
                COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--interval", "10ms");
        struct command_result result;

        cr_assert(command_running(&command));
        seen_spoil(command.pid, 7);
        kill(command.pid, SIGINT);
        result = command_end(&command);
        cr_expect_eq(result.status, 1, "status %d: %s", result.status, result.err);
        cr_expect(strstr(result.err, "does not balance"), "%s", result.err);
        cr_expect(strstr(result.err, "seen = sampled + not_sampled: 7 against 0"), "%s",
                  result.err);
        cr_expect_geq(command_summary(&result, "ledger", "unaccounted"), 7);
        command_result_free(&result);
}

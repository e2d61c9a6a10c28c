/* SPDX-License-Identifier: BSD-2-Clause */
/* See user.h. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "user.h"

const char *const ports[PAIRS] = {"port0", "port1"};
const char *const peers[PAIRS] = {"peer0", "peer1"};

/* No address is made up by the kernel, so no packet comes but the test's own. */
static void lab_make(void) {
        char command[256];

        if (unshare(CLONE_NEWNET)) {
                perror("a network namespace needs root");
                exit(1);
        }
        for (int i = 0; i < PAIRS; i++) {
                /* a kernel without IPv6 has no such mode, and no need of it */
                snprintf(command, sizeof(command),
                         "ip link add %s type veth peer name %s && "
                         "{ ip link set %s addrgenmode none; ip link set %s addrgenmode none; "
                         "} 2>/dev/null; ip link set %s up && ip link set %s up",
                         ports[i], peers[i], ports[i], peers[i], ports[i], peers[i]);
                if (system(command))
                        exit(1);
        }
}

int user_main(int argc, char *argv[]) {
        struct criterion_test_set *tests;
        int failed = 0;

        lab_make();
        tests = criterion_initialize();
        if (criterion_handle_args(argc, argv, true))
                failed = !criterion_run_all_tests(tests);
        criterion_finalize(tests);
        return failed;
}

void packets_send(const char *peer, unsigned int count) {
        struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(peer)};
        char packet[PACKET_BYTES] = {[0] = 2, [6] = 2, [12] = 8};
        int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

        cr_assert(fd >= 0);
        for (unsigned int i = 0; i < count; i++)
                cr_assert_eq(
                        sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)),
                        sizeof(packet));
        close(fd);
}

/* What the peer could not hand over: veth counts it as the sender's. */
unsigned long packets_dropped(const char *peer) {
        FILE *file = fopen("/proc/self/net/dev", "re");
        unsigned long dropped = 0;
        char line[512], *place;

        cr_assert(file);
        while (fgets(line, sizeof(line), file)) {
                place = strchr(line, ':');
                if (place && (size_t)(place - line) >= strlen(peer) &&
                    !strncmp(place - strlen(peer), peer, strlen(peer)))
                        cr_assert_eq(
                                sscanf(place + 1, "%*u%*u%*u%*u%*u%*u%*u%*u%*u%*u%*u%lu", &dropped),
                                1);
        }
        fclose(file);
        return dropped;
}

unsigned int entries_count(const char *path) {
        DIR *directory = opendir(path);
        unsigned int count = 0;

        cr_assert(directory);
        while (readdir(directory))
                count++;
        closedir(directory);
        return count;
}

bool port_has_program(const char *port) {
        char command[128];

        snprintf(command, sizeof(command), "ip link show %s | grep -q xdp", port);
        return !system(command);
}

double now_s(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void config_of(struct xskim_config *config, unsigned int port_count) {
        xskim_config_init(config);
        for (unsigned int i = 0; i < port_count; i++)
                config->ports[i] = ports[i];
        config->port_count = port_count;
        config->seed = 1;
        config->sample = 1;
        config->interval_ms = 20;
}

struct xskim_session *session_open(const struct xskim_config *config) {
        struct xskim_session *session = NULL;

        cr_assert_eq(xskim_open(config, &session), 0, "%s", xskim_error_message());
        cr_assert(session);
        return session;
}

static int told_snapshot(void *context, const struct xskim_snapshot *snapshot) {
        struct told *told = context;

        told->snapshots++;
        told->misplaced += snapshot->final || told->summaries;
        if (told->stops)
                xskim_stop(told->session);
        return told->error;
}

static int told_summary(void *context, const struct xskim_snapshot *summary) {
        struct told *told = context;

        told->summaries++;
        told->misplaced += !summary->final;
        told->last = *summary;
        if (told->stops)
                xskim_stop(told->session);
        return 0;
}

struct xskim_sink sink_of(struct told *told) {
        return (struct xskim_sink){
                .context = told, .snapshot = told_snapshot, .summary = told_summary};
}

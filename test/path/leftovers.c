/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the command ends: by SIGINT, SIGTERM or --duration with a summary and status 0, whenever the
 * signal comes; by SIGKILL, whenever it comes, without leaving anything. The suite has its own bpf
 * file system and its own /run/netns, so what is found there is its own.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "command.h"
#include "lab.h"

enum { KILLS = 20, KILL_AFTER_US_MAX = 300000, OBJECTS_MAX = 64, FREED_WAITS = 500 };

TestSuite(leftovers, .init = lab_fresh, .timeout = 300);

/* ---- what the command has ---- */

/* Ids of the BPF objects that the process holds, from its descriptors. */
struct objects {
        unsigned int count;
        struct object {
                int (*open)(uint32_t id);
                uint32_t id;
        } object[OBJECTS_MAX];
};

static const struct {
        const char *format;
        int (*open)(uint32_t id);
} kinds[] = {
        {"prog_id: %u", bpf_prog_get_fd_by_id},
        {"map_id: %u", bpf_map_get_fd_by_id},
        {"link_id: %u", bpf_link_get_fd_by_id},
};

static void object_note(struct objects *objects, const char *line) {
        uint32_t id;

        for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
                if (objects->count < OBJECTS_MAX && sscanf(line, kinds[i].format, &id) == 1)
                        objects->object[objects->count++] =
                                (struct object){.open = kinds[i].open, .id = id};
}

static void objects_find(pid_t pid, struct objects *objects) {
        char path[64], line[256];
        FILE *file;

        for (int fd = 0; fd < 128; fd++) {
                snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
                file = fopen(path, "re");
                while (file && fgets(line, sizeof(line), file))
                        object_note(objects, line);
                if (file)
                        fclose(file);
        }
}

/* The kernel frees them in its own time, but without anybody's help. */
static bool is_freed(const struct object *object) {
        for (int i = 0; i < FREED_WAITS; i++) {
                int fd = object->open(object->id);

                if (fd < 0)
                        return errno == ENOENT;
                close(fd);
                usleep(20000);
        }
        return false;
}

/* ---- what is there ---- */

static unsigned int interfaces_count(void) {
        struct if_nameindex *all = if_nameindex();
        unsigned int count = 0;

        cr_assert(all);
        while (all[count].if_index)
                count++;
        if_freenameindex(all);
        return count;
}

/* The kernel's own, in every bpf file system, are passed over. */
static unsigned int files_count(const char *directory) {
        DIR *open = opendir(directory);
        unsigned int count = 0;
        struct dirent *entry;

        while (open && (entry = readdir(open)))
                count += entry->d_name[0] != '.' && !strstr(entry->d_name, ".debug");
        if (open)
                closedir(open);
        return count;
}

int main(int argc, char *argv[]) {
        if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
            mount("lab", "/sys/fs/bpf", "bpf", 0, NULL) || mount("lab", "/run", "tmpfs", 0, NULL)) {
                perror("a mount namespace needs root");
                return 1;
        }
        return lab_main(argc, argv);
}

static void nothing_is_left(const struct objects *objects) {
        cr_expect_eq(lab_xdp_program(LAB_PORT), 0, "a program on the port");
        cr_expect_eq(lab_xdp_program(LAB_PEER), 0);
        cr_expect_eq(interfaces_count(), 3, "lo and the pair");
        cr_expect_eq(files_count("/sys/fs/bpf"), 0, "a pinned object");
        cr_expect_eq(files_count("/run"), 0, "a named network namespace, or a file");
        for (unsigned int i = 0; i < objects->count; i++)
                cr_expect(is_freed(&objects->object[i]), "a BPF object, id %u",
                          objects->object[i].id);
}

/* ---- traffic ---- */

static void traffic(void *context) {
        uint8_t packet[64];

        (void)context;
        for (;;)
                lab_transmit(LAB_PEER, packet, lab_udp(packet, 64, 1, 2), 1000);
}

static void starts_at_once(void) {
        struct command command =
                COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--duration", "20ms");
        struct command_result result = command_end(&command);

        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0, "%s", result.out);
        command_result_free(&result);
}

/* One moment in each twentieth of the time; a start takes less than half of it. */
Test(leftovers, nothing_is_left_after_sigkill_at_any_moment) {
        pid_t sender = command_fork(traffic, NULL);
        unsigned int seed = (unsigned int)time(NULL), objects_seen = 0;

        cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        srand(seed);
        for (int i = 0; i < KILLS; i++) {
                unsigned int slice = KILL_AFTER_US_MAX / KILLS;
                unsigned int after_us = (unsigned int)i * slice + (unsigned int)rand() % slice;
                struct objects objects = {0};
                struct command command = COMMAND_START(NULL, "watch", LAB_PORT, "--sample", "1",
                                                       "--json", "--interval", "10ms");

                usleep(after_us);
                objects_find(command.pid, &objects);
                command_kill(command.pid);
                fclose(command.out);
                fclose(command.err);
                nothing_is_left(&objects);
                objects_seen += objects.count;
                starts_at_once();
        }
        cr_expect_gt(objects_seen, KILLS, "the kills came too early to show anything");
        command_kill(sender);
        cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a process");
        cr_expect_eq(errno, ECHILD);
}

/* ---- orderly ends ---- */

static void ends_well(struct command *command, bool stopped_at_once) {
        struct command_result result = command_end(command);
        struct objects none = {0};

        cr_expect_eq(result.status, 0, "status %d, signal %d: %s", result.status, result.signal,
                     result.err);
        cr_expect_str_empty(result.err);
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0);
        cr_expect_eq(!strstr(result.out, "\"type\":\"snapshot\""), stopped_at_once);
        command_result_free(&result);
        nothing_is_left(&none);
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

ParameterizedTestParameters(leftovers, a_signal_ends_with_the_summary) {
        return cr_make_param_array(const int, (void *)signals, sizeof(signals) / sizeof(*signals));
}

ParameterizedTest(const int *number, leftovers, a_signal_ends_with_the_summary, .init = lab_fresh) {
        pid_t sender = command_fork(traffic, NULL);
        struct command command =
                COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--interval", "10ms");

        cr_assert(command_running(&command));
        kill(command.pid, *number);
        ends_well(&command, false);
        command_kill(sender);
}

/* The moment the program is on the port, long before the first interval is over. */
Test(leftovers, a_signal_right_after_the_attach_ends_with_the_summary) {
        for (int i = 0; i < 10; i++) {
                struct command command =
                        COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--interval", "1h");

                cr_assert(command_attached(&command, LAB_PORT));
                kill(command.pid, SIGINT);
                ends_well(&command, true);
        }
}

/* An impatient person: the further ones come while the session is being closed. */
Test(leftovers, more_signals_do_not_spoil_the_end) {
        for (int i = 0; i < 10; i++) {
                struct command command =
                        COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--interval", "1h");

                cr_assert(command_attached(&command, LAB_PORT));
                for (int n = 0; n < 300; n++) {
                        kill(command.pid, n % 2 ? SIGINT : SIGTERM);
                        usleep(200);
                }
                ends_well(&command, true);
        }
}

Test(leftovers, duration_ends_with_the_summary_with_traffic) {
        pid_t sender = command_fork(traffic, NULL);
        struct command command = COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--interval",
                                               "50ms", "--duration", "200ms");

        ends_well(&command, false);
        command_kill(sender);
}

Test(leftovers, duration_shorter_than_an_interval_ends_with_the_summary) {
        struct command command = COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--interval",
                                               "1h", "--duration", "1ms");

        ends_well(&command, true);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* How xskim bench ends when somebody or something ends it, on ports that stay: killed at any
 * moment, either of its two processes; a port that goes; a program that was there first. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"
#include "replaying.h"
#include "util.h"

enum { KILLS = 6, STEP_US = 350000, GONE_TRIES = 500, GONE_STEP_US = 20000 };

static void begin(void) {
        lab_fresh();
        lab_run("ip address add 198.51.100.1/24 dev " LAB_PORT);
}

TestSuite(bench_ends, .init = begin, .timeout = 180);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static struct command bench_start(void) {
        return COMMAND_START(NULL, "bench", "--tx", LAB_PEER, "--rx", LAB_PORT, "--max-time", "10m",
                             "--precision", "0.01", "--json");
}

/* The process that measures; 0: there is none (any more). */
static pid_t child_of(pid_t parent) {
        char path[64];
        long child = 0;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
        file = fopen(path, "re");
        if (file && fscanf(file, "%ld", &child) != 1)
                child = 0;
        if (file)
                fclose(file);
        return (pid_t)child;
}

static bool is_gone(pid_t pid) {
        for (int i = 0; i < GONE_TRIES; i++) {
                if (kill(pid, 0))
                        return true;
                usleep(GONE_STEP_US);
        }
        return false;
}

static void nothing_is_left(void) {
        cr_expect_eq(lab_xdp_program(LAB_PORT), 0, "a program on the port");
        cr_expect_eq(lab_xdp_program(LAB_PEER), 0);
        lab_run("test $(ip -o link | wc -l) = 3"); /* lo and the pair */
        lab_run("test -z \"$(ip -o link show up dev " LAB_PORT " | grep PROMISC)\"");
}

Test(bench_ends, killed_at_any_moment_it_leaves_nothing) {
        for (int i = 0; i < KILLS; i++) {
                struct command command = bench_start();
                pid_t child = 0;

                usleep((useconds_t)(50000 + i * STEP_US));
                child = child_of(command.pid);
                kill(i % 2 && child ? child : command.pid, SIGKILL);
                replaying_wait(&command);
                cr_expect(!child || is_gone(child), "kill %d: a process is left", i);
                nothing_is_left();
        }
}

Test(bench_ends, a_port_that_goes_ends_it_with_what_there_is) {
        struct command command = bench_start();
        struct command_result result;

        cr_assert(command_attached(&command, LAB_PORT));
        sleep(3);
        lab_run("ip link delete " LAB_PORT);
        result = replaying_wait(&command);
        cr_expect_eq(result.status, 1, "%d: %s", result.status, result.err);
        cr_expect(strstr(result.err, "xskim: "), "says why: %s", result.err);
}

Test(bench_ends, a_program_that_was_there_is_named_and_stays) {
        struct command first = COMMAND_START(NULL, "watch", LAB_PORT, "--json");
        struct command_result result;
        struct command second;
        uint32_t program;

        cr_assert(command_attached(&first, LAB_PORT));
        program = lab_xdp_program(LAB_PORT);
        second = bench_start();
        result = replaying_wait(&second);
        cr_expect_eq(result.status, 1, "%d", result.status);
        cr_expect(strstr(result.err, "another XDP program is attached"), "%s", result.err);
        cr_expect_eq(lab_xdp_program(LAB_PORT), program);
        kill(first.pid, SIGINT);
        result = replaying_wait(&first);
        cr_expect_eq(result.status, 0);
}

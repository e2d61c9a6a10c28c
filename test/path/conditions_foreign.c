/* SPDX-License-Identifier: BSD-2-Clause */
/* Other programs as conditions: what they count, how they end, and that nothing of them is left. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "lab.h"
#include "log.h"
#include "switching.h"

TestSuite(conditions_foreign, .init = switching_fresh, .timeout = 120);

static void command(struct switching *asked, const char *text) {
        asked->conditions[asked->count++] =
                (struct xskim_bench_condition){.kind = XSKIM_BENCH_KIND_command, .command = text};
}

/* One empty condition and one command. */
static struct conditions *opened_command(struct switching *asked, const char *text) {
        *asked = (struct switching){0};
        switching_ask(asked, "empty");
        command(asked, text);
        return switching_open(asked);
}

/* In the environment of what a command starts, so that it can be found. */
static const char *mark(void) {
        static char text[32];

        snprintf(text, sizeof(text), "XSKIM_MARK=%d", getpid());
        return text;
}

static struct conditions *opened_marked(struct switching *asked, const char *script) {
        static char text[512];

        snprintf(text, sizeof(text), "export %s; %s", mark(), script);
        return opened_command(asked, text);
}

static bool marked_runs(const char *text) {
        char look[128];

        snprintf(look, sizeof(look), "grep -qas -e %s /proc/[0-9]*/environ", text);
        return !system(look);
}

/* One that has just been killed may still be on its way out. */
static void nothing_marked_runs(const char *text) {
        for (int i = 0; i < 100 && marked_runs(text); i++)
                usleep(100000);
        cr_assert_not(marked_runs(text), "left behind");
}

Test(conditions_foreign, what_tcpdump_counts_is_the_truth) {
        struct xskim_bench_outcome outcomes[2];
        struct switching asked = {0};
        struct conditions *conditions;

        switching_arena.path = XSKIM_BENCH_PATH_stack;
        switching_ask(&asked, "empty");
        command(&asked, "tcpdump -n -B 8192 -i {port} -w /dev/null udp");
        /* plenty, for a busy machine */
        conditions = switching_open_settling(&asked, 2000);
        for (unsigned int round = 1; round <= 2; round++) {
                switching_round(conditions, 1, 100 * round);
                switching_round(conditions, 0, 50);
        }
        cr_assert_gt(conditions_collector_ns(conditions, 1), 0);
        switching_finish(conditions, &asked, outcomes);
        cr_assert_str_eq(outcomes[1].name, "tcpdump");
        cr_assert_not(outcomes[1].failed, "%s", outcomes[1].note);
        cr_assert(outcomes[1].seen_known);
        cr_assert_eq(outcomes[1].truth, 300);
        cr_assert_eq(outcomes[1].seen, 300, "%lu", (unsigned long)outcomes[1].seen);
}

Test(conditions_foreign, a_command_that_is_not_there_says_so) {
        struct xskim_bench_outcome outcomes[2];
        struct switching asked;
        struct conditions *conditions = opened_command(&asked, "nosuchthing {port}");

        cr_assert_eq(conditions_enter(conditions, 1), CONDITIONS_CANNOT);
        cr_assert(strstr(error_message(), "not found"), "%s", error_message());
        cr_assert(conditions_has_failed(conditions, 1));
        cr_assert_neq(switching_program(), 0);
        switching_round(conditions, 0, 10);
        switching_finish(conditions, &asked, outcomes);
        cr_assert(outcomes[1].failed);
        cr_assert(strstr(outcomes[1].note, "not found"), "%s", outcomes[1].note);
}

Test(conditions_foreign, a_command_that_dies_meanwhile_has_failed) {
        struct switching asked;
        struct conditions *conditions = opened_command(&asked, "sleep 2; echo it is full; exit 3");

        cr_assert_eq(conditions_enter(conditions, 1), 0, "%s", error_message());
        sleep(4);
        cr_assert_eq(conditions_enter(conditions, 0), 0, "%s", error_message());
        cr_assert(conditions_has_failed(conditions, 1));
        cr_assert_eq(conditions_enter(conditions, 1), CONDITIONS_CANNOT);
        cr_assert(strstr(error_message(), "status 3"), "%s", error_message());
        cr_assert(strstr(error_message(), "it is full"), "%s", error_message());
        conditions_close(conditions);
}

/* Neither SIGINT nor SIGTERM ends it, and part of it has left its process group. */
Test(conditions_foreign, a_command_that_never_stops_is_stopped) {
        struct switching asked;
        struct conditions *conditions = opened_marked(
                &asked,
                "trap '' INT TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' "
                "& while :; do sleep 1; done");

        cr_assert_eq(conditions_enter(conditions, 1), 0, "%s", error_message());
        cr_assert(marked_runs(mark()));
        cr_assert_eq(conditions_leave(conditions), 0, "%s", error_message());
        cr_assert_not(conditions_has_failed(conditions, 1));
        nothing_marked_runs(mark());
        conditions_close(conditions);
}

Test(conditions_foreign, a_command_that_prints_without_end_costs_no_memory) {
        struct xskim_bench_outcome outcomes[2];
        struct switching asked;
        struct conditions *conditions =
                opened_command(&asked, "trap 'echo 7 packets captured; exit' INT; "
                                       "while :; do head -c 100000 /dev/urandom; done");

        cr_assert_eq(conditions_enter(conditions, 1), 0, "%s", error_message());
        cr_assert_gt(conditions_collector_ns(conditions, 1), 0);
        cr_assert_eq(conditions_leave(conditions), 0);
        switching_finish(conditions, &asked, outcomes);
        cr_assert_not(outcomes[1].failed, "%s", outcomes[1].note);
        cr_assert(outcomes[1].seen_known);
        cr_assert_eq(outcomes[1].seen, 7);
}

/* It keeps the pipe full, and nothing but a kill ends it. */
Test(conditions_foreign, a_command_that_prints_without_end_and_never_stops_is_stopped) {
        struct switching asked;
        struct conditions *conditions =
                opened_marked(&asked, "trap '' INT TERM; cat /dev/zero & cat /dev/zero & wait");

        cr_assert_eq(conditions_enter(conditions, 1), 0, "%s", error_message());
        cr_assert(marked_runs(mark()));
        cr_assert_eq(conditions_leave(conditions), 0, "%s", error_message());
        nothing_marked_runs(mark());
        conditions_close(conditions);
}

/* Figures of a program that was not there yet are not worth anything, and it is said. */
Test(conditions_foreign, a_command_that_has_not_settled_is_told) {
        static const struct {
                const char *command;
                const char *note;
        } cases[] = {
                {"trap 'echo 0 packets captured; exit' INT; while :; do sleep 0.1; done",
                 "had it settled after"},
                {"exec sleep 60", "does not say what it saw"},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct xskim_bench_outcome outcomes[2];
                struct switching asked;
                struct conditions *conditions = opened_command(&asked, cases[i].command);

                switching_round(conditions, 1, 100);
                cr_assert_eq(conditions_leave(conditions), 0);
                switching_finish(conditions, &asked, outcomes);
                cr_assert_not(outcomes[1].failed, "%s", outcomes[1].note);
                cr_assert(strstr(outcomes[1].note, cases[i].note), "%s", outcomes[1].note);
        }
}

static void hold_a_command(void *context) {
        int *ready = context;
        struct switching asked;
        struct conditions *conditions =
                opened_marked(&asked, "trap '' INT TERM; while :; do sleep 1; done");

        if (conditions_enter(conditions, 1) || write(ready[1], "x", 1) != 1)
                _exit(1);
        pause();
}

Test(conditions_foreign, nothing_outlives_a_kill) {
        char byte, text[32];
        int ready[2];
        pid_t pid;

        cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
        pid = command_fork(hold_a_command, ready);
        snprintf(text, sizeof(text), "XSKIM_MARK=%d", pid);
        cr_assert_eq(read(ready[0], &byte, 1), 1);
        cr_assert_neq(switching_program(), 0);
        cr_assert(marked_runs(text));
        command_kill(pid);
        for (int i = 0; i < 500 && switching_program(); i++)
                usleep(10000);
        cr_assert_eq(switching_program(), 0);
        nothing_marked_runs(text);
}

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

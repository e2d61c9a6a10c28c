/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of xskim serve: how it starts, takes a new configuration, speaks with the service
 * manager, and ends. What it watches is in serve.c.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "lab.h"
#include "privilege.h"
#include "serving.h"

TestSuite(serve_life, .init = serving_two_pairs, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

#define PORT(name_, more_) "  - name: " name_ "\n    verdict: drop\n" more_
#define ONE_PORT SERVING_HEAD "ports:\n" PORT(LAB_PORT, "    sample: 1\n")
#define OTHER_ONLY SERVING_HEAD "ports:\n" PORT(SERVING_OTHER_PORT, "")
#define BOTH SERVING_HEAD "ports:\n" PORT(LAB_PORT, "    sample: 1\n") PORT(SERVING_OTHER_PORT, "")

/* ---- starting ---- */

static void is_refused(const char *configuration, int status, const char *text) {
        struct serving s = serving_begin(configuration, NULL, NULL);
        struct command_result result = serving_end(&s, 0);

        cr_expect_eq(result.status, status, "status %d: %s", result.status, result.err);
        cr_expect(strstr(result.err, text), "no “%s” in: %s", text, result.err);
        cr_expect_eq(lab_xdp_program(SERVING_OTHER_PORT), 0);
        command_result_free(&result);
}

Test(serve_life, a_configuration_that_is_not_right_is_wrong_usage_with_the_place) {
        is_refused(SERVING_HEAD "ports:\n  - name: " SERVING_OTHER_PORT "\n    smaple: 1\n", 2,
                   "xskim.yaml:6:5: ");
}

Test(serve_life, without_privilege_it_says_so_once_and_ends) {
        struct command command;
        struct command_result result;
        FILE *file = fopen("/tmp/xskim-serve-unprivileged.yaml", "w");

        cr_assert(file);
        fputs(ONE_PORT, file);
        fclose(file);
        lab_run("ip link set lo up");
        command = COMMAND_START((void (*)(void))privilege_drop_all, "serve", "--config",
                                "/tmp/xskim-serve-unprivileged.yaml");
        result = command_end(&command);
        unlink("/tmp/xskim-serve-unprivileged.yaml");
        cr_expect_eq(result.status, 4, "status %d: %s", result.status, result.err);
        cr_expect(strstr(result.err, "CAP_BPF"), "%s", result.err);
        cr_expect_not(strstr(strstr(result.err, "CAP_BPF") + 1, "CAP_BPF"), "%s", result.err);
        command_result_free(&result);
}

Test(serve_life, an_address_that_is_taken_is_named) {
        struct serving s = serving_start(ONE_PORT);

        is_refused(OTHER_ONLY, 1, "127.0.0.1 port 9963: Address already in use");
        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_ends_well(&s);
}

/* ---- SIGHUP ---- */

Test(serve_life, reload_adds_and_removes_ports_and_the_others_go_on) {
        struct serving s = serving_start(ONE_PORT);

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_send(LAB_PEER, 100);
        serving_reload(&s, BOTH);
        SERVING_UNTIL(&s, serving_is_up(SERVING_OTHER_PORT));
        serving_send(SERVING_OTHER_PEER, 50);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 100 &&
                                  serving_packets(SERVING_OTHER_PORT) == 50);
        cr_expect_eq(serving_metric("xskim_port_restarts_total", LAB_PORT), 0);
        serving_reload(&s, OTHER_ONLY);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == -1);
        cr_expect_eq(lab_xdp_program(LAB_PORT), 0);
        cr_expect_eq(serving_packets(SERVING_OTHER_PORT), 50);
        cr_expect_eq(serving_get("/readyz", NULL), 200);
        cr_expect_eq(serving_metric("xskim_port_restarts_total", SERVING_OTHER_PORT), 0);
        serving_ends_well(&s);
}

Test(serve_life, reload_takes_other_settings_of_a_port_and_its_counters_go_on) {
        struct serving s = serving_start(BOTH);

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT) && serving_is_up(SERVING_OTHER_PORT));
        serving_send(LAB_PEER, 100);
        serving_reload(&s, SERVING_HEAD "ports:\n" PORT(LAB_PORT, "    sample: off\n")
                                   PORT(SERVING_OTHER_PORT, ""));
        SERVING_UNTIL(&s, serving_metric("xskim_port_restarts_total", LAB_PORT) == 1);
        serving_send(LAB_PEER, 200);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 300);
        cr_expect_eq(serving_metric("xskim_sampled_packets_total", LAB_PORT), 100);
        cr_expect_eq(serving_metric("xskim_port_restarts_total", SERVING_OTHER_PORT), 0);
        serving_ends_well(&s);
}

Test(serve_life, reload_refuses_a_broken_file_and_nothing_changes) {
        struct serving s = serving_start(BOTH);

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT) && serving_is_up(SERVING_OTHER_PORT));
        serving_send(LAB_PEER, 100);
        serving_reload(&s, SERVING_HEAD "ports:\n  - name: " LAB_PORT "\n    sample: lots\n");
        cr_expect(strstr(serving_log(&s), "xskim.yaml:6:"), "%s", serving_log(&s));
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 100);
        cr_expect_eq(serving_metric("xskim_port_restarts_total", LAB_PORT), 0);
        cr_expect(serving_is_up(SERVING_OTHER_PORT));
        cr_expect_eq(serving_get("/readyz", NULL), 200);
        serving_reload(&s, OTHER_ONLY);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == -1);
        serving_ends_well(&s);
}

Test(serve_life, reload_names_what_it_cannot_change) {
        struct serving s = serving_start(ONE_PORT);

        serving_reload(&s, "interval: 100ms\nmetrics:\n  listen: 127.0.0.1:9964\nports:\n" PORT(
                                   LAB_PORT, "    sample: 1\n"));
        cr_expect(strstr(serving_log(&s), "where it listens does not change"), "%s",
                  serving_log(&s));
        cr_expect_eq(serving_get("/healthz", NULL), 200);
        serving_ends_well(&s);
}

/* ---- the service manager ---- */

static bool was_told(struct serving *s, char *told, size_t bytes, const char *text) {
        size_t used = strlen(told);

        snprintf(told + used, bytes - used, "%s", serving_told(s));
        return strstr(told, text);
}

static void is_told(const char *manager) {
        struct command_result result;
        struct serving s;
        char told[16384] = "|";

        setenv("WATCHDOG_USEC", "200000", 1);
        s = serving_begin(BOTH, manager, NULL);
        unsetenv("WATCHDOG_USEC");
        SERVING_UNTIL(&s, was_told(&s, told, sizeof(told), "|READY=1|"));
        SERVING_UNTIL(&s, was_told(&s, told, sizeof(told), "|STATUS=watching 2 of 2 ports|"));
        SERVING_UNTIL(&s, was_told(&s, told, sizeof(told), "|WATCHDOG=1|"));
        strcpy(told, "|");
        serving_reload(&s, ONE_PORT);
        SERVING_UNTIL(&s, was_told(&s, told, sizeof(told), "|READY=1|"));
        cr_expect(strstr(told, "|RELOADING=1\nMONOTONIC_USEC="), "%s", told);
        SERVING_UNTIL(&s, was_told(&s, told, sizeof(told), "|STATUS=watching 1 of 1 ports|"));
        lab_run("ip link del " LAB_PORT);
        SERVING_UNTIL(&s, was_told(&s, told, sizeof(told),
                                   "|STATUS=watching 0 of 1 ports, not " LAB_PORT "|"));
        strcpy(told, "|");
        kill(s.command.pid, SIGTERM);
        SERVING_UNTIL(&s, was_told(&s, told, sizeof(told), "|STOPPING=1|"));
        result = serving_end(&s, 0);
        cr_expect_eq(result.status, 0, "%s", result.err);
        command_result_free(&result);
}

Test(serve_life, the_service_manager_is_told_over_a_path) {
        char directory[] = "/tmp/xskim-manager-XXXXXX", path[64];

        cr_assert(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/notify", directory);
        is_told(path);
        lab_run("rm -r %s", directory);
}

Test(serve_life, the_service_manager_is_told_by_an_abstract_name) {
        char name[64];

        snprintf(name, sizeof(name), "@xskim-manager-%d", getpid());
        is_told(name);
}

/* Who reloads more often than the watchdog is fed. */
Test(serve_life, reloads_do_not_keep_the_watchdog_hungry) {
        enum { RELOADS = 15, APART_US = 100000 };
        char name[64], told[16384] = "|";
        struct serving s;
        bool fed = false;

        snprintf(name, sizeof(name), "@xskim-manager-%d", getpid());
        setenv("WATCHDOG_USEC", "2000000", 1);
        s = serving_begin(ONE_PORT, name, NULL);
        unsetenv("WATCHDOG_USEC");
        SERVING_UNTIL(&s, was_told(&s, told, sizeof(told), "|STATUS=watching 1 of 1 ports|"));
        serving_told(&s);
        strcpy(told, "|");
        for (int i = 0; i < RELOADS; i++) {
                kill(s.command.pid, SIGHUP);
                usleep(APART_US);
                fed |= was_told(&s, told, sizeof(told), "|WATCHDOG=1|");
        }
        cr_expect(fed, "%s", told);
        serving_ends_well(&s);
}

/* However like it is to the one before. */
Test(serve_life, the_summary_of_each_session_is_told) {
        struct serving s = serving_start(ONE_PORT);
        struct command_result result;

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_reload(&s, SERVING_HEAD "ports:\n" PORT(LAB_PORT, "    sample: 2\n"));
        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        serving_send(LAB_PEER, 123);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 123);
        result = serving_end(&s, SIGTERM);
        cr_expect(strstr(result.err, "seen 0 packets"), "%s", result.err);
        cr_expect(strstr(result.err, "seen 123 packets"), "%s", result.err);
        command_result_free(&result);
}

/* ---- standard output ---- */

/* A pipe that nobody reads; the other end stays open with the command. */
static void output_stands_still(void) {
        int ends[2];

        if (pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, 4096) < 0 ||
            dup2(ends[1], STDOUT_FILENO) < 0)
                _exit(97);
}

Test(serve_life, standard_output_that_stands_still_holds_up_nothing) {
        struct serving s = serving_begin(SERVING_HEAD "json: true\nports:\n" PORT(LAB_PORT, ""),
                                         NULL, output_stands_still);
        struct command_result result;

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        /* ten lines, of which one fits */
        usleep(1000000);
        serving_send(LAB_PEER, 100);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 100);
        cr_expect_eq(serving_get("/healthz", NULL), 200);
        result = serving_end(&s, SIGTERM);
        cr_expect_eq(result.status, 0, "status %d, signal %d", result.status, result.signal);
        cr_expect(strstr(result.err, "JSON: lost "), "%s", result.err);
        command_result_free(&result);
}

/* ---- ending ---- */

Test(serve_life, a_killed_one_leaves_nothing_and_the_next_starts_clean) {
        struct serving s = serving_start(BOTH);
        struct command_result result;

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT) && serving_is_up(SERVING_OTHER_PORT));
        result = serving_end(&s, SIGKILL);
        cr_expect_eq(result.signal, SIGKILL);
        command_result_free(&result);
        s = serving_start(BOTH);
        SERVING_UNTIL(&s, serving_get("/readyz", NULL) == 200);
        serving_send(LAB_PEER, 10);
        SERVING_UNTIL(&s, serving_packets(LAB_PORT) == 10);
        serving_ends_well(&s);
}

Test(serve_life, interrupt_ends_it_as_sigterm_does) {
        struct serving s = serving_start(ONE_PORT);
        struct command_result result;

        SERVING_UNTIL(&s, serving_is_up(LAB_PORT));
        result = serving_end(&s, SIGINT);
        cr_expect_eq(result.status, 0, "status %d, signal %d", result.status, result.signal);
        command_result_free(&result);
}

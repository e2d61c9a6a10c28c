/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim bench as a person runs it: what it prints, how it ends, and that nothing of it is left. The
 * figures are judged elsewhere; here they need only be there. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <linux/capability.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lab.h"
#include "replaying.h"
#include "util.h"

static char page[64];
static int ports;

static int ports_count(void) {
        struct if_nameindex *names = if_nameindex();
        int count = 0;

        while (names[count].if_index)
                count++;
        if_freenameindex(names);
        return count;
}

static void begin(void) {
        lab_fresh();
        ports = ports_count();
        snprintf(page, sizeof(page), "/tmp/xskim-bench-%d.html", getpid());
}

/* Ports of its own are in namespaces that go with it. */
static void end(void) {
        unlink(page);
        cr_expect_eq(ports_count(), ports);
}

TestSuite(bench_command, .init = begin, .fini = end, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* Short, and without latency. */
#define BENCH(...)                                                                                 \
        benched((const char *const[]){"bench", "--max-time", "1", "--no-latency", __VA_ARGS__,     \
                                      NULL})

static struct command_result benched(const char *const arguments[]) {
        struct command command = command_start(NULL, arguments);

        return replaying_wait(&command);
}

static json_t *object_of(const struct command_result *result) {
        json_error_t error;
        json_t *json = json_loads(result->out, 0, &error);

        cr_assert(json, "%s in %s, %s", error.text, result->out, result->err);
        return json;
}

Test(bench_command, the_object_has_what_was_asked_for) {
        struct command_result result = BENCH("--json", "--conditions", "sample=64", "--seed", "7");
        json_t *json, *conditions;

        cr_assert_eq(result.status, 0, "%s", result.err);
        json = object_of(&result);
        conditions = json_object_get(json, "conditions");
        cr_assert_eq(json_array_size(conditions), 3);
        cr_expect_str_eq(json_string_value(json_object_get(json_array_get(conditions, 2), "name")),
                         "sample=64");
        cr_expect_gt(json_array_size(json_object_get(json, "slices")), 5);
        cr_expect_str_eq(json_string_value(json_object_get(json, "seed")), "7");
        cr_expect_str_eq(json_string_value(json_object_get(json, "command")),
                         "xskim bench --max-time 1 --no-latency --json --conditions sample=64 "
                         "--seed 7");
        json_decref(json);
}

Test(bench_command, the_table_and_the_page) {
        struct command_result result = BENCH("--conditions", "sample=64", "--html", page);

        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_expect(strstr(result.out, "\n sample=64 "), "%s", result.out);
        cr_expect(strstr(result.out, "empty again"), "%s", result.out);
        cr_expect(strstr(result.out, "unaccounted 0"), "%s", result.out);
        lab_run("python3 %s %s 2 0 'At 1 in 64'", XSKIM_PAGE_JUDGE, page);
}

/* What there is is told. */
Test(bench_command, an_interrupt_ends_it_with_a_partial_result) {
        struct command command = COMMAND_START(NULL, "bench", "--json", "--no-latency",
                                               "--precision", "0.01", "--max-time", "10m");
        struct command_result result;
        json_t *json;

        sleep(4);
        kill(command.pid, SIGINT);
        result = replaying_wait(&command);
        cr_assert_eq(result.status, 0, "%s", result.err);
        json = object_of(&result);
        cr_expect(json_is_true(json_object_get(json, "interrupted")));
        cr_expect_lt(json_number_value(json_object_get(json, "duration_s")), 60);
        json_decref(json);
}

/* Not even every packet costs all of the throughput, and no rate costs less than nothing. */
Test(bench_command, a_budget_is_the_exit_status) {
        struct command_result result;

        result = BENCH("--conditions", "sample=1", "--budget", "loss=100%");
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect(strstr(result.out, "loss of throughput: holds"), "%s", result.out);
        result = BENCH("--conditions", "sample=1", "--budget", "loss=0%");
        cr_expect_eq(result.status, 3, "%s", result.err);
        cr_expect(strstr(result.err, "budget was not shown to hold"), "%s", result.err);
        cr_expect(strstr(result.out, "\n sample=1 "), "the figures are printed all the same: %s",
                  result.out);
        result = BENCH("--conditions", "sample=64", "--budget", "p99=10s");
        cr_expect_eq(result.status, 3, "%s", result.err);
        cr_expect(strstr(result.err, "not measured"), "%s", result.err);
}

static void refused(struct command_result result, int status, const char *says) {
        cr_expect_eq(result.status, status, "%s", result.err);
        cr_expect(strstr(result.err, says), "%s", result.err);
        cr_expect_str_empty(result.out);
}

Test(bench_command, wrong_words_are_refused) {
        refused(BENCH("--path", "loop"), 2, "stack, forward, drop or tcp");
        refused(BENCH("--conditions", "sampel=1"), 2, "sampel=1");
        refused(BENCH("--tx", LAB_PEER), 2, "--rx");
        refused(BENCH("--budget", "loss"), 2, "loss=2%,p99=10us");
        refused(BENCH("extra"), 2, "extra");
        refused(BENCH("--tx", LAB_PEER, "--rx", "nowhere0"), 1, "nowhere0");
        refused(BENCH("--html", "/nonexistent/page.html"), 1, "/nonexistent/page.html");
}

/* Still root, who can reach the program wherever it was built. */
static void privilege_lose(void) {
        cr_assert_eq(prctl(PR_CAPBSET_DROP, CAP_BPF), 0);
        cr_assert_eq(prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN), 0);
}

Test(bench_command, a_missing_privilege_is_said) {
        struct command command = COMMAND_START(privilege_lose, "bench", "--quick");

        refused(replaying_wait(&command), 4, "CAP_");
}

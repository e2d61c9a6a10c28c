/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim check-config and dump-config as a person runs them, and the shipped unit as systemd reads
 * it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "captures.h"
#include "cli.h"
#include "command.h"
#include "util.h"

enum { TEXT_BYTES = 4096, EXPOSURE_MAX = 3 };

static char directory[] = "/tmp/xskim-serve-XXXXXX", path[64];

static void files_begin(void) {
        cr_assert(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/it.yaml", directory);
}

static void files_end(void) {
        unlink(path);
        rmdir(directory);
}

static void file_write(const char *text) {
        FILE *file CLEANUP(file_cleanup) = fopen(path, "we");

        cr_assert(file && fputs(text, file) >= 0);
}

static struct command_result run(const char *name, const char *operand) {
        struct command command = COMMAND_START(NULL, name, operand);

        return command_end(&command);
}

TestSuite(serve_config_command, .init = files_begin, .fini = files_end);

Test(serve_config_command, the_example_is_checked) {
        struct command_result result = run("check-config", XSKIM_EXAMPLE_CONFIG);

        cr_expect_eq(result.status, CLI_EXIT_DONE, "%s", result.err);
        cr_expect_str_eq(result.err, "");
        cr_expect(strstr(result.out, ": 1 port: eth0\n"), "%s", result.out);
        command_result_free(&result);
}

Test(serve_config_command, a_fault_is_wrong_usage_and_has_its_place) {
        static const char *const names[] = {"check-config", "dump-config"};
        char expected[TEXT_BYTES];

        file_write("ports:\n  - name: eth0\n    sample: none\n");
        snprintf(expected, sizeof(expected), "xskim: %s:3:13: sample: \"none\" is not allowed",
                 path);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                struct command_result result = run(names[i], path);

                cr_expect_eq(result.status, CLI_EXIT_USAGE);
                cr_expect(!strncmp(result.err, expected, strlen(expected)), "%s", result.err);
                cr_expect_str_eq(result.out, "");
                command_result_free(&result);
        }
}

Test(serve_config_command, a_file_that_is_not_there_is_a_failure) {
        struct command_result result = run("check-config", path);

        cr_expect_eq(result.status, CLI_EXIT_FAILED);
        cr_expect(strstr(result.err, "it.yaml: cannot be read: No such file"), "%s", result.err);
        command_result_free(&result);
}

Test(serve_config_command, a_file_is_needed) {
        struct command_result result = run("check-config", NULL);

        cr_expect_eq(result.status, CLI_EXIT_USAGE);
        cr_expect(strstr(result.err, "FILE is missing"), "%s", result.err);
        command_result_free(&result);
}

/* What is dumped is a file, whose dump is the same again. */
Test(serve_config_command, a_dump_of_a_dump_is_the_same) {
        struct command_result result = run("dump-config", NULL), again;

        cr_expect_eq(result.status, CLI_EXIT_DONE, "%s", result.err);
        cr_expect(strstr(result.out, "  - name: \"eth0\"\n    verdict: pass\n"), "%s", result.out);
        file_write(result.out);
        again = run("dump-config", path);
        cr_expect_eq(again.status, CLI_EXIT_DONE, "%s", again.err);
        cr_expect_str_eq(again.out, result.out);
        command_result_free(&result);
        command_result_free(&again);
}

/* ---- the shipped unit ---- */

static int shell(const char *command, char text[static TEXT_BYTES]) {
        FILE *answer = popen(command, "re");
        size_t length;

        cr_assert(answer);
        length = fread(text, 1, TEXT_BYTES - 1, answer);
        text[length] = '\0';
        return WEXITSTATUS(pclose(answer));
}

/* With the command that was built, where systemd wants an installed one. */
static void unit_make(const char *unit) {
        char command[TEXT_BYTES], text[TEXT_BYTES];

        snprintf(command, sizeof(command), "sed 's|=xskim |=%s |' %s >%s", XSKIM_COMMAND,
                 XSKIM_UNIT, unit);
        cr_assert_eq(shell(command, text), 0);
}

Test(serve_config_command, systemd_understands_the_unit) {
        char unit[96], command[256], text[TEXT_BYTES];

        if (shell("systemd-analyze --version", text))
                test_skip("systemd-analyze is not there");
        snprintf(unit, sizeof(unit), "%s/xskim.service", directory);
        unit_make(unit);
        snprintf(command, sizeof(command), "systemd-analyze verify --man=no %s 2>&1", unit);
        cr_expect_eq(shell(command, text), 0, "%s", text);
        cr_expect_str_eq(text, "");
        unlink(unit);
}

/* 10 would be no protection at all. The rest is what it is for (the network, BPF), and
 * CAP_SYS_ADMIN. */
Test(serve_config_command, the_unit_exposes_little) {
        static const char overall[] = "Overall exposure level for xskim.service: ";
        char text[TEXT_BYTES], *figure;

        if (shell("systemd-analyze --version", text))
                test_skip("systemd-analyze is not there");
        shell("systemd-analyze security --no-pager --offline=true " XSKIM_UNIT " 2>&1 | tail -n 1",
              text);
        figure = strstr(text, overall);
        cr_assert(figure, "%s", text);
        cr_expect_leq(strtod(figure + strlen(overall), NULL), EXPOSURE_MAX, "%s", text);
}

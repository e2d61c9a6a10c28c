/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim bench compare as it is called: stored results, good and bad, environments, exit statuses,
 * what is printed. The statistics are in compare.c.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "commands.h"
#include "compare_view.h"
#include "distributions.h"
#include "json_compare.h"
#include "log.h"
#include "page.h"
#include "util.h"

enum { TEXT_BYTES = 1 << 20, BLOCKS = 200 };

static char directory[] = "/tmp/xskim-compare-XXXXXX";
static char then_path[64], now_path[64], out_path[64], error_path[64];
static char usual[TEXT_BYTES], printed[TEXT_BYTES], complained[TEXT_BYTES];

/* ---- stored results ---- */

static void text_write(const char *path, const char *text) {
        CLEANUP(file_cleanup) FILE *file = fopen(path, "we");

        cr_assert(file && fputs(text, file) >= 0);
}

static void text_read(const char *path, char *text) {
        CLEANUP(file_cleanup) FILE *file = fopen(path, "re");

        cr_assert_not_null(file);
        text[fread(text, 1, TEXT_BYTES - 1, file)] = '\0';
}

static size_t slices_print(char *text, double loss_percent, uint64_t *random) {
        size_t used = (size_t)sprintf(text, "\"slices\": [");

        for (int i = 0; i < BLOCKS * 3; i++)
                used += (size_t)sprintf(
                        text + used,
                        "%s{\"block\": %d, \"condition\": %d, \"duration_ns\": 20000000, "
                        "\"packets\": %.0f}",
                        i ? "," : "", i / 3, i % 3,
                        20000 * (1 + 0.05 * test_normal(random)) *
                                (i % 3 == 2 ? 1 - loss_percent / 100 : 1));
        used += (size_t)sprintf(text + used, "], \"latency_slices\": [");
        for (int i = 0; i < 30 * 3; i++)
                used += (size_t)sprintf(
                        text + used,
                        "%s{\"block\": %d, \"condition\": %d, \"load_percent\": %d, "
                        "\"p99_ns\": %.0f}",
                        i ? "," : "", i / 3, i % 3, i / 3 < 20 ? 50 : 90,
                        9000 + 500 * test_uniform(random));
        return used + (size_t)sprintf(text + used, "]}\n");
}

/* As xskim bench --json writes them, with what is compared. */
static void result_print(char *text, double loss_percent, uint64_t seed) {
        size_t used = (size_t)sprintf(
                text,
                "{\"type\": \"bench\", \"environment\": {\"command\": \"xskim bench %lu\", "
                "\"when\": \"day %lu\", \"kernel\": \"Linux 6.18\", \"cpu\": \"EPYC\", "
                "\"xskim\": \"0.%lu\", \"cpus\": 2, \"mitigations\": {\"meltdown\": "
                "\"Not affected\", \"spectre_v2\": \"Retpolines\"}, \"driver\": \"veth\", "
                "\"xdp\": \"native\"}, \"path\": \"stack\", \"packet_bytes\": 64, "
                "\"conditions\": [{\"name\": \"empty\", \"tier\": null, \"mpps\": {\"median\": 1}},"
                "{\"name\": \"empty again\", \"tier\": null, \"mpps\": {\"median\": null}},"
                "{\"name\": \"sample=64\", \"tier\": \"classes\", \"mpps\": {\"median\": 0.99}}],",
                seed, seed, seed);

        slices_print(text + used, loss_percent, &seed);
}

static void paths_make(void) {
        cr_assert_not_null(mkdtemp(directory));
        snprintf(then_path, sizeof(then_path), "%s/then.json", directory);
        snprintf(now_path, sizeof(now_path), "%s/now.json", directory);
        snprintf(out_path, sizeof(out_path), "%s/out", directory);
        snprintf(error_path, sizeof(error_path), "%s/error", directory);
        result_print(usual, 1, 1);
        text_write(then_path, usual);
        result_print(usual, 1, 2);
        text_write(now_path, usual);
}

static void paths_remove(void) {
        unlink(then_path);
        unlink(now_path);
        unlink(out_path);
        unlink(error_path);
        rmdir(directory);
}

TestSuite(compare_files, .init = paths_make, .fini = paths_remove);

/* The usual result with `old` made `new`. */
static void now_write(const char *old, const char *new) {
        static char text[2 * TEXT_BYTES];
        char *found = strstr(usual, old);

        cr_assert_not_null(found, "%s", old);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(found - usual), usual, new,
                 found + strlen(old));
        text_write(now_path, text);
}

/* ---- the command ---- */

/* The exit status; what came out is in `printed` and `complained`. */
static int run(const char *option, const char *value) {
        char words[5][64] = {"compare"};
        char *argv[6] = {words[0]};
        int argc = 1;

        snprintf(words[1], 64, "%s", then_path);
        snprintf(words[2], 64, "%s", now_path);
        snprintf(words[3], 64, "%s", option ? option : "");
        snprintf(words[4], 64, "%s", value ? value : "");
        for (; argc < 3 + !!option + !!value; argc++)
                argv[argc] = words[argc];
        error_clear();
        cr_assert(freopen(out_path, "w", stdout) && freopen(error_path, "w", stderr));
        argc = command_bench_compare(argc, argv);
        fflush(stdout);
        fflush(stderr);
        text_read(out_path, printed);
        text_read(error_path, complained);
        return argc;
}

static bool says(const char *text, const char *word) {
        return strstr(text, word);
}

Test(compare_files, same_builds_exit_0) {
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_DONE, "%s", complained);
        cr_assert(says(printed, "Nothing is shown to be slower."), "%s", printed);
        cr_assert(says(printed, "The environments are the same."));
        cr_assert(says(printed, "sample=64 ") && says(printed, "null: noise\n"));
        cr_assert(says(printed, "added P99"));
}

Test(compare_files, a_slowdown_exits_3) {
        result_print(usual, 6, 3);
        text_write(now_path, usual);
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_THRESHOLD, "%s", complained);
        cr_assert(says(printed, "Slower. Tolerance: 1 %"), "%s", printed);
        cr_assert_eq(run("--tolerance", "9"), CLI_EXIT_DONE);
        cr_assert_eq(run("--json", NULL), CLI_EXIT_THRESHOLD);
        /* and the other way round it got faster */
        text_write(then_path, usual);
        result_print(usual, 1, 4);
        text_write(now_path, usual);
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_DONE);
        cr_assert(says(printed, "  faster\n"), "%s", printed);
}

Test(compare_files, a_slower_p99_exits_3) {
        static const char slice[] = "\"condition\": 2, \"load_percent\": 50, \"p99_ns\": ";
        char *found = usual;

        for (; (found = strstr(found, slice)); found += strlen(slice))
                found[strlen(slice)] = '8'; /* 9 µs become 8 */
        text_write(now_path, usual);
        cr_assert_eq(run("--tolerance-us", "1"), CLI_EXIT_DONE, "%s", complained);
        text_write(then_path, usual);
        result_print(usual, 1, 5);
        text_write(now_path, usual);
        cr_assert_eq(run("--tolerance-us", "0.5"), CLI_EXIT_THRESHOLD);
        cr_assert_eq(run("--tolerance-us", "2"), CLI_EXIT_DONE);
}

Test(compare_files, json_has_what_was_found) {
        json_error_t error;
        json_t *json, *row;
        const char *verdict;
        double low, median;
        int count;

        result_print(usual, 6, 3);
        text_write(now_path, usual);
        run("--json", NULL);
        json = json_loads(printed, JSON_REJECT_DUPLICATES, &error);
        cr_assert_not_null(json, "%s in %s", error.text, printed);
        cr_assert(json_is_true(json_object_get(json, "slower")));
        cr_assert_eq(json_array_size(json_object_get(json, "conditions")), 2);
        row = json_array_get(json_object_get(json, "conditions"), 1);
        cr_assert_eq(json_unpack(row, "{s:{s:{s:f,s:[f]},s:s}}", "loss_percent", "added", "median",
                                 &median, "ci95", &low, "verdict", &verdict),
                     0);
        cr_assert(low > 1 && low < median && median > 4 && median < 6 &&
                  !strcmp(verdict, "slower"));
        /* of the slices at half load alone: 20 blocks each */
        cr_assert_eq(json_unpack(row, "{s:{s:{s:i}}}", "added_p99_ns", "added", "count", &count),
                     0);
        cr_assert_eq(count, 40);
        row = json_array_get(json_object_get(json, "conditions"), 0);
        cr_assert(json_is_null(json_object_get(json_object_get(row, "mpps"), "new")));
        json_decref(json);
}

/* ---- environments ---- */

Test(compare_files, other_environments_are_refused_by_name) {
        static const char *const rows[][3] = {
                {"Linux 6.18", "Linux 6.1", "kernel"},
                {"EPYC", "Xeon", "cpu"},
                {"\"cpus\": 2", "\"cpus\": 4", "cpus"},
                {"\"driver\": \"veth\"", "\"driver\": \"ixgbe\"", "driver"},
                {"native", "generic", "xdp"},
                {"\"path\": \"stack\"", "\"path\": \"drop\"", "path"},
                {"\"packet_bytes\": 64", "\"packet_bytes\": \"imix\"", "packet_bytes"},
                {"Retpolines", "Vulnerable", "mitigations.sp"},
                {"\"meltdown\"", "\"l1tf\"", "mitigations.l1tf"},
                {"\"cpus\": 2,", "", "cpus"},
                {"\"cpus\": 2,", "\"cpus\": 2, \"governor\": \"powersave\",", "governor"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                now_write(rows[i][0], rows[i][1]);
                cr_assert_eq(run(NULL, NULL), CLI_EXIT_FAILED, "%s", rows[i][2]);
                cr_assert(!*printed && says(complained, rows[i][2]), "%s", complained);
                cr_assert(says(complained, "--any-environment"));
                cr_assert_eq(run("--any-environment", NULL), CLI_EXIT_DONE, "%s", complained);
                cr_assert(says(printed, rows[i][2]) && says(printed, "environments differ"));
        }
}

/* ---- bad results ---- */

/* ROW(what of the usual one, becomes what, and the message has) */
static const char *const BAD[][3] = {
        {"{\"type\"", "", "not JSON"},
        {"\"bench\"", "\"replay\"", "\"type\""},
        {"\"type\": \"bench\",", "", "\"type\""},
        {"\"type\": \"bench\",", "\"type\": 7,", "\"type\""},
        {"\"path\"", "\"way\"", "\"path\""},
        {"\"environment\": {", "\"environs\": {", "\"environment\""},
        {"\"conditions\": [", "\"conditions\": [[],", "conditions[0]"},
        {"\"conditions\": [", "\"condition\": [", "\"conditions\""},
        {"\"name\": \"empty\"", "\"name\": null", "conditions[0]"},
        {"\"name\": \"empty again\"", "\"name\": \"empty\"", "conditions[1]"},
        {"\"name\": \"sample=64\"",
         "\"name\": \"a name that is longer than any that xskim bench gives to a condition of its "
         "own\"",
         "conditions[2]"},
        {"\"tier\": \"classes\"", "\"tier\": 3", "conditions[2]"},
        {"\"slices\": [", "\"slices\": [null,", "slices[0]"},
        {"\"slices\": [", "\"slices\": 5, \"rest\": [", "\"slices\""},
        {"\"latency_slices\": [", "\"latency\": [", "\"latency_slices\""},
        {"\"block\": 0, ", "", "slices[0]"},
        {"\"block\": 0, ", "\"block\": -1, ", "slices[0]"},
        {"\"block\": 0, ", "\"block\": 4294967296, ", "slices[0]"},
        {"\"block\": 0, ", "\"block\": 0.5, ", "slices[0]"},
        {"\"block\": 0, ", "\"block\": 99999999999999999999, ", "not JSON"},
        {"\"condition\": 1", "\"condition\": 3", "slices[1]"},
        {"\"duration_ns\": 20000000", "\"duration_ns\": null", "slices[0]"},
        {"\"duration_ns\": 20000000", "\"duration_ns\": \"20\"", "slices[0]"},
        {"\"duration_ns\": 20000000", "\"duration_ns\": -1", "slices[0]"},
        {"\"duration_ns\": 20000000", "\"duration_ns\": 1e999", "not JSON"},
        {"\"duration_ns\": 20000000", "\"duration_ns\": NaN", "not JSON"},
        {"\"load_percent\": 50", "\"load_percent\": \"half\"", "latency_slices[0]"},
        {"\"cpus\": 2", "\"cpus\": 2, \"cpus\": 3", "not JSON"},
        {"\"cpus\": 2", "\"a name of more than sixty-three bytes, which is more than any has\": 2",
         "environment"},
};

Test(compare_files, bad_results_are_refused_and_it_is_said_where) {
        for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
                now_write(BAD[i][0], BAD[i][1]);
                cr_assert_eq(run(NULL, NULL), CLI_EXIT_FAILED, "%s", BAD[i][1]);
                cr_assert(!*printed && says(complained, BAD[i][2]), "%s", complained);
                cr_assert(says(complained, now_path));
        }
}

Test(compare_files, what_was_not_measured_is_null) {
        now_write("\"median\": 0.99", "\"median\": null");
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_DONE, "%s", complained);
        now_write("\"condition\": 2, \"load_percent\": 50, \"p99_ns\": ",
                  "\"condition\": 2, \"load_percent\": 50, \"p99_ns\": null, \"was\": ");
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_DONE, "%s", complained);
}

Test(compare_files, a_measure_that_one_has_not_is_named) {
        now_write("\"latency_slices\": [", "\"latency_slices\": [], \"others\": [");
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_DONE, "%s", complained);
        cr_assert(says(printed, "added P99, µs: not measured by both."), "%s", printed);
}

Test(compare_files, no_common_condition_is_an_error) {
        now_write("\"name\": \"sample=64\"", "\"name\": \"sample=63\"");
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_DONE, "the null is common: %s", complained);
        cr_assert(says(printed, "only then") && says(printed, "only now"), "%s", printed);
        text_read(now_path, usual);
        now_write("\"name\": \"empty again\"", "\"name\": \"empty at last\"");
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_FAILED);
        cr_assert(says(complained, "nothing to compare"), "%s", complained);
}

Test(compare_files, files_that_are_none) {
        unlink(now_path);
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_FAILED);
        cr_assert(says(complained, "No such file"), "%s", complained);
        text_write(now_path, "");
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_FAILED);
        text_write(now_path, "[]");
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_FAILED);
        snprintf(now_path, sizeof(now_path), "%s", directory);
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_FAILED);
        cr_assert(says(complained, "cannot be read"), "%s", complained);
        snprintf(now_path, sizeof(now_path), "/dev/zero");
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_FAILED);
        snprintf(now_path, sizeof(now_path), "%s/now.json", directory);
}

/* Blanks are JSON, too; there may be no end to them. */
Test(compare_files, a_file_that_is_too_long_is_not_read) {
        CLEANUP(file_cleanup) FILE *file = fopen(now_path, "we");

        for (int i = 0; i <= JSON_COMPARE_FILE_BYTES_MAX >> 12; i++)
                cr_assert(fprintf(file, "%4096s", "") > 0);
        fflush(file);
        cr_assert_eq(run(NULL, NULL), CLI_EXIT_FAILED);
        cr_assert(says(complained, "longer than 64 MB"), "%s", complained);
}

/* ---- how it looks ---- */

Test(compare_files, wrong_usage_exits_2) {
        cr_assert_eq(run("--tolerance", "-1"), CLI_EXIT_USAGE);
        cr_assert_eq(run("--tolerance-us", "x"), CLI_EXIT_USAGE);
        cr_assert_eq(run("third.json", NULL), CLI_EXIT_USAGE);
        cr_assert_eq(run("--help", NULL), CLI_EXIT_DONE);
        cr_assert(says(printed, "xskim bench compare [OPTION...] OLD.json NEW.json"));
}

/* The row of two words goes before that of the first alone. */
Test(compare_files, a_command_may_have_two_words) {
        char words[][16] = {"bench", "compare", "old", "new"};
        char *argv[] = {words[0], words[1], words[2], words[3], NULL}, **rest = argv;
        int argc = 4;

        cr_assert_str_eq(command_take(&argc, &rest)->name, "bench compare");
        cr_assert(argc == 3 && rest == argv + 1);
        argc = 1;
        rest = argv;
        cr_assert_str_eq(command_take(&argc, &rest)->name, "bench");
        cr_assert(argc == 1 && rest == argv);
        strcpy(words[1], "--quick");
        argc = 2;
        cr_assert_str_eq(command_take(&argc, &rest)->name, "bench");
        cr_assert(argc == 2 && rest == argv);
        strcpy(words[0], "compare");
        error_clear();
        cr_assert_null(command_take(&argc, &rest));
        cr_assert(says(error_message(), "compare: there is no such command"));
}

/* Whatever the figures: no line is wider than the terminal. */
Test(compare_files, tables_fit_80_columns) {
        static char text[COMPARE_VIEW_BYTES];
        CLEANUP(json_compare_cleanup) struct compare_run *then = NULL;
        CLEANUP(json_compare_cleanup) struct compare_run *now = NULL;
        static const double figures[] = {0, -0.001, 3.14159, -99.96, 1234.5, -1e7, 1e300, NAN};
        struct comparison comparison;

        cr_assert(!json_compare_read(then_path, &then) && !json_compare_read(now_path, &now));
        cr_assert_eq(compare_runs(then, now, &(struct compare_tolerance){1, 1e4}, &comparison), 0);
        for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
                struct xskim_bench_interval any = {figures[i], figures[i], figures[i], 9};
                struct compare_row *row = &comparison.rows[1];

                now->conditions[2].mpps = figures[i];
                row->loss_percent = (struct compare_measure){any, any, any, COMPARE_IMPRECISE};
                row->added_p99_ns = (struct compare_measure){any, any, any, COMPARE_SLOWER};
                compare_view(&comparison, then_path, "a\033[31mred name", 80, false, text,
                             sizeof(text));
                cr_assert(!strchr(text, '\033') && says(text, "  imprecise\n"), "%s", text);
                for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                        cr_assert(page_width(line) <= 80, "%s", line);
        }
}

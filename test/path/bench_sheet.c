/* SPDX-License-Identifier: BSD-2-Clause */
/* The page of an experiment: whole, drawn by a real browser without an error, and text from outside
 * is text. Of results that are made up. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_sheet.h"
#include "benches.h"
#include "lab.h"
#include "log.h"
#include "util.h"

#if !defined XSKIM_PAGE_JUDGE || !defined XSKIM_BROWSER_JUDGE
#error "where page.py and browser.py are"
#endif

enum { ALL_PICTURES = 4, NO_BROWSER = 77 };

static char path[64];

static void begin(void) {
        snprintf(path, sizeof(path), "/tmp/xskim-bench-sheet-%d.html", getpid());
}

static void end(void) {
        unlink(path);
}

TestSuite(bench_sheet, .init = begin, .fini = end, .timeout = 180);

static char *written(const struct xskim_bench_result *result) {
        const struct bench_view view = {.result = result, .environment = &benches_environment};
        const struct paper paper = {path, "--html"};
        char *bytes = NULL;
        size_t size = 0;
        FILE *file;

        if (paper_check(&paper) < 0)
                lab_skip(error_message());
        cr_assert_eq(bench_sheet_write(&paper, &view), 0, "%s", error_message());
        file = fopen(path, "re");
        cr_assert(file);
        cr_assert_gt(getdelim(&bytes, &size, '\0', file), 0);
        fclose(file);
        return bytes;
}

/* So many pictures, with at least so many lines of ten points or more. */
static void is_well(int pictures, int lines, const char *text) {
        lab_run("python3 %s %s %d %d \"%s\"", XSKIM_PAGE_JUDGE, path, pictures, lines, text);
}

/* sample=64 is one of the six conditions, each of which has a curve and its slices. */
Test(bench_sheet, the_page_is_whole) {
        char *page = written(result_usual());

        is_well(ALL_PICTURES, 2 * 6 + 1, "At 1 in 64, xskim cost 1.20 % of the throughput");
        for (unsigned int i = 0; i < benches_result.outcome_count; i++)
                is_well(ALL_PICTURES, 0, benches_result.outcomes[i].name);
        is_well(ALL_PICTURES, 0, "1.20 [0.60, 1.70]");
        is_well(ALL_PICTURES, 0, "saw 93.1 %");
        is_well(ALL_PICTURES, 0, "Arithmetic, not a measurement");
        free(page);
}

/* Whoever reads the page later knows where and how. */
Test(bench_sheet, the_environment_is_on_it) {
        char *page = written(result_usual());

#define IS_THERE(name_, bytes_, title_, doc_) is_well(ALL_PICTURES, 0, benches_environment.name_);
        ENVIRONMENT_ROWS(IS_THERE)
        is_well(ALL_PICTURES, 0, "meltdown: Not affected");
        is_well(ALL_PICTURES, 0, "rx0: veth, native XDP");
        is_well(ALL_PICTURES, 0, "18446744073709551611");
        free(page);
}

Test(bench_sheet, a_browser_draws_all_of_it_without_an_error) {
        char command[512], *page = written(result_usual());
        int status;

        snprintf(command, sizeof(command), "python3 %s %s %d >&2", XSKIM_BROWSER_JUDGE, path,
                 ALL_PICTURES);
        status = system(command);
        free(page);
        if (WIFEXITED(status) && WEXITSTATUS(status) == NO_BROWSER)
                lab_skip("no browser here: install chromium");
        cr_expect_eq(status, 0);
}

Test(bench_sheet, text_from_outside_is_text) {
        static const char hostile[] = "<b onload='x()'>`%s\\&amp;";
        struct xskim_bench_result *result = result_usual();
        char *page;

        strcpy(result->outcomes[5].name, hostile);
        strcpy(result->outcomes[5].note, "</p><script>alert(1)</script>\xff");
        strcpy(benches_environment.command, hostile);
        strcpy(benches_environment.mitigations[0].state, "<svg>");
        page = written(result);
        is_well(ALL_PICTURES, 0, "</p><script>alert(1)</script>\xef\xbf\xbd");
        is_well(ALL_PICTURES, 0, "meltdown: <svg>");
        cr_expect_null(strstr(page, "<script"));
        cr_expect_null(strstr(page, "<b onload"));
        cr_expect(strstr(page, "&lt;b onload=&#39;x()&#39;&gt;`%s\\&amp;amp;"));
        free(page);
}

/* Nothing was measured, or figures that cannot be: there is a page. */
Test(bench_sheet, a_page_of_nothing) {
        free(written(result_nothing()));
        is_well(0, 0, "Interrupted: a partial result.");
}

Test(bench_sheet, a_page_of_everything) {
        free(written(result_huge()));
        is_well(3, 0, "4294967295 blocks in");
}

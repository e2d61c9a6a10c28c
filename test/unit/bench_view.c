/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person reads of an experiment: every condition, no line too wide, honest words. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#include "bench_view.h"
#include "benches.h"
#include "budget.h"
#include "page.h"
#include "util.h"

static char text[BENCH_VIEW_BYTES];

static const char *shown_with(const struct xskim_bench_result *result, const struct budget *budget,
                              unsigned int columns, bool colour) {
        const struct bench_view view = {.result = result,
                                        .environment = &benches_environment,
                                        .budget = budget,
                                        .columns = columns,
                                        .colour = colour};

        bench_view(&view, text, sizeof(text));
        return text;
}

static const char *shown(const struct xskim_bench_result *result, unsigned int columns) {
        return shown_with(result, NULL, columns, false);
}

/* The line of the first table that begins with the name; a static copy. */
static const char *row_of(const char *name) {
        static char row[512];
        char begin[80];
        const char *at;

        snprintf(begin, sizeof(begin), "\n %s ", name);
        at = strstr(text, begin);
        cr_assert(at, "no row of %s in %s", name, text);
        snprintf(row, sizeof(row), "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
        return row;
}

static void check_widths(unsigned int columns) {
        static char copy[BENCH_VIEW_BYTES];
        char *rest = copy, *line;

        strcpy(copy, text);
        while ((line = strsep(&rest, "\n"))) {
                cr_expect_leq(page_width(line), columns, "%u columns: %s", page_width(line), line);
                for (const char *c = line; *c; c++)
                        cr_assert((unsigned char)*c >= 0x20, "a control character in %s", line);
        }
        cr_assert_lt(strlen(text) + 1, sizeof(text), "there is room for all of it");
        cr_assert_eq(text[strlen(text) - 1], '\n');
}

Test(bench_view, no_line_is_wider_than_asked) {
        static const unsigned int widths[] = {60, 79, 80, 99, 100};
        struct xskim_bench_result *(*const make[])(void) = {result_usual, result_nothing,
                                                            result_huge};

        for (size_t i = 0; i < ARRAY_SIZE(make); i++)
                for (size_t j = 0; j < ARRAY_SIZE(widths); j++) {
                        shown(make[i](), widths[j]);
                        check_widths(widths[j]);
                }
        shown(result_usual(), 300);
        check_widths(BENCH_VIEW_COLUMNS);
}

Test(bench_view, every_condition_is_there_with_its_figures) {
        struct xskim_bench_result *result = result_usual();

        for (unsigned int columns = 80; columns <= 100; columns += 20) {
                shown(result, columns);
                for (unsigned int i = 0; i < result->outcome_count; i++)
                        row_of(result->outcomes[i].name);
                cr_expect(strstr(row_of("sample=64"), "1.20 [0.60, 1.70]"), "%s", text);
                cr_expect(strstr(row_of("sample=64"), " 14.4 "), "%s", text);
                cr_expect(strstr(row_of("tcpdump"), "24.5 [23.9, 25.0]"), "%s", text);
        }
}

/* Where the first table has no room for added latency, a table of its own has it. */
Test(bench_view, added_latency_is_there_at_any_width) {
        cr_expect(strstr(shown(result_usual(), 100), "0.20 [-0.30, 0.60]"), "%s", text);
        cr_expect(strstr(row_of("sample=64"), "0.20 [-0.30, 0.60]"), "%s", text);
        cr_expect(strstr(shown(result_usual(), 80), "0.20 [-0.30, 0.60]"), "%s", text);
        cr_expect(!strstr(row_of("sample=64"), "0.20 [-0.30, 0.60]"), "%s", text);
}

Test(bench_view, verdicts) {
        static const struct {
                const char *name;
                const char *verdict;
        } rows[] = {{"empty", "baseline"},         {"empty again", "null: noise floor"},
                    {"sample=1000", "within 2 %"}, {"sample=64", "within 2 %"},
                    {"sample=1", "over 2 %"},      {"tcpdump", "saw 93.1 %"}};
        struct xskim_bench_result *result = result_usual();

        shown(result, 100);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect(strstr(row_of(rows[i].name), rows[i].verdict), "%s", text);
        result->outcomes[3].loss_percent = interval_made(1.9, 2.5, 3);
        shown(result, 100);
        cr_expect(strstr(row_of("sample=64"), "2 % not shown"), "%s", text);
        result->outcomes[3].failed = true;
        strcpy(result->outcomes[3].note, "the port is gone");
        shown(result, 100);
        cr_expect(strstr(row_of("sample=64"), "failed"), "%s", text);
        cr_expect(strstr(text, "could not be measured: the port is gone"), "%s", text);
}

/* The baseline is not what it is compared with: the run is not to be trusted. */
Test(bench_view, a_null_that_is_not_0_is_said) {
        struct xskim_bench_result *result = result_usual();

        cr_expect(!strstr(shown(result, 100), "differs from itself"), "%s", text);
        result->outcomes[1].loss_percent = result->null_loss_percent = interval_made(0.4, 1.5, 2.2);
        shown(result, 100);
        cr_expect(strstr(row_of("empty again"), "is not 0"), "%s", text);
        cr_expect(strstr(text, "differs from itself by 1.50 %"), "%s", text);
}

Test(bench_view, what_was_not_reached_is_said) {
        struct xskim_bench_result *result = result_usual();

        cr_expect(strstr(shown(result, 100), "precision ±0.61 % reached"), "%s", text);
        cr_expect(!strstr(text, "noisy"), "%s", text);
        result->precision_reached = false;
        result->precision_percent = 1.8;
        cr_expect(strstr(shown(result, 100), "precision not reached: ±1.80 % (asked ±1 %)"), "%s",
                  text);
        cr_expect(strstr(text, "too noisy for ±1 %"), "%s", text);
        cr_expect(!strstr(text, "interrupted"), "%s", text);
        result->interrupted = true;
        cr_expect(strstr(shown(result, 100), "interrupted: a partial result"), "%s", text);
}

Test(bench_view, what_was_not_measured_is_no_figure) {
        shown(result_nothing(), 100);
        cr_expect(!strstr(text, "nan"), "%s", text);
        cr_expect(!strstr(text, "inf"), "%s", text);
        cr_expect(strstr(row_of("sample=64"), "not measured"), "%s", text);
        shown(result_huge(), 100);
        cr_expect(!strstr(text, "nan"), "%s", text);
}

Test(bench_view, the_account_is_always_there) {
        struct xskim_bench_result *result = result_usual();

        cr_expect(strstr(shown(result, 80), "unaccounted 0"), "%s", text);
        result->outcomes[3].unaccounted = 7;
        result->outcomes[4].lost_records = 12345;
        cr_expect(strstr(shown(result, 80), "unaccounted 7"), "%s", text);
        cr_expect(strstr(text, "records lost 12 345"), "%s", text);
        /* what another tool lost is not xskim's */
        result->outcomes[5].unaccounted = 1000;
        cr_expect(strstr(shown(result, 80), "unaccounted 7 "), "%s", text);
}

/* 13 + 92 / N fits these to the point; 2 % of 979 ns is 20 ns above the baseline's 9. */
Test(bench_view, arithmetic_is_called_so) {
        struct xskim_bench_result *result = result_usual();

        shown(result, 100);
        cr_expect(strstr(text, "13.0 + 92.0 / N ns"), "%s", text);
        cr_expect(strstr(text, "2 % holds from 1 in 6 "), "%s", text);
        cr_expect(strstr(text, "projected"), "%s", text);
        cr_expect(strstr(text, "(arithmetic"), "%s", text);
        strcpy(result->outcomes[2].tier, "counts");
        result->outcomes[2].ns_per_packet = 5;
        shown(result, 100);
        cr_expect(strstr(text, "13.0 + 92.0 / N ns"), "of the tier that most have: %s", text);
        result->outcomes[3].tier[0] = '\0';
        shown(result, 100);
        cr_expect(!strstr(text, "/ N"), "two tiers have no model together: %s", text);
}

/* Nothing that is said is cut: what does not fit goes on in the next line. */
Test(bench_view, details_are_whole_at_any_width) {
        static const char *const ends[] = {"busy)",          "itself",
                                           "26.1)",          "packet)",
                                           "(tier classes)", "4 000 000 packets)",
                                           "within 2 %",     "null: noise floor",
                                           "saw 93.1 %"};
        struct xskim_bench_result *result = result_usual();

        for (unsigned int columns = 80; columns <= 100; columns++) {
                strcpy(result->outcomes[2].name,
                       columns % 2 ? "sample=1000" : "sample=1000:counts");
                shown(result, columns);
                for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                        cr_expect(strstr(text, ends[i]), "%s at %u: %s", ends[i], columns, text);
        }
}

Test(bench_view, a_budget_is_judged_by_the_interval) {
        struct budget budget;

        cr_assert_eq(budget_read("loss=5%,p99=1us", &budget), 0);
        shown_with(result_usual(), &budget, 100, false);
        cr_expect(strstr(row_of("sample=1"), "over 5 %"), "%s", text);
        cr_expect(strstr(row_of("sample=64"), "within 5 %"), "%s", text);
        cr_expect(strstr(text, "added P99: holds"), "%s", text);
        cr_expect(strstr(text, "loss of throughput: exceeded"), "%s", text);
        cr_expect(strstr(text, "5 % holds from"), "%s", text);
}

Test(bench_view, tiers_are_said_where_they_differ) {
        struct xskim_bench_result *result = result_usual();

        cr_expect(strstr(shown(result, 100), "tier classes"), "%s", text);
        strcpy(result->outcomes[3].tier, "counts");
        shown(result, 100);
        row_of("sample=64:counts");
        row_of("sample=1:classes");
}

Test(bench_view, colour_changes_nothing_else) {
        static char plain[BENCH_VIEW_BYTES];
        char *out = text;

        strcpy(plain, shown(result_usual(), 100));
        cr_expect_null(strchr(plain, '\033'));
        shown_with(result_usual(), NULL, 100, true);
        cr_expect(strchr(text, '\033'), "sample=1 is over 2 %%");
        for (const char *c = text; *c; c++)
                if (*c == '\033')
                        c = strchr(c, 'm');
                else
                        *out++ = *c;
        *out = '\0';
        cr_expect_str_eq(text, plain);
}

Test(bench_view, names_cannot_steer_the_terminal) {
        struct xskim_bench_result *result = result_usual();

        strcpy(result->outcomes[5].name, "a\033[2Jb\n\xff");
        strcpy(result->outcomes[5].note, "\033]0;x\007");
        shown(result, 100);
        check_widths(100);
        cr_expect(strstr(text, "a?[2Jb"), "%s", text);
}

Test(bench_view, progress) {
        struct xskim_bench_progress progress = {.phase = XSKIM_BENCH_PHASE_throughput,
                                                .share = 0.5,
                                                .remaining_s = 61,
                                                .blocks = 17,
                                                .precision_percent = 1.4,
                                                .what = "sample=64"};
        char line[512];

        bench_view_progress(&progress, 1, 120, line, sizeof(line));
        cr_expect_str_eq(line, "[############------------]  50 %  00:01:01 left  measuring "
                               "throughput  block 17  ±1.40 % of ±1 %  sample=64");
        for (unsigned int columns = 1; columns < 120; columns++) {
                bench_view_progress(&progress, 1, columns, line, sizeof(line));
                cr_expect_leq(page_width(line), columns, "%s", line);
        }
        progress = (struct xskim_bench_progress){
                .share = NAN, .remaining_s = NAN, .precision_percent = NAN};
        bench_view_progress(&progress, 1, 120, line, sizeof(line));
        cr_expect(strstr(line, "  0 %") && !strstr(line, "nan"), "%s", line);
        progress.share = 7;
        bench_view_progress(&progress, 1, 120, line, sizeof(line));
        cr_expect(strstr(line, "100 %"), "%s", line);
}

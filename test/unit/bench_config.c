/* SPDX-License-Identifier: BSD-2-Clause */
/* Conditions of an experiment as they are written, and what is measured when none are named. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <xskim/xskim.h>

#include "bench_config.h"

static struct xskim_bench_condition read(const char *text) {
        struct xskim_bench_condition condition;

        cr_assert_eq(xskim_bench_condition_read(text, &condition), 0, "%s: %s", text,
                     xskim_error_message());
        return condition;
}

Test(bench_config, kinds_are_read_by_their_names) {
#define IS_READ(name_, number_, doc_)                                                              \
        if (XSKIM_BENCH_KIND_##name_ != XSKIM_BENCH_KIND_command)                                  \
                cr_assert_eq(read((number_) ? #name_ "=7" : #name_).kind, XSKIM_BENCH_KIND_##name_);
        XSKIM_BENCH_KIND_ROWS(IS_READ)
#undef IS_READ
}

Test(bench_config, numbers_and_tiers_are_read) {
        struct xskim_bench_condition c = read("sample=64");

        cr_assert_eq(c.number, 64);
        cr_assert_not(c.tiered);
        c = read("sample=1000:counts");
        cr_assert_eq(c.number, 1000);
        cr_assert(c.tiered);
        cr_assert_eq(c.tier, XSKIM_TIER_COUNTS);
        c = read("stack:classes");
        cr_assert(c.tiered);
        cr_assert_eq(c.tier, XSKIM_TIER_CLASSES);
        cr_assert_eq(read("sample=16777215").number, 16777215);
        cr_assert_eq(read("burn=0").number, 0);
}

Test(bench_config, what_cannot_be_meant_is_refused_with_its_text) {
        static const char *const bad[] = {
                "",
                "sampl=64",
                "sample",
                "sample=",
                "sample=0",
                "sample=-1",
                "sample=+1",
                "sample= 1",
                "sample=1x",
                "sample=64:",
                "sample=64:all",
                "sample=64:counts:counts",
                "sample=16777216",
                "sample=99999999999999999999",
                "empty=1",
                "empty:counts",
                "off:classes",
                "counts:classes",
                "burn=2001",
                "burn=5:counts",
                "command",
                "command=ls",
                "samples=1",
                "Empty",
                " empty",
                "empty ",
        };

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct xskim_bench_condition c = {.number = 12345};

                cr_assert_eq(xskim_bench_condition_read(bad[i], &c), -EINVAL, "'%s' was read",
                             bad[i]);
                cr_assert_eq(c.number, 12345, "'%s' changed the output", bad[i]);
                cr_assert(strstr(xskim_error_message(), bad[i]), "%s", xskim_error_message());
        }
}

Test(bench_config, what_there_is_is_told) {
        struct xskim_bench_condition c;

        cr_assert_eq(xskim_bench_condition_read("nothing", &c), -EINVAL);
#define IS_TOLD(name_, number_, doc_)                                                              \
        if (XSKIM_BENCH_KIND_##name_ != XSKIM_BENCH_KIND_command)                                  \
                cr_assert(strstr(xskim_error_message(), #name_), "%s", xskim_error_message());
        XSKIM_BENCH_KIND_ROWS(IS_TOLD)
#undef IS_TOLD
}

Test(bench_config, the_first_two_conditions_are_the_baseline_twice) {
        for (int path = 0; path < XSKIM_BENCH_PATH_COUNT; path++) {
                bool tcp = path == XSKIM_BENCH_PATH_tcp;
                struct xskim_bench_config config;

                xskim_bench_config_init(&config);
                config.path = (enum xskim_bench_path)path;
                xskim_bench_conditions_default(&config);
                cr_assert_geq(config.condition_count, 5);
                for (int i = 0; i < 2; i++)
                        cr_assert_eq(config.conditions[i].kind,
                                     tcp ? XSKIM_BENCH_KIND_off : XSKIM_BENCH_KIND_empty);
                for (unsigned int i = 2; i < config.condition_count; i++)
                        cr_assert_neq(config.conditions[i].kind, config.conditions[0].kind);
        }
}

Test(bench_config, the_defaults_are_those_of_the_header) {
        struct xskim_bench_config config;

        memset(&config, 0xff, sizeof(config));
        xskim_bench_config_init(&config);
        cr_assert_eq(config.path, XSKIM_BENCH_PATH_stack);
        cr_assert_eq(config.packet_bytes, 64);
        cr_assert_eq(config.tier, XSKIM_TIER_CLASSES);
        cr_assert_eq(config.precision_percent, 1);
        cr_assert_eq(config.max_time_ms, 120000);
        cr_assert_eq(config.slice_ms, 20);
        cr_assert_eq(config.slow_slice_ms, 200);
        cr_assert_eq(config.settle_ms, 500);
        cr_assert(config.latency);
        cr_assert_eq(config.loss_tolerance, 0.001);
        cr_assert_eq(config.seed, 0);
        cr_assert_null(config.tx_port);
        cr_assert_null(config.rx_port);
        cr_assert_eq(config.condition_count, 5);
}

static void refused(enum xskim_bench_path path, struct xskim_bench_condition condition) {
        struct xskim_bench_config config;

        xskim_bench_config_init(&config);
        config.path = path;
        cr_assert_eq(bench_config_check(&config), 0, "%s", xskim_error_message());
        config.conditions[2] = condition;
        cr_assert_eq(bench_config_check(&config), -EINVAL);
}

/* Whoever uses the library makes them himself. */
Test(bench_config, conditions_that_are_none_are_refused) {
        struct xskim_bench_condition condition = {.kind = XSKIM_BENCH_KIND_COUNT};

        refused(XSKIM_BENCH_PATH_stack, condition);
        condition.kind = XSKIM_BENCH_KIND_command; /* which one? */
        refused(XSKIM_BENCH_PATH_stack, condition);
        condition.kind = XSKIM_BENCH_KIND_sample; /* 1 in 0 */
        refused(XSKIM_BENCH_PATH_stack, condition);
        condition.kind = XSKIM_BENCH_KIND_burn;
        condition.number = 1000000;
        refused(XSKIM_BENCH_PATH_stack, condition);
        refused(XSKIM_BENCH_PATH_forward, read("off"));
}

/* Only that is a null comparison. */
Test(bench_config, the_same_again_is_told_from_one_of_the_same_kind) {
        static const char *const texts[] = {
                "empty",  "sample=64", "sample=1", "sample=64:counts", "sample=64:classes",
                "burn=0", "burn=1"};
        struct xskim_bench_condition one = {.kind = XSKIM_BENCH_KIND_command, .command = "a"};
        struct xskim_bench_condition other = {.kind = XSKIM_BENCH_KIND_command, .command = "b"};

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
                        struct xskim_bench_condition a = read(texts[i]), b = read(texts[k]);

                        cr_assert_eq(bench_condition_is_same(&a, &b), i == k, "%s %s", texts[i],
                                     texts[k]);
                }
        cr_assert(bench_condition_is_same(&one, &one));
        cr_assert_not(bench_condition_is_same(&one, &other));
}

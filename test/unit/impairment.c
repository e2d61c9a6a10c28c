/* SPDX-License-Identifier: BSD-2-Clause */
/* What the lab's relay is told, and what it makes of it: the words, each frame's fate, when and in
 * which order frames leave. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "distributions.h"
#include "fate.h"
#include "impairment.h"
#include "log.h"
#include "schedule.h"
#include "util.h"

enum { FRAMES = 200000, BYTES = 100 };

static const uint64_t MS = 1000000;

static struct impairment told(const char *text) {
        struct impairment impairment;

        cr_assert_eq(impairment_parse(text, &impairment), 0, "%s: %s", text, error_message());
        return impairment;
}

/* ---- the words ---- */

Test(impairment, values_are_read_with_their_units) {
        struct impairment all =
                told("delay=2ms,jitter=100us,loss=1%,duplicate=0.5%,reorder=25%,"
                     "gap=7,slow=5%,extra=3ms,corrupt=100%,rate=1.5gbit,queue=20,limit=30,seed=9");

        cr_expect_eq(all.delay, 2 * MS);
        cr_expect_eq(all.jitter, MS / 10);
        cr_expect_eq(all.loss, IMPAIRMENT_ALWAYS / 100);
        cr_expect_eq(all.duplicate, IMPAIRMENT_ALWAYS / 200);
        cr_expect_eq(all.reorder, IMPAIRMENT_ALWAYS / 4);
        cr_expect_eq(all.gap, 7);
        cr_expect_eq(all.slow, IMPAIRMENT_ALWAYS / 20);
        cr_expect_eq(all.extra, 3 * MS);
        cr_expect_eq(all.corrupt, IMPAIRMENT_ALWAYS);
        cr_expect_eq(all.rate, 1500000000);
        cr_expect_eq(all.queue, 20);
        cr_expect_eq(all.limit, 30);
        cr_expect_eq(all.seed, 9);
        cr_expect_eq(told("loss=0.0000001%").loss, 1);
        cr_expect_eq(told("delay=60s").delay, 60000 * MS);
        cr_expect_eq(told("delay=0.5us").delay, 500);
}

Test(impairment, off_changes_nothing) {
        struct impairment off = told("off"), initial = impairment_off();

        cr_expect_eq(memcmp(&off, &initial, sizeof(off)), 0);
        cr_expect(impairment_is_off(&off));
        cr_expect_not(impairment_holds_frames(&off));
        cr_expect_eq(told("seed=3").loss, 0);
        cr_expect_eq(told("seed=3").gap, 3, "the default");
}

Test(impairment, what_is_wrong_is_refused_and_said) {
        static const struct {
                const char *text;
                const char *says; /* in the message */
        } bad[] = {
                {"", "an empty word"},
                {"delay", "delay"},
                {"delay=2", "2ms"},
                {"delay=2 ms", "2ms"},
                {"delay=-2ms", "2ms"},
                {"delay=.5ms", "2ms"},
                {"delay=5.ms", "2ms"},
                {"delay=1.2.3ms", "2ms"},
                {"delay=ms", "2ms"},
                {"delay=", "2ms"},
                {"delay=2msx", "2ms"},
                {"delay=2%", "2ms"},
                {"delay=0.5ns", "decimals"},
                {"delay=61s", "from 0ns to 60s"},
                {"delay=9999999999999999999s", "2ms"},
                {"loss=1", "1%"},
                {"loss=101%", "to 100%"},
                {"loss=0.00000001%", "decimals"},
                {"rate=100", "100mbit"},
                {"rate=1bit", "from 1kbit"},
                {"rate=100Mbit", "100mbit"},
                {"gap=3%", "whole number"},
                {"reorder=1%,gap=0", "from 1"},
                {"seed=4294967296", "to 4294967295"},
                {"seed=1.5", "decimals"},
                {"speed=1", "speed"},
                {"loss=1%,", "an empty word"},
                {",loss=1%", "an empty word"},
                {"loss=1%,loss=2%", "twice"},
                {"off,loss=1%", "off"},
                {"loss=1% ", "1%"},
                {"jitter=1ms", "delay"},
                {"delay=1ms,jitter=2ms", "delay"},
                {"gap=3", "reorder"},
                {"slow=1%", "extra"},
                {"extra=1ms", "slow"},
                {"queue=3", "rate"},
        };
        struct impairment untouched = told("loss=50%"), value = untouched;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                error_clear();
                cr_expect_eq(impairment_parse(bad[i].text, &value), -EINVAL, "%s", bad[i].text);
                cr_expect(strstr(error_message(), bad[i].says), "%s: %s", bad[i].text,
                          error_message());
        }
        cr_expect_eq(memcmp(&value, &untouched, sizeof(value)), 0);
}

static uint64_t drawn(uint64_t *random, uint64_t most) {
        return test_random(random) % (most + 1);
}

Test(impairment, what_is_printed_reads_as_the_same) {
        char text[IMPAIRMENT_TEXT_BYTES];
        uint64_t random = 1;

        for (int i = 0; i < 2000; i++) {
                struct impairment in = impairment_off(), out;

                in.delay = drawn(&random, 60000 * MS);
                in.jitter = drawn(&random, in.delay);
                in.loss = drawn(&random, IMPAIRMENT_ALWAYS);
                in.duplicate = drawn(&random, 100); /* all its decimals */
                in.reorder = 1 + drawn(&random, IMPAIRMENT_ALWAYS - 1);
                in.corrupt = drawn(&random, 20) * (IMPAIRMENT_ALWAYS / 20);
                in.gap = 1 + drawn(&random, 999);
                in.slow = 1 + drawn(&random, IMPAIRMENT_ALWAYS - 1);
                in.extra = 1 + drawn(&random, 59999 * MS);
                in.rate = 1000 + drawn(&random, 1000000000);
                in.queue = 1 + drawn(&random, 999999);
                in.seed = drawn(&random, UINT32_MAX);
                impairment_print(&in, text);
                cr_assert_eq(impairment_parse(text, &out), 0, "%s: %s", text, error_message());
                cr_assert_eq(memcmp(&in, &out, sizeof(in)), 0, "%s", text);
        }
}

Test(impairment, nothing_told_is_printed_as_off) {
        struct impairment off = impairment_off();
        char text[IMPAIRMENT_TEXT_BYTES];

        impairment_print(&off, text);
        cr_expect_str_eq(text, "off");
}

/* ---- a frame's fate ---- */

Test(impairment, the_same_seed_decides_the_same_and_another_does_not) {
        struct impairment a = told("delay=2ms,jitter=1ms,loss=10%,duplicate=10%,reorder=10%,"
                                   "corrupt=10%,seed=1");
        struct impairment b = a;
        uint32_t by_seed = 0, by_direction = 0;

        b.seed = 2;
        for (uint64_t i = 0; i < 10000; i++) {
                struct fate one = fate_of(&a, FATE_LEFT_TO_RIGHT, i, BYTES);
                struct fate again = fate_of(&a, FATE_LEFT_TO_RIGHT, i, BYTES);
                struct fate other = fate_of(&b, FATE_LEFT_TO_RIGHT, i, BYTES);
                struct fate back = fate_of(&a, FATE_RIGHT_TO_LEFT, i, BYTES);

                cr_assert_eq(one.is_lost, again.is_lost);
                cr_assert_eq(one.is_duplicated, again.is_duplicated);
                cr_assert_eq(one.is_held_back, again.is_held_back);
                cr_assert_eq(one.is_corrupted, again.is_corrupted);
                cr_assert_eq(one.bit, again.bit);
                cr_assert_eq(one.delay_ns, again.delay_ns);
                by_seed += one.is_lost != other.is_lost;
                by_direction += one.is_lost != back.is_lost;
        }
        /* 18 % of independent decisions differ. */
        cr_expect(by_seed > 1600 && by_seed < 2000, "%u", by_seed);
        cr_expect(by_direction > 1600 && by_direction < 2000, "%u", by_direction);
}

/* One decision does not depend on whether another thing is told, too. */
Test(impairment, decisions_are_independent) {
        struct impairment loss = told("loss=10%,seed=5");
        struct impairment all = told("loss=10%,duplicate=10%,reorder=10%,corrupt=10%,seed=5");
        uint32_t both = 0;

        for (uint64_t i = 0; i < FRAMES; i++) {
                struct fate one = fate_of(&loss, FATE_LEFT_TO_RIGHT, i, BYTES);
                struct fate other = fate_of(&all, FATE_LEFT_TO_RIGHT, i, BYTES);

                cr_assert_eq(one.is_lost, other.is_lost);
                cr_assert_not(other.is_lost && other.is_duplicated);
                both += other.is_duplicated && other.is_corrupted;
        }
        /* 0.9 * 0.1 * 0.1 of all, within five standard deviations. */
        cr_expect(fabs(both - 0.009 * FRAMES) < 5 * sqrt(0.009 * FRAMES), "%u", both);
}

Test(impairment, shares_are_as_told) {
        static const char *const shares[] = {"0%", "0.1%", "1%", "33.3%", "99.9%", "100%"};

        for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
                char text[64];
                struct impairment impairment;
                uint64_t lost = 0;
                double share = strtod(shares[i], NULL) / 100;

                snprintf(text, sizeof(text), "loss=%s,seed=%zu", shares[i], i);
                impairment = told(text);
                for (uint64_t n = 0; n < FRAMES; n++)
                        lost += fate_of(&impairment, FATE_LEFT_TO_RIGHT, n, BYTES).is_lost;
                cr_expect(fabs((double)lost - share * FRAMES) <=
                                  5 * sqrt(FRAMES * share * (1 - share)),
                          "%s: %lu of %d", shares[i], lost, FRAMES);
        }
}

Test(impairment, one_bit_behind_the_ethernet_header_is_changed) {
        struct impairment impairment = told("corrupt=100%");
        bool seen[8 * BYTES] = {false};

        for (uint64_t i = 0; i < FRAMES; i++) {
                struct fate fate = fate_of(&impairment, FATE_LEFT_TO_RIGHT, i, BYTES);

                cr_assert(fate.is_corrupted);
                cr_assert(fate.bit >= 8 * 14 && fate.bit < 8 * BYTES, "%lu", fate.bit);
                seen[fate.bit] = true;
        }
        for (size_t bit = 8 * 14; bit < ARRAY_SIZE(seen); bit++)
                cr_expect(seen[bit], "bit %zu", bit);
        cr_expect_not(fate_of(&impairment, FATE_LEFT_TO_RIGHT, 0, 14).is_corrupted);
}

Test(impairment, jitter_is_uniform_around_the_delay) {
        struct impairment impairment = told("delay=2ms,jitter=1ms");
        uint64_t tenths[10] = {0};

        for (uint64_t i = 0; i < FRAMES; i++) {
                uint64_t delay_ns = fate_of(&impairment, FATE_LEFT_TO_RIGHT, i, BYTES).delay_ns;

                cr_assert(delay_ns >= MS && delay_ns <= 3 * MS, "%lu", delay_ns);
                tenths[MIN((delay_ns - MS) / (MS / 5), 9)]++;
        }
        for (size_t i = 0; i < ARRAY_SIZE(tenths); i++)
                cr_expect(fabs((double)tenths[i] - 0.1 * FRAMES) < 5 * sqrt(0.09 * FRAMES),
                          "%zu: %lu", i, tenths[i]);
}

/* The others keep theirs, and what else becomes of a frame stays what it was. */
Test(impairment, a_slow_share_has_more_delay_and_is_not_held_back) {
        struct impairment plain = told("delay=2ms,jitter=1ms,loss=5%,reorder=20%,corrupt=5%");
        struct impairment impairment = plain;
        uint64_t slow = 0;

        impairment.slow = IMPAIRMENT_ALWAYS / 20;
        impairment.extra = 10 * MS;
        for (uint64_t i = 0; i < FRAMES; i++) {
                struct fate without = fate_of(&plain, FATE_LEFT_TO_RIGHT, i, BYTES);
                struct fate with = fate_of(&impairment, FATE_LEFT_TO_RIGHT, i, BYTES);

                cr_assert_eq(with.delay_ns, without.delay_ns + (with.is_slow ? 10 * MS : 0));
                cr_assert_eq(with.is_lost, without.is_lost);
                cr_assert_eq(with.is_corrupted, without.is_corrupted);
                cr_assert_eq(with.is_held_back, without.is_held_back && !with.is_slow);
                slow += with.is_slow;
        }
        /* 5 % of the 95 % that are not lost, within five standard deviations. */
        cr_expect(fabs((double)slow - 0.0475 * FRAMES) < 5 * sqrt(0.0475 * FRAMES), "%lu", slow);
}

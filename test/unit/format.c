/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures for people: examples of each, then what holds for any value. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/skip.h>

#include "format.h"
#include "page.h"
#include "util.h"

#define SAYS(call, expected)                                                                       \
        do {                                                                                       \
                struct format_text said_ = call;                                                   \
                cr_expect_str_eq(said_.text, expected, #call " says \"%s\"", said_.text);          \
        } while (0)

Test(format, grouped) {
        SAYS(format_grouped(0), "0");
        SAYS(format_grouped(999), "999");
        SAYS(format_grouped(1000), "1 000");
        SAYS(format_grouped(12441092), "12 441 092");
        SAYS(format_grouped(UINT64_MAX), "18 446 744 073 709 551 615");
}

Test(format, short_counts) {
        SAYS(format_short(0, 3), "0");
        SAYS(format_short(12, 3), "12");
        SAYS(format_short(999, 3), "999");
        SAYS(format_short(1000, 3), "1.00 k");
        SAYS(format_short(194390, 3), "194 k");
        SAYS(format_short(999499, 3), "999 k");
        SAYS(format_short(999500, 3), "1.00 M");
        SAYS(format_short(12441092, 4), "12.44 M");
        SAYS(format_short(4.1, 3), "4.10");
        SAYS(format_short(NAN, 3), "-");
        SAYS(format_short(INFINITY, 3), "-");
        SAYS(format_short(-1, 3), "0");
}

Test(format, rates_and_bytes) {
        SAYS(format_packet_rate(1.04e6), "1.04 Mpps");
        SAYS(format_packet_rate(12), "12 pps");
        SAYS(format_packet_rate(0.5), "0.50 pps");
        SAYS(format_bit_rate(9.81e9), "9.81 Gbit/s");
        SAYS(format_bit_rate(0), "0 bit/s");
        SAYS(format_bytes(18.8e9, 3), "18.8 GB");
        SAYS(format_size(1514), "1514 B");
        SAYS(format_size(200000), "200 kB");
        SAYS(format_memory(196 * 1024), "196 KB");
        SAYS(format_memory(0), "0 B");
        SAYS(format_memory(4.1 * 1024 * 1024), "4.10 MB");
}

Test(format, times) {
        SAYS(format_time(0, 3), "0 ns");
        SAYS(format_time(38, 3), "38 ns");
        SAYS(format_time(4.12, 3), "4.12 ns");
        SAYS(format_time(710, 3), "710 ns");
        SAYS(format_time(1620, 3), "1.62 µs");
        SAYS(format_time(9996, 3), "10.0 µs");
        SAYS(format_time(41200, 3), "41.2 µs");
        SAYS(format_time(999600, 3), "1.00 ms");
        SAYS(format_time(1.93e6, 3), "1.93 ms");
        SAYS(format_time(12e9, 3), "12.0 s");
        SAYS(format_time(3 * 3.6e12, 3), "3.00 h");
        SAYS(format_time((double)UINT64_MAX, 3), ">999 d");
        SAYS(format_time_like(6310, 6480, 3), "6.31");
        SAYS(format_time_like(705, 714, 3), "705");
        SAYS(format_time(6308, 4), "6.308 µs");
        SAYS(format_time_like(800, 1010, 3), "0.80");
}

Test(format, percentages_and_durations) {
        SAYS(format_percent(0), "0 %");
        SAYS(format_percent(0.001), "<0.01 %");
        SAYS(format_percent(0.55), "0.55 %");
        SAYS(format_percent(97.1), "97.1 %");
        SAYS(format_percent(99.99), ">99.9 %");
        SAYS(format_percent(100), "100 %");
        SAYS(format_percent(250), "250 %");
        SAYS(format_percent(NAN), "-");
        SAYS(format_duration(0), "00:00:00");
        SAYS(format_duration(12.9), "00:00:12");
        SAYS(format_duration(3599), "00:59:59");
        SAYS(format_duration(360000), "100:00:00");
        SAYS(format_duration(-3), "00:00:00");
        SAYS(format_duration(NAN), "-");
}

/* The grouped number without its blanks is the number. */
Test(format, grouping_loses_nothing) {
        __u64 random = 1;

        for (int i = 0; i < 10000; i++) {
                uint64_t value = xskim_random_next(&random) >> (i % 64);
                struct format_text text = format_grouped(value);
                char digits[40], *out = digits;

                for (char *c = text.text; *c; c++)
                        if (*c != ' ')
                                *out++ = *c;
                *out = '\0';
                cr_assert_eq(strtoull(digits, NULL, 10), value);
        }
}

static double unit_factor(const char *unit) {
        static const struct {
                const char *name;
                double ns;
        } units[] = {{"ns", 1},  {"µs", 1e3},   {"ms", 1e6},
                     {"s", 1e9}, {"h", 3.6e12}, {"d", 8.64e13}};

        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                if (!strcmp(unit, units[i].name))
                        return units[i].ns;
        return NAN;
}

/* Three digits: within half a unit of the third; and never wider than its column. */
Test(format, time_is_within_its_digits) {
        __u64 random = 1;

        for (int i = 0; i < 100000; i++) {
                uint64_t ns = xskim_random_next(&random) >> (8 + i % 56);
                struct format_text text = format_time(ns, 3);
                char *unit;
                double number = strtod(text.text, &unit);

                cr_assert_leq(page_width(text.text), 7, "%s", text.text);
                if (*text.text == '>')
                        continue;
                cr_assert_leq(fabs(number * unit_factor(unit + 1) - ns), ns * 0.00501, "%lu: %s",
                              ns, text.text);
        }
}

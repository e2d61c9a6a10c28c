/* SPDX-License-Identifier: BSD-2-Clause */
/* What the load of an experiment sends when: rates are exact, mixes have their shares. */
#include <criterion/criterion.h>
#include <string.h>

#include <xskim/skip.h>

#include "load_private.h"

static const uint64_t rates[] = {1, 3, 7, 999, 1000, 12345, 200000, 333333, 999983, 5000000};
enum { RATES = sizeof(rates) / sizeof(rates[0]), SECOND = 1000000000 };

Test(due, after_a_second_as_many_packets_are_due_as_the_rate_says) {
        for (int i = 0; i < RATES; i++) {
                cr_expect_eq(load_due_count(rates[i], SECOND - 1), rates[i], "%lu", rates[i]);
                /* a day later nothing has added up */
                cr_expect_eq(load_due_ns(rates[i], rates[i] * 86400), 86400ULL * SECOND);
        }
}

Test(due, a_packet_is_counted_from_when_it_is_due) {
        __u64 random = 3;

        for (int i = 0; i < RATES; i++) {
                for (int tries = 0; tries < 10000; tries++) {
                        uint64_t number = xskim_random_next(&random) % 1000000000;
                        uint64_t due = load_due_ns(rates[i], number);

                        cr_assert_geq(load_due_count(rates[i], due), number + 1);
                        cr_assert_leq(due ? load_due_count(rates[i], due - 1) : 0, number);
                }
        }
}

Test(due, the_mix_is_seven_four_and_one_of_twelve) {
        uint32_t of_64 = 0, of_594 = 0, of_1518 = 0;

        for (uint64_t number = 0; number < 1200; number++) {
                uint32_t bytes = load_frame_bytes(XSKIM_BENCH_IMIX, number) + LOAD_FCS_BYTES;

                of_64 += bytes == 64;
                of_594 += bytes == 594;
                of_1518 += bytes == 1518;
        }
        cr_expect_eq(of_64, 700);
        cr_expect_eq(of_594, 400);
        cr_expect_eq(of_1518, 100);
        cr_expect_eq(load_frame_bytes(512, 5), 508);
}

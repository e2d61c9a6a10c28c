/* SPDX-License-Identifier: BSD-2-Clause */
/* The transit's fuzz target as an ordinary test, on noise of a fixed seed: short and long, with few
 * streams and many. */
#include <criterion/criterion.h>

#include <xskim/skip.h>

#include "fuzz/transit_target.h"

enum { INPUTS = 300, INPUT_BYTES_MAX = 20000 };

Test(fuzz_transit, noise) {
        static uint8_t input[INPUT_BYTES_MAX];
        __u64 random = 61;

        for (uint32_t i = 0; i < INPUTS; i++) {
                size_t length = xskim_random_next(&random) % (INPUT_BYTES_MAX + 1);

                for (size_t at = 0; at < length; at++)
                        input[at] = (uint8_t)(xskim_random_next(&random) >> 32);
                /* all in one stream, so that windows fill */
                for (size_t at = 0; i % 2 && at + 6 <= length; at += 6) {
                        input[at] &= 0xf0;
                        input[at + 5] &= 3;
                }
                LLVMFuzzerTestOneInput(input, length);
        }
}

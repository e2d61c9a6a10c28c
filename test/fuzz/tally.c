/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoder's fuzz target as an ordinary test, on noise that is mended more or less, of a fixed
 * seed. */
#include <criterion/criterion.h>

#include <xskim/skip.h>

#include "fuzz/tally_target.h"

enum { INPUTS = 5000, INPUT_BYTES_MAX = 12000 };

Test(fuzz_tally, noise) {
        static uint8_t input[INPUT_BYTES_MAX];
        __u64 random = 43;

        for (uint32_t i = 0; i < INPUTS; i++) {
                size_t length = xskim_random_next(&random) % (INPUT_BYTES_MAX + 1);

                for (size_t at = 0; at < length; at++)
                        input[at] = (uint8_t)(xskim_random_next(&random) >> 32);
                LLVMFuzzerTestOneInput(input, length);
        }
}

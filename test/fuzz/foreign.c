/* SPDX-License-Identifier: BSD-2-Clause */
/* The target of other programs' words as an ordinary test: what they print, put together at random
 * from its own pieces, and noise, of fixed seeds. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/foreign_target.h"
#include "packets.h"
#include "util.h"

enum { TEXTS = 100000, NOISE = 100000, PIECES_MAX = 12, BYTES_MAX = 512 };

static const char *const PIECES[] = {
        "packets",
        " captured",
        " received",
        " dropped",
        " by filter",
        " by kernel",
        "Packets",
        ": ",
        "/",
        "\n",
        " ",
        "0",
        "17",
        "285568",
        "-",
        "on",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "sample=",
        "ringbuf=",
        "burn=",
        ":counts",
        ":classes",
        "empty",
        "off",
        "stack",
        "command",
        "=",
        "1e9",
};

Test(fuzz_foreign, pieces) {
        uint64_t random = 61;
        char text[BYTES_MAX];

        for (uint32_t i = 0; i < TEXTS; i++) {
                uint32_t pieces = packet_below(&random, PIECES_MAX + 1);

                text[0] = '\0';
                for (uint32_t p = 0; p < pieces; p++)
                        strcat(text, PIECES[packet_below(&random, ARRAY_SIZE(PIECES))]);
                LLVMFuzzerTestOneInput((const uint8_t *)text, strlen(text));
        }
}

Test(fuzz_foreign, noise) {
        uint8_t bytes[BYTES_MAX];
        uint64_t random = 62;

        for (uint32_t i = 0; i < NOISE; i++) {
                uint32_t length = packet_below(&random, 64);

                for (uint32_t j = 0; j < length; j++)
                        bytes[j] = (uint8_t)packet_below(&random, 256);
                LLVMFuzzerTestOneInput(bytes, length);
        }
}

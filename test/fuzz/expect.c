/* SPDX-License-Identifier: BSD-2-Clause */
/* The fuzz target of what is expected as an ordinary test: generated packets whole and spoiled, and
 * noise, of fixed seeds. */
#include <criterion/criterion.h>
#include <string.h>

#include "fuzz/expect_target.h"
#include "packets.h"

enum { GENERATED = 100000, NOISE = 50000, NOISE_BYTES_MAX = 400 };

static struct packet packet;

Test(fuzz_expect, generated) {
        static uint8_t input[1 + PACKET_BYTES_MAX];
        struct packet_plan plan;
        uint64_t random = 61;

        for (uint32_t i = 0; i < GENERATED; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                if (i % 4 == 0)
                        packet_spoil(&random, &packet);
                input[0] = 1;
                memcpy(input + 1, packet.bytes, packet.length);
                LLVMFuzzerTestOneInput(input, 1 + packet.length);
        }
}

Test(fuzz_expect, noise) {
        uint8_t bytes[NOISE_BYTES_MAX];
        uint64_t random = 62;

        for (uint32_t i = 0; i < NOISE; i++) {
                uint32_t length = packet_below(&random, NOISE_BYTES_MAX + 1);

                for (uint32_t j = 0; j < length; j++)
                        bytes[j] = (uint8_t)packet_below(&random, 256);
                LLVMFuzzerTestOneInput(bytes, length);
        }
}

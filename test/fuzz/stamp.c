/* SPDX-License-Identifier: BSD-2-Clause */
/* The stamp's fuzz target as an ordinary test: generated packets whole and spoiled, and noise, of
 * fixed seeds. */
#include <criterion/criterion.h>
#include <string.h>

#include "fuzz/stamp_target.h"
#include "packets.h"

enum { GENERATED = 100000, NOISE = 100000, NOISE_BYTES_MAX = 160 };

static struct packet packet;

Test(fuzz_stamp, generated) {
        static uint8_t input[2 + PACKET_BYTES_MAX];
        struct packet_plan plan;
        uint64_t random = 51;

        for (uint32_t i = 0; i < GENERATED; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                if (i % 4 == 0)
                        packet_spoil(&random, &packet);
                input[0] = (uint8_t)packet_below(&random, 256);
                input[1] = (uint8_t)packet_below(&random, 64);
                memcpy(input + 2, packet.bytes, packet.length);
                LLVMFuzzerTestOneInput(input, 2 + packet.length);
        }
}

Test(fuzz_stamp, noise) {
        uint8_t bytes[NOISE_BYTES_MAX];
        uint64_t random = 52;

        for (uint32_t i = 0; i < NOISE; i++) {
                uint32_t length = packet_below(&random, NOISE_BYTES_MAX + 1);

                for (uint32_t j = 0; j < length; j++)
                        bytes[j] = (uint8_t)packet_below(&random, 256);
                LLVMFuzzerTestOneInput(bytes, length);
        }
}

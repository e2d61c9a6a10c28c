/* SPDX-License-Identifier: BSD-2-Clause */
/* The record file's fuzz target as an ordinary test: recorded runs, whole and spoiled in many ways,
 * and plain noise, of fixed seeds. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/skip.h>

#include "fuzz/recordfile_target.h"
#include "recording.h"

enum { SPOILED = 3000, SPOTS_MAX = 40, NOISE = 20000, NOISE_BYTES_MAX = 2000 };

static __u64 random_state = 41;

static uint64_t below(uint64_t limit) {
        return xskim_random_next(&random_state) % limit;
}

/* What breaks readers: nothing, everything, almost too much, and anything. */
static uint8_t spoiled_byte(uint8_t byte) {
        static const uint8_t EXTREMES[] = {0x00, 0xff, 0x7f, 0x80, 0x01};

        switch (below(3)) {
        case 0:
                return byte ^ (uint8_t)(1 << below(8));
        case 1:
                return EXTREMES[below(sizeof(EXTREMES))];
        default:
                return (uint8_t)below(256);
        }
}

/* Runs of spoiled bytes: fields of 8 bytes turn extreme as a whole. */
static void spoil(uint8_t *bytes, size_t length) {
        for (uint64_t spots = below(SPOTS_MAX); spots; spots--) {
                size_t at = below(length), run = below(2) ? 1 : 8;
                uint8_t byte = spoiled_byte(bytes[at]);

                for (size_t i = at; i < at + run && i < length; i++)
                        bytes[i] = byte;
        }
}

static void feed_spoiled(const uint8_t *pieces, size_t length, uint8_t mode) {
        size_t kept = below(8) ? length : below(length);
        uint8_t *input = malloc(length + 1);

        cr_assert_not_null(input);
        input[0] = mode;
        memcpy(input + 1, pieces, length);
        spoil(input + 1, length);
        LLVMFuzzerTestOneInput(input, kept + 1);
        free(input);
}

Test(fuzz_recordfile, spoiled_runs) {
        struct recording_plan plan = {
                .ports = 2, .cpus = 2, .workers = 2, .intervals = 2, .lossy = true, .extra = true};
        struct recording recording;

        for (uint32_t i = 0; i < SPOILED; i++) {
                size_t begin;

                if (i % 100 == 0) {
                        if (i)
                                recording_free(&recording);
                        plan.seed = i;
                        recording_make(&plan, &recording);
                }
                begin = recording.pieces[0];
                feed_spoiled(recording.bytes + begin, recording.length - begin, 1);
                if (i % 4 == 0)
                        feed_spoiled(recording.bytes, recording.length, 0);
        }
        recording_free(&recording);
}

Test(fuzz_recordfile, noise) {
        uint8_t input[NOISE_BYTES_MAX];

        for (uint32_t i = 0; i < NOISE; i++) {
                size_t length = below(NOISE_BYTES_MAX + 1);

                for (size_t at = 0; at < length; at++)
                        input[at] = (uint8_t)below(256);
                LLVMFuzzerTestOneInput(input, length);
        }
}

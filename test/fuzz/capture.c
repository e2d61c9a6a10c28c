/* SPDX-License-Identifier: BSD-2-Clause */
/* The fuzz target of reading captures as an ordinary test: the corpus, the captures, each in every
 * way, cut anywhere and spoiled, and plain noise, of fixed seeds. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/skip.h>

#include "captures.h"
#include "fuzz/capture_target.h"

enum {
        INPUT_BYTES_MAX = 4 << 20,
        CORPUS_MIN = 20,
        SPOILED = 40,
        SPOTS_MAX = 6,
        HEADERS_BYTES = 400, /* what is in the first of them breaks most */
        WHOLE_BYTES_MAX = 20000,
        NOISE = 5000,
        NOISE_BYTES_MAX = 500,
};

static __u64 random_state = 61;

static uint64_t below(uint64_t limit) {
        return (xskim_random_next(&random_state) >> 16) % limit;
}

/* Exactly as long as the input, so that a sanitizer sees a byte read too far. */
static void feed(const uint8_t *file, size_t length) {
        uint8_t *input = malloc(CAPTURE_TARGET_HEAD + length);

        cr_assert_not_null(input);
        for (int i = 0; i < CAPTURE_TARGET_HEAD; i++)
                input[i] = (uint8_t)below(256);
        memcpy(input + CAPTURE_TARGET_HEAD, file, length);
        LLVMFuzzerTestOneInput(input, CAPTURE_TARGET_HEAD + length);
        free(input);
}

static uint8_t *file_load(const char *path, size_t *ret_length) {
        uint8_t *bytes = malloc(INPUT_BYTES_MAX);
        FILE *file = fopen(path, "rb");

        cr_assert(bytes && file, "%s", path);
        *ret_length = fread(bytes, 1, INPUT_BYTES_MAX, file);
        fclose(file);
        return bytes;
}

/* A few bytes changed, most of them where the headers are, and the end cut off now and then. */
static void feed_spoiled(const uint8_t *file, size_t length) {
        size_t kept = below(4) ? length : below(length + 1);
        uint8_t *spoiled = malloc(length + 1);

        cr_assert_not_null(spoiled);
        memcpy(spoiled, file, length);
        for (uint64_t spots = below(SPOTS_MAX); spots && length; spots--) {
                size_t reach = below(4) && length > HEADERS_BYTES ? HEADERS_BYTES : length;

                spoiled[below(reach)] = (uint8_t)below(256);
        }
        feed(spoiled, kept);
        free(spoiled);
}

static size_t feed_corpus(void (*each)(const uint8_t *bytes, size_t length)) {
        glob_t found = {0};
        size_t count;

        cr_assert_eq(glob(XSKIM_CORPUS "/capture/*", 0, NULL, &found), 0, "no corpus in %s",
                     XSKIM_CORPUS);
        for (size_t i = 0; i < found.gl_pathc; i++) {
                size_t length;
                uint8_t *bytes = file_load(found.gl_pathv[i], &length);

                each(bytes, length);
                free(bytes);
        }
        count = found.gl_pathc;
        globfree(&found);
        return count;
}

static void as_it_is(const uint8_t *bytes, size_t length) {
        LLVMFuzzerTestOneInput(bytes, length);
}

static void in_every_way(const uint8_t *bytes, size_t length) {
        for (int n = 0; n < SPOILED && length > CAPTURE_TARGET_HEAD; n++)
                feed_spoiled(bytes + CAPTURE_TARGET_HEAD, length - CAPTURE_TARGET_HEAD);
}

Test(fuzz_capture, corpus) {
        cr_assert_gt(feed_corpus(as_it_is), CORPUS_MIN);
        feed_corpus(in_every_way);
}

Test(fuzz_capture, captures) {
        static struct captures captures;

        captures_find(&captures);
        if (!captures.count)
                test_skip("no captures in %s (XSKIM_CAPTURES)", captures_directory());
        for (uint32_t i = 0; i < captures.count; i++) {
                size_t length;
                uint8_t *bytes = file_load(captures.path[i], &length);

                feed(bytes, length);
                if (length > WHOLE_BYTES_MAX)
                        length = WHOLE_BYTES_MAX;
                for (int n = 0; n < SPOILED; n++)
                        feed_spoiled(bytes, length);
                free(bytes);
        }
}

Test(fuzz_capture, noise) {
        uint8_t bytes[NOISE_BYTES_MAX];

        for (int n = 0; n < NOISE; n++) {
                size_t length = below(NOISE_BYTES_MAX + 1);

                for (size_t at = 0; at < length; at++)
                        bytes[at] = (uint8_t)below(256);
                feed(bytes, length);
        }
}

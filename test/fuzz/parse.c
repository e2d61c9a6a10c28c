/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser's fuzz target as an ordinary test: the corpus, every packet of the captures, generated
 * packets whole and spoiled, and plain noise, of fixed seeds. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>

#include "captures.h"
#include "fuzz/parse_target.h"
#include "packets.h"

enum { GENERATED = 200000, NOISE = 200000, NOISE_BYTES_MAX = 160 };

static struct packet packet;

static void feed_file(const char *path) {
        static uint8_t bytes[PACKET_BYTES_MAX];
        FILE *file = fopen(path, "rb");

        cr_assert_not_null(file, "%s", path);
        LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof(bytes), file));
        fclose(file);
}

Test(fuzz_parse, corpus) {
        glob_t found = {0};
        size_t i;

        cr_assert_eq(glob(XSKIM_CORPUS "/parse/*", 0, NULL, &found), 0, "no corpus in %s",
                     XSKIM_CORPUS);
        for (i = 0; i < found.gl_pathc; i++)
                feed_file(found.gl_pathv[i]);
        fprintf(stderr, "%zu inputs\n", found.gl_pathc);
        cr_assert_gt(found.gl_pathc, 20);
        globfree(&found);
}

static void feed_packet(void *context, const uint8_t *bytes, uint32_t length) {
        (void)context;
        LLVMFuzzerTestOneInput(bytes, length);
}

Test(fuzz_parse, captures) {
        static struct captures captures;
        uint32_t i;

        captures_find(&captures);
        if (!captures.count)
                test_skip("no captures in %s (XSKIM_CAPTURES)", captures_directory());
        for (i = 0; i < captures.count; i++)
                cr_assert_eq(capture_read(captures.path[i], feed_packet, NULL), 0);
}

Test(fuzz_parse, generated) {
        struct packet_plan plan;
        uint64_t random = 31;
        uint32_t i;

        for (i = 0; i < GENERATED; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                if (i % 4)
                        packet_spoil(&random, &packet);
                LLVMFuzzerTestOneInput(packet.bytes, packet.length);
        }
}

Test(fuzz_parse, noise) {
        uint8_t bytes[NOISE_BYTES_MAX];
        uint64_t random = 32;
        uint32_t i, j, length;

        for (i = 0; i < NOISE; i++) {
                length = packet_below(&random, NOISE_BYTES_MAX + 1);
                for (j = 0; j < length; j++)
                        bytes[j] = (uint8_t)packet_below(&random, 256);
                LLVMFuzzerTestOneInput(bytes, length);
        }
}

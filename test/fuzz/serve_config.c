/* SPDX-License-Identifier: BSD-2-Clause */
/* The fuzz target of the configuration as an ordinary test: the shipped file and the corpus, each
 * spoiled and cut anywhere; configurations drawn from their own words; noise; of fixed seeds. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include <xskim/skip.h>

#include "fuzz/serve_config_target.h"
#include "util.h"

enum {
        FILE_BYTES_MAX = 65536,
        CORPUS_MIN = 4,
        SPOILED = 2000,
        SPOTS_MAX = 5,
        DRAWN = 100000,
        WORDS_MAX = 40,
        NOISE = 20000,
        NOISE_BYTES_MAX = 300,
};

static __u64 random_state = 71;

static uint64_t below(uint64_t limit) {
        return (xskim_random_next(&random_state) >> 16) % limit;
}

/* What configurations are made of, and what YAML has beyond. */
static const char *const WORDS[] = {
        "ports:",
        "\n  - name: eth0",
        "\n  - name: eth1",
        "\n    sample: ",
        "\n    verdict: ",
        "\n    cpu: ",
        "\ndefaults:",
        "\nmetrics:",
        "\n  listen: ",
        "\ninterval: ",
        "\njson: ",
        "\n  stack: ",
        "64",
        "off",
        "pass",
        "drop",
        "true",
        "false",
        "1s",
        "127.0.0.1:80",
        "\"[::1]:80\"",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ": ",
        "\n",
        "  ",
        "- ",
        "#",
        "\"",
        "'",
        "&a ",
        "*a",
        "!!int ",
        "|\n",
        ">\n",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "? ",
        "\\",
        "\t",
        "\xc2\x85",
        "\xef\xbb\xbf",
        "name: ",
        "0-3",
        "\r",
        "\xe2\x80\xa8",
};

static size_t file_load(const char *path, uint8_t bytes[static FILE_BYTES_MAX]) {
        FILE *file CLEANUP(file_cleanup) = fopen(path, "re");

        cr_assert(file, "%s", path);
        return fread(bytes, 1, FILE_BYTES_MAX, file);
}

static void feed_spoiled(const uint8_t *file, size_t length) {
        static uint8_t bytes[FILE_BYTES_MAX];
        size_t kept = below(4) ? length : below(length + 1);

        memcpy(bytes, file, length);
        for (uint64_t spots = below(SPOTS_MAX); spots && length; spots--) {
                const char *word = WORDS[below(ARRAY_SIZE(WORDS))];
                size_t at = below(length);

                if (below(2))
                        bytes[at] = (uint8_t)below(256);
                else
                        memcpy(bytes + at, word, MIN(strlen(word), length - at));
        }
        LLVMFuzzerTestOneInput(bytes, kept);
}

static void feed_file(const char *path) {
        static uint8_t bytes[FILE_BYTES_MAX];
        size_t length = file_load(path, bytes);

        LLVMFuzzerTestOneInput(bytes, length);
        for (int n = 0; n < SPOILED; n++)
                feed_spoiled(bytes, length);
}

Test(fuzz_serve_config, corpus) {
        glob_t found = {0};

        cr_assert_eq(glob(XSKIM_CORPUS "/serve_config/*", 0, NULL, &found), 0, "no corpus in %s",
                     XSKIM_CORPUS);
        cr_assert_geq(found.gl_pathc, CORPUS_MIN);
        for (size_t i = 0; i < found.gl_pathc; i++)
                feed_file(found.gl_pathv[i]);
        globfree(&found);
        feed_file(XSKIM_EXAMPLE_CONFIG);
}

Test(fuzz_serve_config, drawn) {
        char text[WORDS_MAX * 24];

        for (int n = 0; n < DRAWN; n++) {
                size_t used = 0;

                text[0] = '\0';
                for (uint64_t words = below(WORDS_MAX); words; words--)
                        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s",
                                                 WORDS[below(ARRAY_SIZE(WORDS))]);
                LLVMFuzzerTestOneInput((const uint8_t *)text, used);
        }
}

Test(fuzz_serve_config, noise) {
        uint8_t bytes[NOISE_BYTES_MAX];

        for (int n = 0; n < NOISE; n++) {
                size_t length = below(NOISE_BYTES_MAX + 1);

                for (size_t at = 0; at < length; at++)
                        bytes[at] = (uint8_t)below(below(2) ? 256 : 128);
                LLVMFuzzerTestOneInput(bytes, length);
        }
}

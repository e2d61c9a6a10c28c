/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser's fuzz target as an ordinary test: every input of the corpus, every packet of the
 * captures, then random inputs of fixed seed. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "captures.h"
#include "fuzz/corpus.h"
#include "fuzz/parse_target.h"
#include "packets.h"
#include "util.h"

enum { PLANS = 200000, JUNK = 200000, JUNK_BYTES = 200 };

Test(fuzz_parse, corpus) {
        size_t i;

        for (i = 0; i < ARRAY_SIZE(corpus_parse); i++)
                LLVMFuzzerTestOneInput(corpus_parse[i].bytes, corpus_parse[i].length);
}

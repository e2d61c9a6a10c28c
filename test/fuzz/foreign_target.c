/* SPDX-License-Identifier: BSD-2-Clause */
/* What another program prints, and conditions as they are written: any text, in a buffer of exact
 * size. A count that is known stands in the text, digit by digit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/xskim.h>

#include "foreign_count.h"
#include "foreign_target.h"
#include "log.h"

#define HOLDS(condition_)                                                                          \
        ({                                                                                         \
                if (!(condition_)) {                                                               \
                        fprintf(stderr, "foreign: does not hold: %s\n", #condition_);              \
                        abort();                                                                   \
                }                                                                                  \
        })

static void count_check(const char *text) {
        struct foreign_count count = foreign_count_read(text);

        if (count.known)
                HOLDS(strpbrk(text, "0123456789"));
        else
                HOLDS(!count.seen);
}

static void condition_check(const char *text) {
        struct xskim_bench_condition condition = {.number = 4711};
        int r = xskim_bench_condition_read(text, &condition);

        if (r < 0)
                HOLDS(condition.number == 4711 && *error_message());
        else
                HOLDS((unsigned int)condition.kind < XSKIM_BENCH_KIND_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
        char *text = malloc(length + 1);

        if (!text)
                return 0;
        memcpy(text, bytes, length);
        text[length] = '\0';
        count_check(text);
        condition_check(text);
        free(text);
        return 0;
}

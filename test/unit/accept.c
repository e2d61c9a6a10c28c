/* SPDX-License-Identifier: BSD-2-Clause */
/* What clients say that they accept, as real ones say it, and as nobody should. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "distributions.h"

#define TEXT "text/plain; version=0.0.4; charset=utf-8"
#define OPEN "application/openmetrics-text; version=1.0.0; charset=utf-8"

static const struct {
        const char *accept;
        unsigned int text;
        unsigned int open;
} ROWS[] = {
        {NULL, 1000, 1000},
        {"", 1000, 1000},
        {"*/*", 1000, 1000},
        /* Prometheus 2.42 */
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         500, 1000},
        /* Prometheus 3 */
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
         "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
         "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         300, 600},
        /* a browser */
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 800, 800},
        {"text/plain", 1000, 0},
        {"text/*", 1000, 0},
        {"text/*;q=0.3, text/plain;q=0.1", 100, 0},
        {"text/plain;q=0.1, text/*;q=0.3", 100, 0},
        {"text/plain;q=0, */*", 0, 1000},
        {"TEXT/Plain ; Q=0.25 , application/OpenMetrics-Text", 250, 1000},
        {"application/openmetrics-text;version=0.0.1", 0, 0},
        {"application/openmetrics-text;version=2.0.0,*/*;q=0.1", 100, 100},
        {"application/openmetrics-text;q=0.123", 0, 123},
        {"text/plain;q=1.000", 1000, 0},
        {"text/plain;q=0.5, text/plain;q=0.75", 750, 0},
        /* what is no range, or no weight */
        {"text/plain;q=1.5", 0, 0},
        {"text/plain;q=2", 0, 0},
        {"text/plain;q=-1", 0, 0},
        {"text/plain;q=", 0, 0},
        {"text/plain;q=0.1234", 0, 0},
        {"text/plain;q=nan", 0, 0},
        {"text/plain;q", 1000, 0},
        {",,;,;;=;q=,", 0, 0},
        {"textplain", 0, 0},
        {"text", 0, 0},
        {"/", 0, 0},
        {"*/plain", 0, 0},
        {"text/plainer", 0, 0},
        {"application/openmetrics-texttexttexttexttexttexttexttexttexttexttexttexttext", 0, 0},
};

Test(accept, the_most_specific_range_decides) {
        for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
                cr_expect_eq(accept_quality(ROWS[i].accept, TEXT), ROWS[i].text, "%s: %u",
                             ROWS[i].accept, accept_quality(ROWS[i].accept, TEXT));
                cr_expect_eq(accept_quality(ROWS[i].accept, OPEN), ROWS[i].open, "%s: %u",
                             ROWS[i].accept, accept_quality(ROWS[i].accept, OPEN));
        }
}

/* Pieces in any order, cut anywhere: nothing is read beyond the end (in the build with
 * AddressSanitizer), and the answer is a weight. */
Test(accept, anything_is_read) {
        static const char *const pieces[] = {
                "text", "/", "plain", "*",  ";",        ",",     "q=",
                "0.5",  "=", " ",     "\t", "version=", "0.0.4", "application/openmetrics-text"};
        uint64_t random = 11;

        for (int round = 0; round < 100000; round++) {
                char *text = calloc(1, 256);
                unsigned int quality;
                char *exact;

                for (uint64_t i = test_random(&random) % 8; i; i--)
                        strcat(text,
                               pieces[test_random(&random) % (sizeof(pieces) / sizeof(pieces[0]))]);
                text[test_random(&random) % (strlen(text) + 1)] = '\0';
                exact = strdup(text);
                quality = accept_quality(exact, round % 2 ? TEXT : OPEN);
                cr_assert_leq(quality, ACCEPT_QUALITY_MAX, "%s", exact);
                cr_assert(!*exact || strchr(exact, '/') || !quality, "%s", exact);
                free(exact);
                free(text);
        }
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from outside in a page: nothing of it is markup, whatever it is. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "util.h"

#define REPLACED "\xef\xbf\xbd"

static char *made(const char *text) {
        char *bytes = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&bytes, &size);

        html_text(to, text);
        fclose(to);
        return bytes;
}

Test(html, text_is_text) {
        static const struct {
                const char *text;
                const char *page;
        } rows[] = {
                {"", ""},
                {"plain.pcap", "plain.pcap"},
                {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
                {"a\" onload='x' &amp;", "a&quot; onload=&#39;x&#39; &amp;amp;"},
                {"two\nlines\tand a tab", "two\nlines\tand a tab"},
                {"\x01\x1b[31m\x7f", REPLACED REPLACED "[31m" REPLACED},
                {"µ é 漢 \xf0\x9f\x98\x80", "µ é 漢 \xf0\x9f\x98\x80"},
                {"cut \xc3", "cut " REPLACED},
                {"\xc3<", REPLACED "&lt;"},
                {"\xe6\xbc<", REPLACED REPLACED "&lt;"},
                {"alone \x80", "alone " REPLACED},
                {"too long \xc0\xbc", "too long " REPLACED REPLACED},
                {"too long \xe0\x80\xbc", "too long " REPLACED REPLACED REPLACED},
                {"surrogate \xed\xa0\x80", "surrogate " REPLACED REPLACED REPLACED},
                {"beyond \xf4\x90\x80\x80", "beyond " REPLACED REPLACED REPLACED REPLACED},
                {"c1 \xc2\x85", "c1 " REPLACED REPLACED},
                {"latin1 \xe9t\xe9", "latin1 " REPLACED "t" REPLACED},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char *page = made(rows[i].text);

                cr_expect_str_eq(page, rows[i].page, "%s", rows[i].text);
                free(page);
        }
}

/* All strings of two bytes: no markup, no control character, and UTF-8 as the C library reads it.
 */
Test(html, nothing_gets_through) {
        for (unsigned int value = 0x100; value < 0x10000; value++) {
                const char text[] = {(char)(value >> 8), (char)value, '\0'};
                char *page = made(text);

                for (const char *c = page; *c; c++) {
                        cr_assert_null(strchr("<>\"'", *c), "%04x", value);
                        cr_assert((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t', "%04x",
                                  value);
                        cr_assert(*c != '&' || strchr(c, ';'), "%04x", value);
                }
                free(page);
        }
}

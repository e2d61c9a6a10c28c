/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what a character becomes. See html.h. */
#include <stdarg.h>

#include "html.h"
#include "utf8.h"
#include "util.h"

enum { TEXT_BYTES = 4096 };
static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */

static const char *const ENTITIES[128] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
};

void html_text(FILE *to, const char *text) {
        const unsigned char *at = (const unsigned char *)text;

        while (*at) {
                unsigned int length = utf8_length(at);

                if (!length)
                        fputs(REPLACEMENT, to);
                else if (length == 1 && ENTITIES[*at])
                        fputs(ENTITIES[*at], to);
                else
                        fwrite(at, 1, length, to);
                at += MAX(length, 1U);
        }
}

void html_print(FILE *to, const char *format, ...) {
        char text[TEXT_BYTES];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        html_text(to, text);
}

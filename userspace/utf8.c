/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what is a character. See utf8.h. */
#include <stdbool.h>
#include <stdint.h>

#include "utf8.h"

static bool is_continuation(unsigned char byte) {
        return (byte & 0xc0) == 0x80;
}

/* The first byte says how many there are; 0: it begins none. */
static unsigned int length_of(unsigned char byte) {
        if (byte < 0x80)
                return 1;
        if (byte >= 0xc2 && byte < 0xe0)
                return 2;
        if (byte >= 0xe0 && byte < 0xf0)
                return 3;
        return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

/* Of a character of more than one byte: not too long for its value, no surrogate, no control
 * character, none beyond U+10FFFF (RFC 3629). */
static bool is_allowed(const unsigned char *at, unsigned int length) {
        uint32_t value = at[0] & (0xff >> (length + 1));

        for (unsigned int i = 1; i < length; i++)
                value = value << 6 | (at[i] & 0x3f);
        if (length == 2)
                return value >= 0xa0;
        if (length == 3)
                return value >= 0x800 && (value < 0xd800 || value > 0xdfff);
        return value >= 0x10000 && value <= 0x10ffff;
}

unsigned int utf8_length(const unsigned char *at) {
        unsigned int length = length_of(*at);

        for (unsigned int i = 1; i < length; i++)
                if (!is_continuation(at[i]))
                        return 0;
        if (length == 1)
                return (*at >= 0x20 && *at != 0x7f) || *at == '\n' || *at == '\t';
        return length && is_allowed(at, length) ? length : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Which bytes are text: UTF-8 (RFC 3629) without control characters. Pure. */
#ifndef XSKIM_UTF8_H
#define XSKIM_UTF8_H

/* Bytes of the character that begins there, newline and tab included; 0: none does. A string's end
 * is none. */
unsigned int utf8_length(const unsigned char *at);

#endif

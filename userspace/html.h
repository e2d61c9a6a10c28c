/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that goes into an HTML page. Pure but for writing it. Everything from outside (file names,
 * ports, what another program said) goes through html_text: markup, control characters and what is
 * not UTF-8 come out as text that does nothing.
 */
#ifndef XSKIM_HTML_H
#define XSKIM_HTML_H

#include <stdio.h>

/* As text or as the value of an attribute in double quotes. */
void html_text(FILE *to, const char *text);

/* printf, and the result as text; at most 4 KB of it. */
__attribute__((format(printf, 2, 3))) void html_print(FILE *to, const char *format, ...);

#endif

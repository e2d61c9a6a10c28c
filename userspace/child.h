/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that the command runs to their end: a session of their own (what ^C means is decided
 * here), signals as a shell would leave them, the C locale. Pure of what they do.
 */
#ifndef XSKIM_CHILD_H
#define XSKIM_CHILD_H

#include <stddef.h>
#include <stdio.h>

/* Not for children but where they are told so. NULL: errno says why. */
FILE *child_file(void);

/* words[0] is looked for in PATH; `in` NULL: the caller's. Its exit status, 128 and the number when
 * a signal ended it, or a negative errno with a message. */
int child_run(char *const words[], FILE *in, FILE *out, FILE *err);

/* What it wrote there, as far as it fits, as a string. */
void child_said(FILE *from, char *text, size_t bytes);

#endif

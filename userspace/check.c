/* SPDX-License-Identifier: BSD-2-Clause */
/* Fills a check. See check.h. */
#include <stdarg.h>
#include <stdio.h>

#include "check.h"

void check_set(struct xskim_check *check, enum xskim_check_status status, const char *format, ...) {
        va_list arguments;

        check->status = status;
        va_start(arguments, format);
        vsnprintf(check->found, sizeof(check->found), format, arguments);
        va_end(arguments);
}

void check_todo(struct xskim_check *check, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(check->todo, sizeof(check->todo), format, arguments);
        va_end(arguments);
}

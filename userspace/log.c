/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the last error message of each thread. See log.h. */
#include <stdarg.h>
#include <stdio.h>

#include "log.h"

static _Thread_local char message[2048];

int error_set(int error, const char *format, ...) {
        va_list arguments;

        if (message[0])
                return error;
        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        return error;
}

void error_clear(void) {
        message[0] = '\0';
}

bool error_is_set(void) {
        return message[0];
}

void error_forget(bool was_set) {
        if (!was_set)
                error_clear();
}

const char *error_message(void) {
        return message;
}

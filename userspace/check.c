/* SPDX-License-Identifier: BSD-2-Clause */
/* Fills a check. See check.h. */
#include <stdarg.h>
#include <stdio.h>

#include "check.h"
#include "util.h"

const char *check_word(enum check_status status) {
#define CHECK_STATUS_WORD(name_, word_, doc_) word_,
        static const char *const words[] = {CHECK_STATUS_ROWS(CHECK_STATUS_WORD)};

        return words[status];
}

void check_set(struct check *check, enum check_status status, const char *format, ...) {
        va_list arguments;

        check->status = status;
        va_start(arguments, format);
        vsnprintf(check->found, sizeof(check->found), format, arguments);
        va_end(arguments);
}

void check_todo(struct check *check, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(check->todo, sizeof(check->todo), format, arguments);
        va_end(arguments);
}

enum check_status check_worst(const struct check *checks, uint32_t count) {
        enum check_status worst = CHECK_OK;

        for (uint32_t i = 0; i < count; i++)
                worst = MAX(worst, checks[i].status);
        return worst;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of a doctor's report: what was looked at, what was found, what to do about it. Plain
 * values. Leaf.
 */
#ifndef XSKIM_CHECK_H
#define XSKIM_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* ROW(name, word, doc), from good to bad; the word is for people and machines. */
#define CHECK_STATUS_ROWS(ROW)                                                                     \
        ROW(OK, "ok", "as it should be")                                                           \
        ROW(UNKNOWN, "unknown", "could not be found out")                                          \
        ROW(WARN, "warn", "xskim runs, but with less than it could have")                          \
        ROW(DENIED, "fail", "a privilege that xskim needs is missing")                             \
        ROW(FAIL, "fail", "a feature that xskim needs is missing")

#define CHECK_STATUS_ENUM(name_, word_, doc_) CHECK_##name_,
enum check_status { CHECK_STATUS_ROWS(CHECK_STATUS_ENUM) };

enum { CHECK_TEXT_BYTES = 192 };

struct check {
        const char *name; /* stable, one word */
        bool of_port;     /* else of the machine */
        enum check_status status;
        char found[CHECK_TEXT_BYTES];
        char todo[CHECK_TEXT_BYTES]; /* empty: nothing */
};

const char *check_word(enum check_status status);

/* Sets status and what was found; what to do. */
__attribute__((format(printf, 3, 4))) void check_set(struct check *check, enum check_status status,
                                                     const char *format, ...);
__attribute__((format(printf, 2, 3))) void check_todo(struct check *check, const char *format, ...);

/* The worst of them; CHECK_OK for none. */
enum check_status check_worst(const struct check *checks, uint32_t count);

#endif

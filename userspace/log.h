/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message for the person: what failed, on what, why, what to do. Kept per thread until the next
 * one, for xskim_error_message(); nothing is printed here. Leaf.
 */
#ifndef XSKIM_LOG_H
#define XSKIM_LOG_H

#include <stdbool.h>

/* Remembers the message (printf) and returns `error` unchanged, so that `return error_set(-EBUSY,
 * "…")` reads well. Lines are separated by newlines, not indented: whoever prints does that. The
 * message of the first cause wins until error_clear: callers higher up add nothing. */
__attribute__((format(printf, 2, 3))) int error_set(int error, const char *format, ...);

/* Forgets the message: at the start of every public function. */
void error_clear(void);

/* Whatever fails between the two is not worth a message; one that was there before stays:
 * `bool told = error_is_set(); …; error_forget(told);` */
bool error_is_set(void);
void error_forget(bool was_set);

/* Never NULL; empty when nothing was set. Valid until the next error_set of this thread. */
const char *error_message(void);

#endif

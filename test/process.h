/* SPDX-License-Identifier: BSD-2-Clause */
/* The test's own process as the kernel tells of it, below /proc/self. */
#ifndef XSKIM_TEST_PROCESS_H
#define XSKIM_TEST_PROCESS_H

#include <stdbool.h>

/* Entries of a directory, "." and ".." among them: /proc/self/fd, /proc/self/task. */
unsigned int process_entries(const char *directory);

/* Whether a thread's status has this line, which ends in a newline. */
bool process_thread_has(const char *thread, const char *line);

/* How many threads have all of these lines; ended by NULL. */
unsigned int process_threads_with(const char *const lines[]);

#endif

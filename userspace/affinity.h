/* SPDX-License-Identifier: BSD-2-Clause */
/* The one CPU that a thread is to run on. */
#ifndef XSKIM_AFFINITY_H
#define XSKIM_AFFINITY_H

#include <pthread.h>

/* -1: wherever it likes, and nothing is done. Returns 0 or a negative errno, without a message: the
 * thread then runs where it did. */
int affinity_set(pthread_t thread, int cpu);

#endif

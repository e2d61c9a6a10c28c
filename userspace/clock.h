/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks in nanoseconds. The sampler's bpf_ktime_get_ns is CLOCK_MONOTONIC, so records and workers
 * share one time base. Leaf. */
#ifndef XSKIM_CLOCK_H
#define XSKIM_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ns(clockid_t clock) {
        struct timespec time;

        clock_gettime(clock, &time);
        return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
}

static inline uint64_t clock_monotonic_ns(void) {
        return clock_read_ns(CLOCK_MONOTONIC);
}

static inline uint64_t clock_unix_ns(void) {
        return clock_read_ns(CLOCK_REALTIME);
}

#endif

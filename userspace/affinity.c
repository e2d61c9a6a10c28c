/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the CPU set. See affinity.h. */
#include <sched.h>

#include "affinity.h"

int affinity_set(pthread_t thread, int cpu) {
        cpu_set_t cpus;

        if (cpu < 0)
                return 0;
        CPU_ZERO(&cpus);
        CPU_SET((size_t)cpu, &cpus);
        return -pthread_setaffinity_np(thread, sizeof(cpus), &cpus);
}

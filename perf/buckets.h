/* SPDX-License-Identifier: BSD-2-Clause */
/* How many values a run of the programs of buckets.bpf.c draws. */
#ifndef XSKIM_PERF_BUCKETS_H
#define XSKIM_PERF_BUCKETS_H

enum { BUCKETS_VALUES = 64 };

#endif

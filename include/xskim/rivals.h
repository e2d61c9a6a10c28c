/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the programs of `xskim bench claims` (claim_*.bpf.c) count, for user space to read. */
#ifndef XSKIM_RIVALS_H
#define XSKIM_RIVALS_H

#include <linux/types.h>

/* claim_overflow: offered = kept + lost. */
struct xskim_overflow_counts {
        __u64 offered;
        __u64 kept;
        __u64 lost;
};

enum {
        XSKIM_OVERFLOW_HASH_ENTRIES = 1024,
        XSKIM_OVERFLOW_RING_BYTES = 65536,
        XSKIM_OVERFLOW_ENTRY_BYTES = 64,
        XSKIM_LOCK_SIZES = 64,    /* a power of two */
        XSKIM_BRANCH_VALUES = 16, /* a run */
        XSKIM_BRANCH_BUCKETS = 64,
};

/* claim_lock: behind the lock, or of each CPU. */
struct xskim_lock_counts {
        __u64 packets;
        __u64 bytes;
        __u64 sizes[XSKIM_LOCK_SIZES];
};

/* claim_branch: of each CPU and program. */
struct xskim_branch_state {
        __u64 random;
        __u64 seen;
        __u64 sampled;
        __u64 buckets[XSKIM_BRANCH_BUCKETS];
};

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The account: makes a snapshot of one port from what was counted. Pure. The kernel's side is plain
 * values without pointers, so that a record file can hold it as it is; the collector's side is a
 * tally.
 */
#ifndef XSKIM_ACCOUNT_H
#define XSKIM_ACCOUNT_H

#include <stdint.h>

#include <xskim/control.h>
#include <xskim/xskim.h>

#include "tally.h"

/* What only the live run can know about one port; cumulative since the attach. Sums over CPUs
 * unless it says so. */
struct account_kernel {
        char port[XSKIM_NAME_MAX];
        uint32_t verdict; /* enum xskim_verdict */
        uint32_t tier;    /* enum xskim_tier */
        uint32_t sample;
        uint32_t recording; /* 1: every decoded record is to be recorded or dropped under a name */
        uint64_t start_unix_ns;
        uint64_t duration_ns;
        uint64_t interval_ns;      /* 0: the whole duration */
        uint64_t interval_packets; /* seen in that interval */
        uint64_t interval_bytes;
        uint64_t lost_before;
        uint64_t attach_lost;
        struct xskim_sampler_counters counters;
        uint64_t remaining; /* countdown + held of every CPU */
        struct xskim_timed timed[XSKIM_RUN_COUNT];
        __u64 outcomes[XSKIM_OUTCOME_COUNT];
        __u64 classes[XSKIM_CLASS_COUNT];
        __u64 sizes[XSKIM_SIZE_BUCKETS];
        struct xskim_stack_state stack;
        uint64_t head;                   /* control pages: records staged */
        uint64_t tail;                   /* records taken */
        uint64_t carried;                /* records the carriers put into frames */
        uint64_t frames;                 /* frames the carriers loaded */
        uint64_t socket_frames_lost;     /* XDP_STATISTICS: rx_dropped + rx_ring_full; of the whole
                                            session */
        uint64_t session_frames_missing; /* sequence numbers missing, of the whole session */
        uint64_t busiest_cpu_packets;    /* in the interval, of the CPU that saw most */
        uint64_t busiest_cpu_samples;
        uint64_t collector_cpu_ns;  /* in the interval, all workers */
        uint64_t collector_records; /* in the interval, all workers */
        uint64_t system_calls;
        uint64_t wakeups;
        uint64_t kernel_memory_bytes;
        uint64_t carrier_memory_bytes;
        uint64_t user_memory_bytes;
        struct xskim_mode mode;
        uint32_t note_count;
        uint32_t reserved;
        char notes[XSKIM_NOTES_MAX][XSKIM_NOTE_BYTES];
};

/*
 * The ledger's identities (architecture.md, "The ledger"), each one that does not hold named in
 * ledger.where with its two sides. When `final`, all hold to the packet; live, the terms were read
 * one after another from the end of the journey to its start, so a later stage may lag behind an
 * earlier one but never exceed it: only an excess is unaccounted for, and identities inside one
 * stage, where a packet may be half-way, are not judged.
 */
void account_ledger(const struct account_kernel *kernel, const struct tally *tally, bool final,
                    struct xskim_ledger *ret_ledger);

/* Counts by class byte, counts[XSKIM_CLASS_COUNT], as the rows of the output. */
void account_classes(const __u64 *counts, struct xskim_classes *classes);

/* What xskim_buckets gives, of the distribution that account_snapshot gives. */
void account_buckets(const struct account_kernel *kernel, const struct tally *tally,
                     enum xskim_distribution_name name, struct xskim_buckets *ret_buckets);

/*
 * The whole snapshot. With interval_ns = 0 (the summary) rates are taken over the whole duration,
 * and collector_* and busiest_* are of the whole duration too. Nothing is allocated.
 */
void account_snapshot(const struct account_kernel *kernel, const struct tally *tally, bool final,
                      struct xskim_snapshot *ret_snapshot);

#endif

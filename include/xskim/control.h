/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the packet path, the carriers and the workers share: the per-CPU state of the sampler (read
 * by system call) and the control pages (mapped by the workers: indexes and marks only, never a
 * record).
 *
 * Who writes what: every line of 64 bytes has one writer, named at its first member.
 */
#ifndef XSKIM_CONTROL_H
#define XSKIM_CONTROL_H

#include <linux/types.h>
#include "bucket.h"
#include "classes.h"

enum {
        XSKIM_PLAN_MAX = 64, /* carriers in one BPF_PROG_RUN: the kernel's default batch */
        XSKIM_RINGS_MAX = 1024,
        XSKIM_WORKERS_MAX = 64,
        /* Staging rings have whole frames of slots: 48, the most records in a frame, is their unit.
         */
        XSKIM_RING_SLOTS_UNIT = 48,
        XSKIM_RING_SLOTS_MIN = 96,
        XSKIM_RING_SLOTS_MAX = 32736,
        /* The sampler times itself once in so many runs. */
        XSKIM_TIMED_EVERY = 1 << 14,
        /* What a countdown is set to when nothing is to be sampled. */
        XSKIM_COUNTDOWN_OFF_SHIFT = 62,
};

/* Runs of the sampler that it timed, by what the run did. ROW(name, doc) */
#define XSKIM_RUN_TABLE(ROW)                                                                       \
        ROW(plain, "counted the packet, nothing else")                                             \
        ROW(sampled, "sampled the packet")                                                         \
        ROW(gap, "ended the gap of the sample before, without sampling")

#define XSKIM_RUN_ENUM(name_, doc_) XSKIM_RUN_##name_,
enum xskim_run { XSKIM_RUN_TABLE(XSKIM_RUN_ENUM) XSKIM_RUN_COUNT };

/*
 * The sampler's counters, cumulative, per port and CPU. ROW(name, unit, doc). Derive struct, sums
 * and output from here; the line that increments is in xdp/sampler.bpf.c.
 */
#define XSKIM_SAMPLER_COUNTERS(ROW)                                                                \
        ROW(seen, "packets", "packets that reached the sampler")                                   \
        ROW(bytes, "bytes", "their bytes, without FCS")                                            \
        ROW(drawn, "packets",                                                                      \
            "packets covered by the skips drawn so far (sampled + not sampled + countdown)")       \
        ROW(sampled, "packets", "packets sampled")                                                 \
        ROW(stamped, "packets", "packets with a stamp, looked for with --transit")                 \
        ROW(hashed, "packets", "packets whose content was hashed, with --expect")                  \
        ROW(staged, "records", "records of samples, stamps, contents left in the staging ring")    \
        ROW(ring_full, "records", "such records lost because the staging ring was full")           \
        ROW(unparsable, "packets", "samples that ended before the EtherType: nothing to record")   \
        ROW(gaps, "packets", "clock readings that ended a gap")                                    \
        ROW(doorbells, "wake-ups", "forced wake-ups of a sleeping worker")                         \
        ROW(doorbells_lost, "wake-ups", "wake-ups that the doorbell had no room for")              \
        ROW(stamps_failed, "packets",                                                              \
            "samples whose metadata area could not carry the time to the stack")

#define XSKIM_COUNTER_MEMBER(name_, unit_, doc_) __u64 name_;

struct xskim_sampler_counters {
        XSKIM_SAMPLER_COUNTERS(XSKIM_COUNTER_MEMBER)
};

struct xskim_timed {
        __u64 runs;
        __s64 ns; /* the clock's own time taken off, so a single run can come out below 0 */
};

enum {
        /* Packet sizes: 0 to 2^17 bytes at the kernel's scale. */
        XSKIM_SIZE_BUCKETS = XSKIM_BUCKETS(XSKIM_SCALE_KERNEL, 17),
        /* Time in the stack: up to 2^36 ns (69 s) at the kernel's scale. */
        XSKIM_STACK_BUCKETS = XSKIM_BUCKETS(XSKIM_SCALE_KERNEL, 36),
};

/* Per port and CPU; one per-CPU map value. Written by the sampler on that CPU only. */
struct xskim_sampler_state {
        __u64 countdown; /* packets until the next event: a sample, or the end of a gap */
        __u64 held;      /* packets of the skip still to come after the gap's end */
        __u64 gap_start_ns;
        __u64 random;
        __u64 head;       /* records staged; published to the ring's control line */
        __u64 head_next;  /* look at tail and asleep mark again before staging record number
                             head_next */
        __u64 timed_at;   /* time the run that sees packet number timed_at */
        __u32 gap;        /* encoded, for the next record */
        __u32 slot;       /* where the next record goes: head modulo the ring's slots */
        __u32 timed_next; /* enum xskim_run: which kind is to be timed next */
        __u32 unused;
        struct xskim_sampler_counters counters;
        __u64 timed_due; /* time a run of that kind from packet number timed_due on */
        struct xskim_timed timed[XSKIM_RUN_COUNT];
        __u64 outcomes[XSKIM_OUTCOME_COUNT];
        __u64 classes[XSKIM_CLASS_COUNT];
        __u64 sizes[XSKIM_SIZE_BUCKETS];
};

/* Per port and CPU, with --stack. Written by the tc program on that CPU only. */
struct xskim_stack_state {
        __u64 count;
        __u64 sum_ns;
        __u64 min_ns; /* valid when count > 0 */
        __u64 max_ns;
        __u64 buckets[XSKIM_STACK_BUCKETS];
};

/* What the sampler leaves in a sampled packet's XDP metadata area, for the tc program. */
struct xskim_stack_stamp {
        __u64 magic;
        __u64 time_ns;
};

#define XSKIM_STACK_STAMP_MAGIC 0x7073746d696b7378ULL /* "xskimtsp" */

/*
 * A ring's fill at which a sleeping worker is woken, and how often a producer above it looks at the
 * asleep mark again. Both are fractions of the slots: a worker that falls asleep unseen is woken at
 * 7/8 at the latest.
 */
#define XSKIM_RING_HIGH_WATER(slots) ((slots) / 4 * 3)
#define XSKIM_RING_LOOK_AGAIN(slots) ((slots) / 8)

/* Per staging ring, in a mapped control page. */
struct xskim_ring_control {
        __u64 head __attribute__((aligned(64))); /* sampler: records staged so far */

        __u64 tail __attribute__((aligned(64))); /* carrier: records taken so far */
        __u64 carried;                           /* carrier: records it put into frames */
        __u64 frames;                            /* carrier: frames it loaded */
        __u32 slot;                              /* carrier: tail modulo the ring's slots */
        __u32 worker; /* set-up: whose doorbell, never changed afterwards */
        __u32 cpu;    /* set-up */
        __u32 port;   /* set-up */

        __u32 asleep __attribute__((aligned(64))); /* worker sets it, sampler takes it */

        /* carrier: how many records frame number n carried, at [n % XSKIM_PLAN_MAX], for the last
         * frames */
        __u8 loaded[XSKIM_PLAN_MAX] __attribute__((aligned(64)));
};

/* Per worker, in a mapped control page: what the next run of carriers is to empty. */
struct xskim_worker_control {
        __u32 plan[XSKIM_PLAN_MAX]
                __attribute__((aligned(64)));    /* worker: ring number for each carrier */
        __u32 plan_length;                       /* worker */
        __u32 next __attribute__((aligned(64))); /* worker sets 0, carrier counts up */
        __u64 empty;                             /* carrier: carriers that found nothing, dropped */
        __u64 refused; /* carrier: carriers without a valid plan, dropped */
        __u32 counted; /* carrier: ring whose counters are below, read once
                          a run: reading takes the lines from the sampler */
        struct xskim_sampler_counters counters;
};

#endif

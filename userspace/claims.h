/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The claims as they are measured: shared by claims.c, which owns the rows and their order, and the
 * claims_*.c, each of which measures some of them. Nobody else includes it.
 *
 * A measuring function gets its claim with name, claim, paper and unit filled in, and fills in the
 * rest by claim.h. A negative errno with a message: the claim is then not testable, for that
 * reason. What several rows come from is measured by whoever comes first and kept in struct
 * xskim_claims.
 */
#ifndef XSKIM_CLAIMS_H
#define XSKIM_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "claim.h"
#include "inference.h"
#include "session.h"

enum {
        CLAIMS_PACKET_BYTES = 60, /* without FCS: the least of Ethernet */
        CLAIMS_PORTS = 4,
        CLAIMS_SIZES_MAX = 12,
        CLAIMS_CPUS_MAX = XSKIM_CPUS_MAX,
};

/* What was measured, or why it could not be: a negative errno with its message. */
struct claims_done {
        bool tried;
        int error;
        char message[XSKIM_CLAIM_REASON_BYTES];
};

/* ns a run, each beside the others. */
struct claims_runs {
        struct claims_done done;
        struct xskim_bench_interval empty;
        struct xskim_bench_interval sampled; /* 1 in 64 */
        struct xskim_bench_interval every;   /* packet */
        struct xskim_bench_interval added;   /* by 1 in 64, over empty */
        struct xskim_bench_interval added_every;
};

/* Of the collector. */
struct claims_collection {
        struct claims_done done;
        uint32_t low;
        uint32_t high;
        struct xskim_bench_interval exponent;  /* of its CPU time over records */
        struct xskim_bench_interval record_ns; /* at the most records */
};

/* ns a packet counted by one, all CPUs at once. */
struct claims_locks {
        struct claims_done done;
        uint32_t counts;                          /* how many numbers of CPUs there are */
        uint32_t cpus;                            /* the most */
        struct xskim_bench_interval exponents[2]; /* shared, own */
        struct xskim_bench_interval most_ns[2];   /* with the most CPUs */
        struct xskim_bench_interval gain;         /* shared / own, with the most */
        bool exact;                               /* no count was lost under the lock */
};

struct xskim_claims {
        struct xskim_claims_config config;
        volatile bool interrupted;
        struct xskim_bench *volatile bench; /* running */
        const struct xskim_claims_watch *watch;
        struct xskim_claims_result *result; /* being filled */
        uint32_t tried;                     /* rows */
        uint64_t random;
        uint8_t packet[CLAIMS_PACKET_BYTES];
        int cpus[CLAIMS_CPUS_MAX]; /* that this process may run on */
        uint32_t cpu_count;
        struct claims_runs runs;
        struct claims_collection collection;
        struct claims_locks locks;
        struct xskim_bench_interval snapshot_ns;
        struct claims_done experimented;
        struct xskim_bench_result
                experiment; /* its slices are gone with the bench, but for these */
        struct xskim_bench_interval saturation; /* P99 at 100 % by P99 at 50 % */
};

typedef int (*claims_measure)(struct xskim_claims *claims, struct xskim_claim *claim);

/* ---- claims_room.c: where it is measured ---- */

/* Two quiet veth pairs, all ends up, in a namespace of the calling thread's own, which goes when it
 * is left. */
struct claims_room {
        int old_fd;
        int ifindexes[CLAIMS_PORTS]; /* 0 and 1 are a pair, 2 and 3 */
};

#define CLAIMS_ROOM_NULL ((struct claims_room){.old_fd = -1})

/* What xskim_config.ports takes. */
extern const char *const CLAIMS_PORT_NAMES[CLAIMS_PORTS];

int claims_room_enter(struct claims_room *room);
void claims_room_leave(struct claims_room *room);

/* Opens a session on port number `port` of the room, its worker on another CPU than the first where
 * there is one. NULL config: the defaults. */
int claims_session_open(const struct xskim_claims *claims, const struct xskim_config *config,
                        int port, struct xskim_session **ret_session);

/* Closes it; a message that was set stays. NULL is fine. */
void claims_session_close(struct xskim_session *session);

/* Pins the calling thread to the nth CPU; to all again. */
void claims_pin(const struct xskim_claims *claims, uint32_t nth);
void claims_unpin(const struct xskim_claims *claims);

void claims_pause_ms(uint32_t ms);

/* -EINTR with a message when it is. */
int claims_interrupted(const struct xskim_claims *claims);

/* `done` is not tried yet: remembers how it went, and returns it. Else: how it went then, with its
 * message again. */
#define CLAIMS_ONCE(claims_, part_, measure_)                                                      \
        ((part_)->done.tried ? claims_done_again(&(part_)->done)                                   \
                             : claims_done_set(&(part_)->done, measure_(claims_, part_)))
int claims_done_set(struct claims_done *done, int r);
int claims_done_again(const struct claims_done *done);

/* Times something of a size: ns. */
typedef int (*claims_timing)(void *context, uint32_t size, double *ret_ns);

struct claims_growth {
        struct xskim_bench_interval exponent;
        struct xskim_bench_interval largest; /* ns at the largest size */
        struct xskim_bench_interval smallest;
        uint32_t low;
        uint32_t high;
};

/* Every size once a round, in random order; at most INFERENCE_POINTS_MAX times in all. Sizes
 * ascend. */
int claims_grow(struct xskim_claims *claims, const uint32_t *sizes, uint32_t count, uint32_t rounds,
                claims_timing timing, void *context, struct claims_growth *ret_growth);

/* ---- one function a row; the files are named by their idea ---- */

/* ROW(name, takes traffic, claim, paper, unit) */
#define CLAIMS_ROWS(ROW)                                                                           \
        ROW(overhead, true, "overhead under 2 % at high throughput", "< 2 %", "% of throughput")   \
        ROW(overhead_100g, false, "overhead under 2 % at 100 Gbps", "< 2 % at 100 Gbps",           \
            "% of throughput, projected")                                                          \
        ROW(added_latency, true, "adds at most 10 us of latency", "10 us", "us")                   \
        ROW(execution, false, "sub-microsecond execution", "< 1 us", "ns a packet")                \
        ROW(latency_limit, true, "latency within 5 % of the instrument's limit", "5 %", "%")       \
        ROW(memory_session, false, "a session takes 320 KB of kernel memory", "320 KB", "KB")      \
        ROW(memory_whole, false, "a session takes 320 KB, all of its memory counted", "320 KB",    \
            "KB")                                                                                  \
        ROW(loading_time, false, "program loading takes 30 ms", "+30 ms", "ms")                    \
        ROW(loading_growth, false, "program loading grows as O(n) in instructions", "O(n)",        \
            "exponent")                                                                            \
        ROW(collection_time, false, "data collection takes 45 ms", "+45 ms", "ms")                 \
        ROW(collection_growth, false, "data collection grows as O(log n) in records", "O(log n)",  \
            "exponent")                                                                            \
        ROW(processing_time, false, "real-time processing takes 60 ms", "+60 ms", "ms")            \
        ROW(processing_growth, false, "real-time processing grows as O(n^2) in records", "O(n^2)", \
            "exponent")                                                                            \
        ROW(processing_flows, false, "real-time processing grows as O(n^2) in flows", "O(n^2)",    \
            "exponent")                                                                            \
        ROW(aggregation_time, false, "aggregation takes 25 ms", "+25 ms", "ms")                    \
        ROW(aggregation_growth, false, "aggregation grows as O(log n) in records", "O(log n)",     \
            "exponent")                                                                            \
        ROW(aggregation_nodes, false, "aggregation over n nodes grows as O(n log n)",              \
            "O(n log n)", "exponent")                                                              \
        ROW(lock_shared, false, "a shared map under a lock grows as O(n) in CPUs", "O(n)",         \
            "exponent")                                                                            \
        ROW(lock_own, false, "phase 1: with state of each CPU as O(log n)", "O(log n)",            \
            "exponent")                                                                            \
        ROW(lock_gain, false, "phase 1: state of each CPU is faster than a shared lock",           \
            "O(n) to O(log n)", "times faster")                                                    \
        ROW(branches, false, "phase 2: merging instructions and predication cut P99 by 38 %",      \
            "P99 29 to 18 ms", "% less")                                                           \
        ROW(saturation, true, "P99 rises at saturation", "rises", "times the P99 at 50 %")         \
        ROW(instruction_limit, false, "programs are limited to 4096 instructions", "4096",         \
            "instructions loaded")                                                                 \
        ROW(stack_limit, false, "the stack is limited to 512 bytes", "512 B", "B loaded at most")  \
        ROW(overflow_hash, false, "a hash map that overflows loses entries", "loses", "% lost")    \
        ROW(overflow_ring, false, "a ring buffer that overflows loses entries", "loses", "% lost") \
        ROW(overflow_staging, false, "a staging ring that overflows loses records", "loses",       \
            "% lost")                                                                              \
        ROW(memory_growth, false, "memory grows in long runs", "grows", "KB an hour")              \
        ROW(cost_executions, false, "cost of a million executions", "$ column", "$")               \
        ROW(cost_collected, false, "cost of a GB collected", "$ column", "$")                      \
        ROW(cost_cpu_hour, false, "cost of a CPU hour of watched traffic", "$ column", "$")        \
        ROW(cost_operations, false, "cost of 1000 operations (snapshots)", "$ column", "$")

#define CLAIMS_FUNCTION(name_, traffic_, claim_, paper_, unit_)                                    \
        int claims_##name_(struct xskim_claims *claims, struct xskim_claim *claim);
CLAIMS_ROWS(CLAIMS_FUNCTION)

/* Measured once for several rows, and by the cost column. */
int claims_runs_measure(struct xskim_claims *claims, struct claims_runs *ret_runs);
int claims_collection_measure(struct xskim_claims *claims,
                              struct claims_collection *ret_collection);

/* Says how far it is; `share` is of what is being done now, when that says anything. */
void claims_progress(const struct xskim_claims *claims, const char *what, double share);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The experiment, shared by the bench*.c files of the library, and nobody else. */
#ifndef XSKIM_BENCH_PRIVATE_H
#define XSKIM_BENCH_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "arena.h"
#include "bench_outcome.h"
#include "conditions.h"
#include "histogram.h"
#include "load.h"
#include "receiver.h"

enum { BENCH_SENDER_LATE_MAX = 512, BENCH_LATENCY_SLICE_MS = 8 };

/* How late the sender itself was, a slice at half the no-drop rate. */
struct bench_lateness {
        uint32_t count;
        double p50_ns[BENCH_SENDER_LATE_MAX];
        double p99_ns[BENCH_SENDER_LATE_MAX];
};

struct xskim_bench {
        struct xskim_bench_config config;
        struct arena *arena;
        struct load *load;
        struct receiver *receiver;
        struct conditions *conditions;
        const struct xskim_bench_watch *watch;
        uint64_t watched_ns; /* when progress was told last */
        _Atomic bool interrupted;
        int nice; /* the calling thread's, before */
        uint64_t start_ns;
        uint64_t end_ns; /* of the measuring, by max_time */
        uint64_t random; /* state of the order */
        uint32_t blocks;
        uint32_t latency_blocks;
        double precision_percent;             /* NAN: not known yet */
        bool out[XSKIM_BENCH_CONDITIONS_MAX]; /* cannot be measured (any more) */
        uint64_t no_drop_pps;
        struct bench_lateness lateness;
        uint32_t slice_max;
        uint32_t slice_count;
        struct xskim_bench_slice *slices;
        uint32_t latency_slice_max;
        uint32_t latency_slice_count;
        struct xskim_bench_latency_slice *latency_slices;
        struct histogram *latencies; /* [condition][load] */
        double *scratch;             /* as many as there can be slices */
        double ns_per_packet[XSKIM_BENCH_CONDITIONS_MAX];
        double ns_per_packet_statistics[XSKIM_BENCH_CONDITIONS_MAX];
};

/* ---- bench.c ---- */

/* Between two of these the port has the condition; what comes meanwhile is its truth. In between
 * the calling thread is at the receiver. XSKIM_CONTINUE; a positive value: it cannot be measured,
 * and is left out from now on; a negative errno. */
enum { BENCH_LEFT_OUT = 1 };
struct bench_visit {
        unsigned int condition;
        uint64_t packets_before;
};
int bench_visit_begin(struct xskim_bench *bench, unsigned int condition,
                      struct bench_visit *ret_visit);
int bench_visit_end(struct xskim_bench *bench, const struct bench_visit *visit);

/* Is it to end? By the clock `end_ns`, or because somebody wants it. */
bool bench_is_over(const struct xskim_bench *bench, uint64_t end_ns);

void bench_tell(struct xskim_bench *bench, enum xskim_bench_phase phase, const char *what);

/* Conditions that are slow to switch get half of the time of a phase at most. */
struct bench_share {
        uint64_t start_ns; /* of the phase */
        uint64_t taken_ns; /* by them */
        uint64_t since_ns;
};
struct bench_share bench_share_begin(void);
bool bench_share_is_due(const struct bench_share *share);
void bench_share_take(struct bench_share *share);
void bench_share_give(struct bench_share *share);

/* Sleeps, to within some tens of microseconds. */
void bench_pause(uint64_t ns);

/* The next block's order: all that can be measured, of the kind of switching. Returns how many. */
uint32_t bench_order(struct xskim_bench *bench, bool slow, uint32_t *order);

/* ---- bench_throughput.c ---- */

/* ns a packet of each program: alone, and by the kernel's statistics under load. */
int bench_programs(struct xskim_bench *bench);
/* Blocks at top speed until the precision is reached or `end_ns`. */
int bench_throughput(struct xskim_bench *bench, uint64_t end_ns);
/* At top speed with the condition of the visit, for so long; what came of it. */
int bench_slice(struct xskim_bench *bench, const struct bench_visit *visit, uint64_t ns,
                struct xskim_bench_slice *ret_slice);

/* ---- bench_latency.c ---- */

/* Finds the no-drop rate of the baseline. */
int bench_search(struct xskim_bench *bench);
/* Blocks at stated rates until `end_ns`. */
int bench_latency(struct xskim_bench *bench, uint64_t end_ns);

#endif

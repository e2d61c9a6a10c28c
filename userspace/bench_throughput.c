/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the blocks at top speed and the timing of the programs. See bench_private.h. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "bench_private.h"
#include "clock.h"
#include "inference.h"
#include "log.h"
#include "netdev.h"
#include "util.h"

enum {
        NS_A_MS = 1000000,
        WARM_UP_NS = 3 * NS_A_MS, /* caches, the clock of the CPU, the receiver's thread */
        RUN_ROUNDS = 7,
        RUN_REPEAT = 200000,
        STATISTICS_NS = 40 * NS_A_MS,
        BLOCKS_MIN = 20,  /* before an interval is believed */
        BLOCKS_CHECK = 5, /* between two looks at the precision */
};

/* ---- a slice ---- */

struct reading {
        uint64_t now_ns;
        uint64_t packets;
        uint64_t bytes;
        uint64_t offered;
        uint64_t sender_ns;
        uint64_t receiver_ns;
        uint64_t collector_ns;
};

/* What arrived: what the port under test had, without what the socket had no room for, because what
 * waits in the socket has arrived, too; on other paths nothing waits. */
static int arrived(struct xskim_bench *b, const struct receiver_counts *received,
                   struct reading *reading) {
        struct netdev_counters counters;
        int r;

        reading->bytes = received->bytes;
        reading->packets = received->packets;
        if (b->config.path != XSKIM_BENCH_PATH_stack)
                return 0;
        r = netdev_counters(b->arena->rx.ifindex, &counters);
        reading->packets = counters.packets - received->overrun;
        return r;
}

static int reading_take(struct xskim_bench *b, unsigned int condition, struct reading *ret) {
        struct receiver_counts received = {0};
        int r = receiver_counts(b->receiver, &received);

        r = r < 0 ? r : arrived(b, &received, ret);
        ret->now_ns = clock_monotonic_ns();
        ret->offered = load_sent(b->load);
        ret->sender_ns = load_cpu_ns(b->load);
        ret->receiver_ns = received.cpu_ns;
        ret->collector_ns = conditions_collector_ns(b->conditions, condition);
        return r;
}

int bench_slice(struct xskim_bench *b, const struct bench_visit *visit, uint64_t ns,
                struct xskim_bench_slice *ret_slice) {
        struct load_result sent = {0};
        struct reading before, after;
        int stopped, r = load_start(b->load, &(struct load_order){0});

        if (r < 0)
                return r;
        bench_pause(WARM_UP_NS);
        r = reading_take(b, visit->condition, &before);
        bench_pause(ns);
        r = r < 0 ? r : reading_take(b, visit->condition, &after);
        stopped = load_stop(b->load, true, &sent);
        r = r < 0 ? r : stopped;
        if (r < 0)
                return r;
        *ret_slice = (struct xskim_bench_slice){
                .block = b->blocks,
                .condition = visit->condition,
                .start_ns = before.now_ns,
                .duration_ns = after.now_ns - before.now_ns,
                .offered = after.offered - before.offered,
                .packets = after.packets - before.packets,
                .bytes = after.bytes - before.bytes,
                .sender_cpu_ns = after.sender_ns - before.sender_ns,
                .receiver_cpu_ns = after.receiver_ns - before.receiver_ns,
                .collector_cpu_ns = after.collector_ns - before.collector_ns,
        };
        return 0;
}

/* ---- blocks ---- */

static int condition_measure(struct xskim_bench *b, unsigned int condition, uint64_t ns) {
        struct bench_visit visit;
        int ended, r;

        if (b->slice_count == b->slice_max)
                return 0;
        r = bench_visit_begin(b, condition, &visit);
        if (r)
                return MIN(r, 0);
        r = bench_slice(b, &visit, ns, &b->slices[b->slice_count]);
        ended = bench_visit_end(b, &visit);
        if (r >= 0)
                b->slice_count++;
        return r < 0 ? r : ended;
}

static int fast_block(struct xskim_bench *b) {
        uint32_t order[XSKIM_BENCH_CONDITIONS_MAX], count = bench_order(b, false, order);
        int r = 0;

        for (uint32_t i = 0; i < count && r >= 0 && !b->interrupted; i++)
                r = condition_measure(b, order[i], (uint64_t)b->config.slice_ms * NS_A_MS);
        return r;
}

/* Each has a slice of the baseline's right before it, as long as its own. */
static int slow_block(struct xskim_bench *b, uint64_t end_ns) {
        uint32_t order[XSKIM_BENCH_CONDITIONS_MAX], count = bench_order(b, true, order);
        uint64_t ns = (uint64_t)b->config.slow_slice_ms * NS_A_MS;
        int r = 0;

        for (uint32_t i = 0; i < count && r >= 0 && !bench_is_over(b, end_ns); i++) {
                bench_tell(b, XSKIM_BENCH_PHASE_throughput,
                           conditions_name(b->conditions, order[i]));
                r = condition_measure(b, 0, ns);
                r = r < 0 ? r : condition_measure(b, order[i], ns);
        }
        return r;
}

/* The widest half width of those that switch fast: xskim's own, and the null comparison. */
static double precision(const struct xskim_bench *b) {
        const struct bench_slices slices = {
                .slices = b->slices, .count = b->slice_count, .scratch = b->scratch};
        double widest = NAN;

        for (unsigned int c = 1; c < b->config.condition_count; c++) {
                struct xskim_bench_interval loss;

                if (b->out[c] || (conditions_is_slow(b->conditions, c) &&
                                  b->config.path != XSKIM_BENCH_PATH_tcp))
                        continue;
                loss = bench_loss(&slices, c);
                if (loss.count < BLOCKS_MIN)
                        return NAN;
                widest = fmax(widest, (loss.high - loss.low) / 2);
        }
        return widest;
}

int bench_throughput(struct xskim_bench *b, uint64_t end_ns) {
        struct bench_share share = bench_share_begin();
        bool reached = false;
        int r = 0;

        while (r >= 0 && !reached && !bench_is_over(b, end_ns) && b->slice_count < b->slice_max) {
                bench_tell(b, XSKIM_BENCH_PHASE_throughput, "throughput");
                r = fast_block(b);
                if (r >= 0 && bench_share_is_due(&share)) {
                        bench_share_take(&share);
                        r = slow_block(b, end_ns);
                        bench_share_give(&share);
                }
                b->blocks++;
                if (b->blocks % BLOCKS_CHECK)
                        continue;
                b->precision_percent = precision(b);
                reached = b->precision_percent <= b->config.precision_percent;
        }
        b->precision_percent = precision(b);
        return r;
}

/* ---- the programs by themselves ---- */

/* The median of all rounds; NAN when one of them could not be. */
static double runs_median(double runs[RUN_ROUNDS]) {
        for (int round = 0; round < RUN_ROUNDS; round++)
                if (isnan(runs[round]))
                        return NAN;
        return inference_median(runs, RUN_ROUNDS).median;
}

static void programs_run(struct xskim_bench *b) {
        double runs[XSKIM_BENCH_CONDITIONS_MAX][RUN_ROUNDS];
        uint32_t bytes = 0;
        const uint8_t *packet = load_packet(b->load, &bytes);

        /* TCP makes its own */
        if (!packet)
                return;
        for (int round = 0; round < RUN_ROUNDS; round++)
                for (unsigned int c = 0; c < b->config.condition_count; c++) {
                        if (b->interrupted)
                                return;
                        runs[c][round] =
                                conditions_run_ns(b->conditions, c, packet, bytes, RUN_REPEAT);
                }
        for (unsigned int c = 0; c < b->config.condition_count; c++)
                b->ns_per_packet[c] = runs_median(runs[c]);
}

static int statistics_take(struct xskim_bench *b, unsigned int condition) {
        uint64_t runs_before = 0, ns_before = 0, runs = 0, ns = 0;
        struct xskim_bench_slice slice;
        struct bench_visit visit;
        int ended, r;

        r = bench_visit_begin(b, condition, &visit);
        if (r)
                return MIN(r, 0);
        conditions_statistics(b->conditions, condition, &runs_before, &ns_before);
        r = bench_slice(b, &visit, STATISTICS_NS, &slice);
        conditions_statistics(b->conditions, condition, &runs, &ns);
        ended = bench_visit_end(b, &visit);
        if (runs > runs_before)
                b->ns_per_packet_statistics[condition] =
                        (double)(ns - ns_before) / (double)(runs - runs_before);
        return r < 0 ? r : ended;
}

int bench_programs(struct xskim_bench *b) {
        int fd, r = 0;

        bench_tell(b, XSKIM_BENCH_PHASE_programs, "the programs alone");
        programs_run(b);
        fd = conditions_statistics_on();
        if (fd < 0)
                return 0; /* then there are none: NAN */
        for (unsigned int c = 0; c < b->config.condition_count && r >= 0 && !b->interrupted; c++)
                if (!b->out[c] && !conditions_is_slow(b->conditions, c))
                        r = statistics_take(b, c);
        close(fd);
        return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims about how processing and aggregation grow: the very code that decodes frames, folds,
 * merges and takes percentiles, over records, flows and nodes. See claims.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xskim/frame.h>
#include <xskim/skip.h>

#include "claims.h"
#include "clock.h"
#include "log.h"
#include "program.h"
#include "quantile.h"
#include "tally.h"
#include "util.h"

enum {
        POOL_FRAMES = 1366, /* 65568 records, above 4 MB: not all in the nearest cache */
        POOL_WEIGHT = 64,
        POOL_NODES = 16, /* that differ; more are the same again */
        GROWTH_ROUNDS = 9,
        FLOW_RECORDS = 262144,
        AGGREGATION_TIMES = 41,
        AGGREGATION_BOUND_MS = 25,
};

struct pool_frame {
        struct xskim_frame_header header;
        struct xskim_record records[XSKIM_FRAME_RECORDS_MAX];
};

/* Frames as they come from a ring, and tallies to fold them into. */
struct pool {
        struct pool_frame *frames;
        struct tally_ring ring;
        struct tally *sum;
        struct tally *nodes;
        __u64 random;
};

#define POOL_NULL ((struct pool){.ring = TALLY_RING_NULL})

/* The nth record of the pool, of one of so many flows; heavy-tailed gaps. */
static struct xskim_record record_make(struct pool *pool, uint32_t number, uint32_t flows,
                                       uint64_t now_ns) {
        uint64_t random = xskim_random_next(&pool->random);
        uint32_t flow = number % flows;

        return (struct xskim_record){
                .time_ns = now_ns - (random & 0xffffff),
                .source = {0, (0x0a000000ULL + flow) << 32 | 0xffff0000},
                .destination = {0, 0x0a0000ffULL << 32 | 0xffff0000},
                .source_port = (flow * 7919) & 0xffff,
                .destination_port = 443,
                .gap = xskim_gap_encode((random >> 24 & 0xffffff) >> (random & 15)),
                .weight = POOL_WEIGHT,
                .wire_length = 60 + (random >> 48) % 1455,
                .protocol = 6,
        };
}

static void pool_fill(struct pool *pool, uint32_t flows) {
        uint64_t now_ns = clock_monotonic_ns();

        for (uint32_t f = 0; f < POOL_FRAMES; f++) {
                struct pool_frame *frame = &pool->frames[f];

                frame->header = (struct xskim_frame_header){.magic = XSKIM_FRAME_MAGIC,
                                                            .version = XSKIM_FRAME_VERSION,
                                                            .records = XSKIM_FRAME_RECORDS_MAX,
                                                            .time_ns = now_ns};
                for (uint32_t i = 0; i < XSKIM_FRAME_RECORDS_MAX; i++)
                        frame->records[i] =
                                record_make(pool, f * XSKIM_FRAME_RECORDS_MAX + i, flows, now_ns);
        }
}

static void pool_close(struct pool *pool) {
        free(pool->frames);
        free(pool->sum);
        free(pool->nodes);
        tally_ring_close(&pool->ring);
        *pool = POOL_NULL;
}

static int pool_open(struct pool *pool) {
        *pool = POOL_NULL;
        pool->random = 7;
        pool->frames = calloc(POOL_FRAMES, sizeof(*pool->frames));
        pool->sum = calloc(1, sizeof(*pool->sum));
        pool->nodes = calloc(POOL_NODES, sizeof(*pool->nodes));
        if (!pool->frames || !pool->sum || !pool->nodes || tally_ring_open(&pool->ring) < 0) {
                pool_close(pool);
                return -ENOMEM;
        }
        pool_fill(pool, POOL_FRAMES * XSKIM_FRAME_RECORDS_MAX);
        return 0;
}

/* Decodes at least so many records, whole frames of them, into the tally. */
static int pool_decode(struct pool *pool, uint32_t records, struct tally *into) {
        uint32_t frames = (records + XSKIM_FRAME_RECORDS_MAX - 1) / XSKIM_FRAME_RECORDS_MAX;
        uint64_t now_ns = clock_monotonic_ns(), before = into->decoded;

        for (uint32_t i = 0; i < frames; i++) {
                struct pool_frame *frame = &pool->frames[i % POOL_FRAMES];

                frame->header.sequence = pool->ring.sequence;
                frame->header.first_record = pool->ring.first_record;
                tally_frame(&pool->ring, frame, sizeof(*frame), now_ns, NULL);
        }
        tally_fold(&pool->ring, into);
        if (into->decoded - before != (uint64_t)frames * XSKIM_FRAME_RECORDS_MAX)
                return error_set(-EIO, "processing: not every record was decoded");
        return 0;
}

/* What a snapshot takes of a tally. */
static void percentiles_take(const struct tally *tally) {
        const struct histogram *histograms[] = {&tally->gap, &tally->delivery, &tally->size};

        for (size_t i = 0; i < ARRAY_SIZE(histograms); i++) {
                struct histogram_view view = histogram_view(histograms[i]);
                struct xskim_distribution distribution;

                quantile_fill(&view, &distribution);
                /* so that nothing is optimised away */
                __asm__ volatile("" : : "r"(&distribution) : "memory");
        }
}

static int nodes_fill(struct pool *pool, uint32_t records) {
        int r = 0;

        for (uint32_t i = 0; i < POOL_NODES && r >= 0; i++) {
                tally_reset(&pool->nodes[i]);
                r = pool_decode(pool, records, &pool->nodes[i]);
        }
        return r;
}

/* How the time grows with the size, in a pool of its own whose nodes are full. */
static int pool_grow(struct xskim_claims *claims, const uint32_t *sizes, uint32_t count,
                     claims_timing timing, struct claims_growth *ret_growth) {
        struct pool pool;
        int r = pool_open(&pool);

        r = r < 0 ? r : nodes_fill(&pool, POOL_FRAMES * XSKIM_FRAME_RECORDS_MAX);
        r = r < 0 ? r : claims_grow(claims, sizes, count, GROWTH_ROUNDS, timing, &pool, ret_growth);
        pool_close(&pool);
        return r;
}

/* ---- processing ---- */

static int processing_timing(void *context, uint32_t size, double *ret_ns) {
        struct pool *pool = context;
        uint64_t start_ns = clock_monotonic_ns();
        int r;

        tally_reset(pool->sum);
        r = pool_decode(pool, size, pool->sum);
        percentiles_take(pool->sum);
        *ret_ns = (double)(clock_monotonic_ns() - start_ns);
        return r;
}

int claims_processing_growth(struct xskim_claims *claims, struct xskim_claim *claim) {
        static const uint32_t sizes[] = {32768, 65536, 131072, 262144, 524288};
        struct claims_growth growth;
        int r = pool_grow(claims, sizes, ARRAY_SIZE(sizes), processing_timing, &growth);

        if (r < 0)
                return r;
        claim->measured = growth.exponent;
        claim_how(claim,
                  "%u to %u records decoded into distributions and estimates, folded, percentiles "
                  "with intervals taken, %d times each",
                  growth.low, growth.high, GROWTH_ROUNDS);
        claim_growth(claim, CLAIM_LAW_SQUARE, growth.low, growth.high);
        claim_reason(claim, "%.1f ns a record", growth.largest.median / growth.high);
        return 0;
}

static int flows_timing(void *context, uint32_t size, double *ret_ns) {
        struct pool *pool = context;

        pool_fill(pool, size);
        return processing_timing(context, FLOW_RECORDS, ret_ns);
}

int claims_processing_flows(struct xskim_claims *claims, struct xskim_claim *claim) {
        static const uint32_t sizes[] = {16, 128, 1024, 8192, 65536};
        struct claims_growth growth;
        int r = pool_grow(claims, sizes, ARRAY_SIZE(sizes), flows_timing, &growth);

        if (r < 0)
                return r;
        claim->measured = growth.exponent;
        claim_how(claim, "%d records of %u to %u flows processed, %d times each", FLOW_RECORDS,
                  growth.low, growth.high, GROWTH_ROUNDS);
        claim_growth(claim, CLAIM_LAW_SQUARE, growth.low, growth.high);
        claim_reason(claim, "no table of flows is kept");
        return 0;
}

/* ---- aggregation ---- */

static void nodes_merge(struct pool *pool, uint32_t nodes) {
        tally_reset(pool->sum);
        for (uint32_t i = 0; i < nodes; i++)
                tally_merge(pool->sum, &pool->nodes[i % POOL_NODES]);
        percentiles_take(pool->sum);
}

int claims_aggregation_time(struct xskim_claims *claims, struct xskim_claim *claim) {
        uint32_t rings = program_cpus_possible();
        double ms[AGGREGATION_TIMES];
        struct pool pool;
        int r = pool_open(&pool);

        r = r < 0 ? r : nodes_fill(&pool, POOL_FRAMES * XSKIM_FRAME_RECORDS_MAX);
        for (int i = 0; i < AGGREGATION_TIMES && r >= 0; i++) {
                uint64_t start_ns = clock_monotonic_ns();

                nodes_merge(&pool, rings);
                ms[i] = (double)(clock_monotonic_ns() - start_ns) / 1e6;
                r = claims_interrupted(claims);
        }
        pool_close(&pool);
        if (r < 0)
                return r;
        claim->measured = inference_median(ms, AGGREGATION_TIMES);
        claim_how(claim,
                  "distributions, estimates and counts of %u rings (a CPU each) added up and "
                  "percentiles taken, %d times",
                  rings, AGGREGATION_TIMES);
        claim_at_most(claim, AGGREGATION_BOUND_MS, "the paper's 25 ms");
        return 0;
}

static int records_timing(void *context, uint32_t size, double *ret_ns) {
        struct pool *pool = context;
        uint64_t start_ns;
        int r = nodes_fill(pool, size);

        start_ns = clock_monotonic_ns();
        nodes_merge(pool, POOL_NODES);
        *ret_ns = (double)(clock_monotonic_ns() - start_ns);
        return r;
}

int claims_aggregation_growth(struct xskim_claims *claims, struct xskim_claim *claim) {
        static const uint32_t sizes[] = {1024, 4096, 16384, 65536};
        struct claims_growth growth;
        int r = pool_grow(claims, sizes, ARRAY_SIZE(sizes), records_timing, &growth);

        if (r < 0)
                return r;
        claim->measured = growth.exponent;
        claim_how(claim,
                  "%d rings of %u to %u records each added up and percentiles taken, %d "
                  "times each",
                  POOL_NODES, growth.low, growth.high, GROWTH_ROUNDS);
        claim_growth(claim, CLAIM_LAW_LOG, growth.low, growth.high);
        claim_reason(claim, "a histogram has %d buckets, whatever is in it", HISTOGRAM_SLOTS);
        return 0;
}

static int nodes_timing(void *context, uint32_t size, double *ret_ns) {
        uint64_t start_ns = clock_monotonic_ns();

        nodes_merge(context, size);
        *ret_ns = (double)(clock_monotonic_ns() - start_ns);
        return 0;
}

int claims_aggregation_nodes(struct xskim_claims *claims, struct xskim_claim *claim) {
        static const uint32_t sizes[] = {8, 16, 32, 64, 128, 256, 512};
        struct claims_growth growth;
        int r = pool_grow(claims, sizes, ARRAY_SIZE(sizes), nodes_timing, &growth);

        if (r < 0)
                return r;
        claim->measured = growth.exponent;
        claim_how(claim,
                  "distributions of %u to %u nodes merged into one, %d times each; merging "
                  "is adding counts, exact in any order",
                  growth.low, growth.high, GROWTH_ROUNDS);
        claim_growth(claim, CLAIM_LAW_N_LOG, growth.low, growth.high);
        claim_reason(claim, "%.1f us a node", growth.largest.median / growth.high / 1e3);
        return 0;
}

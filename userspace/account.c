/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the snapshot: classes, distributions, estimates, cost. The ledger is in ledger.c. */
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "quantile.h"
#include "util.h"

/* The strings may come out of a file: they end where their room ends. */
#define STRING_COPY(to_, from_)                                                                    \
        snprintf((to_), sizeof(to_), "%.*s", (int)sizeof(from_) - 1, (from_))

static void facts_fill(const struct account_kernel *k, struct xskim_snapshot *snapshot) {
        STRING_COPY(snapshot->port, k->port);
        STRING_COPY(snapshot->mode.xdp, k->mode.xdp);
        STRING_COPY(snapshot->mode.xsk, k->mode.xsk);
        STRING_COPY(snapshot->mode.clock, k->mode.clock);
        STRING_COPY(snapshot->mode.attach, k->mode.attach);
        snapshot->verdict = k->verdict;
        snapshot->tier = k->tier;
        snapshot->sample = k->sample;
        snapshot->start_unix_ns = k->start_unix_ns;
        snapshot->attach_lost = k->attach_lost;
        snapshot->note_count = MIN(k->note_count, (uint32_t)XSKIM_NOTES_MAX);
        for (uint32_t i = 0; i < snapshot->note_count; i++)
                STRING_COPY(snapshot->notes[i], k->notes[i]);
}

static uint64_t interval_ns(const struct account_kernel *k) {
        return k->interval_ns ? k->interval_ns : k->duration_ns;
}

static void throughput_fill(const struct account_kernel *k, struct xskim_snapshot *snapshot) {
        bool whole = !k->interval_ns;
        uint64_t packets = whole ? k->counters.seen : k->interval_packets;
        uint64_t bytes = whole ? k->counters.bytes : k->interval_bytes;

        snapshot->duration_s = (double)k->duration_ns / 1e9;
        snapshot->interval_s = (double)interval_ns(k) / 1e9;
        if (snapshot->interval_s <= 0)
                return;
        snapshot->pps = (double)packets / snapshot->interval_s;
        snapshot->bps = (double)bytes * 8 / snapshot->interval_s;
}

/* The rows of classes.h, `none` included, which the output has not. */
#define SUM_MEMBER(name_, value_, doc_) uint64_t name_;
#define ESTIMATE_MEMBER(name_, value_, doc_) struct estimate_tally name_;

struct class_sums {
        XSKIM_L3_TABLE(SUM_MEMBER)
        XSKIM_L4_TABLE(SUM_MEMBER)
        XSKIM_FLAG_TABLE(SUM_MEMBER)
};

struct class_estimates {
        XSKIM_L3_TABLE(ESTIMATE_MEMBER)
        XSKIM_L4_TABLE(ESTIMATE_MEMBER)
        XSKIM_FLAG_TABLE(ESTIMATE_MEMBER)
};

void account_classes(const __u64 *counts, struct xskim_classes *classes) {
        struct class_sums sums = {0};

        for (uint32_t class = 0; class < XSKIM_CLASS_COUNT; class ++) {
#define ADD_L3(name_, value_, doc_)                                                                \
        sums.name_ += xskim_class_l3((uint8_t) class) == (value_) ? counts[class] : 0;
#define ADD_L4(name_, value_, doc_)                                                                \
        sums.name_ += xskim_class_l4((uint8_t) class) == (value_) ? counts[class] : 0;
#define ADD_FLAG(name_, bit_, doc_) sums.name_ += class >> (bit_)&1 ? counts[class] : 0;
                XSKIM_L3_TABLE(ADD_L3)
                XSKIM_L4_TABLE(ADD_L4)
                XSKIM_FLAG_TABLE(ADD_FLAG)
#undef ADD_L3
#undef ADD_L4
#undef ADD_FLAG
        }
#define COPY(name_, doc_) classes->name_ = sums.name_;
        XSKIM_CLASS_ROWS(COPY)
#undef COPY
}

static void parse_fill(const struct account_kernel *k, struct xskim_parse *parse) {
#define COPY(name_, doc_) parse->name_ = k->outcomes[XSKIM_OUTCOME_##name_];
        XSKIM_PARSE_ROWS(COPY)
#undef COPY
}

/*
 * Samples cut before the EtherType leave no record. They are `other_l3` and `truncated`, which is
 * all that is known of them.
 */
static void class_estimates_fill(const struct account_kernel *k, const struct tally *tally,
                                 struct xskim_class_estimates *estimates) {
        struct class_estimates sums = {0};

        for (uint32_t class = 0; class < XSKIM_CLASS_COUNT; class ++) {
                const struct estimate_tally *cell = &tally->classes[class];

                if (!cell->samples)
                        continue;
#define ADD_L3(name_, value_, doc_)                                                                \
        if (xskim_class_l3((uint8_t) class) == (value_))                                           \
                estimate_tally_merge(&sums.name_, cell);
#define ADD_L4(name_, value_, doc_)                                                                \
        if (xskim_class_l4((uint8_t) class) == (value_))                                           \
                estimate_tally_merge(&sums.name_, cell);
#define ADD_FLAG(name_, bit_, doc_)                                                                \
        if (class >> (bit_)&1)                                                                     \
                estimate_tally_merge(&sums.name_, cell);
                XSKIM_L3_TABLE(ADD_L3)
                XSKIM_L4_TABLE(ADD_L4)
                XSKIM_FLAG_TABLE(ADD_FLAG)
#undef ADD_L3
#undef ADD_L4
#undef ADD_FLAG
        }
        estimate_tally_packets(&sums.other_l3, k->counters.unparsable, k->sample);
        estimate_tally_packets(&sums.truncated, k->counters.unparsable, k->sample);
#define ESTIMATE(name_, doc_) estimates->name_ = estimate_packets(&sums.name_, k->sample);
        XSKIM_CLASS_ROWS(ESTIMATE)
#undef ESTIMATE
}

/* How many samples were taken is known whatever became of their records. */
static void estimates_fill(const struct account_kernel *k, const struct tally *tally,
                           struct xskim_snapshot *snapshot) {
        struct estimate_tally packets = {0};

        if (!k->sample)
                return;
        estimate_tally_packets(&packets, k->counters.sampled, k->sample);
        snapshot->estimate_packets = estimate_packets(&packets, k->sample);
        snapshot->estimate_bytes = estimate_bytes(&tally->bytes, k->sample);
        class_estimates_fill(k, tally, &snapshot->estimate_classes);
}

static void distribution_fill(const struct histogram *histogram, bool biased,
                              struct xskim_distribution *ret_distribution) {
        struct histogram_view view = histogram_view(histogram);

        quantile_fill(&view, ret_distribution);
        ret_distribution->biased = biased && ret_distribution->count;
}

static void distributions_fill(const struct account_kernel *k, const struct tally *tally,
                               struct xskim_snapshot *snapshot) {
        struct histogram_view stack = histogram_view_stack(&k->stack, k->sample);
        struct histogram_view sizes = histogram_view_sizes(k->sizes, k->counters.bytes);

        distribution_fill(&tally->gap, tally->biased, &snapshot->gap);
        distribution_fill(&tally->delivery, tally->biased, &snapshot->delivery);
        distribution_fill(&tally->size, tally->biased, &snapshot->size);
        quantile_fill(&stack, &snapshot->stack);
        if (!k->sample)
                quantile_fill(&sizes, &snapshot->size);
}

/* ---- buckets ---- */

_Static_assert((int)XSKIM_BUCKET_SLOTS_MAX == (int)HISTOGRAM_SLOTS, "what the public header says");

/* `weight`: of each of the counts. */
static void buckets_fill(const struct histogram_view *view, double sum, uint32_t weight,
                         struct xskim_buckets *buckets) {
        buckets->scale = view->scale;
        buckets->slots = view->slots;
        buckets->samples = view->samples;
        buckets->count = view->weight * weight;
        buckets->sum = sum * weight;
        for (uint32_t slot = 0; slot < view->slots; slot++)
                buckets->counts[slot] = view->counts[slot] * weight;
}

static void buckets_of(const struct histogram *histogram, struct xskim_buckets *buckets) {
        struct histogram_view view = histogram_view(histogram);

        buckets_fill(&view, (double)histogram->sum, 1, buckets);
}

/* The sampler counts the sizes of all packets, if it looks at packets at all. */
static void buckets_of_sizes(const struct account_kernel *k, const struct tally *tally,
                             struct xskim_buckets *buckets) {
        struct histogram_view view = histogram_view_sizes(k->sizes, k->counters.bytes);

        if (k->tier == XSKIM_TIER_CLASSES)
                buckets_fill(&view, (double)k->counters.bytes, 1, buckets);
        else
                buckets_of(&tally->size, buckets);
}

void account_buckets(const struct account_kernel *k, const struct tally *tally,
                     enum xskim_distribution_name name, struct xskim_buckets *ret_buckets) {
        struct histogram_view stack = histogram_view_stack(&k->stack, k->sample);

        memset(ret_buckets, 0, sizeof(*ret_buckets));
        switch (name) {
        case XSKIM_DISTRIBUTION_gap:
                return buckets_of(&tally->gap, ret_buckets);
        case XSKIM_DISTRIBUTION_delivery:
                return buckets_of(&tally->delivery, ret_buckets);
        case XSKIM_DISTRIBUTION_stack:
                return buckets_fill(&stack, (double)k->stack.sum_ns, k->sample, ret_buckets);
        case XSKIM_DISTRIBUTION_size:
                return buckets_of_sizes(k, tally, ret_buckets);
        case XSKIM_DISTRIBUTION_COUNT:
                break;
        }
}

/* ---- cost ---- */

/* 0 when no such run was timed. A clock's own time is taken off each, so a mean may come out below
 * 0. */
static double run_ns(const struct account_kernel *k, enum xskim_run run) {
        const struct xskim_timed *timed = &k->timed[run];

        return timed->runs ? MAX((double)timed->ns / (double)timed->runs, 0.0) : 0;
}

/* What a run of this kind costs more than a plain one. */
static double run_extra_ns(const struct account_kernel *k, enum xskim_run run) {
        return k->timed[run].runs ? MAX(run_ns(k, run) - run_ns(k, XSKIM_RUN_plain), 0.0) : 0;
}

/*
 * The sampler times kinds of runs in turn, not in proportion, so the mean weighs each kind by how
 * often it happened. Of the gaps, 1 in `sample` ends in a run that samples again.
 */
static double run_mean_ns(const struct account_kernel *k) {
        double seen = (double)k->counters.seen, gaps = (double)k->counters.gaps;
        double sampled = (double)k->counters.sampled;

        if (!k->counters.seen)
                return 0;
        if (k->sample == 1)
                return run_ns(k, XSKIM_RUN_sampled);
        if (k->sample)
                gaps -= gaps / k->sample;
        return run_ns(k, XSKIM_RUN_plain) + run_extra_ns(k, XSKIM_RUN_sampled) * sampled / seen +
               run_extra_ns(k, XSKIM_RUN_gap) * gaps / seen;
}

static void run_costs_fill(const struct account_kernel *k, struct xskim_cost *cost) {
        double interval = (double)interval_ns(k), busy_ns;

        for (int run = 0; run < XSKIM_RUN_COUNT; run++)
                cost->timed_runs += k->timed[run].runs;
        cost->ns_per_packet_mean = run_mean_ns(k);
        cost->ns_per_packet = run_ns(k, XSKIM_RUN_plain);
        cost->ns_per_sample = run_extra_ns(k, XSKIM_RUN_sampled) + run_extra_ns(k, XSKIM_RUN_gap);
        busy_ns = cost->ns_per_packet * (double)k->busiest_cpu_packets +
                  cost->ns_per_sample * (double)k->busiest_cpu_samples;
        if (k->sample == 1) {
                cost->ns_per_packet = cost->ns_per_packet_mean;
                busy_ns = cost->ns_per_packet * (double)k->busiest_cpu_packets;
        }
        if (interval > 0)
                cost->path_cpu_percent = 100 * busy_ns / interval;
}

static void cost_fill(const struct account_kernel *k, struct xskim_cost *cost) {
        double interval = (double)interval_ns(k);

        run_costs_fill(k, cost);
        if (interval > 0)
                cost->collector_cpu_percent = 100 * (double)k->collector_cpu_ns / interval;
        if (k->collector_records)
                cost->ns_per_record = (double)k->collector_cpu_ns / (double)k->collector_records;
        cost->system_calls = k->system_calls;
        cost->wakeups = k->wakeups;
        cost->kernel_memory_bytes = k->kernel_memory_bytes;
        cost->carrier_memory_bytes = k->carrier_memory_bytes;
        cost->user_memory_bytes = k->user_memory_bytes;
}

void account_snapshot(const struct account_kernel *kernel, const struct tally *tally, bool final,
                      struct xskim_snapshot *ret_snapshot) {
        memset(ret_snapshot, 0, sizeof(*ret_snapshot));
        ret_snapshot->final = final;
        facts_fill(kernel, ret_snapshot);
        throughput_fill(kernel, ret_snapshot);
        account_ledger(kernel, tally, final, &ret_snapshot->ledger);
        account_classes(kernel->classes, &ret_snapshot->classes);
        parse_fill(kernel, &ret_snapshot->parse);
        distributions_fill(kernel, tally, ret_snapshot);
        estimates_fill(kernel, tally, ret_snapshot);
        cost_fill(kernel, &ret_snapshot->cost);
}

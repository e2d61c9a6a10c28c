/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how slices become figures. See bench_outcome.h. */
#include <math.h>

#include "bench_outcome.h"
#include "inference.h"
#include "util.h"

enum { NS_A_SECOND = 1000000000 };
#define NOT_MEASURED                                                                               \
        ((struct xskim_bench_interval){.median = NAN, .low = NAN, .high = NAN, .count = 0})

static double pps_of(const struct xskim_bench_slice *slice) {
        return (double)slice->packets * NS_A_SECOND / (double)MAX(slice->duration_ns, 1U);
}

/* Where a slice belongs; at top speed the load is always the same. */
struct place {
        uint32_t block;
        uint32_t condition;
        uint32_t load;
        uint64_t start_ns;
};

static struct place place_of(const struct bench_slices *slices, uint32_t i) {
        const struct xskim_bench_slice *slice = &slices->slices[i];

        return (struct place){slice->block, slice->condition, 0, slice->start_ns};
}

static struct place latency_place_of(const struct bench_slices *slices, uint32_t i) {
        const struct xskim_bench_latency_slice *slice = &slices->latency_slices[i];

        return (struct place){slice->block, slice->condition, slice->load, slice->start_ns};
}

/* The baseline's slice of the same block, at the same load, that is nearest in time; `count`: there
 * is none. Slices are in the order of time, blocks stay together. */
static uint32_t baseline_near(const struct bench_slices *slices, uint32_t count, uint32_t i,
                              struct place (*at)(const struct bench_slices *, uint32_t)) {
        const struct place one = at(slices, i);
        uint32_t first = i, found = count;
        uint64_t distance = UINT64_MAX;

        while (first > 0 && at(slices, first - 1).block == one.block)
                first--;
        for (uint32_t k = first; k < count && at(slices, k).block == one.block; k++) {
                const struct place other = at(slices, k);

                if (other.condition || other.load != one.load ||
                    absolute_difference(other.start_ns, one.start_ns) >= distance)
                        continue;
                distance = absolute_difference(other.start_ns, one.start_ns);
                found = k;
        }
        return found;
}

struct xskim_bench_interval bench_loss(const struct bench_slices *slices, uint32_t condition) {
        uint32_t count = 0;

        if (!condition)
                return NOT_MEASURED;
        for (uint32_t i = 0; i < slices->count; i++) {
                uint32_t baseline;

                if (slices->slices[i].condition != condition)
                        continue;
                baseline = baseline_near(slices, slices->count, i, place_of);
                if (baseline == slices->count || !slices->slices[baseline].packets)
                        continue;
                slices->scratch[count++] =
                        100 * (1 - pps_of(&slices->slices[i]) / pps_of(&slices->slices[baseline]));
        }
        return count ? inference_centre(slices->scratch, count) : NOT_MEASURED;
}

static struct xskim_bench_interval mpps(const struct bench_slices *slices, uint32_t condition) {
        uint32_t count = 0;

        for (uint32_t i = 0; i < slices->count; i++)
                if (slices->slices[i].condition == condition)
                        slices->scratch[count++] = pps_of(&slices->slices[i]) / 1e6;
        return count ? inference_median(slices->scratch, count) : NOT_MEASURED;
}

void bench_outcome_throughput(const struct bench_slices *slices, uint32_t condition,
                              struct xskim_bench_outcome *outcome) {
        double sender = 0, receiver = 0, collector = 0, packets = 0, duration = 0;

        outcome->mpps = mpps(slices, condition);
        outcome->loss_percent = bench_loss(slices, condition);
        for (uint32_t i = 0; i < slices->count; i++) {
                const struct xskim_bench_slice *slice = &slices->slices[i];

                if (slice->condition != condition)
                        continue;
                sender += (double)slice->sender_cpu_ns;
                receiver += (double)slice->receiver_cpu_ns;
                collector += (double)slice->collector_cpu_ns;
                packets += (double)slice->packets;
                duration += (double)slice->duration_ns;
        }
        outcome->sender_cpu_ns_per_packet = packets > 0 ? sender / packets : NAN;
        outcome->receiver_cpu_ns_per_packet = packets > 0 ? receiver / packets : NAN;
        outcome->collector_cpu_percent = duration > 0 ? 100 * collector / duration : NAN;
        /* ns a packet x packets a ns */
        outcome->path_cpu_percent =
                duration > 0 ? 100 * outcome->ns_per_packet * packets / duration : NAN;
}

/* ---- latency ---- */

/* NULL: there is none, or nothing of it arrived. */
static const struct xskim_bench_latency_slice *latency_baseline(const struct bench_slices *slices,
                                                                uint32_t i) {
        uint32_t k = baseline_near(slices, slices->latency_count, i, latency_place_of);
        const struct xskim_bench_latency_slice *found = &slices->latency_slices[k];

        return k == slices->latency_count || found->sent == found->lost ? NULL : found;
}

enum which { P50, P99, P999 };

static double value_of(const struct xskim_bench_latency_slice *slice, enum which which) {
        if (which == P50)
                return (double)slice->p50_ns;
        return which == P99 ? (double)slice->p99_ns : (double)slice->p999_ns;
}

static struct xskim_bench_interval added(const struct bench_slices *slices, uint32_t condition,
                                         uint32_t load, enum which which) {
        uint32_t count = 0;

        for (uint32_t i = 0; condition && i < slices->latency_count; i++) {
                const struct xskim_bench_latency_slice *slice = &slices->latency_slices[i];
                const struct xskim_bench_latency_slice *baseline;

                if (slice->condition != condition || slice->load != load ||
                    slice->sent == slice->lost)
                        continue;
                baseline = latency_baseline(slices, i);
                if (baseline)
                        slices->scratch[count++] =
                                value_of(slice, which) - value_of(baseline, which);
        }
        return count ? inference_centre(slices->scratch, count) : NOT_MEASURED;
}

void bench_outcome_latency(const struct bench_slices *slices, uint32_t condition,
                           struct xskim_bench_outcome *outcome) {
        for (uint32_t load = 0; load < XSKIM_BENCH_LOADS; load++) {
                struct xskim_bench_latency *latency = &outcome->latency[load];

                latency->added_p50_ns = added(slices, condition, load, P50);
                latency->added_p99_ns = added(slices, condition, load, P99);
                latency->added_p999_ns = added(slices, condition, load, P999);
                for (uint32_t i = 0; i < slices->latency_count; i++) {
                        const struct xskim_bench_latency_slice *slice = &slices->latency_slices[i];

                        if (slice->condition != condition || slice->load != load)
                                continue;
                        latency->sent += slice->sent;
                        latency->lost += slice->lost;
                }
        }
        outcome->added_p99_ns = outcome->latency[XSKIM_BENCH_LOAD_HALF].added_p99_ns;
}

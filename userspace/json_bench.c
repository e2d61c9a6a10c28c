/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the JSON object of an experiment. See json_bench.h. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "bench_cost.h"
#include "json_bench.h"
#include "json_value.h"
#include "log.h"
#include "projection.h"
#include "util.h"

/* Everything is built by json_object_set_new and json_array_append_new, which take their value over
 * and fail on NULL; `failed` remembers that. */
struct building {
        bool failed;
};

static void put(struct building *building, json_t *object, const char *key, json_t *value) {
        if (json_object_set_new(object, key, value) < 0)
                building->failed = true;
}

static void append(struct building *building, json_t *array, json_t *value) {
        if (json_array_append_new(array, value) < 0)
                building->failed = true;
}

static json_t *integer(uint64_t value) {
        return json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX));
}

/* Of a figure of which 0 says that there is none. */
static json_t *integer_if(uint64_t value) {
        return value ? integer(value) : json_null();
}

/* ---- the environment ---- */

static json_t *environment_object(struct building *building, const struct environment *environment,
                                  const struct xskim_bench_result *result) {
        json_t *object = json_object(), *mitigations = json_object();

#define ROW(name_, bytes_, title_, doc_)                                                           \
        put(building, object, #name_, json_value_text(environment->name_));
        ENVIRONMENT_ROWS(ROW)
#undef ROW
        put(building, object, "cpus", integer(environment->cpus));
        for (unsigned int i = 0; i < environment->mitigation_count; i++)
                put(building, mitigations, environment->mitigations[i].name,
                    json_value_text(environment->mitigations[i].state));
        put(building, object, "mitigations", mitigations);
        put(building, object, "driver", json_value_text(result->driver));
        put(building, object, "xdp", json_value_text(result->xdp));
        return object;
}

/* ---- conditions ---- */

static const unsigned int LOADS[] = {
#define PERCENT(percent_) percent_,
        XSKIM_BENCH_LOAD_ROWS(PERCENT)
#undef PERCENT
};

/* [millionths above, value, low, high] each: the bounds of its bucket. */
static json_t *curve_array(struct building *building, const struct xskim_curve *curve) {
        unsigned int count = MIN(curve->count, (unsigned int)XSKIM_CURVE_POINTS_MAX);
        json_t *array = json_array();

        for (unsigned int i = 0; i < count; i++) {
                const struct xskim_curve_point *point = &curve->points[i];

                append(building, array,
                       json_pack("[o,o,o,o]", integer(point->above_ppm),
                                 integer(point->quantile.value), integer(point->quantile.low),
                                 integer(point->quantile.high)));
        }
        return array;
}

static json_t *latency_object(struct building *building, const struct xskim_bench_latency *latency,
                              unsigned int load) {
        const struct xskim_distribution *d = &latency->distribution;
        json_t *object = json_object();

        put(building, object, "load_percent", integer(load));
        put(building, object, "sent", integer(latency->sent));
        put(building, object, "lost", integer(latency->lost));
        put(building, object, "received", integer(d->count));
        put(building, object, "min_ns", integer(d->min));
#define QUANTILE(rank_, name_, doc_)                                                               \
        put(building, object, #name_ "_ns", integer(d->quantiles[rank_].value));
        XSKIM_QUANTILE_ROWS(QUANTILE)
#undef QUANTILE
        put(building, object, "max_ns", integer(d->max));
        put(building, object, "mean_ns", json_value_real(d->mean));
        put(building, object, "added_p50_ns", json_value_interval(&latency->added_p50_ns));
        put(building, object, "added_p99_ns", json_value_interval(&latency->added_p99_ns));
        put(building, object, "added_p999_ns", json_value_interval(&latency->added_p999_ns));
        put(building, object, "curve_ns", curve_array(building, &latency->curve));
        return object;
}

static json_t *latencies_array(struct building *building,
                               const struct xskim_bench_outcome *outcome) {
        json_t *array = json_array();

        for (size_t i = 0; i < XSKIM_BENCH_LOADS; i++)
                if (outcome->latency[i].distribution.count || outcome->latency[i].sent)
                        append(building, array,
                               latency_object(building, &outcome->latency[i], LOADS[i]));
        return array;
}

static const char *const KINDS[] = {
#define NAME(name_, number_, doc_) [XSKIM_BENCH_KIND_##name_] = #name_,
        XSKIM_BENCH_KIND_ROWS(NAME)
#undef NAME
};

static void put_figures(struct building *building, json_t *object,
                        const struct xskim_bench_outcome *outcome) {
        put(building, object, "mpps", json_value_interval(&outcome->mpps));
        put(building, object, "loss_percent", json_value_interval(&outcome->loss_percent));
        put(building, object, "added_p99_ns", json_value_interval(&outcome->added_p99_ns));
        put(building, object, "ns_per_packet", json_value_real(outcome->ns_per_packet));
        put(building, object, "ns_per_packet_statistics",
            json_value_real(outcome->ns_per_packet_statistics));
        put(building, object, "burnt_ns", json_value_real(outcome->burnt_ns));
        put(building, object, "sender_cpu_ns_per_packet",
            json_value_real(outcome->sender_cpu_ns_per_packet));
        put(building, object, "receiver_cpu_ns_per_packet",
            json_value_real(outcome->receiver_cpu_ns_per_packet));
        put(building, object, "path_cpu_percent", json_value_real(outcome->path_cpu_percent));
        put(building, object, "collector_cpu_percent",
            json_value_real(outcome->collector_cpu_percent));
        put(building, object, "memory_bytes", integer(outcome->memory_bytes));
}

static json_t *outcome_object(struct building *building,
                              const struct xskim_bench_outcome *outcome) {
        json_t *object = json_object();

        put(building, object, "name", json_value_text(outcome->name));
        put(building, object, "tier",
            *outcome->tier ? json_value_text(outcome->tier) : json_null());
        put(building, object, "kind", json_value_text(KINDS[outcome->kind]));
        put(building, object, "number", integer(outcome->number));
        put(building, object, "failed", json_boolean(outcome->failed));
        put(building, object, "note", json_value_text(outcome->note));
        put_figures(building, object, outcome);
        put(building, object, "latency", latencies_array(building, outcome));
        put(building, object, "truth", integer(outcome->truth));
        put(building, object, "seen", outcome->seen_known ? integer(outcome->seen) : json_null());
        put(building, object, "lost_records", integer(outcome->lost_records));
        put(building, object, "unaccounted", integer(outcome->unaccounted));
        return object;
}

/* ---- slices ---- */

static json_t *slice_object(const struct xskim_bench_slice *slice) {
        return json_pack(
                "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "block", integer(slice->block),
                "condition", integer(slice->condition), "start_ns", integer(slice->start_ns),
                "duration_ns", integer(slice->duration_ns), "offered", integer(slice->offered),
                "packets", integer(slice->packets), "bytes", integer(slice->bytes), "sender_cpu_ns",
                integer(slice->sender_cpu_ns), "receiver_cpu_ns", integer(slice->receiver_cpu_ns),
                "collector_cpu_ns", integer(slice->collector_cpu_ns));
}

static json_t *latency_slice_object(const struct xskim_bench_latency_slice *slice) {
        return json_pack(
                "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "block", integer(slice->block),
                "condition", integer(slice->condition), "load_percent",
                integer(LOADS[MIN(slice->load, (uint32_t)XSKIM_BENCH_LOADS - 1)]), "start_ns",
                integer(slice->start_ns), "duration_ns", integer(slice->duration_ns), "sent",
                integer(slice->sent), "lost", integer(slice->lost), "p50_ns",
                integer(slice->p50_ns), "p99_ns", integer(slice->p99_ns), "p999_ns",
                integer(slice->p999_ns), "max_ns", integer(slice->max_ns));
}

static void put_slices(struct building *building, json_t *object,
                       const struct xskim_bench_result *result) {
        json_t *slices = json_array(), *latency_slices = json_array();

        for (uint32_t i = 0; i < result->slice_count; i++)
                append(building, slices, slice_object(&result->slices[i]));
        for (uint32_t i = 0; i < result->latency_slice_count; i++)
                append(building, latency_slices, latency_slice_object(&result->latency_slices[i]));
        put(building, object, "slices", slices);
        put(building, object, "latency_slices", latency_slices);
}

/* ---- arithmetic ---- */

static json_t *projection_object(const struct bench_cost *cost, int rate, int size) {
        struct projection projection = projection_of(cost->shown_ns, (enum projection_rate)rate,
                                                     (enum projection_size)size);

        return json_pack(
                "{s:o,s:s,s:o,s:o,s:o}", "gigabits", json_value_real(PROJECTION_GIGABITS[rate]),
                "size", PROJECTION_SIZE_TITLES[size], "packet_ns",
                json_value_real(projection.packet_ns), "core_percent",
                json_value_real(projection.core_percent), "cores", integer_if(projection.cores));
}

/* All of it follows from the conditions: nothing here was measured. */
static json_t *projection_array(struct building *building, const struct bench_cost *cost) {
        json_t *array = json_array();

        for (int rate = 0; isfinite(cost->shown_ns) && rate < PROJECTION_RATES; rate++)
                for (int size = 0; size < PROJECTION_SIZES; size++)
                        append(building, array, projection_object(cost, rate, size));
        return array;
}

static void put_arithmetic(struct building *building, json_t *object,
                           const struct xskim_bench_result *result) {
        struct bench_cost cost;

        bench_cost_of(result, &cost);
        put(building, object, "model",
            json_pack("{s:o,s:o}", "gate_ns", json_value_real(cost.model.gate_ns), "sample_ns",
                      json_value_real(cost.model.sample_ns)));
        put(building, object, "projected_sample", json_value_real(cost.shown_every));
        put(building, object, "projection", projection_array(building, &cost));
}

/* ---- the whole ---- */

static const char *const PATHS[] = {
#define NAME(name_, doc_) [XSKIM_BENCH_PATH_##name_] = #name_,
        XSKIM_BENCH_PATH_ROWS(NAME)
#undef NAME
};

static json_t *bias_object(const struct xskim_bench_bias *bias) {
        return json_pack("{s:o,s:o,s:o,s:o,s:o}", "clock_ns", integer(bias->clock_ns),
                         "sender_p50_ns", integer_if(bias->sender_p50_ns), "sender_p99_ns",
                         integer_if(bias->sender_p99_ns), "back_to_back_p50_ns",
                         integer_if(bias->back_to_back_p50_ns), "back_to_back_p99_ns",
                         integer_if(bias->back_to_back_p99_ns));
}

static void put_head(struct building *building, json_t *object,
                     const struct xskim_bench_result *result,
                     const struct environment *environment) {
        char seed[24];

        put(building, object, "type", json_value_text("bench"));
        put(building, object, "command", json_value_text(environment->command));
        put(building, object, "environment", environment_object(building, environment, result));
        put(building, object, "path", json_value_text(PATHS[result->path]));
        put(building, object, "packet_bytes",
            result->packet_bytes == XSKIM_BENCH_IMIX ? json_value_text("imix")
                                                     : integer(result->packet_bytes));
        put(building, object, "port", json_value_text(result->port));
        snprintf(seed, sizeof(seed), "%lu", result->seed);
        put(building, object, "seed",
            json_value_text(seed)); /* more digits than some readers take */
        put(building, object, "duration_s", json_value_real(result->duration_s));
        put(building, object, "blocks", integer(result->blocks));
        put(building, object, "interrupted", json_boolean(result->interrupted));
        put(building, object, "precision_asked_percent",
            json_value_real(result->precision_asked_percent));
        put(building, object, "precision_percent", json_value_real(result->precision_percent));
        put(building, object, "precision_reached", json_boolean(result->precision_reached));
        put(building, object, "no_drop_pps", integer_if(result->no_drop_pps));
        put(building, object, "loss_tolerance", json_value_real(result->loss_tolerance));
        put(building, object, "bias", bias_object(&result->bias));
}

static json_t *result_object(struct building *building, const struct xskim_bench_result *result,
                             const struct environment *environment) {
        json_t *object = json_object(), *conditions = json_array();

        put_head(building, object, result, environment);
        put(building, object, "null",
            json_pack("{s:o,s:o}", "loss_percent", json_value_interval(&result->null_loss_percent),
                      "added_p99_ns", json_value_interval(&result->null_added_p99_ns)));
        for (unsigned int i = 0; i < result->outcome_count; i++)
                append(building, conditions, outcome_object(building, &result->outcomes[i]));
        put(building, object, "conditions", conditions);
        put_arithmetic(building, object, result);
        put_slices(building, object, result);
        return object;
}

int json_bench(const struct xskim_bench_result *result, const struct environment *environment,
               char **ret_line) {
        struct building building = {.failed = false};
        json_t *object = result_object(&building, result, environment);
        char *line = NULL;

        if (object && !building.failed)
                line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
        json_decref(object);
        if (!line)
                return error_set(-ENOMEM, "bench: cannot make a JSON line: out of memory");
        *ret_line = line;
        return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the JSON object of a snapshot. See json.h. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "json_value.h"
#include "log.h"
#include "util.h"

/*
 * Everything is built by json_object_set_new and json_array_append_new, which take their value over
 * and fail on NULL; `failed` remembers that, so that one check at the end is enough.
 */
struct object {
        json_t *json;
        bool failed;
};

static void put(struct object *object, const char *key, json_t *value) {
        if (json_object_set_new(object->json, key, value) < 0)
                object->failed = true;
}

static json_t *integer(uint64_t value) {
        return json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX));
}

/* The last of the doubles is rounded beyond them when it is printed with 15 digits. */
static json_t *real(double value) {
        const double limit = 1e300;

        return json_real(isfinite(value) ? fmin(fmax(value, -limit), limit) : 0);
}

/* A count that was estimated. */
static json_t *rounded(double value) {
        if (!isfinite(value) || value < 0)
                return json_integer(0);
        return integer(value >= 0x1p63 ? UINT64_MAX : (uint64_t)value);
}

static json_t *pair(json_t *low, json_t *high) {
        json_t *array = json_array();

        if (json_array_append_new(array, low) < 0 || json_array_append_new(array, high) < 0) {
                json_decref(array);
                return NULL;
        }
        return array;
}

/* Hands a nested object on to its parent. */
static void put_object(struct object *object, const char *key, struct object child) {
        object->failed |= child.failed;
        put(object, key, child.json);
}

static struct object object_new(void) {
        struct object object = {.json = json_object()};

        object.failed = !object.json;
        return object;
}

/* ---- the parts ---- */

static void put_quantile(struct object *object, const char *name, const char *unit,
                         const struct xskim_quantile *quantile) {
        char key[48];

        snprintf(key, sizeof(key), "%s_%s", name, unit);
        put(object, key, integer(quantile->value));
        snprintf(key, sizeof(key), "%s_bucket_%s", name, unit);
        put(object, key, pair(integer(quantile->low), integer(quantile->high)));
        snprintf(key, sizeof(key), "%s_ci95_%s", name, unit);
        put(object, key, pair(integer(quantile->ci95_low), integer(quantile->ci95_high)));
}

static struct object distribution_object(const struct xskim_distribution *distribution,
                                         const char *unit) {
        struct object object = object_new();
        char key[48];

        put(&object, "count", integer(distribution->count));
        snprintf(key, sizeof(key), "min_%s", unit);
        put(&object, key, integer(distribution->min));
#define QUANTILE(rank_, name_, doc_)                                                               \
        put_quantile(&object, #name_, unit, &distribution->quantiles[rank_]);
        XSKIM_QUANTILE_ROWS(QUANTILE)
        snprintf(key, sizeof(key), "max_%s", unit);
        put(&object, key, integer(distribution->max));
        snprintf(key, sizeof(key), "mean_%s", unit);
        put(&object, key, real(distribution->mean));
        put(&object, "relative_error", real(distribution->relative_error));
        put(&object, "biased", json_boolean(distribution->biased));
        return object;
}

static struct object mode_object(const struct xskim_mode *mode) {
        struct object object = object_new();

#define MODE(name_, doc_) put(&object, #name_, json_value_text(mode->name_));
        XSKIM_MODE_ROWS(MODE)
        return object;
}

static struct object ledger_object(const struct xskim_ledger *ledger) {
        struct object object = object_new();

#define TERM(name_, unit_, doc_) put(&object, #name_, integer(ledger->name_));
        XSKIM_LEDGER_ROWS(TERM)
        return object;
}

static struct object classes_object(const struct xskim_classes *classes) {
        struct object object = object_new();

#define CLASS(name_, doc_) put(&object, #name_, integer(classes->name_));
        XSKIM_CLASS_ROWS(CLASS)
        return object;
}

static struct object parse_object(const struct xskim_parse *parse) {
        struct object object = object_new();

#define OUTCOME(name_, doc_) put(&object, #name_, integer(parse->name_));
        XSKIM_PARSE_ROWS(OUTCOME)
        return object;
}

static struct object throughput_object(const struct xskim_snapshot *snapshot) {
        struct object object = object_new();

        put(&object, "pps", real(snapshot->pps));
        put(&object, "bps", real(snapshot->bps));
        put(&object, "interval_s", real(snapshot->interval_s));
        return object;
}

static struct object latency_object(const struct xskim_snapshot *snapshot) {
        struct object object = object_new();

#define LATENCY(name_, doc_)                                                                       \
        put_object(&object, #name_, distribution_object(&snapshot->name_, "ns"));
        XSKIM_LATENCY_ROWS(LATENCY)
        return object;
}

static void put_estimate(struct object *object, const char *name,
                         const struct xskim_estimate *estimate) {
        char key[48];

        put(object, name, rounded(round(estimate->value)));
        snprintf(key, sizeof(key), "%s_ci95", name);
        put(object, key,
            pair(rounded(floor(estimate->ci95_low)), rounded(ceil(estimate->ci95_high))));
}

static struct object estimate_object(const struct xskim_snapshot *snapshot) {
        struct object object = object_new(), classes = object_new();

        put_estimate(&object, "packets", &snapshot->estimate_packets);
        put_estimate(&object, "bytes", &snapshot->estimate_bytes);
#define CLASS_ESTIMATE(name_, doc_)                                                                \
        put_estimate(&classes, #name_, &snapshot->estimate_classes.name_);
        XSKIM_CLASS_ROWS(CLASS_ESTIMATE)
        put_object(&object, "classes", classes);
        return object;
}

/* ---- stamped packets ---- */

static struct object variation_object(const struct xskim_delay_variation *variation) {
        struct object object = object_new();

#define VARIATION(name_, doc_)                                                                     \
        put_object(&object, #name_, distribution_object(&variation->name_, "ns"));
        XSKIM_DELAY_VARIATION_ROWS(VARIATION)
#undef VARIATION
        put(&object, "jitter_ns", real(variation->jitter_ns));
        return object;
}

/* The counts and distributions of a stream, or of all of them. */
static void put_stream(struct object *object, const struct xskim_stream *stream) {
#define STREAM(name_, doc_) put(object, #name_, integer(stream->name_));
        XSKIM_STREAM_ROWS(STREAM)
#undef STREAM
        put(object, "reordered_ratio", real(stream->reordered_ratio));
        put(object, "reorder_extent_mean", real(stream->reorder_extent_mean));
        put_object(object, "latency", distribution_object(&stream->latency, "ns"));
        put_object(object, "delay_variation", variation_object(&stream->delay_variation));
}

static struct object stream_object(const struct xskim_stream *stream) {
        struct object object = object_new();

        put(&object, "run", integer(stream->run));
        put(&object, "stream", integer(stream->number));
        put_stream(&object, stream);
        return object;
}

/* [millionths above, low, high] each: the bounds of its bucket. */
static json_t *curve_array(const struct xskim_curve *curve) {
        json_t *array = json_array();

        for (unsigned int i = 0; i < MIN(curve->count, (unsigned int)XSKIM_CURVE_POINTS_MAX); i++) {
                const struct xskim_curve_point *point = &curve->points[i];
                json_t *row =
                        json_pack("[o,o,o]", integer(point->above_ppm),
                                  integer(point->quantile.low), integer(point->quantile.high));

                if (json_array_append_new(array, row) < 0) {
                        json_decref(array);
                        return NULL;
                }
        }
        return array;
}

static struct object transit_object(const struct xskim_transit *transit) {
        unsigned int count = MIN(transit->stream_count, (unsigned int)XSKIM_STREAMS_MAX);
        struct object object = object_new(), stream;
        json_t *streams = json_array();

        put(&object, "clock_offset_ns", json_integer(transit->clock_offset_ns));
        put_stream(&object, &transit->sum);
#define TRANSIT(name_, doc_) put(&object, #name_, integer(transit->name_));
        XSKIM_TRANSIT_ROWS(TRANSIT)
#undef TRANSIT
        put_object(&object, "latency_interval",
                   distribution_object(&transit->latency_interval, "ns"));
        if (transit->latency_curve.count)
                put(&object, "latency_curve_ns", curve_array(&transit->latency_curve));
        for (unsigned int i = 0; i < count; i++) {
                stream = stream_object(&transit->streams[i]);
                object.failed |= stream.failed || json_array_append_new(streams, stream.json) < 0;
        }
        put(&object, "streams", streams);
        return object;
}

/* ---- expected packets ---- */

static struct object expect_object(const struct xskim_expect *expect) {
        struct object object = object_new();

        put(&object, "file", json_value_text(expect->file));
        put(&object, "loops", integer(expect->loops));
#define EXPECT(name_, doc_) put(&object, #name_, integer(expect->name_));
        XSKIM_EXPECT_ROWS(EXPECT)
#undef EXPECT
        put_object(&object, "extra_classes", classes_object(&expect->extra_classes));
        return object;
}

static struct object cost_object(const struct xskim_cost *cost) {
        struct object object = object_new();

#define COST(type_, name_, doc_)                                                                   \
        put(&object, #name_, _Generic((type_)0, double : real, default : integer)(cost->name_));
        XSKIM_COST_ROWS(COST)
        return object;
}

static json_t *notes_array(const struct xskim_snapshot *snapshot) {
        json_t *array = json_array();

        for (unsigned int i = 0; i < MIN(snapshot->note_count, (unsigned int)XSKIM_NOTES_MAX); i++)
                if (json_array_append_new(array, json_value_text(snapshot->notes[i])) < 0) {
                        json_decref(array);
                        return NULL;
                }
        return array;
}

/* ---- the whole ---- */

static void put_head(struct object *object, const struct xskim_snapshot *snapshot,
                     enum json_type type) {
        put(object, "type", json_string(type == JSON_SUMMARY ? "summary" : "snapshot"));
        put(object, "port", json_value_text(snapshot->port));
        put(object, "verdict",
            json_string(snapshot->verdict == XSKIM_VERDICT_DROP ? "drop" : "pass"));
        put_object(object, "mode", mode_object(&snapshot->mode));
        put(object, "start_unix_ns", integer(snapshot->start_unix_ns));
        put(object, "duration_s", real(snapshot->duration_s));
        put(object, "sample", integer(snapshot->sample));
        put(object, "tier",
            json_string(snapshot->tier == XSKIM_TIER_COUNTS ? "counts" : "classes"));
        put(object, "final", json_boolean(snapshot->final));
        put(object, "partial", json_boolean(snapshot->partial));
        put(object, "attach_lost", integer(snapshot->attach_lost));
}

static struct object snapshot_object(const struct xskim_snapshot *snapshot, enum json_type type) {
        struct object object = object_new();

        put_head(&object, snapshot, type);
        put_object(&object, "throughput", throughput_object(snapshot));
        put_object(&object, "latency", latency_object(snapshot));
        put_object(&object, "size", distribution_object(&snapshot->size, "bytes"));
        put_object(&object, "classes", classes_object(&snapshot->classes));
        put_object(&object, "parse", parse_object(&snapshot->parse));
        put_object(&object, "estimate", estimate_object(snapshot));
        if (snapshot->transit.enabled)
                put_object(&object, "transit", transit_object(&snapshot->transit));
        if (snapshot->expect.enabled)
                put_object(&object, "expect", expect_object(&snapshot->expect));
        put_object(&object, "cost", cost_object(&snapshot->cost));
        put_object(&object, "ledger", ledger_object(&snapshot->ledger));
        put(&object, "unaccounted_where", json_value_text(snapshot->ledger.where));
        put(&object, "notes", notes_array(snapshot));
        return object;
}

/* Takes the object over. */
static int line_of(struct object object, const char *what, char **ret_line) {
        char *line = NULL;

        if (!object.failed)
                line = json_dumps(object.json, JSON_COMPACT | JSON_REAL_PRECISION(15));
        json_decref(object.json);
        if (!line)
                return error_set(-ENOMEM, "%s: cannot make a JSON line: out of memory", what);
        *ret_line = line;
        return 0;
}

int json_line(const struct xskim_snapshot *snapshot, enum json_type type, char **ret_line) {
        return line_of(snapshot_object(snapshot, type), snapshot->port, ret_line);
}

static json_t *check_json(const struct xskim_check *check) {
        struct object object = object_new();

        put(&object, "name", json_value_text(check->name));
        put(&object, "scope", json_string(check->of_port ? "port" : "machine"));
        put(&object, "status", json_string(xskim_check_word(check->status)));
        put(&object, "found", json_value_text(check->found));
        put(&object, "todo", json_value_text(check->todo));
        if (!object.failed)
                return object.json;
        json_decref(object.json);
        return NULL;
}

int json_examination(const char *port, const struct xskim_examination *found, char **ret_line) {
        struct object object = object_new();
        json_t *array = json_array();

        for (unsigned int i = 0; i < found->count; i++)
                object.failed |= json_array_append_new(array, check_json(&found->checks[i])) < 0;
        put(&object, "type", json_string("doctor"));
        put(&object, "port", port ? json_value_text(port) : json_null());
        put(&object, "status", json_string(xskim_check_word(found->worst)));
        put(&object, "checks", array);
        return line_of(object, "doctor", ret_line);
}

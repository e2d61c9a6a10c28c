/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the JSON object of a replay. See json_player.h. */
#include <errno.h>
#include <jansson.h>

#include "json_player.h"
#include "util.h"

static json_t *integer(uint64_t value) {
        return json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX));
}

static json_t *text(const char *value) {
        json_t *json = json_string(value);

        /* a file's name need not be UTF-8 */
        return json ? json : json_string("?");
}

static json_t *pace_object(const struct xskim_replay_pace *pace) {
        switch (pace->pace) {
        case XSKIM_REPLAY_CAPTURED:
                return json_pack("{s:f}", "speed", (double)pace->speed / XSKIM_REPLAY_SPEED_ONE);
        case XSKIM_REPLAY_PACKETS:
                return json_pack("{s:o}", "pps", integer(pace->rate));
        case XSKIM_REPLAY_BITS:
                return json_pack("{s:o}", "bps", integer(pace->rate));
        case XSKIM_REPLAY_TOP:
                break;
        }
        return json_pack("{s:b}", "top_speed", 1);
}

static json_t *skipped_object(const struct xskim_replay_report *report) {
        json_t *object = json_object();

#define COUNT(name_, doc_) json_object_set_new(object, #name_, integer(report->feeder.name_));
        XSKIM_REPLAY_SKIP_ROWS(COUNT)
#undef COUNT
        json_object_set_new(object, "refused", integer(report->sent.refused));
        return object;
}

static json_t *notes_object(const struct xskim_replay_report *report) {
        json_t *object = json_object();

#define COUNT(name_, doc_) json_object_set_new(object, #name_, integer(report->feeder.name_));
        XSKIM_REPLAY_NOTE_ROWS(COUNT)
#undef COUNT
        json_object_set_new(object, "stalls", integer(report->sent.stalls));
        return object;
}

static json_t *error_object(const struct xskim_replay_report *report) {
        const struct xskim_distribution *d = &report->error_ns;

        if (!report->timed)
                return json_null();
        return json_pack("{s:o,s:o,s:o,s:o}", "p50", integer(d->quantiles[XSKIM_P50].value), "p99",
                         integer(d->quantiles[XSKIM_P99].value), "p999",
                         integer(d->quantiles[XSKIM_P999].value), "max", integer(d->max));
}

static void put_rates(json_t *object, const struct xskim_replay_progress *progress) {
        double seconds = xskim_replay_duration_s(progress), per = seconds > 0 ? 1 / seconds : 0;

        json_object_set_new(object, "duration_s", json_real(seconds));
        json_object_set_new(object, "pps", json_real((double)progress->packets * per));
        json_object_set_new(object, "bps", json_real((double)progress->bytes * 8 * per));
}

static json_t *report_object(const struct xskim_replay_report *report) {
        const struct xskim_replay_progress *progress = &report->sent.progress;
        json_t *object = json_object();

        json_object_set_new(object, "type", json_string("replay"));
        json_object_set_new(object, "file", text(report->file));
        json_object_set_new(object, "port", text(report->port));
        json_object_set_new(object, "engine", text(report->engine));
        json_object_set_new(object, "mode", text(report->mode));
        json_object_set_new(object, "engine_why", text(report->why));
        json_object_set_new(object, "asked", pace_object(&report->pace));
        json_object_set_new(object, "packets", integer(progress->packets));
        json_object_set_new(object, "bytes", integer(progress->bytes));
        json_object_set_new(object, "rounds", integer(progress->rounds));
        json_object_set_new(object, "skipped", integer(xskim_replay_skipped(report)));
        json_object_set_new(object, "skipped_as", skipped_object(report));
        json_object_set_new(object, "noted", notes_object(report));
        put_rates(object, progress);
        json_object_set_new(object, "timing_error_ns", error_object(report));
        json_object_set_new(object, "drift_ns",
                            report->timed ? json_integer(report->drift_ns) : json_null());
        json_object_set_new(object, "late", integer(progress->late));
        json_object_set_new(object, "late_above_ns", json_integer(XSKIM_REPLAY_LATE_NS));
        json_object_set_new(object, "port_packets", integer(report->port_sent.packets));
        json_object_set_new(object, "port_dropped", integer(report->port_sent.dropped));
        json_object_set_new(object, "stopped", json_boolean(report->sent.stopped));
        return object;
}

int json_player(const struct xskim_replay_report *report, char **ret_line) {
        json_t *object = report_object(report);
        char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

        json_decref(object);
        if (!line)
                return -ENOMEM;
        *ret_line = line;
        return 0;
}

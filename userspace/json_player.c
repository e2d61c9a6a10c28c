/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the JSON object of a replay. See json_player.h. */
#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

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

/* Where the report has a count. */
struct count_row {
        const char *name;
        size_t at;
};

#define COUNT_ROW(name_, place_) {name_, offsetof(struct xskim_replay_report, place_)},
#define FEEDER_ROW(name_, doc_) COUNT_ROW(#name_, feeder.name_)
static const struct count_row SKIPS[] = {XSKIM_REPLAY_SKIP_ROWS(FEEDER_ROW)
                                                 COUNT_ROW("refused", sent.refused)};
static const struct count_row NOTES[] = {XSKIM_REPLAY_NOTE_ROWS(FEEDER_ROW)
                                                 COUNT_ROW("stalls", sent.stalls)};
#undef FEEDER_ROW
#undef COUNT_ROW

static json_t *counts_object(const struct xskim_replay_report *report, const struct count_row *rows,
                             size_t count) {
        json_t *object = json_object();

        for (size_t i = 0; i < count; i++) {
                uint64_t value;

                memcpy(&value, (const char *)report + rows[i].at, sizeof(value));
                json_object_set_new(object, rows[i].name, integer(value));
        }
        return object;
}

static json_t *address_object(const struct xskim_replay_address *address) {
        static const char *const names[] = {
#define NAME(name_, doc_) [XSKIM_REPLAY_ADDRESS_##name_] = #name_,
                XSKIM_REPLAY_ADDRESS_ROWS(NAME)
#undef NAME
        };
        const uint8_t *mac = address->bytes;
        char words[24];

        if (address->from == XSKIM_REPLAY_ADDRESS_captured)
                return json_pack("{s:s,s:n}", "from", names[address->from], "mac");
        snprintf(words, sizeof(words), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                 mac[3], mac[4], mac[5]);
        return json_pack("{s:s,s:s}", "from", names[address->from], "mac", words);
}

static json_t *stamps_object(const struct xskim_replay_report *report) {
        const struct xskim_replay_stamps *stamps = &report->sent.stamps;
        json_t *reasons;

        if (!stamps->wanted)
                return json_null();
        reasons = json_object();
#define COUNT(name_, doc_) json_object_set_new(reasons, #name_, integer(stamps->unstamped.name_));
        XSKIM_REPLAY_UNSTAMPED_ROWS(COUNT)
#undef COUNT
        return json_pack("{s:o,s:o,s:o,s:o}", "run", integer(stamps->run), "stamped",
                         integer(stamps->stamped), "unstamped",
                         integer(xskim_replay_unstamped(report)), "unstamped_as", reasons);
}

static json_t *threads_array(const struct xskim_replay_report *report) {
        json_t *array = json_array();

        for (unsigned int i = 0; i < report->thread_count; i++) {
                const struct xskim_replay_thread *thread = &report->threads[i];

                json_array_append_new(array, json_pack("{s:o,s:o,s:o,s:o}", "packets",
                                                       integer(thread->packets), "bytes",
                                                       integer(thread->bytes), "late",
                                                       integer(thread->late), "stamped",
                                                       integer(thread->stamped)));
        }
        return array;
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
        json_object_set_new(object, "destination", address_object(&report->addresses.destination));
        json_object_set_new(object, "source", address_object(&report->addresses.source));
        json_object_set_new(object, "packets", integer(progress->packets));
        json_object_set_new(object, "bytes", integer(progress->bytes));
        json_object_set_new(object, "rounds", integer(progress->rounds));
        json_object_set_new(object, "skipped", integer(xskim_replay_skipped(report)));
        json_object_set_new(object, "skipped_as", counts_object(report, SKIPS, ARRAY_SIZE(SKIPS)));
        json_object_set_new(object, "noted", counts_object(report, NOTES, ARRAY_SIZE(NOTES)));
        json_object_set_new(object, "stamps", stamps_object(report));
        put_rates(object, progress);
        json_object_set_new(object, "timing_error_ns", error_object(report));
        json_object_set_new(object, "drift_ns",
                            report->timed ? json_integer(report->drift_ns) : json_null());
        json_object_set_new(object, "late", integer(progress->late));
        json_object_set_new(object, "late_above_ns", json_integer(XSKIM_REPLAY_LATE_NS));
        json_object_set_new(object, "port_packets", integer(report->port_sent.packets));
        json_object_set_new(object, "port_dropped", integer(report->port_sent.dropped));
        json_object_set_new(object, "threads", threads_array(report));
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

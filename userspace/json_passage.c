/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the JSON object of a passage. See json_passage.h. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "json_passage.h"
#include "json_player.h"
#include "log.h"
#include "util.h"

/* Takes the line over. */
static json_t *object_of(char *line) {
        json_t *object = line ? json_loads(line, 0, NULL) : NULL;

        free(line);
        return object;
}

static json_t *summary_object(const struct passage_result *result) {
        char *line = NULL;

        if (!result->watched)
                return json_null();
        json_line(&result->summary, JSON_SUMMARY, &line);
        return object_of(line);
}

/* A part of the summary under its own name. */
static void put_part(json_t *object, const json_t *summary, const char *name) {
        json_t *part = json_object_get(summary, name);

        json_object_set(object, name, part ? part : json_null());
}

static void put_watch(json_t *object, const json_t *summary) {
        static const char *const parts[] = {"port", "verdict", "mode", "duration_s", "sample"};
        json_t *watch = json_is_object(summary) ? json_object() : json_null();

        for (size_t i = 0; i < ARRAY_SIZE(parts) && json_is_object(watch); i++)
                put_part(watch, summary, parts[i]);
        json_object_set_new(object, "watch", watch);
}

static json_t *lab_object(const struct passage_result *result) {
        json_t *account = *result->relay ? json_loads(result->relay, 0, NULL) : NULL;

        return account ? json_pack("{s:o}", "relay", account) : json_null();
}

int json_passage(const struct passage_result *result, char **ret_line) {
        json_t *object, *summary = summary_object(result);
        char *line = NULL;
        int r = json_player(&result->report, &line);

        object = object_of(line);
        line = NULL;
        if (r >= 0 && object && summary) {
                put_watch(object, summary);
                put_part(object, summary, "transit");
                put_part(object, summary, "cost");
                put_part(object, summary, "ledger");
                json_object_set_new(object, "lab", lab_object(result));
                line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
        }
        json_decref(object);
        json_decref(summary);
        if (!line)
                return error_set(-ENOMEM, "cannot make a JSON line: out of memory");
        *ret_line = line;
        return 0;
}

static uint64_t count_of(const json_t *object, const char *name) {
        json_int_t value = json_integer_value(json_object_get(object, name));

        return value > 0 ? (uint64_t)value : 0;
}

bool json_relay_read(const char *text, struct json_relay *ret_relay) {
        json_t *account = json_loads(text, 0, NULL);
        json_t *there = json_object_get(account, "left_to_right");
        json_t *late = json_object_get(there, "lateness_ns");
        const char *impair = json_string_value(json_object_get(there, "impair"));
        bool found = there && impair;

        if (found) {
                *ret_relay = (struct json_relay){
                        .late_p50_ns = count_of(late, "p50"),
                        .late_p99_ns = count_of(late, "p99"),
                        .unaccounted = count_of(account, "unaccounted"),
                };
                snprintf(ret_relay->impair, sizeof(ret_relay->impair), "%s", impair);
#define READ(name_, text_) ret_relay->name_ = count_of(there, #name_);
                JSON_RELAY_ROWS(READ)
#undef READ
        }
        json_decref(account);
        return found;
}

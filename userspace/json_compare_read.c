/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how a stored result is read. See json_compare.h. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_compare.h"
#include "log.h"
#include "util.h"

/* One file. */
struct reading {
        const char *path;
        FILE *file;
        size_t bytes;
        struct compare_run *run;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct reading *reading,
                                                        const char *format, ...) {
        char what[256];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(what, sizeof(what), format, arguments);
        va_end(arguments);
        return error_set(-EINVAL, "%s: %s\nGive a file that xskim bench --json wrote.",
                         reading->path, what);
}

/* ---- values ---- */

/* A number from `least` on. */
static bool take_number(const json_t *value, double least, double *ret_number) {
        double number = json_number_value(value);

        if (!json_is_number(value) || !(number >= least) || !isfinite(number))
                return false;
        *ret_number = number;
        return true;
}

static bool take_whole(const json_t *value, uint64_t end, uint32_t *ret_number) {
        json_int_t number = json_integer_value(value);

        if (!json_is_integer(value) || number < 0 || (uint64_t)number >= end)
                return false;
        *ret_number = (uint32_t)number;
        return true;
}

static bool take_text(const json_t *value, char *text, size_t bytes) {
        const char *string = json_string_value(value);

        if (!string || strlen(string) >= bytes)
                return false;
        strcpy(text, string);
        return true;
}

/* ---- the environment ---- */

static int fact_add(const struct reading *reading, const char *prefix, const char *name,
                    const json_t *value) {
        struct compare_run *run = reading->run;
        struct compare_fact *fact = &run->facts[run->fact_count];
        size_t room = sizeof(fact->name);

        if (run->fact_count == COMPARE_FACTS_MAX)
                return refuse(reading, "its environment has more than %d facts", COMPARE_FACTS_MAX);
        if (strlen(prefix) + strlen(name) >= room)
                return refuse(reading, "its environment has a name of more than %zu bytes", room);
        fact->value = json_is_string(value) ? strdup(json_string_value(value))
                                            : json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS);
        if (!fact->value)
                return error_set(-ENOMEM, "%s: out of memory", reading->path);
        snprintf(fact->name, room, "%s%s", prefix, name);
        run->fact_count++;
        return 0;
}

static int mitigations_read(const struct reading *reading, json_t *mitigations) {
        const char *name;
        json_t *value;
        int r = 0;

        json_object_foreach(mitigations, name, value) {
                r = fact_add(reading, "mitigations.", name, value);
                if (r < 0)
                        break;
        }
        return r;
}

static int environment_read(const struct reading *reading, json_t *root) {
        static const char *const conditions[] = {"path", "packet_bytes"};
        json_t *environment = json_object_get(root, "environment"), *value;
        const char *name;
        int r = 0;

        if (!json_is_object(environment))
                return refuse(reading, "\"environment\" is not an object");
        for (size_t i = 0; i < ARRAY_SIZE(conditions) && r >= 0; i++) {
                value = json_object_get(root, conditions[i]);
                r = value ? fact_add(reading, "", conditions[i], value)
                          : refuse(reading, "\"%s\" is missing", conditions[i]);
        }
        if (r < 0)
                return r;
        json_object_foreach(environment, name, value) {
                r = !strcmp(name, "mitigations") && json_is_object(value)
                            ? mitigations_read(reading, value)
                            : fact_add(reading, "", name, value);
                if (r < 0)
                        break;
        }
        return r;
}

/* ---- conditions and slices ---- */

static int condition_read(const struct reading *reading, json_t *value, size_t place) {
        struct compare_run *run = reading->run;
        struct compare_condition *condition = &run->conditions[place];
        json_t *tier = json_object_get(value, "tier");

        if (!take_text(json_object_get(value, "name"), condition->name, sizeof(condition->name)))
                return refuse(reading, "conditions[%zu]: \"name\" is not a name", place);
        if (!json_is_null(tier) && !take_text(tier, condition->tier, sizeof(condition->tier)))
                return refuse(reading, "conditions[%zu]: \"tier\" is neither a name nor null",
                              place);
        for (unsigned int i = 0; i < run->condition_count; i++)
                if (!strcmp(run->conditions[i].name, condition->name) &&
                    !strcmp(run->conditions[i].tier, condition->tier))
                        return refuse(reading, "conditions[%zu]: the same as conditions[%u]", place,
                                      i);
        if (!take_number(json_object_get(json_object_get(value, "mpps"), "median"), 0,
                         &condition->mpps))
                condition->mpps = NAN;
        run->condition_count++;
        return 0;
}

static int conditions_read(const struct reading *reading, json_t *root) {
        json_t *array = json_object_get(root, "conditions");
        int r = 0;

        if (!json_is_array(array) || !json_array_size(array))
                return refuse(reading, "\"conditions\" is not an array of conditions");
        if (json_array_size(array) > XSKIM_BENCH_CONDITIONS_MAX)
                return refuse(reading, "it has more than %d conditions",
                              XSKIM_BENCH_CONDITIONS_MAX);
        for (size_t i = 0; i < json_array_size(array) && r >= 0; i++)
                r = condition_read(reading, json_array_get(array, i), i);
        return r;
}

/* What a slice is worth: false when it is not what it should be; weight 0: nothing to compare. */
typedef bool (*worth)(json_t *value, struct compare_slice *slice);

static bool speed_take(json_t *value, struct compare_slice *slice) {
        return take_number(json_object_get(value, "packets"), 0, &slice->sum) &&
               take_number(json_object_get(value, "duration_ns"), 0, &slice->weight);
}

/* Of a slice of which nothing arrived there is no P99. */
static bool p99_take(json_t *value, struct compare_slice *slice) {
        json_t *p99 = json_object_get(value, "p99_ns");
        uint32_t load;

        if (!take_whole(json_object_get(value, "load_percent"), UINT32_MAX, &load) ||
            !(json_is_null(p99) || take_number(p99, 0, &slice->sum)))
                return false;
        slice->weight = load == COMPARE_LOAD_PERCENT && slice->sum > 0;
        return true;
}

static int slices_read(const struct reading *reading, json_t *root, const char *name, worth take,
                       struct compare_series *series) {
        json_t *array = json_object_get(root, name);
        size_t count = json_array_size(array);

        if (!json_is_array(array))
                return refuse(reading, "\"%s\" is not an array of slices", name);
        series->slices = calloc(count + 1, sizeof(*series->slices));
        if (!series->slices)
                return error_set(-ENOMEM, "%s: out of memory", reading->path);
        for (size_t i = 0; i < count; i++) {
                struct compare_slice *slice = &series->slices[series->count];
                json_t *value = json_array_get(array, i);
                /* only where a block has the baseline more than once it matters */
                double start_ns = 0;

                take_number(json_object_get(value, "start_ns"), 0, &start_ns);
                *slice = (struct compare_slice){};
                if (!take_whole(json_object_get(value, "block"), 1ULL << 32, &slice->block) ||
                    !take_whole(json_object_get(value, "condition"), reading->run->condition_count,
                                &slice->condition))
                        return refuse(reading, "%s[%zu]: \"block\" or \"condition\" names none",
                                      name, i);
                if (!take(value, slice))
                        return refuse(reading, "%s[%zu]: a figure is missing or out of range", name,
                                      i);
                slice->start_ns = (uint64_t)MIN(start_ns, 0x1p63);
                series->count += slice->weight > 0;
        }
        return 0;
}

/* ---- the file ---- */

static size_t piece_read(void *buffer, size_t bytes, void *context) {
        struct reading *reading = context;
        size_t got = fread(buffer, 1, bytes, reading->file);

        reading->bytes += got;
        return reading->bytes > JSON_COMPARE_FILE_BYTES_MAX || ferror(reading->file) ? (size_t)-1
                                                                                     : got;
}

static int load_failed(const struct reading *reading, const json_error_t *error) {
        if (reading->bytes > JSON_COMPARE_FILE_BYTES_MAX)
                return error_set(-EFBIG, "%s: longer than %d MB: no result is", reading->path,
                                 JSON_COMPARE_FILE_BYTES_MAX >> 20);
        if (ferror(reading->file))
                return error_set(-EIO, "%s: cannot be read", reading->path);
        return refuse(reading, "not JSON: line %d: %s", error->line, error->text);
}

static int root_read(const struct reading *reading, json_t *root) {
        const char *type = json_string_value(json_object_get(root, "type"));
        struct compare_run *run = reading->run;
        int r;

        if (!type || strcmp(type, "bench") != 0)
                return refuse(reading, "not a result of xskim bench: \"type\" is not \"bench\"");
        r = environment_read(reading, root);
        r = r < 0 ? r : conditions_read(reading, root);
        r = r < 0 ? r : slices_read(reading, root, "slices", speed_take, &run->speed);
        r = r < 0 ? r : slices_read(reading, root, "latency_slices", p99_take, &run->p99_ns);
        if (r >= 0)
                compare_run_sort(run);
        return r;
}

int json_compare_read(const char *path, struct compare_run **ret_run) {
        CLEANUP(json_compare_cleanup) struct compare_run *run = calloc(1, sizeof(*run));
        CLEANUP(file_cleanup) FILE *file = fopen(path, "re");
        struct reading reading = {.path = path, .file = file, .run = run};
        json_error_t error = {};
        json_t *root;
        int r;

        if (!file)
                return error_set(-errno, "%s: %s", path, strerror(errno));
        if (!run)
                return error_set(-ENOMEM, "%s: out of memory", path);
        root = json_load_callback(piece_read, &reading, JSON_REJECT_DUPLICATES, &error);
        r = root ? root_read(&reading, root) : load_failed(&reading, &error);
        json_decref(root);
        if (r >= 0)
                *ret_run = TAKE_PTR(run);
        return r;
}

struct compare_run *json_compare_free(struct compare_run *run) {
        for (unsigned int i = 0; run && i < run->fact_count; i++)
                free(run->facts[i].value);
        if (run) {
                free(run->speed.slices);
                free(run->p99_ns.slices);
        }
        free(run);
        return NULL;
}

void json_compare_cleanup(struct compare_run **run) {
        *run = json_compare_free(*run);
}

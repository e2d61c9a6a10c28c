/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON of an experiment: every promised key, found again by a parser; what was not measured is
 * null; text from outside is text. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "benches.h"
#include "json_bench.h"
#include "util.h"

static json_t *object_of(const struct xskim_bench_result *result) {
        CLEANUP(free_cleanup) char *line = NULL;
        json_error_t error;
        json_t *json;

        cr_assert_eq(json_bench(result, &benches_environment, &line), 0);
        cr_assert_null(strchr(line, '\n'), "one object is one line");
        json = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        cr_assert_not_null(json, "%s in %s", error.text, line);
        return json;
}

/* A dotted path; numbers are places in an array. */
static json_t *at(json_t *json, const char *path) {
        char key[64];
        size_t length;

        for (; json && *path; path += length + (path[length] == '.')) {
                length = strcspn(path, ".");
                snprintf(key, sizeof(key), "%.*s", (int)length, path);
                json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10))
                                           : json_object_get(json, key);
        }
        return json;
}

static const char *const NUMBERS[] = {
        "packet_bytes",
        "duration_s",
        "blocks",
        "precision_asked_percent",
        "precision_percent",
        "no_drop_pps",
        "loss_tolerance",
        "bias.clock_ns",
        "bias.sender_p50_ns",
        "bias.back_to_back_p99_ns",
        "null.loss_percent.median",
        "null.loss_percent.ci95.0",
        "null.loss_percent.ci95.1",
        "null.added_p99_ns.median",
        "null.added_p99_ns.ci95.1",
        "conditions.3.number",
        "conditions.3.mpps.median",
        "conditions.3.mpps.ci95.0",
        "conditions.3.loss_percent.median",
        "conditions.3.loss_percent.ci95.1",
        "conditions.3.added_p99_ns.median",
        "conditions.3.added_p99_ns.ci95.0",
        "conditions.3.ns_per_packet",
        "conditions.3.ns_per_packet_statistics",
        "conditions.3.burnt_ns",
        "conditions.3.sender_cpu_ns_per_packet",
        "conditions.3.receiver_cpu_ns_per_packet",
        "conditions.3.path_cpu_percent",
        "conditions.3.collector_cpu_percent",
        "conditions.3.memory_bytes",
        "conditions.3.unaccounted",
        "conditions.3.lost_records",
        "conditions.3.truth",
        "conditions.3.seen",
        "conditions.3.latency.3.load_percent",
        "conditions.3.latency.3.p50_ns",
        "conditions.3.latency.3.p999_ns",
        "conditions.3.latency.1.added_p999_ns.median",
        "conditions.3.latency.1.curve_ns.11.0",
        "slices.239.block",
        "slices.239.condition",
        "slices.239.start_ns",
        "slices.239.duration_ns",
        "slices.239.offered",
        "slices.239.packets",
        "slices.239.bytes",
        "slices.239.sender_cpu_ns",
        "slices.239.receiver_cpu_ns",
        "slices.239.collector_cpu_ns",
        "latency_slices.239.block",
        "latency_slices.239.condition",
        "latency_slices.239.load_percent",
        "latency_slices.239.p50_ns",
        "latency_slices.239.p99_ns",
        "latency_slices.239.p999_ns",
        "latency_slices.239.max_ns",
        "latency_slices.239.sent",
        "latency_slices.239.lost",
        "model.gate_ns",
        "model.sample_ns",
        "projection.17.gigabits",
        "projection.17.core_percent",
        "environment.cpus",
};
static const char *const STRINGS[] = {
        "type",
        "command",
        "path",
        "port",
        "seed",
        "conditions.0.name",
        "conditions.3.tier",
        "conditions.5.kind",
        "conditions.5.note",
        "environment.command",
        "environment.when",
        "environment.kernel",
        "environment.cpu",
        "environment.virtualisation",
        "environment.governor",
        "environment.clocksource",
        "environment.jit",
        "environment.xskim",
        "environment.libbpf",
        "environment.clang",
        "environment.driver",
        "environment.xdp",
        "environment.mitigations.meltdown",
};

Test(bench_json, every_promised_key_is_there) {
        json_t *json = object_of(result_usual());

        for (size_t i = 0; i < ARRAY_SIZE(NUMBERS); i++)
                cr_expect(json_is_number(at(json, NUMBERS[i])), "%s", NUMBERS[i]);
        for (size_t i = 0; i < ARRAY_SIZE(STRINGS); i++)
                cr_expect(json_is_string(at(json, STRINGS[i])), "%s", STRINGS[i]);
        cr_expect(json_is_true(at(json, "precision_reached")));
        cr_expect(json_is_false(at(json, "interrupted")));
        cr_expect(json_is_false(at(json, "conditions.3.failed")));
        cr_expect_str_eq(json_string_value(at(json, "type")), "bench");
        json_decref(json);
}

Test(bench_json, figures_are_those_of_the_result) {
        struct xskim_bench_result *result = result_usual();
        json_t *json = object_of(result);

        cr_expect_eq(json_array_size(at(json, "conditions")), result->outcome_count);
        cr_expect_eq(json_array_size(at(json, "slices")), result->slice_count);
        cr_expect_eq(json_array_size(at(json, "latency_slices")), result->latency_slice_count);
        cr_expect_eq(json_number_value(at(json, "conditions.3.loss_percent.median")), 1.2);
        cr_expect_float_eq(json_number_value(at(json, "conditions.3.loss_percent.ci95.0")), 0.6,
                           1e-12);
        cr_expect_float_eq(json_number_value(at(json, "conditions.3.loss_percent.ci95.1")), 1.7,
                           1e-12);
        for (uint32_t i = 0; i < result->slice_count; i++) {
                json_t *slice = json_array_get(at(json, "slices"), i);

                cr_assert_eq((uint64_t)json_integer_value(at(slice, "packets")),
                             result->slices[i].packets);
                cr_assert_eq((uint64_t)json_integer_value(at(slice, "condition")),
                             result->slices[i].condition);
        }
        cr_expect_eq(json_integer_value(at(json, "latency_slices.6.load_percent")), 50,
                     "block 1 is at the second rate");
        cr_expect_str_eq(json_string_value(at(json, "seed")), "18446744073709551611",
                         "more digits than a JSON integer has");
        json_decref(json);
}

Test(bench_json, what_was_not_measured_is_null) {
        static const char *const nulls[] = {"precision_percent",
                                            "no_drop_pps",
                                            "null.loss_percent.median",
                                            "null.added_p99_ns.ci95.0",
                                            "conditions.2.mpps.median",
                                            "conditions.2.loss_percent.ci95.1",
                                            "conditions.2.ns_per_packet",
                                            "conditions.2.path_cpu_percent",
                                            "conditions.2.seen",
                                            "conditions.0.tier",
                                            "model.gate_ns"};
        json_t *json = object_of(result_nothing());

        for (size_t i = 0; i < ARRAY_SIZE(nulls); i++)
                cr_expect(json_is_null(at(json, nulls[i])), "%s", nulls[i]);
        cr_expect_eq(json_array_size(at(json, "slices")), 0);
        cr_expect(json_is_true(at(json, "interrupted")));
        json_decref(json);
        json_decref(object_of(result_huge()));
}

/* A figure of an interval that nothing is behind is not one, whatever it says. */
Test(bench_json, an_interval_of_nothing_has_no_figures) {
        struct xskim_bench_result *result = result_usual();
        json_t *json;

        result->outcomes[3].loss_percent = (struct xskim_bench_interval){1, 0, 2, 0};
        json = object_of(result);
        cr_expect(json_is_null(at(json, "conditions.3.loss_percent.median")));
        cr_expect(json_is_null(at(json, "conditions.3.loss_percent.ci95.0")));
        json_decref(json);
}

Test(bench_json, text_from_outside_is_text) {
        static const char hostile[] = "tcp\"dump\\ \x01\n</script>";
        struct xskim_bench_result *result = result_usual();
        json_t *json;

        strcpy(result->outcomes[5].name, hostile);
        strcpy(result->outcomes[5].note, "not UTF-8: \xff");
        strcpy(benches_environment.command, hostile);
        json = object_of(result);
        cr_expect_str_eq(json_string_value(at(json, "conditions.5.name")), hostile);
        cr_expect_str_eq(json_string_value(at(json, "conditions.5.note")), "not UTF-8: ?");
        cr_expect_str_eq(json_string_value(at(json, "command")), hostile);
        json_decref(json);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What a replay tells: the JSON object's keys and the text, from reports that are made up. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "json_player.h"
#include "page.h"
#include "player_view.h"
#include "util.h"

static struct xskim_replay_report report_of(enum xskim_replay_pace_kind pace) {
        struct xskim_replay_report report = {
                .file = "some.pcap",
                .port = "eth2",
                .engine = "afxdp",
                .mode = "copy",
                .why = "as asked",
                .pace = {.pace = pace, .speed = 2500000, .rate = 2000000},
                .addresses = {.destination = {.from = XSKIM_REPLAY_ADDRESS_neighbour,
                                              .bytes = {2, 0xab, 0, 0, 0, 9}}},
                .sent = {.progress = {.packets = 1000,
                                      .bytes = 500000,
                                      .rounds = 1,
                                      .start_ns = 1000000000,
                                      .now_ns = 3000000000,
                                      .late = 3},
                         .stamps = {.wanted = true,
                                    .run = 0xab01,
                                    .stamped = 900,
                                    .unstamped = {.fragment = 98, .small = 4}},
                         .refused = 2,
                         .stalls = 17},
                .feeder = {.too_long = 5,
                           .too_short = 7,
                           .filtered = 19,
                           .unreadable = 23,
                           .padded = 29,
                           .cut_short = 11,
                           .backwards = 31,
                           .shortened = 37},
                .port_sent = {.packets = 1000, .dropped = 13},
                .thread_count = 2,
                .threads = {{.packets = 600, .stamped = 501}, {.packets = 400, .stamped = 399}},
                .timed = pace != XSKIM_REPLAY_TOP,
                .drift_ns = -1500,
        };

        if (report.timed) {
                report.error_ns = (struct xskim_distribution){.count = 1000, .max = 90000};
                for (int i = 0; i < XSKIM_QUANTILE_COUNT; i++)
                        report.error_ns.quantiles[i].value = (uint64_t)(i + 1) * 1000;
        }
        return report;
}

static json_t *object_of(enum xskim_replay_pace_kind pace) {
        struct xskim_replay_report report = report_of(pace);
        char *line CLEANUP(free_cleanup) = NULL;
        json_t *object;

        cr_assert_eq(json_player(&report, &line), 0);
        cr_expect_null(strchr(line, '\n'));
        object = json_loads(line, 0, NULL);
        cr_assert(object, "%s", line);
        return object;
}

static double number(const json_t *object, const char *key) {
        const json_t *value = json_object_get(object, key);

        cr_assert(json_is_number(value), "%s is no number", key);
        return json_number_value(value);
}

Test(player, the_json_object_has_what_others_read) {
        json_t *object = object_of(XSKIM_REPLAY_CAPTURED);
        const json_t *error = json_object_get(object, "timing_error_ns");
        const json_t *threads = json_object_get(object, "threads");
        const json_t *stamps = json_object_get(object, "stamps");

        cr_expect_str_eq(json_string_value(json_object_get(object, "type")), "replay");
        cr_expect_str_eq(json_string_value(json_object_get(object, "engine")), "afxdp");
        cr_expect_eq(number(object, "packets"), 1000);
        cr_expect_eq(number(object, "bytes"), 500000);
        cr_expect_eq(number(object, "skipped"), 2 + 5 + 7);
        cr_expect_eq(number(object, "duration_s"), 2);
        cr_expect_eq(number(object, "pps"), 500);
        cr_expect_eq(number(object, "bps"), 2000000);
        cr_expect_eq(number(object, "drift_ns"), -1500);
        cr_expect_eq(number(object, "late"), 3);
        cr_expect_eq(number(object, "port_dropped"), 13);
        cr_expect_eq(number(error, "p50"), 1000);
        cr_expect_eq(number(error, "p99"), 3000);
        cr_expect_eq(number(error, "p999"), 4000);
        cr_expect_eq(number(error, "max"), 90000);
        cr_expect_eq(number(stamps, "run"), 0xab01);
        cr_expect_eq(number(stamps, "stamped"), 900);
        cr_expect_eq(number(stamps, "unstamped"), 102);
        cr_expect_eq(number(json_object_get(stamps, "unstamped_as"), "fragment"), 98);
        cr_assert_eq(json_array_size(threads), 2);
        cr_expect_eq(number(json_array_get(threads, 1), "packets"), 400);
        cr_expect_eq(number(json_array_get(threads, 0), "stamped"), 501);
        json_decref(object);
}

static void counts_are(const json_t *object, const char *group, const char *const names[],
                       const json_int_t values[], size_t count) {
        const json_t *counts = json_object_get(object, group);

        cr_expect_eq(json_object_size(counts), count);
        for (size_t i = 0; i < count; i++) {
                const json_t *value = json_object_get(counts, names[i]);

                cr_expect(json_is_integer(value), "%s", names[i]);
                cr_expect_eq(json_integer_value(value), values[i], "%s", names[i]);
        }
}

Test(player, every_count_is_in_the_object) {
        static const char *const skips[] = {"too_short", "too_long", "refused"};
        static const json_int_t skip_values[] = {7, 5, 2};
        static const char *const notes[] = {"filtered",  "unreadable", "padded", "cut_short",
                                            "backwards", "shortened",  "stalls"};
        static const json_int_t note_values[] = {19, 23, 29, 11, 31, 37, 17};
        json_t *object = object_of(XSKIM_REPLAY_CAPTURED);

        counts_are(object, "skipped_as", skips, skip_values, ARRAY_SIZE(skips));
        counts_are(object, "noted", notes, note_values, ARRAY_SIZE(notes));
        json_decref(object);
}

/* Whoever reads them into 64 bits need not round. */
Test(player, counts_and_nanoseconds_are_integers) {
        static const char *const keys[] = {"packets",       "bytes",        "skipped",
                                           "rounds",        "drift_ns",     "late",
                                           "late_above_ns", "port_packets", "port_dropped"};
        static const char *const errors[] = {"p50", "p99", "p999", "max"};
        json_t *object = object_of(XSKIM_REPLAY_CAPTURED);

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                cr_expect(json_is_integer(json_object_get(object, keys[i])), "%s", keys[i]);
        for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
                cr_expect(json_is_integer(json_object_get(
                                  json_object_get(object, "timing_error_ns"), errors[i])),
                          "%s", errors[i]);
        json_decref(object);
}

Test(player, addresses_are_told) {
        json_t *object = object_of(XSKIM_REPLAY_CAPTURED);
        const json_t *destination = json_object_get(object, "destination");
        const json_t *source = json_object_get(object, "source");

        cr_expect_str_eq(json_string_value(json_object_get(destination, "from")), "neighbour");
        cr_expect_str_eq(json_string_value(json_object_get(destination, "mac")),
                         "02:ab:00:00:00:09");
        cr_expect_str_eq(json_string_value(json_object_get(source, "from")), "captured");
        cr_expect(json_is_null(json_object_get(source, "mac")));
        json_decref(object);
}

/* Nothing is due at top speed, so nothing is said to have been punctual. */
Test(player, top_speed_has_no_timing_error) {
        json_t *object = object_of(XSKIM_REPLAY_TOP);

        cr_expect(json_is_null(json_object_get(object, "timing_error_ns")));
        cr_expect(json_is_null(json_object_get(object, "drift_ns")));
        json_decref(object);
}

Test(player, nothing_sent_divides_nothing) {
        struct xskim_replay_report report = {
                .file = "f", .port = "p", .engine = "xdp", .mode = "m"};
        char *line CLEANUP(free_cleanup) = NULL;

        cr_assert_eq(json_player(&report, &line), 0);
        cr_expect(strstr(line, "\"pps\":0.0"), "%s", line);
        cr_expect(strstr(line, "\"stamps\":null"), "%s", line);
}

/* At any width: no line is wider, and what matters is there. */
Test(player, the_text_fits_the_terminal) {
        static const char *const words[] = {
                "1 000 packets",    "4.00 µs",      "-1.50 µs",
                "late 3",           "longer than",  "shorter than",
                "13 dropped",       "as asked",     "to 02:ab:00:00:00:09 (the port's neighbour)",
                "from as captured", "900",          "run 0000ab01",
                "a fragment",       "2, which sent"};
        struct xskim_replay_report report = report_of(XSKIM_REPLAY_CAPTURED);
        char text[PLAYER_VIEW_BYTES];

        for (unsigned int columns = 60; columns <= 200; columns++) {
                player_view_report(&report, columns, text, sizeof(text));
                for (size_t i = 0; i < ARRAY_SIZE(words) && columns > 100; i++)
                        cr_expect(strstr(text, words[i]), "no \"%s\" in\n%s", words[i], text);
                for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                        cr_expect_leq(page_width(line), columns, "%s", line);
        }
}

Test(player, progress_is_one_line) {
        struct xskim_replay_report report = report_of(XSKIM_REPLAY_PACKETS);
        struct xskim_replay_config config = {.pace = report.pace};
        char text[PLAYER_VIEW_BYTES];

        for (unsigned int columns = 40; columns <= 200; columns++) {
                player_view_progress(&config, &report.sent.progress, 0.25, columns, text,
                                     sizeof(text));
                cr_expect_null(strchr(text, '\n'));
                cr_expect_leq(page_width(text), columns);
        }
        cr_expect(strstr(text, "25 %"), "%s", text);
        cr_expect(strstr(text, "00:00:06 left"), "%s", text);
        cr_expect(strstr(text, "2.00 Mpps"), "%s", text);
        player_view_progress(&config, &report.sent.progress, -1, 120, text, sizeof(text));
        cr_expect_null(strstr(text, "left"), "%s", text);
}

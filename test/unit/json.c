/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON that others rely on: every promised key with its type, found again by a parser. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "snapshots.h"
#include "util.h"

static json_t *line_parsed(const struct xskim_snapshot *s, enum json_type type) {
        CLEANUP(free_cleanup) char *line = NULL;
        json_error_t error;
        json_t *json;

        cr_assert_eq(json_line(s, type, &line), 0);
        cr_assert_null(strchr(line, '\n'), "one object is one line");
        json = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        cr_assert_not_null(json, "%s in %s", error.text, line);
        return json;
}

/* A dotted path; NULL when there is nothing. */
static json_t *at(json_t *json, const char *path) {
        char key[64];
        size_t length;

        for (; json && *path; path += length + (path[length] == '.')) {
                length = strcspn(path, ".");
                snprintf(key, sizeof(key), "%.*s", (int)length, path);
                json = json_object_get(json, key);
        }
        return json;
}

static const char *const INTEGERS[] = {"sample",
                                       "attach_lost",
                                       "start_unix_ns",
                                       "ledger.lost_before",
                                       "ledger.seen",
                                       "ledger.bytes",
                                       "ledger.sampled",
                                       "ledger.staged",
                                       "ledger.ring_full",
                                       "ledger.unparsable",
                                       "ledger.carried",
                                       "ledger.lost_in_socket",
                                       "ledger.received",
                                       "ledger.malformed",
                                       "ledger.decoded",
                                       "ledger.waiting",
                                       "ledger.unaccounted",
                                       "classes.ipv4",
                                       "classes.ipv6",
                                       "classes.arp",
                                       "classes.tcp",
                                       "classes.udp",
                                       "classes.icmp",
                                       "classes.icmpv6",
                                       "classes.sctp",
                                       "classes.other",
                                       "classes.fragments",
                                       "classes.vlan",
                                       "classes.truncated",
                                       "parse.complete",
                                       "estimate.packets",
                                       "estimate.bytes",
                                       "estimate.classes.tcp",
                                       "cost.kernel_memory_bytes",
                                       "cost.carrier_memory_bytes",
                                       "cost.user_memory_bytes",
                                       "cost.timed_runs",
                                       "cost.system_calls",
                                       "cost.wakeups"};
static const char *const REALS[] = {"duration_s",
                                    "throughput.pps",
                                    "throughput.bps",
                                    "cost.ns_per_packet",
                                    "cost.ns_per_sample",
                                    "cost.path_cpu_percent",
                                    "cost.collector_cpu_percent",
                                    "cost.ns_per_record"};
static const char *const STRINGS[] = {"type",     "port",     "verdict",    "tier",
                                      "mode.xdp", "mode.xsk", "mode.clock", "mode.attach"};
static const char *const PAIRS[] = {"estimate.packets_ci95", "estimate.bytes_ci95",
                                    "estimate.classes.tcp_ci95"};
static const char *const DISTRIBUTIONS[] = {"latency.gap", "latency.stack", "latency.delivery",
                                            "size"};

static void check_pair(json_t *json, const char *path) {
        json_t *pair = at(json, path);

        cr_assert(json_is_array(pair), "%s", path);
        cr_assert_eq(json_array_size(pair), 2, "%s", path);
        for (size_t i = 0; i < 2; i++)
                cr_assert(json_is_integer(json_array_get(pair, i)), "%s", path);
        cr_assert_leq(json_integer_value(json_array_get(pair, 0)),
                      json_integer_value(json_array_get(pair, 1)), "%s", path);
}

static void check_distribution(json_t *json, const char *name, const char *unit) {
        static const char *const integers[] = {"min_%s", "p50_%s",  "p90_%s",
                                               "p99_%s", "p999_%s", "max_%s"};
        static const char *const pairs[] = {"p99_ci95_%s", "p50_bucket_%s", "p90_bucket_%s",
                                            "p999_ci95_%s"};
        json_t *distribution = at(json, name);
        char key[64];

        cr_assert(json_is_integer(at(distribution, "count")), "%s", name);
        cr_assert(json_is_real(at(distribution, "relative_error")), "%s", name);
        cr_assert(json_is_boolean(at(distribution, "biased")), "%s", name);
        for (size_t i = 0; i < ARRAY_SIZE(integers); i++) {
                snprintf(key, sizeof(key), integers[i], unit);
                cr_assert(json_is_integer(at(distribution, key)), "%s.%s", name, key);
        }
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
                snprintf(key, sizeof(key), pairs[i], unit);
                check_pair(distribution, key);
        }
        snprintf(key, sizeof(key), "mean_%s", unit);
        cr_assert(json_is_real(at(distribution, key)), "%s.%s", name, key);
}

static void check_types(json_t *json) {
        for (size_t i = 0; i < ARRAY_SIZE(INTEGERS); i++)
                cr_assert(json_is_integer(at(json, INTEGERS[i])), "%s", INTEGERS[i]);
        for (size_t i = 0; i < ARRAY_SIZE(REALS); i++)
                cr_assert(json_is_real(at(json, REALS[i])), "%s", REALS[i]);
        for (size_t i = 0; i < ARRAY_SIZE(STRINGS); i++)
                cr_assert(json_is_string(at(json, STRINGS[i])), "%s", STRINGS[i]);
        for (size_t i = 0; i < ARRAY_SIZE(PAIRS); i++)
                check_pair(json, PAIRS[i]);
        for (size_t i = 0; i < ARRAY_SIZE(DISTRIBUTIONS); i++)
                check_distribution(json, DISTRIBUTIONS[i], i < 3 ? "ns" : "bytes");
        cr_assert(json_is_array(at(json, "notes")));
        cr_assert(json_is_boolean(at(json, "final")));
        cr_assert(json_is_boolean(at(json, "partial")));
}

Test(json, every_promised_key_has_its_type_whatever_the_snapshot) {
        struct xskim_snapshot snapshots[] = {{}, snapshot_usual(), snapshot_huge()};

        for (size_t i = 0; i < ARRAY_SIZE(snapshots); i++)
                for (enum json_type type = JSON_SNAPSHOT; type <= JSON_SUMMARY; type++) {
                        json_t *json = line_parsed(&snapshots[i], type);

                        check_types(json);
                        cr_expect_str_eq(json_string_value(at(json, "type")),
                                         type == JSON_SUMMARY ? "summary" : "snapshot");
                        json_decref(json);
                }
}

static json_int_t integer_at(json_t *json, const char *path) {
        return json_integer_value(at(json, path));
}

Test(json, values_are_those_of_the_snapshot) {
        struct xskim_snapshot s = snapshot_usual();
        json_t *json = line_parsed(&s, JSON_SUMMARY);

        cr_expect_str_eq(json_string_value(at(json, "port")), "eth1");
        cr_expect_str_eq(json_string_value(at(json, "verdict")), "pass");
        cr_expect_str_eq(json_string_value(at(json, "tier")), "classes");
        cr_expect_eq(integer_at(json, "sample"), 64);
        cr_expect_eq(json_real_value(at(json, "duration_s")), 12.5);
        cr_expect_eq(json_real_value(at(json, "cost.ns_per_packet")), 4.1);
        cr_expect_eq(integer_at(json, "latency.gap.p99_ns"), 6300);
        cr_expect_eq(json_integer_value(json_array_get(at(json, "latency.gap.p99_ci95_ns"), 0)),
                     5600);
        cr_expect_eq(json_integer_value(json_array_get(at(json, "latency.gap.p99_bucket_ns"), 1)),
                     6301);
        cr_expect_eq(integer_at(json, "latency.stack.count"), 0, "not measured");
        cr_expect_eq(integer_at(json, "size.p50_bytes"), 100);
        cr_expect_eq(integer_at(json, "estimate.packets"), 12430000);
        cr_expect_eq(json_integer_value(json_array_get(at(json, "estimate.packets_ci95"), 0)),
                     12390000);
        cr_expect_eq(json_integer_value(json_array_get(at(json, "estimate.packets_ci95"), 1)),
                     12470001);
        cr_expect_eq(json_array_size(at(json, "notes")), 1);
        json_decref(json);
}

/* Each row of the tables comes out under its own name with its own value. */
Test(json, every_row_has_its_own_value) {
        struct xskim_snapshot s = snapshot_usual();
        uint64_t number = 1;
        json_t *json;

#define SET_TERM(name_, unit_, doc_) s.ledger.name_ = number++;
#define SET_CLASS(name_, doc_) s.classes.name_ = number++;
#define SET_PARSE(name_, doc_) s.parse.name_ = number++;
#define SET_COST(type_, name_, doc_) s.cost.name_ = (type_)number++;
        XSKIM_LEDGER_ROWS(SET_TERM)
        XSKIM_CLASS_ROWS(SET_CLASS)
        XSKIM_PARSE_ROWS(SET_PARSE)
        XSKIM_COST_ROWS(SET_COST)
        json = line_parsed(&s, JSON_SNAPSHOT);
        number = 1;
#define IS_TERM(name_, unit_, doc_)                                                                \
        cr_expect_eq(integer_at(json, "ledger." #name_), (json_int_t)number++);
#define IS_CLASS(name_, doc_)                                                                      \
        cr_expect_eq(integer_at(json, "classes." #name_), (json_int_t)number++);
#define IS_PARSE(name_, doc_) cr_expect_eq(integer_at(json, "parse." #name_), (json_int_t)number++);
#define IS_COST(type_, name_, doc_)                                                                \
        cr_expect_eq(json_number_value(at(json, "cost." #name_)), (double)number++);
        XSKIM_LEDGER_ROWS(IS_TERM)
        XSKIM_CLASS_ROWS(IS_CLASS)
        XSKIM_PARSE_ROWS(IS_PARSE)
        XSKIM_COST_ROWS(IS_COST)
        json_decref(json);
}

/* Of stamped packets, when they were looked for: all of them and stream by stream. */
Test(json, transit_has_every_row_and_every_stream) {
        struct xskim_snapshot s = snapshot_usual();
        struct xskim_stream *stream = &s.transit.streams[1];
        uint64_t number = 1;
        json_t *json = line_parsed(&s, JSON_SUMMARY), *of;

        cr_expect_null(at(json, "transit"));
        json_decref(json);
        s.transit.enabled = true;
        s.transit.clock_offset_ns = -77;
        s.transit.stream_count = 2;
        s.transit.sum.latency = distribution_made(100, 5000);
        stream->run = UINT32_MAX;
        stream->number = 9;
        stream->delay_variation.jitter_ns = 2.5;
        stream->delay_variation.pdv = distribution_made(100, 300);
#define SET_ROW(name_, doc_) s.transit.name_ = number++;
#define SET_STREAM(name_, doc_) stream->name_ = number++;
        XSKIM_TRANSIT_ROWS(SET_ROW)
        XSKIM_STREAM_ROWS(SET_STREAM)
        json = line_parsed(&s, JSON_SUMMARY);
        number = 1;
        cr_expect_eq(integer_at(json, "transit.clock_offset_ns"), -77);
        cr_expect_eq(integer_at(json, "transit.latency.p50_ns"), 5000);
        cr_expect_eq(json_array_size(at(json, "transit.streams")), 2);
        of = json_array_get(at(json, "transit.streams"), 1);
#define IS_ROW(name_, doc_) cr_expect_eq(integer_at(json, "transit." #name_), (json_int_t)number++);
#define IS_STREAM(name_, doc_) cr_expect_eq(integer_at(of, #name_), (json_int_t)number++);
        XSKIM_TRANSIT_ROWS(IS_ROW)
        XSKIM_STREAM_ROWS(IS_STREAM)
        cr_expect_eq(integer_at(of, "run"), UINT32_MAX);
        cr_expect_eq(integer_at(of, "stream"), 9);
        cr_expect_eq(integer_at(of, "delay_variation.pdv.p50_ns"), 300);
        cr_expect_eq(json_real_value(at(of, "delay_variation.jitter_ns")), 2.5);
        cr_expect_not_null(at(json, "transit.reordered_ratio"));
        cr_expect_not_null(at(json, "transit.delay_variation.ipdv.p99_ns"));
        json_decref(json);
}

Test(json, expect_has_every_row_when_something_is_expected) {
        struct xskim_snapshot s = snapshot_usual();
        json_t *json = line_parsed(&s, JSON_SUMMARY);
        uint64_t number = 1;

        cr_expect_null(at(json, "expect"));
        json_decref(json);
        s.expect.enabled = true;
        s.expect.loops = 99;
        snprintf(s.expect.file, sizeof(s.expect.file), "sent.pcap");
        s.expect.extra_classes.icmpv6 = 44;
#define SET_EXPECT(name_, doc_) s.expect.name_ = number++;
        XSKIM_EXPECT_ROWS(SET_EXPECT)
        json = line_parsed(&s, JSON_SNAPSHOT);
        number = 1;
#define IS_EXPECT(name_, doc_)                                                                     \
        cr_expect_eq(integer_at(json, "expect." #name_), (json_int_t)number++);
        XSKIM_EXPECT_ROWS(IS_EXPECT)
        cr_expect_eq(integer_at(json, "expect.loops"), 99);
        cr_expect_str_eq(json_string_value(at(json, "expect.file")), "sent.pcap");
        cr_expect_eq(integer_at(json, "expect.extra_classes.icmpv6"), 44);
        cr_expect_eq(integer_at(json, "expect.extra_classes.tcp"), 0);
        json_decref(json);
}

Test(json, what_is_off_says_so) {
        struct xskim_snapshot s = snapshot_usual();
        json_t *json;

        s.sample = 0;
        s.tier = XSKIM_TIER_COUNTS;
        s.verdict = XSKIM_VERDICT_DROP;
        s.final = s.partial = true;
        json = line_parsed(&s, JSON_SUMMARY);
        cr_expect_eq(integer_at(json, "sample"), 0);
        cr_expect_str_eq(json_string_value(at(json, "tier")), "counts");
        cr_expect_str_eq(json_string_value(at(json, "verdict")), "drop");
        cr_expect(json_is_true(at(json, "final")));
        cr_expect(json_is_true(at(json, "partial")));
        json_decref(json);
}

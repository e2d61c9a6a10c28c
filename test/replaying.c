/* SPDX-License-Identifier: BSD-2-Clause */
/* See replaying.h. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <xskim/skip.h>

#include "lab.h"
#include "replaying.h"

enum { KEPT_MAX = 256 };

char made[64];
static void *kept[KEPT_MAX];
static size_t kept_count;

void *replaying_keep(void *allocated) {
        cr_assert_lt(kept_count, KEPT_MAX);
        return kept[kept_count++] = allocated;
}

void replaying_begin(void) {
        lab_fresh();
        lab_run("ethtool -K " LAB_PEER " gro on >/dev/null");
        snprintf(made, sizeof(made), "/tmp/xskim-made-%d.pcap", getpid());
}

void replaying_end(void) {
        while (kept_count)
                free(kept[--kept_count]);
        unlink(made);
}

void replaying_make(unsigned int packets, uint64_t gap_ns) {
        struct tape *tape = tape_open(made, TAPE_ETHERNET);
        uint8_t bytes[PACKET_BYTES_MAX];
        __u64 random = 7;

        for (unsigned int i = 0; i < packets; i++) {
                uint32_t length = i ? 14 + xskim_random_next(&random) % (PACKET_BYTES_MAX - 13)
                                    : PACKET_BYTES_MAX;

                for (uint32_t at = 0; at < length; at++)
                        bytes[at] = (uint8_t)(xskim_random_next(&random) >> 16);
                bytes[0] &= 0xfe; /* no group address: nobody answers */
                tape_put(tape, 1000000000ULL + i * gap_ns, bytes, length, length);
        }
        tape_close(tape);
}

const char *report_text(const struct command_result *result, const char *key) {
        char name[64];
        const char *place;

        snprintf(name, sizeof(name), "\"%s\":", key);
        cr_assert(strstr(result->out, "\"type\":\"replay\""), "no report: %s%s", result->out,
                  result->err);
        place = strstr(result->out, name);
        cr_assert(place, "no %s in %s", key, result->out);
        return place + strlen(name);
}

double report_number(const struct command_result *result, const char *key) {
        return strtod(report_text(result, key), NULL);
}

struct command_result replaying_wait(struct command *command) {
        struct command_result result = command_end(command);

        replaying_keep(result.out);
        return result;
}

struct command_result replaying_run(const char *const arguments[]) {
        struct command command = command_start(NULL, arguments);

        return replaying_wait(&command);
}

void replaying_well(struct command_result result, uint64_t packets) {
        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_assert_str_empty(result.err);
        cr_assert_eq(report_number(&result, "packets"), packets, "%s", result.out);
        cr_assert_eq(report_number(&result, "port_packets"), packets, "%s", result.out);
        cr_assert_eq(report_number(&result, "port_dropped"), 0);
        cr_assert_eq(report_number(&result, "skipped"), 0);
}

struct xskim_session *replaying_far_end(enum xskim_verdict verdict) {
        struct xskim_config config;

        lab_config(&config);
        config.ports[0] = LAB_PEER;
        config.sample = 0;
        config.transit = true;
        config.verdict = verdict;
        config.ring_slots = 32736;
        /* its threads inherit it: senders have the same, and take CPUs from whoever has less */
        setpriority(PRIO_PROCESS, 0, -20);
        return lab_session_open(&config);
}

/* A thread's number is its stream. */
static double stamped_by(const struct command_result *result, unsigned int thread) {
        const char *place = report_text(result, "threads");

        for (unsigned int i = 0; i <= thread; i++) {
                place = strstr(place + 1, "\"stamped\":");
                cr_assert(place, "no thread %u in %s", thread, result->out);
        }
        return strtod(strchr(place, ':') + 1, NULL);
}

static void streams_are_whole(const struct command_result *result,
                              const struct xskim_transit *transit) {
        /* handing a packet over takes time, and the whole run took longer than any */
        double longest_ns = (report_number(result, "duration_s") + 1) * 1e9;

        for (unsigned int i = 0; i < transit->stream_count; i++) {
                const struct xskim_stream *stream = &transit->streams[i];

                cr_expect_eq(stream->run, report_number(result, "run"));
                cr_expect_eq(stream->received, stamped_by(result, stream->number));
                cr_expect_gt(stream->latency.min, 100);
                cr_expect_lt((double)stream->latency.max, longest_ns);
        }
}

void replaying_all_came(const struct command_result *result, struct xskim_session *session) {
        static struct xskim_snapshot s;
        const struct xskim_stream *sum = &s.transit.sum;
        double stamped = report_number(result, "stamped");

        usleep(100000);
        lab_session_summary(session, &s);
        cr_assert_eq(result->status, 0, "%s", result->err);
        cr_expect_eq(report_number(result, "port_dropped"), 0);
        cr_expect_eq(report_number(result, "packets"),
                     stamped + report_number(result, "unstamped"));
        cr_expect_eq(s.ledger.stamped, stamped);
        cr_expect_eq(s.transit.unrecorded, 0, "%lu", s.transit.unrecorded);
        cr_expect_eq(sum->received, stamped, "%lu of %.0f", sum->received, stamped);
        cr_expect_eq(sum->lost, 0, "%lu", sum->lost);
        cr_expect_eq(sum->duplicated + sum->corrupted, 0);
        cr_expect_eq(sum->reordered + s.transit.unordered, 0);
        cr_expect_eq(sum->beyond_window + sum->before_sent, 0);
        cr_expect_eq(s.transit.unattributed + s.transit.untracked, 0);
        cr_expect_eq(s.transit.stream_count > 0, stamped > 0);
        streams_are_whole(result, &s.transit);
}

void replaying_arrives_like(const char *original, const char *path, const char *engine,
                            const char *pace, const char *value) {
        struct tape_packets sent = tape_read(original), received;
        struct judge judge = judge_start(LAB_PEER);

        replaying_well(REPLAY("--engine", engine, "--loop", "2", path, LAB_PORT, pace, value),
                       sent.count * 2);
        received = judge_end_of(&judge, &sent, 2);
        tape_equal(&sent, &received, 2);
        tape_free(&sent);
        tape_free(&received);
}

void replaying_arrives(const char *path, const char *engine, const char *pace, const char *value) {
        replaying_arrives_like(path, path, engine, pace, value);
}

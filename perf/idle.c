/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an idle port costs, and how old a lone record gets.
 *
 *   idle_cpu          CPU time of the whole process, share of one core, per second, while a session
 *                     with the defaults runs in it with a sink and nothing arrives
 *   lone_record       the longest time from staged to decoded of single records at random moments,
 *                     by xskim's own `delivery`; bound: the flush time + 2 ms
 *
 * usage: perf-idle [--json]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "clock.h"
#include "lab.h"
#include "log.h"
#include "util.h"
#include "way.h"

enum {
        IDLE_SECONDS = 8,
        LONE_RECORDS = 100,
        LONE_APART_MS = 45, /* more than the flush time, so that each is alone */
        LONE_LATE_MS = 2,
};

/* CPU time of the process at every snapshot, that is once an interval. */
struct share {
        uint64_t cpu_ns[IDLE_SECONDS + 2];
        uint64_t at_ns[IDLE_SECONDS + 2];
        unsigned int count;
};

static int share_take(void *context, const struct xskim_snapshot *snapshot) {
        struct share *share = context;

        (void)snapshot;
        if (share->count < ARRAY_SIZE(share->cpu_ns)) {
                share->cpu_ns[share->count] = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
                share->at_ns[share->count++] = bench_now_ns();
        }
        return 0;
}

static struct bench_figure idle_cpu(void) {
        struct share share = {.count = 0};
        struct xskim_sink sink = {.context = &share, .snapshot = share_take};
        double percent[ARRAY_SIZE(share.cpu_ns)];
        struct xskim_session *session;
        struct xskim_config config;
        struct bench_figure figure;

        lab_port("idle");
        xskim_config_init(&config);
        config.ports[0] = "idle";
        config.port_count = 1;
        config.duration_ms = IDLE_SECONDS * 1000 + 500;
        lab_must(xskim_open(&config, &session), "opening a session");
        lab_must(xskim_sink_add(session, &sink), "adding a sink");
        lab_must(xskim_run(session), "running the session");
        xskim_close(session);
        for (unsigned int i = 1; i < share.count; i++)
                percent[i - 1] = 100.0 * (double)(share.cpu_ns[i] - share.cpu_ns[i - 1]) /
                                 (double)(share.at_ns[i] - share.at_ns[i - 1]);
        figure = bench_compare(percent, NULL, share.count - 1, BENCH_VALUE_AT_MOST, 1);
        figure.name = "idle_cpu";
        figure.unit = "% of a core";
        return figure;
}

static struct bench_figure lone_record(void) {
        struct way_config config = way_config_default("lone", lab_port("lone"));
        struct xskim_snapshot *snapshot CLEANUP(free_cleanup) = calloc(1, sizeof(*snapshot));
        struct way *way = way_open(WAY_carriers, &config);
        struct bench_figure figure;
        static char note[64];
        double latest_ms;

        if (!snapshot)
                abort();
        for (int i = 0; i < LONE_RECORDS; i++) {
                lab_run_ns(way_program(way), lab_packet_udp64(), 1);
                lab_pause_ns((LONE_APART_MS * 1000 + (uint64_t)random() % 10000) * 1000);
        }
        lab_must(xskim_snapshot(way_session(way), 0, snapshot), "snapshot");
        if (snapshot->delivery.count != LONE_RECORDS) {
                fprintf(stderr, "perf: %llu of %d lone records arrived\n",
                        (unsigned long long)snapshot->delivery.count, LONE_RECORDS);
                exit(EXIT_FAILURE);
        }
        latest_ms = (double)snapshot->delivery.max / 1e6;
        way_close(way);
        figure = bench_compare(&latest_ms, NULL, 1, BENCH_VALUE_AT_MOST,
                               config.flush_ms + LONE_LATE_MS);
        figure.name = "lone_record";
        figure.unit = "ms";
        snprintf(note, sizeof(note), "the longest of %d; median %.2f ms", LONE_RECORDS,
                 (double)snapshot->delivery.quantiles[XSKIM_P50].value / 1e6);
        figure.note = note;
        return figure;
}

int main(int argc, char **argv) {
        struct bench_figure figures[2];

        lab_open();
        figures[0] = idle_cpu();
        lab_pin(LAB_PATH_CPU);
        figures[1] = lone_record();
        for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
                bench_print(&figures[i], bench_wants_json(argc, argv));
        return bench_status(figures, ARRAY_SIZE(figures));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim itself as a way out: a session of the library, opened as anyone would open it. Only its
 * sampler's descriptor, its ring indexes and its worker's report are taken from inside, which the
 * benchmarks need and the public API does not give.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <xskim/barrier.h>

#include "session.h"
#include "util.h"
#include "way_private.h"

static void session_open(struct way *way) {
        const struct way_config *c = &way->config;
        struct xskim_config config;

        xskim_config_init(&config);
        config.ports[0] = c->port;
        config.port_count = 1;
        config.verdict = c->verdict;
        config.tier = c->tier;
        config.sample = c->sample;
        config.seed = 1;
        config.force = true;
        config.flush_ms = c->flush_ms;
        config.ring_slots = c->ring_slots;
        config.cpus[0] = c->collector_cpu;
        config.cpu_count = 1;
        lab_must(xskim_open(&config, &way->session), "opening a session");
        way->program_fd = program_sampler_fd(way->session->programs, 0);
        way->record_memory = (uint64_t)(c->ring_slots + XSKIM_FRAME_RECORDS_MAX) *
                             XSKIM_RECORD_BYTES * way->session->cpus;
}

/* A figure of a session that does not balance would be worth nothing. */
static void session_close(struct way *way) {
        struct xskim_snapshot *summary = calloc(1, sizeof(*summary));

        if (!summary)
                abort();
        lab_must(xskim_stop(way->session), "stopping the session");
        lab_must(xskim_snapshot(way->session, 0, summary), "summary");
        if (summary->ledger.unaccounted) {
                fprintf(stderr, "perf: the ledger does not balance: %s\n", summary->ledger.where);
                exit(EXIT_FAILURE);
        }
        free(summary);
        way->session = xskim_close(way->session);
}

static bool session_is_drained(const struct way *way) {
        const struct xskim_ring_control *controls = program_ring_controls(way->session->programs);

        for (uint32_t cpu = 0; cpu < way->session->cpus; cpu++)
                if (xskim_load_acquire(&controls[cpu].head) !=
                    xskim_load_acquire(&controls[cpu].tail))
                        return false;
        return true;
}

uint64_t way_waiting(const struct way *way) {
        const struct xskim_ring_control *controls = program_ring_controls(way->session->programs);
        uint64_t most = 0, waiting;

        for (uint32_t cpu = 0; cpu < way->session->cpus; cpu++) {
                waiting = xskim_load_acquire(&controls[cpu].tail);
                waiting = xskim_load_acquire(&controls[cpu].head) - waiting;
                most = MAX(most, waiting);
        }
        return most;
}

static uint64_t session_taken(const struct way *way) {
        const struct xskim_ring_control *controls = program_ring_controls(way->session->programs);
        uint64_t taken = 0;

        for (uint32_t cpu = 0; cpu < way->session->cpus; cpu++)
                taken += xskim_load_acquire(&controls[cpu].tail);
        return taken;
}

static void session_counts(struct way *way, struct way_counts *ret_counts) {
        struct xskim_snapshot *snapshot = calloc(1, sizeof(*snapshot));
        struct worker_report report;

        if (!snapshot)
                abort();
        lab_must(xskim_snapshot(way->session, 0, snapshot), "snapshot");
        worker_report(way->session->workers[0], &report);
        *ret_counts = (struct way_counts){
                .seen = snapshot->ledger.seen,
                .sampled = snapshot->ledger.sampled,
                .lost = snapshot->ledger.ring_full + snapshot->ledger.lost_in_socket +
                        snapshot->ledger.malformed,
                .decoded = snapshot->ledger.decoded,
                .collector_cpu_ns = report.cpu_ns,
                .system_calls = report.system_calls,
        };
        free(snapshot);
}

const struct way_operations WAY_SESSION = {
        .open = session_open,
        .close = session_close,
        .is_drained = session_is_drained,
        .taken = session_taken,
        .counts = session_counts,
};

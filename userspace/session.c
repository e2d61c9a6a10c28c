/* SPDX-License-Identifier: BSD-2-Clause */
/* What a session publishes, and how it ends. See session.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "session.h"
#include "log.h"
#include "util.h"

int session_make(const struct xskim_config *config, struct xskim_session **ret_session) {
        struct xskim_session *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->config = *config;
        s->cpus = program_cpus_possible();
        s->epoll_fd = s->timer_fd = s->end_fd = s->monitor_fd = -1;
        s->record = RECORD_NULL;
        for (uint32_t p = 0; p < XSKIM_PORTS_MAX; p++)
                s->ports[p] = PORT_NULL;
        s->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        s->failed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        s->kernels = calloc(config->port_count, sizeof(*s->kernels));
        s->tally = calloc(1, sizeof(*s->tally));
        s->snapshots = calloc(config->port_count, sizeof(*s->snapshots));
        if (s->interrupt_fd < 0 || s->failed_fd < 0 || !s->kernels || !s->tally || !s->snapshots) {
                session_free(s);
                return error_set(-ENOMEM, "session: no memory, or no descriptors");
        }
        *ret_session = s;
        return 0;
}

struct xskim_session *session_free(struct xskim_session *s) {
        record_give_up(&s->record);
        for (uint32_t p = 0; p < XSKIM_PORTS_MAX; p++)
                port_close(&s->ports[p]);
        for (uint32_t w = 0; w < XSKIM_WORKERS_MAX; w++)
                s->workers[w] = worker_close(s->workers[w]);
        s->programs = programs_close(s->programs);
        fd_cleanup(&s->epoll_fd);
        fd_cleanup(&s->timer_fd);
        fd_cleanup(&s->end_fd);
        fd_cleanup(&s->interrupt_fd);
        fd_cleanup(&s->failed_fd);
        fd_cleanup(&s->monitor_fd);
        record_close(&s->record);
        for (uint32_t p = 0; p < XSKIM_PORTS_MAX; p++)
                s->transits[p] = transit_share_close(s->transits[p]);
        for (uint32_t p = 0; p < XSKIM_PORTS_MAX; p++)
                s->expects[p] = expect_share_close(s->expects[p]);
        free(s->kernels);
        free(s->tally);
        free(s->snapshots);
        free(s);
        return NULL;
}

int session_transits(struct xskim_session *s) {
        const struct transit_config config = {
                .rings = s->cpus,
                .clock_offset_ns = s->config.clock_offset_ns,
        };
        int r = 0;

        for (uint32_t p = 0; s->config.transit && p < s->config.port_count && !r; p++)
                r = transit_share_open(&config, &s->transits[p]);
        return r;
}

/* Each port is held against the whole capture. */
int session_expects(struct xskim_session *s) {
        const struct expect_config config = {
                .path = s->config.expect_path,
                .filter = s->config.expect_filter,
                .loops = s->config.expect_loops,
        };
        int r = 0;

        for (uint32_t p = 0; config.path && p < s->config.port_count && !r; p++)
                r = expect_share_open(&config, &s->expects[p]);
        return r;
}

int session_record(struct xskim_session *s) {
        const struct xskim_config *c = &s->config;
        struct recordfile_facts *facts CLEANUP(free_cleanup) = NULL;

        if (!c->record_path)
                return 0;
        facts = calloc(1, sizeof(*facts));
        if (!facts)
                return -ENOMEM;
        facts->session = s->number;
        facts->start_unix_ns = s->ports[0].start_unix_ns;
        facts->start_ns = s->ports[0].start_ns;
        facts->seed = c->seed;
        facts->sample = c->sample;
        facts->verdict = c->verdict;
        facts->tier = c->tier;
        facts->cpus = s->cpus;
        facts->workers = c->workers;
        facts->ring_slots = c->ring_slots;
        facts->transit = c->transit;
        facts->expect = c->expect_path != NULL;
        facts->clock_offset_ns = (uint64_t)c->clock_offset_ns;
        facts->frame_version = XSKIM_FRAME_VERSION;
        facts->frame_header_bytes = XSKIM_FRAME_HEADER_BYTES;
        facts->record_bytes = XSKIM_RECORD_BYTES;
        facts->port_count = c->port_count;
        for (uint32_t p = 0; p < c->port_count; p++)
                memcpy(facts->ports[p], s->ports[p].netdev.name, XSKIM_NAME_MAX);
        return record_begin(&s->record, facts);
}

/* Sums over the workers. */
struct session_totals {
        struct worker_report report;
        uint64_t frames_missing;
        uint64_t decoded;
};

static void reports_add(struct xskim_session *s, struct session_totals *t) {
        struct worker_report one;

        for (uint32_t w = 0; w < s->config.workers; w++) {
                worker_report(s->workers[w], &one);
                t->report.system_calls += one.system_calls;
                t->report.wakeups += one.wakeups;
                t->report.socket_frames_lost += one.socket_frames_lost;
                t->report.kernel_memory_bytes += one.kernel_memory_bytes;
                t->report.umem_bytes += one.umem_bytes;
                t->report.user_memory_bytes += one.user_memory_bytes;
                t->report.cpu_ns += one.cpu_ns;
                if (!t->report.record_error)
                        t->report.record_error = one.record_error;
        }
}

static void tally_of_port(const struct xskim_session *s, uint32_t port) {
        tally_reset(s->tally);
        for (uint32_t w = 0; w < s->config.workers; w++)
                worker_tally(s->workers[w], port, s->tally);
}

static void totals_make(struct xskim_session *s, struct session_totals *t) {
        *t = (struct session_totals){0};
        reports_add(s, t);
        for (uint32_t p = 0; p < s->config.port_count; p++) {
                tally_of_port(s, p);
                t->frames_missing += s->tally->frames_missing;
                t->decoded += s->tally->decoded;
        }
}

static void totals_book(struct xskim_session *s, const struct session_totals *t,
                        struct account_kernel *k) {
        uint32_t ports = s->config.port_count;

        if (!s->memory_bytes)
                s->memory_bytes = program_memory(s->programs);
        k->recording = record_is_open(&s->record);
        k->socket_frames_lost = t->report.socket_frames_lost;
        k->session_frames_missing = t->frames_missing;
        k->collector_cpu_ns = t->report.cpu_ns - s->interval_cpu_ns;
        k->collector_records = t->decoded - s->interval_records;
        k->system_calls = t->report.system_calls;
        k->wakeups = t->report.wakeups;
        k->kernel_memory_bytes = (s->memory_bytes + t->report.kernel_memory_bytes) / ports;
        k->carrier_memory_bytes = t->report.umem_bytes;
        k->user_memory_bytes = t->report.user_memory_bytes + sizeof(*s) + sizeof(*s->tally) +
                               ports * (sizeof(*s->kernels) + sizeof(*s->snapshots));
        for (uint32_t p = 0; p < ports; p++)
                k->user_memory_bytes +=
                        transit_share_memory(s->transits[p]) + expect_share_memory(s->expects[p]);
}

/* Says once of each port that its file lacks something; the snapshot just made shows it already. */
static void record_judge(struct xskim_session *s, uint32_t port, const struct session_totals *t) {
        int error = t->report.record_error ? t->report.record_error : s->record.error;
        struct xskim_snapshot *snapshot = &s->snapshots[port];
        struct port *noted = &s->ports[port];

        if (!error || s->record_noted[port])
                return;
        s->record_noted[port] = true;
        port_note(noted, "the record file is incomplete: %s (make room, or record less: --sample)",
                  strerror(-error));
        snapshot->note_count = noted->note_count;
        memcpy(snapshot->notes, noted->notes, sizeof(snapshot->notes));
}

/* The kernel's side last: live, a later stage must not exceed an earlier one. */
static int snapshot_make(struct xskim_session *s, uint32_t port, const struct session_totals *t,
                         bool next_interval, bool final) {
        struct account_kernel *kernel = &s->kernels[port];
        int r;

        memset(kernel, 0, sizeof(*kernel));
        tally_of_port(s, port);
        r = port_account(&s->ports[port], &s->config, next_interval, kernel);
        if (r < 0)
                return r;
        totals_book(s, t, kernel);
        if (final)
                kernel->interval_ns = 0;
        account_snapshot(kernel, s->tally, final, &s->snapshots[port]);
        transit_share_report(s->transits[port], kernel->counters.stamped, final, next_interval,
                             &s->snapshots[port].transit);
        expect_share_report(s->expects[port], kernel->counters.hashed, final,
                            &s->snapshots[port].expect);
        if (next_interval && record_is_open(&s->record))
                record_account(&s->record, port, final, kernel, s->tally);
        record_judge(s, port, t);
        return 0;
}

static int workers_fold(struct xskim_session *s) {
        int r = 0;

        for (uint32_t w = 0; w < s->config.workers && r >= 0; w++)
                r = worker_fold(s->workers[w]);
        return r;
}

static int sink_tell(const struct xskim_sink *sink, const struct xskim_snapshot *snapshot) {
        if (snapshot->final)
                return sink->summary ? sink->summary(sink->context, snapshot) : 0;
        return sink->snapshot ? sink->snapshot(sink->context, snapshot) : 0;
}

/* Snapshots end with the first error, and when a sink stops the session; the summary is for all. */
static int sinks_tell(struct xskim_session *s, bool final) {
        int one, r = 0;

        for (uint32_t p = 0; p < s->config.port_count; p++) {
                for (unsigned int i = 0; i < s->sink_count; i++) {
                        if (!final && (r < 0 || s->stopped))
                                break;
                        one = sink_tell(&s->sinks[i], &s->snapshots[p]);
                        r = r < 0 ? r : one;
                }
        }
        /* a sink has no other way to say why */
        return r < 0 ? error_set(r, "a sink ended the session: %s", strerror(-r)) : 0;
}

static int snapshots_make(struct xskim_session *s, bool final) {
        struct session_totals totals;
        int r = 0;

        totals_make(s, &totals);
        for (uint32_t p = 0; p < s->config.port_count && r >= 0; p++)
                r = snapshot_make(s, p, &totals, true, final);
        s->interval_cpu_ns = totals.report.cpu_ns;
        s->interval_records = totals.decoded;
        return r;
}

int session_publish(struct xskim_session *s, bool final) {
        int r = final ? 0 : workers_fold(s);

        r = r < 0 ? r : snapshots_make(s, final);
        return r < 0 ? r : sinks_tell(s, final);
}

int session_snapshot(struct xskim_session *s, unsigned int port, bool next_interval,
                     struct xskim_snapshot *ret_snapshot) {
        struct session_totals totals;
        int r = 0;

        if (!s->stopped) {
                r = workers_fold(s);
                if (r < 0)
                        return r;
                totals_make(s, &totals);
                r = snapshot_make(s, port, &totals, next_interval, false);
        }
        if (!r)
                *ret_snapshot = s->snapshots[port];
        return r;
}

int xskim_buckets(const struct xskim_session *s, unsigned int port,
                  enum xskim_distribution_name name, struct xskim_buckets *ret_buckets) {
        error_clear();
        if (port >= s->config.port_count || name >= XSKIM_DISTRIBUTION_COUNT)
                return error_set(-EINVAL, "buckets: port number %u of %u, distribution %u of %u",
                                 port, s->config.port_count, name, XSKIM_DISTRIBUTION_COUNT);
        tally_of_port(s, port);
        account_buckets(&s->kernels[port], s->tally, name, ret_buckets);
        return 0;
}

uint64_t xskim_bucket_bound(unsigned int scale, unsigned int slot) {
        return bucket_high(slot, MIN(scale, (unsigned int)XSKIM_SCALE_USER));
}

int session_failure(struct xskim_session *s) {
        struct worker_report report;

        s->failed = true;
        for (uint32_t w = 0; w < s->config.workers; w++) {
                worker_report(s->workers[w], &report);
                if (report.error)
                        return error_set(report.error, "worker %u ended: %s", w,
                                         strerror(-report.error));
        }
        return -EIO;
}

int session_stop(struct xskim_session *s) {
        int one, r = 0;

        if (s->stopped)
                return 0;
        /* first: a sink may stop the session that calls it */
        s->stopped = true;
        for (uint32_t p = 0; p < s->config.port_count; p++) {
                port_detach(&s->ports[p]);
                source_rewind(&s->ports[p].source);
        }
        program_grace();
        /* one that failed does not keep the others from finishing, nor the summary from coming */
        for (uint32_t w = 0; w < s->config.workers; w++) {
                one = worker_finish(s->workers[w]);
                r = r < 0 ? r : one;
        }
        s->interval_cpu_ns = 0;
        s->interval_records = 0;
        one = session_publish(s, true);
        return r < 0 ? r : one;
}

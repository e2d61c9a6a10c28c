/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims about a running session: its memory, what collecting takes, what is lost when a staging
 * ring overflows. See claims.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xskim/barrier.h>

#include "claims.h"
#include "clock.h"
#include "log.h"
#include "program_trial.h"
#include "util.h"

/* A session on a port of its own, and its snapshot. */
struct watched {
        struct xskim_claims *claims;
        struct claims_room room;
        struct xskim_session *session;
        int sampler_fd;
        struct xskim_snapshot *snapshot;
};

#define WATCHED_NULL ((struct watched){.room = CLAIMS_ROOM_NULL})

static void watched_close(struct watched *w) {
        claims_session_close(w->session);
        free(w->snapshot);
        claims_room_leave(&w->room);
        *w = WATCHED_NULL;
}

static int watched_open(struct xskim_claims *claims, const struct xskim_config *config,
                        struct watched *w) {
        int r;

        *w = WATCHED_NULL;
        w->claims = claims;
        w->snapshot = calloc(1, sizeof(*w->snapshot));
        r = w->snapshot ? claims_room_enter(&w->room) : -ENOMEM;
        r = r < 0 ? r : claims_session_open(claims, config, 0, &w->session);
        if (r < 0) {
                watched_close(w);
                return r;
        }
        w->sampler_fd = program_sampler_fd(w->session->programs, 0);
        return 0;
}

static int watched_run(struct watched *w, uint32_t packets, uint64_t *ret_ns) {
        return program_trial_run(w->sampler_fd, w->claims->packet, sizeof(w->claims->packet),
                                 packets, ret_ns);
}

/* ---- memory ---- */

enum { MEMORY_BOUND_KB = 320 };

static int memory_measure(struct xskim_claims *claims, bool whole, struct xskim_claim *claim) {
        struct watched w;
        struct xskim_cost *cost;
        uint64_t bytes;
        int r = watched_open(claims, NULL, &w);

        r = r < 0 ? r : xskim_snapshot(w.session, 0, w.snapshot);
        if (r < 0) {
                watched_close(&w);
                return r;
        }
        cost = &w.snapshot->cost;
        bytes = cost->kernel_memory_bytes;
        if (whole)
                bytes += cost->carrier_memory_bytes + cost->user_memory_bytes;
        claim->measured = claim_exact((double)bytes / 1024);
        claim_how(claim,
                  "a session with the defaults on one port, %u possible CPUs: maps and programs by "
                  "fdinfo, rings by their mappings%s",
                  w.session->cpus,
                  whole ? ", UMEM, carrier ports and what the library allocates" : "");
        claim_at_most(claim, MEMORY_BOUND_KB, "the paper's 320 KB");
        claim_reason(claim, "kernel %lu KB, UMEM and carrier ports %lu KB, library %lu KB",
                     cost->kernel_memory_bytes >> 10, cost->carrier_memory_bytes >> 10,
                     cost->user_memory_bytes >> 10);
        watched_close(&w);
        return 0;
}

int claims_memory_session(struct xskim_claims *claims, struct xskim_claim *claim) {
        return memory_measure(claims, false, claim);
}

int claims_memory_whole(struct xskim_claims *claims, struct xskim_claim *claim) {
        return memory_measure(claims, true, claim);
}

/* ---- collection ---- */

enum { DELIVERY_BURSTS = 1000, DELIVERY_PACKETS = 1000, COLLECTION_BOUND_MS = 45 };

static int delivery_run(struct watched *w) {
        uint64_t ns;
        int r = 0;

        claims_pin(w->claims, 0);
        for (int i = 0; i < DELIVERY_BURSTS && r >= 0; i++) {
                r = watched_run(w, DELIVERY_PACKETS, &ns);
                r = r < 0 ? r : claims_interrupted(w->claims);
                claims_pause_ms(1);
        }
        return r < 0 ? r : xskim_snapshot(w->session, 0, w->snapshot);
}

int claims_collection_time(struct xskim_claims *claims, struct xskim_claim *claim) {
        const struct xskim_distribution *delivery;
        const struct xskim_quantile *p99;
        struct xskim_config defaults;
        struct watched w;
        int r = watched_open(claims, NULL, &w);

        xskim_config_init(&defaults);
        r = r < 0 ? r : delivery_run(&w);
        if (r < 0) {
                watched_close(&w);
                return r;
        }
        delivery = &w.snapshot->delivery;
        p99 = &delivery->quantiles[XSKIM_P99];
        claim->measured = (struct xskim_bench_interval){
                (double)p99->value / 1e6, (double)p99->ci95_low / 1e6, (double)p99->ci95_high / 1e6,
                (uint32_t)delivery->count};
        claim_how(
                claim,
                "P99 from a record staged to its being decoded, a session with the defaults (1 in "
                "64, a lone record at most %u ms old), %d bursts of %d packets",
                defaults.flush_ms, DELIVERY_BURSTS, DELIVERY_PACKETS);
        claim_at_most(claim, COLLECTION_BOUND_MS, "the paper's 45 ms");
        claim_reason(claim, "P50 %.2f ms, most %.2f ms",
                     (double)delivery->quantiles[XSKIM_P50].value / 1e6,
                     (double)delivery->max / 1e6);
        watched_close(&w);
        return 0;
}

enum {
        COLLECTION_ROUNDS = 9,
        COLLECTION_FLUSH_MS = 1,
        COLLECTION_CHUNK = 8192, /* at once: a ring has room for four of them */
        COLLECTION_PAUSE_MS = 3, /* a flush, and a chunk */
        COLLECTION_PAUSES_MAX = 200,
};

static bool rings_are_empty(const struct watched *w) {
        const struct xskim_ring_control *rings = program_ring_controls(w->session->programs);

        for (uint32_t cpu = 0; cpu < w->session->cpus; cpu++)
                if (xskim_load_acquire(&rings[cpu].head) != xskim_load_acquire(&rings[cpu].tail))
                        return false;
        return true;
}

/* One chunk, until it is taken; without asking the collector, whose time is being taken. */
static int collection_chunk(struct watched *w) {
        uint64_t ns;
        int r = watched_run(w, COLLECTION_CHUNK, &ns);

        for (int i = 0; r >= 0 && i < COLLECTION_PAUSES_MAX; i++) {
                claims_pause_ms(COLLECTION_PAUSE_MS);
                r = claims_interrupted(w->claims);
                if (rings_are_empty(w))
                        break;
        }
        return r;
}

static uint64_t collector_ns(const struct watched *w) {
        struct worker_report report;

        worker_report(w->session->workers[0], &report);
        return report.cpu_ns;
}

/* Its CPU time for so many records, a multiple of COLLECTION_CHUNK, asking for the figures
 * included.
 */
static int collection_timing(void *context, uint32_t size, double *ret_ns) {
        struct watched *w = context;
        uint64_t before, decoded;
        int r = xskim_snapshot(w->session, 0, w->snapshot);

        before = collector_ns(w);
        decoded = w->snapshot->ledger.decoded;
        for (uint32_t sent = 0; sent < size && r >= 0; sent += COLLECTION_CHUNK)
                r = collection_chunk(w);
        r = r < 0 ? r : xskim_snapshot(w->session, 0, w->snapshot);
        if (r < 0)
                return r;
        if (w->snapshot->ledger.decoded - decoded != size)
                return error_set(-ENODATA, "collection: %lu records of %u were decoded in time",
                                 w->snapshot->ledger.decoded - decoded, size);
        *ret_ns = (double)(collector_ns(w) - before);
        return 0;
}

int claims_collection_measure(struct xskim_claims *claims, struct claims_collection *ret) {
        static const uint32_t sizes[] = {8192, 16384, 32768, 65536, 131072, 262144};
        struct xskim_config config;
        struct claims_growth growth;
        struct watched w;
        int r;

        xskim_config_init(&config);
        config.sample = 1;
        config.ring_slots = XSKIM_RING_SLOTS_MAX;
        config.flush_ms = COLLECTION_FLUSH_MS;
        r = watched_open(claims, &config, &w);
        if (r < 0)
                return r;
        claims_pin(claims, 0);
        r = claims_grow(claims, sizes, ARRAY_SIZE(sizes), COLLECTION_ROUNDS, collection_timing, &w,
                        &growth);
        watched_close(&w);
        if (r < 0)
                return r;
        ret->exponent = growth.exponent;
        ret->low = growth.low;
        ret->high = growth.high;
        ret->record_ns = claim_scaled(growth.largest, 1.0 / growth.high);
        return 0;
}

int claims_collection_growth(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct claims_collection *collection = &claims->collection;
        int r = CLAIMS_ONCE(claims, collection, claims_collection_measure);

        if (r < 0)
                return r;
        claim->measured = collection->exponent;
        claim_how(claim,
                  "CPU time of the collector for %u to %u records, every packet sampled, %d times "
                  "each",
                  collection->low, collection->high, COLLECTION_ROUNDS);
        claim_growth(claim, CLAIM_LAW_LOG, collection->low, collection->high);
        claim_reason(claim, "every record is looked at once: %.0f ns each",
                     collection->record_ns.median);
        return 0;
}

/* ---- processing ---- */

enum { SNAPSHOTS = 41, SNAPSHOT_RECORDS = 1024, PROCESSING_BOUND_MS = 60 };

/* Each with new records behind it. */
static int snapshots_time(struct watched *w, double *ms) {
        uint64_t ns, start_ns;
        int r = 0;

        for (int i = 0; i < SNAPSHOTS && r >= 0; i++) {
                r = watched_run(w, SNAPSHOT_RECORDS, &ns);
                r = r < 0 ? r : claims_interrupted(w->claims);
                start_ns = clock_monotonic_ns();
                r = r < 0 ? r : xskim_snapshot(w->session, 0, w->snapshot);
                ms[i] = (double)(clock_monotonic_ns() - start_ns) / 1e6;
        }
        return r;
}

int claims_processing_time(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct xskim_config config;
        double ms[SNAPSHOTS];
        struct watched w;
        int r;

        xskim_config_init(&config);
        config.sample = 1;
        r = watched_open(claims, &config, &w);
        r = r < 0 ? r : snapshots_time(&w, ms);
        if (w.session)
                watched_close(&w);
        if (r < 0)
                return r;
        claim->measured = inference_median(ms, SNAPSHOTS);
        claims->snapshot_ns = claim_scaled(claim->measured, 1e6);
        claim_how(claim,
                  "a snapshot of a session: its worker's records folded, every percentile with its "
                  "interval, estimates, ledger; %d of them, %d new records each",
                  SNAPSHOTS, SNAPSHOT_RECORDS);
        claim_at_most(claim, PROCESSING_BOUND_MS, "the paper's 60 ms");
        return 0;
}

/* ---- a staging ring that overflows ---- */

enum { OVERFLOW_PACKETS = 200000 };

int claims_overflow_staging(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct xskim_config config;
        struct xskim_ledger *ledger;
        struct watched w;
        uint64_t ns;
        int r;

        xskim_config_init(&config);
        config.sample = 1;
        config.ring_slots = XSKIM_RING_SLOTS_MIN;
        r = watched_open(claims, &config, &w);
        if (r < 0)
                return r;
        claims_pin(claims, 0);
        r = watched_run(&w, OVERFLOW_PACKETS, &ns);
        claims_unpin(claims);
        r = r < 0 ? r : xskim_stop(w.session);
        r = r < 0 ? r : xskim_snapshot(w.session, 0, w.snapshot);
        ledger = &w.snapshot->ledger;
        if (r >= 0) {
                claim->measured = claim_exact(100.0 * (double)ledger->ring_full /
                                              (double)MAX(ledger->sampled, (uint64_t)1));
                claim_how(claim,
                          "%d packets, every one sampled, through the smallest staging ring "
                          "(%d records); the ledger of the summary",
                          OVERFLOW_PACKETS, XSKIM_RING_SLOTS_MIN);
                claim_fact(claim, ledger->ring_full > 0);
                claim_reason(claim,
                             "every loss is counted where it happens: sampled %lu = staged %lu + "
                             "ring_full %lu, unaccounted %lu; the percentiles are reweighted",
                             ledger->sampled, ledger->staged, ledger->ring_full,
                             ledger->unaccounted);
        }
        watched_close(&w);
        return r;
}

/* ---- a long run ---- */

enum {
        LONG_RUN_MS = 8000,
        LONG_WARM_MS = 1000,
        LONG_EVERY_MS = 50,
        LONG_PACKETS = 20000,
        LONG_POINTS = LONG_RUN_MS / LONG_EVERY_MS + 1,
        LONG_BOUND_KB = 1024, /* an hour: what may pass for nothing */
};

static int resident_read(uint64_t *ret_bytes) {
        FILE *file CLEANUP(file_cleanup) = fopen("/proc/self/smaps_rollup", "re");
        unsigned long kb;
        char line[256];

        while (file && fgets(line, sizeof(line), file))
                if (sscanf(line, "Rss: %lu kB", &kb) == 1) {
                        *ret_bytes = (uint64_t)kb << 10;
                        return 0;
                }
        return error_set(-ENODATA, "/proc/self/smaps_rollup: no resident memory there");
}

struct course {
        double hours[LONG_POINTS];
        double kb[LONG_POINTS];
        uint32_t count;
        uint64_t packets;
};

static int course_take(struct watched *w, uint64_t start_ns, struct course *course) {
        uint64_t resident = 0, now_ns = clock_monotonic_ns();
        int r = resident_read(&resident);

        r = r < 0 ? r : claims_interrupted(w->claims);
        if (r < 0 || now_ns - start_ns < LONG_WARM_MS * 1000000ULL || course->count == LONG_POINTS)
                return r;
        course->hours[course->count] = (double)(now_ns - start_ns) / 3.6e12;
        course->kb[course->count++] =
                (double)(resident + program_memory(w->session->programs)) / 1024;
        return 0;
}

static int course_run(struct watched *w, struct course *course) {
        uint64_t start_ns = clock_monotonic_ns(), next_ns = start_ns, ns;
        int r = 0;

        claims_pin(w->claims, 0);
        while (r >= 0 && next_ns - start_ns < LONG_RUN_MS * 1000000ULL) {
                r = watched_run(w, LONG_PACKETS, &ns);
                course->packets += LONG_PACKETS;
                if (clock_monotonic_ns() < next_ns)
                        continue;
                next_ns += LONG_EVERY_MS * 1000000ULL;
                r = r < 0 ? r : xskim_snapshot(w->session, 0, w->snapshot);
                r = r < 0 ? r : course_take(w, start_ns, course);
                claims_progress(w->claims, "memory in a long run",
                                (double)(next_ns - start_ns) / (LONG_RUN_MS * 1e6));
        }
        return r;
}

int claims_memory_growth(struct xskim_claims *claims, struct xskim_claim *claim) {
        struct course course = {.count = 0};
        struct watched w;
        int r = watched_open(claims, NULL, &w);

        if (r < 0)
                return r;
        r = course_run(&w, &course);
        watched_close(&w);
        if (r < 0)
                return r;
        claim->measured = inference_line(course.hours, course.kb, course.count).slope;
        claim_how(claim,
                  "resident memory and the kernel's of a session's maps and programs, %u times in "
                  "%d s under load (%lu million packets): slope by Theil and Sen",
                  course.count, (LONG_RUN_MS - LONG_WARM_MS) / 1000, course.packets / 1000000);
        if (claim->measured.low > 0)
                claim_fact(claim, true);
        else if (claim->measured.high <= LONG_BOUND_KB)
                claim_fact(claim, false);
        else
                claim_not_testable(claim, "too short for this precision");
        claim_reason(claim,
                     "%.0f KB all along; a run of seconds: nothing is allocated after the "
                     "start, longer is not tested here",
                     course.kb[course.count - 1]);
        return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns made-up recorded runs. See recording.h. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/skip.h>

#include "account.h"
#include "checksum.h"
#include "recording.h"
#include "replay.h"
#include "tally.h"
#include "util.h"

enum {
        BYTES_MAX = 4 << 20,
        RINGS_MAX = 16,
        SAMPLE = 16,
        SESSION = 0x5e5510,
        START_NS = 1000000000,
};

struct frame {
        struct xskim_frame_header header;
        struct xskim_record records[XSKIM_FRAME_RECORDS_MAX];
};

/* What the kernel's side of one ring would be. */
struct ring {
        struct tally_ring tally;
        uint8_t loaded[XSKIM_PLAN_MAX];
        uint64_t frames;
        uint64_t carried;
        uint64_t ring_full;
};

struct run {
        const struct recording_plan *plan;
        struct recording *recording;
        struct ring rings[RINGS_MAX];
        struct tally *tallies; /* [worker][port] */
        uint64_t now_ns;
        __u64 random;
};

static uint64_t below(struct run *run, uint64_t limit) {
        return xskim_random_next(&run->random) % limit;
}

static void *must(void *memory) {
        if (!memory)
                abort();
        return memory;
}

static void piece_put(struct run *run, const void *piece, size_t length) {
        struct recording *recording = run->recording;

        if (recording->length + length > BYTES_MAX ||
            recording->piece_count == RECORDING_PIECES_MAX)
                abort();
        recording->pieces[recording->piece_count++] = recording->length;
        memcpy(recording->bytes + recording->length, piece, length);
        recording->length += length;
}

static void frame_put(struct run *run, struct xskim_frame_header *header) {
        size_t length = sizeof(*header) + header->records * sizeof(struct xskim_record);

        header->checksum = 0;
        header->checksum = checksum_of(header, length);
        piece_put(run, header, length);
}

static struct tally *tally_of(struct run *run, uint32_t ring) {
        uint32_t worker = ring % run->plan->workers, port = ring / run->plan->cpus;

        return &run->tallies[worker * run->plan->ports + port];
}

static void record_make(struct run *run, struct xskim_record *record) {
        *record = (struct xskim_record){
                .time_ns = run->now_ns - below(run, 100000),
                .gap = (uint32_t)below(run, 50000),
                .weight = SAMPLE,
                .wire_length = (uint16_t)(60 + below(run, 1440)),
                .source = {0, 0x0100000affff0000ULL},
                .destination = {below(run, UINT64_MAX), below(run, UINT64_MAX)},
                .source_port = (uint16_t)below(run, 65536),
                .protocol = 6,
                .class = XSKIM_L3_ipv4 | XSKIM_L4_tcp << XSKIM_CLASS_L4_SHIFT,
        };
}

static void frame_make(struct run *run, uint32_t number, struct frame *frame) {
        struct ring *ring = &run->rings[number];
        uint32_t records = 1 + (uint32_t)below(run, XSKIM_FRAME_RECORDS_MAX);

        run->now_ns += 1000000;
        if (run->plan->lossy && !below(run, 4))
                ring->ring_full += below(run, 5);
        *frame = (struct frame){
                .header = {.magic = XSKIM_FRAME_MAGIC,
                           .version = XSKIM_FRAME_VERSION,
                           .records = (uint16_t)records,
                           .ring = number,
                           .worker = number % run->plan->workers,
                           .sequence = ring->frames,
                           .first_record = ring->carried,
                           .time_ns = run->now_ns,
                           .ring_full = ring->ring_full,
                           .session = SESSION,
                           .decoded_ns = run->now_ns + below(run, 20000)},
        };
        for (uint32_t i = 0; i < records; i++)
                record_make(run, &frame->records[i]);
        ring->loaded[ring->frames % XSKIM_PLAN_MAX] = (uint8_t)records;
        ring->frames++;
        ring->carried += records;
        frame->header.staged = ring->carried;
        frame->header.sampled = ring->carried + ring->ring_full;
        frame->header.seen = frame->header.drawn = frame->header.sampled * SAMPLE;
}

/* One frame's journey as in drain.c: lost in the socket, malformed, or decoded and written. */
static void frame_run(struct run *run, uint32_t number) {
        struct ring *ring = &run->rings[number];
        uint64_t fate = run->plan->lossy ? below(run, 8) : 7;
        struct frame frame;
        uint32_t bytes;

        frame_make(run, number, &frame);
        if (fate == 0)
                return;
        if (fate == 1)
                frame.records[0].weight = 0;
        bytes = sizeof(frame.header) + frame.header.records * sizeof(struct xskim_record);
        if (tally_frame(&ring->tally, &frame, bytes, frame.header.decoded_ns, ring->loaded) !=
            TALLY_DECODED)
                return;
        frame_put(run, &frame.header);
        run->recording->records += frame.header.records;
        tally_of(run, number)->recorded += frame.header.records;
}

static void worker_fold(struct run *run, uint32_t worker) {
        for (uint32_t i = worker; i < run->plan->ports * run->plan->cpus; i += run->plan->workers) {
                struct xskim_frame_header mark;

                if (!tally_fold(&run->rings[i].tally, tally_of(run, i)))
                        continue;
                recordfile_mark(&run->rings[i].tally, i, worker, SESSION, run->now_ns, &mark);
                frame_put(run, &mark);
        }
}

static void interval_run(struct run *run) {
        uint32_t rings = run->plan->ports * run->plan->cpus;

        for (uint32_t turn = 0; turn < 4; turn++)
                frame_run(run, (uint32_t)below(run, rings));
        for (uint32_t i = 0; i < rings; i++) {
                frame_run(run, i);
                tally_missing(&run->rings[i].tally, run->rings[i].frames, run->rings[i].loaded);
        }
        for (uint32_t worker = 0; worker < run->plan->workers; worker++)
                worker_fold(run, worker);
}

/* What the kernel would have counted so that the ledger balances. */
static void kernel_make(const struct run *run, uint32_t port, struct account_kernel *k) {
        *k = (struct account_kernel){
                .tier = XSKIM_TIER_CLASSES,
                .sample = SAMPLE,
                .recording = 1,
                .start_unix_ns = run->recording->facts.start_unix_ns,
                .duration_ns = run->now_ns - START_NS,
        };
        snprintf(k->port, sizeof(k->port), "%s", run->recording->facts.ports[port]);
        for (uint32_t cpu = 0; cpu < run->plan->cpus; cpu++) {
                const struct ring *ring = &run->rings[port * run->plan->cpus + cpu];

                k->carried += ring->carried;
                k->frames += ring->frames;
                k->counters.ring_full += ring->ring_full;
        }
        k->head = k->tail = k->counters.staged = k->carried;
        k->counters.sampled = k->carried + k->counters.ring_full;
        k->counters.seen = k->counters.drawn = k->counters.sampled * SAMPLE;
        k->counters.bytes = k->counters.seen * 700;
        k->classes[XSKIM_L3_ipv4 | XSKIM_L4_tcp << XSKIM_CLASS_L4_SHIFT] = k->counters.seen;
        k->outcomes[XSKIM_OUTCOME_complete] = k->counters.seen;
        k->sizes[100] = k->counters.seen;
}

static void accounts_put(struct run *run, bool final) {
        struct recordfile_account *account = must(calloc(1, sizeof(*account)));
        struct account_kernel *kernel = must(calloc(1, sizeof(*kernel)));
        uint32_t ports = run->plan->ports;
        struct tally *sum = must(calloc(ports, sizeof(*sum)));
        uint64_t missing = 0;

        for (uint32_t port = 0; port < ports; port++) {
                for (uint32_t worker = 0; worker < run->plan->workers; worker++)
                        tally_merge(&sum[port], &run->tallies[worker * ports + port]);
                missing += sum[port].frames_missing;
        }
        for (uint32_t port = 0; port < ports; port++) {
                kernel_make(run, port, kernel);
                kernel->socket_frames_lost = kernel->session_frames_missing = missing;
                piece_put(run, account,
                          recordfile_account(SESSION, port, final, kernel, &sum[port], account));
                account_snapshot(kernel, &sum[port], final, &run->recording->live[port]);
        }
        free(sum);
        free(kernel);
        free(account);
}

static void extra_put(struct run *run) {
        struct recordfile_block block = {.magic = RECORDFILE_BLOCK_MAGIC,
                                         .version = RECORDFILE_BLOCK_VERSION,
                                         .type = 77,
                                         .session = SESSION};
        static const char zeros[3 * RECORDFILE_STEP];

        block.checksum = checksum_of(&block, sizeof(block));
        piece_put(run, &block, sizeof(block));
        piece_put(run, zeros, sizeof(zeros));
}

static void facts_make(const struct recording_plan *plan, struct recordfile_facts *facts) {
        *facts = (struct recordfile_facts){
                .session = SESSION,
                .start_unix_ns = 1700000000000000000,
                .start_ns = START_NS,
                .seed = plan->seed,
                .sample = SAMPLE,
                .tier = XSKIM_TIER_CLASSES,
                .cpus = plan->cpus,
                .workers = plan->workers,
                .ring_slots = XSKIM_RING_SLOTS_MIN,
                .port_count = plan->ports,
        };
        for (uint32_t port = 0; port < plan->ports; port++)
                snprintf(facts->ports[port], sizeof(facts->ports[port]), "eth%u", port);
}

void recording_make(const struct recording_plan *plan, struct recording *ret_recording) {
        struct run *run = must(calloc(1, sizeof(*run)));
        uint32_t rings = plan->ports * plan->cpus;
        int begin;

        *ret_recording = (struct recording){.bytes = must(aligned_alloc(64, BYTES_MAX))};
        *run = (struct run){.plan = plan,
                            .recording = ret_recording,
                            .now_ns = START_NS,
                            .random = plan->seed + 1};
        run->tallies = must(calloc((size_t)plan->workers * plan->ports, sizeof(*run->tallies)));
        for (uint32_t i = 0; i < rings; i++)
                if (rings > RINGS_MAX || tally_ring_open(&run->rings[i].tally))
                        abort();
        facts_make(plan, &ret_recording->facts);
        begin = recordfile_begin(&ret_recording->facts, ret_recording->bytes, RECORDFILE_BEGIN_MAX);
        if (begin < 0)
                abort();
        ret_recording->length = (size_t)begin;
        for (uint32_t interval = 0; interval < plan->intervals; interval++) {
                if (interval) {
                        accounts_put(run, false);
                        if (plan->extra)
                                extra_put(run);
                }
                interval_run(run);
        }
        accounts_put(run, true);
        for (uint32_t i = 0; i < rings; i++)
                tally_ring_close(&run->rings[i].tally);
        free(run->tallies);
        free(run);
}

void recording_free(struct recording *recording) {
        free(recording->bytes);
        *recording = (struct recording){0};
}

static void snapshots_make(struct replay *replay, const struct recordfile *file,
                           struct xskim_snapshot *snapshots) {
        if (replay_end(replay))
                abort();
        for (uint32_t port = 0; port < file->facts.port_count; port++)
                replay_snapshot(replay, port, &snapshots[port]);
}

int recording_read(const uint8_t *bytes, size_t length, struct recordfile *ret_file,
                   struct xskim_snapshot *snapshots) {
        uint8_t *copy = must(malloc(length ? length : 1));
        struct replay *replay = NULL;
        struct recordfile_item item;
        size_t at, taken;
        int r;

        memcpy(copy, bytes, length);
        r = recordfile_open(ret_file, copy, length);
        if (r >= 0 && snapshots && replay_open(&ret_file->facts, &replay))
                abort();
        for (at = (size_t)MAX(r, 0);
             r >= 0 && (taken = recordfile_next(ret_file, copy + at, length - at, &item));
             at += taken)
                if (replay && replay_item(replay, &item))
                        abort();
        if (replay)
                snapshots_make(replay, ret_file, snapshots);
        replay_close(replay);
        free(copy);
        return r;
}

/* ---- the same summary ---- */

static void check_ledger(const struct xskim_ledger *read, const struct xskim_ledger *live) {
#define SAME(name_, unit_, doc_) cr_expect_eq(read->name_, live->name_, #name_);
        XSKIM_LEDGER_ROWS(SAME)
#undef SAME
        cr_expect_str_eq(read->where, live->where);
}

static void check_distribution(const struct xskim_distribution *read,
                               const struct xskim_distribution *live, const char *name) {
        cr_expect_eq(read->count, live->count, "%s", name);
        cr_expect_eq(read->min, live->min, "%s", name);
        cr_expect_eq(read->max, live->max, "%s", name);
        cr_expect_eq(read->mean, live->mean, "%s", name);
        cr_expect_eq(read->biased, live->biased, "%s", name);
        cr_expect_eq(memcmp(read->quantiles, live->quantiles, sizeof(live->quantiles)), 0, "%s",
                     name);
}

static void check_estimate(const struct xskim_estimate *read, const struct xskim_estimate *live,
                           const char *name) {
        cr_expect_eq(memcmp(read, live, sizeof(*live)), 0, "%s", name);
}

void recording_same(const struct xskim_snapshot *read, const struct xskim_snapshot *live) {
        cr_expect_str_eq(read->port, live->port);
        cr_expect_eq(read->pps, live->pps);
        cr_expect_eq(read->bps, live->bps);
        cr_expect_eq(read->duration_s, live->duration_s);
        cr_expect_eq(read->final, live->final);
        check_ledger(&read->ledger, &live->ledger);
#define SAME(type_, name_, doc_) cr_expect_eq(read->cost.name_, live->cost.name_, #name_);
        XSKIM_COST_ROWS(SAME)
#undef SAME
        check_distribution(&read->stack, &live->stack, "stack");
        check_distribution(&read->gap, &live->gap, "gap");
        check_distribution(&read->delivery, &live->delivery, "delivery");
        check_distribution(&read->size, &live->size, "size");
        check_estimate(&read->estimate_packets, &live->estimate_packets, "packets");
        check_estimate(&read->estimate_bytes, &live->estimate_bytes, "bytes");
#define SAME(name_, doc_)                                                                          \
        cr_expect_eq(read->classes.name_, live->classes.name_, #name_);                            \
        check_estimate(&read->estimate_classes.name_, &live->estimate_classes.name_, #name_);
        XSKIM_CLASS_ROWS(SAME)
#undef SAME
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the workers' tallies as a record file gives them. See replay.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "log.h"
#include "replay.h"
#include "tally.h"
#include "transit.h"
#include "util.h"

struct replay_ring {
        struct tally_ring tally;
        uint32_t worker; /* whose frames these are */
        struct xskim_frame_header last;
};

struct replay {
        const struct recordfile_facts *facts;
        struct replay_ring rings[XSKIM_RINGS_MAX];
        struct tally *tallies[XSKIM_WORKERS_MAX][XSKIM_PORTS_MAX]; /* NULL: nothing yet */
        bool has_account[XSKIM_PORTS_MAX];
        struct recordfile_account accounts[XSKIM_PORTS_MAX]; /* the last of each port */
        uint64_t decoded[XSKIM_PORTS_MAX];
        struct transit *transits[XSKIM_PORTS_MAX]; /* NULL: no stamps were looked for */
        uint64_t last_ns;
        struct account_kernel kernel; /* working space */
        struct tally sum;
};

static int transits_open(struct replay *replay) {
        const struct transit_config config = {
                .rings = (uint32_t)replay->facts->cpus,
                .clock_offset_ns = (int64_t)replay->facts->clock_offset_ns,
        };
        int r = 0;

        for (uint32_t port = 0; replay->facts->transit && port < replay->facts->port_count && !r;
             port++)
                r = transit_open(&config, &replay->transits[port]);
        return r;
}

int replay_open(const struct recordfile_facts *facts, struct replay **ret_replay) {
        struct replay *replay = calloc(1, sizeof(*replay));

        if (!replay)
                return error_set(-ENOMEM, "no memory to read a record file");
        replay->facts = facts;
        if (transits_open(replay) < 0) {
                replay_close(replay);
                return error_set(-ENOMEM, "no memory to follow the streams of a record file");
        }
        *ret_replay = replay;
        return 0;
}

struct replay *replay_close(struct replay *replay) {
        if (!replay)
                return NULL;
        for (uint32_t ring = 0; ring < XSKIM_RINGS_MAX; ring++)
                tally_ring_close(&replay->rings[ring].tally);
        for (uint32_t worker = 0; worker < XSKIM_WORKERS_MAX; worker++)
                for (uint32_t port = 0; port < XSKIM_PORTS_MAX; port++)
                        free(replay->tallies[worker][port]);
        for (uint32_t port = 0; port < XSKIM_PORTS_MAX; port++)
                transit_close(replay->transits[port]);
        free(replay);
        return NULL;
}

static int ring_open(struct replay *replay, uint32_t number) {
        struct replay_ring *ring = &replay->rings[number];

        if (ring->tally.open || !tally_ring_open(&ring->tally))
                return 0;
        return error_set(-ENOMEM, "no memory for ring %u of the record file", number);
}

static int ring_fold(struct replay *replay, uint32_t number) {
        struct replay_ring *ring = &replay->rings[number];
        struct tally **into;

        if (!ring->tally.open)
                return 0;
        into = &replay->tallies[ring->worker][number / replay->facts->cpus];
        if (!*into)
                *into = calloc(1, sizeof(**into));
        if (!*into)
                return error_set(-ENOMEM, "no memory for worker %u of the record file",
                                 ring->worker);
        tally_fold(&ring->tally, *into);
        return 0;
}

static int frame_replay(struct replay *replay, const struct recordfile_item *item) {
        const struct xskim_frame_header *header = item->frame;
        struct replay_ring *ring = &replay->rings[header->ring];
        uint32_t port = header->ring / (uint32_t)replay->facts->cpus;
        int r = ring_open(replay, header->ring);

        if (r < 0)
                return r;
        ring->worker = header->worker;
        ring->last = *header;
        replay->last_ns = MAX(replay->last_ns, header->decoded_ns);
        if (tally_frame(&ring->tally, header, item->bytes, header->decoded_ns, NULL) !=
            TALLY_DECODED)
                return 0;
        replay->decoded[port] += header->records;
        if (replay->transits[port])
                transit_frame(replay->transits[port], header,
                              header->ring % (uint32_t)replay->facts->cpus);
        return 0;
}

static int mark_replay(struct replay *replay, const struct xskim_frame_header *mark) {
        struct replay_ring *ring = &replay->rings[mark->ring];
        int r = ring_open(replay, mark->ring);

        if (r < 0)
                return r;
        ring->worker = mark->worker;
        replay->last_ns = MAX(replay->last_ns, mark->decoded_ns);
        tally_missing_noted(&ring->tally, mark->sequence, mark->first_record);
        return ring_fold(replay, mark->ring);
}

static void account_replay(struct replay *replay, const struct recordfile_account *account) {
        replay->has_account[account->port] = true;
        memcpy(&replay->accounts[account->port], account,
               offsetof(struct recordfile_account, zeros));
}

int replay_item(struct replay *replay, const struct recordfile_item *item) {
        switch (item->type) {
        case RECORDFILE_FRAME:
                return frame_replay(replay, item);
        case RECORDFILE_MARK:
                return mark_replay(replay, item->frame);
        case RECORDFILE_ACCOUNTS:
                account_replay(replay, item->account);
                return 0;
        default:
                return 0;
        }
}

int replay_end(struct replay *replay) {
        int r = 0;

        for (uint32_t ring = 0; ring < XSKIM_RINGS_MAX && !r; ring++)
                r = ring_fold(replay, ring);
        return r;
}

/* No account came before the cut: the frames' headers have the sampler's counters. */
static void kernel_from_headers(struct replay *replay, uint32_t port) {
        const struct recordfile_facts *facts = replay->facts;
        struct account_kernel *k = &replay->kernel;

        *k = (struct account_kernel){
                .verdict = (uint32_t)facts->verdict,
                .tier = (uint32_t)facts->tier,
                .sample = (uint32_t)facts->sample,
                .start_unix_ns = facts->start_unix_ns,
                .duration_ns =
                        replay->last_ns > facts->start_ns ? replay->last_ns - facts->start_ns : 0,
        };
        snprintf(k->port, sizeof(k->port), "%s", facts->ports[port]);
        for (uint64_t cpu = 0; cpu < facts->cpus; cpu++) {
                const struct replay_ring *ring = &replay->rings[port * facts->cpus + cpu];

                k->counters.seen += ring->last.seen;
                k->counters.bytes += ring->last.bytes;
                k->counters.drawn += ring->last.drawn;
                k->counters.sampled += ring->last.sampled;
                if (facts->expect)
                        k->counters.hashed += ring->last.beside;
                else
                        k->counters.stamped += ring->last.beside;
                /* frames that were lost after the last one here had been staged, too */
                k->counters.staged += MAX(ring->last.staged, ring->tally.first_record);
                k->counters.ring_full += ring->last.ring_full;
                k->counters.unparsable += ring->last.unparsable;
                k->carried += ring->tally.first_record;
                k->frames += ring->tally.sequence;
        }
        k->remaining = k->counters.drawn - k->counters.seen;
        k->head = k->tail = k->carried;
}

static void terms_take(struct tally *sum, const struct recordfile_terms *terms) {
#define COPY(name_) sum->name_ = terms->name_;
        RECORDFILE_TERMS(COPY)
#undef COPY
}

void replay_snapshot(struct replay *replay, uint32_t port, struct xskim_snapshot *ret_snapshot) {
        const struct recordfile_account *account = &replay->accounts[port];
        bool final = replay->has_account[port] && account->final;

        tally_reset(&replay->sum);
        for (uint32_t worker = 0; worker < replay->facts->workers; worker++)
                if (replay->tallies[worker][port])
                        tally_merge(&replay->sum, replay->tallies[worker][port]);
        if (replay->has_account[port]) {
                replay->kernel = account->kernel;
                terms_take(&replay->sum, &account->terms);
        } else {
                kernel_from_headers(replay, port);
        }
        account_snapshot(&replay->kernel, &replay->sum, final, ret_snapshot);
        if (replay->transits[port]) {
                transit_settle(replay->transits[port]);
                transit_report(replay->transits[port], replay->kernel.counters.stamped, final,
                               &ret_snapshot->transit);
        }
        ret_snapshot->partial = !final || replay_absent(replay, port) > 0;
}

uint64_t replay_absent(const struct replay *replay, uint32_t port) {
        uint64_t recorded = replay->accounts[port].terms.recorded;

        if (!replay->has_account[port] || !replay->accounts[port].final)
                return 0;
        return recorded > replay->decoded[port] ? recorded - replay->decoded[port] : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions that are the sampler with another way out than xskim's, with a thread that decodes
 * what it leaves into the very distributions that xskim's worker keeps. See conditions.h.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "affinity.h"
#include "clock.h"
#include "conditions_private.h"
#include "log.h"
#include "program_peer.h"
#include "tally.h"
#include "util.h"

struct consumer {
        struct program_peer *peer;
        int cpu;
        int flush_ms;
        bool started;
        pthread_t thread;
        _Atomic bool ending;
        struct tally_ring ring; /* the thread's, then whoever joined it */
        uint64_t cpu_ns;        /* of an ended thread */
};

static void records_take(void *context, const struct xskim_record *const *records, uint32_t count) {
        struct consumer *consumer = context;
        struct tally_interval *open = consumer->ring.open;
        uint64_t now_ns = clock_monotonic_ns();
        struct tally_batch batch = {0};

        for (uint32_t i = 0; i < count; i++) {
                open->weight = records[i]->weight;
                tally_batch_add(open, &batch, records[i], now_ns, now_ns);
        }
        tally_batch_book(open, &batch);
}

static void *consumer_main(void *context) {
        struct consumer *consumer = context;
        sigset_t all;

        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
        /* one that is gone meanwhile: then it runs anywhere */
        affinity_set(pthread_self(), consumer->cpu);
        while (!atomic_load(&consumer->ending))
                if (!program_peer_take(consumer->peer, records_take, consumer))
                        program_peer_wait(consumer->peer, consumer->flush_ms);
        program_peer_take(consumer->peer, records_take, consumer);
        return NULL;
}

/* The sampler must not run any more, or what it leaves from now on stays where it is. */
static void consumer_end(struct consumer *consumer) {
        clockid_t clock;

        if (!consumer->started)
                return;
        atomic_store(&consumer->ending, true);
        if (!pthread_getcpuclockid(consumer->thread, &clock))
                consumer->cpu_ns = clock_read_ns(clock);
        pthread_join(consumer->thread, NULL);
        consumer->started = false;
}

static const enum program_peer_kind PEERS[XSKIM_BENCH_KIND_COUNT] = {
        [XSKIM_BENCH_KIND_ringbuf] = PROGRAM_PEER_ringbuf,
        [XSKIM_BENCH_KIND_perfbuf] = PROGRAM_PEER_perfbuf,
        [XSKIM_BENCH_KIND_buckets] = PROGRAM_PEER_hashbuckets,
};

static int consumer_start(struct consumer *consumer) {
        int r = tally_ring_open(&consumer->ring);

        r = r < 0 ? r : -pthread_create(&consumer->thread, NULL, consumer_main, consumer);
        consumer->started = !r;
        return r;
}

static int sampler_open(struct condition *condition) {
        const struct conditions *all = condition->all;
        struct consumer *consumer = calloc(1, sizeof(*consumer));
        struct program_peer_config config = {
                .kind = PEERS[condition->asked->kind],
                .verdict = all->verdict,
                .forward_to = all->forward_to,
                .multi_buffer = all->multi_buffer,
                .tier = condition->tier,
                .sample = condition->asked->number,
                .seed = condition->number + 1,
        };
        struct xskim_config defaults;
        char name[XSKIM_NAME_MAX];
        int r, ifindex;

        condition->own = consumer;
        if (!consumer)
                return -ENOMEM;
        xskim_config_init(&defaults);
        config.ring_slots = defaults.ring_slots;
        consumer->cpu = all->config.collector_cpu;
        consumer->flush_ms = (int)defaults.flush_ms;
        r = program_peer_open(&config, &consumer->peer);
        r = r < 0 ? r : conditions_parking_port(condition->all, name, &ifindex);
        r = r < 0 ? r : program_peer_park(consumer->peer, ifindex);
        if (!r && program_peer_has_records(consumer->peer))
                r = consumer_start(consumer);
        return r;
}

static int sampler_program_fd(const struct condition *condition) {
        const struct consumer *consumer = condition->own;

        return program_peer_fd(consumer->peer);
}

static uint64_t sampler_collector_ns(const struct condition *condition) {
        const struct consumer *consumer = condition->own;
        clockid_t clock;

        if (consumer->started && !pthread_getcpuclockid(consumer->thread, &clock))
                return clock_read_ns(clock);
        return consumer->cpu_ns;
}

static int sampler_finish(struct condition *condition, struct xskim_bench_outcome *outcome) {
        struct consumer *consumer = condition->own;
        bool has_records = program_peer_has_records(consumer->peer);
        struct program_peer_counts counts;
        uint64_t decoded;
        int r;

        consumer_end(consumer);
        r = program_peer_counts(consumer->peer, &counts);
        if (r < 0)
                return r;
        decoded = has_records ? consumer->ring.open->tally.decoded : counts.staged;
        outcome->memory_bytes = program_peer_memory(consumer->peer);
        outcome->seen = counts.seen;
        outcome->seen_known = true;
        outcome->lost_records = counts.full;
        outcome->unaccounted = condition_unseen(condition, counts.seen) +
                               absolute_difference(counts.sampled, counts.staged + counts.full +
                                                                           counts.unparsable) +
                               absolute_difference(counts.staged, decoded);
        return 0;
}

static void sampler_close(struct condition *condition) {
        struct consumer *consumer = condition->own;

        consumer_end(consumer);
        tally_ring_close(&consumer->ring);
        program_peer_close(consumer->peer);
        free(consumer);
        condition->own = NULL;
}

const struct condition_operations CONDITION_SAMPLER = {
        .has_tier = true,
        .optional = true,
        .open = sampler_open,
        .program_fd = sampler_program_fd,
        .collector_ns = sampler_collector_ns,
        .finish = sampler_finish,
        .close = sampler_close,
};

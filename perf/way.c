/* SPDX-License-Identifier: BSD-2-Clause */
/* What all ways have in common. See way.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include <xskim/control.h>

#include "bench.h"
#include "program.h"
#include "util.h"
#include "way_private.h"

enum {
        WAY_DECODING_NS = 100000,
        WAY_DRAIN_NS_MAX = 2000000000,
        WAY_LOOK_US = 5, /* DRAIN_LOOK_NS of userspace/drain_pace.c */
};

#define WAY_NAME(name_, doc_) [WAY_##name_] = #name_,
static const char *const NAMES[] = {WAYS(WAY_NAME)};

static const struct way_operations *const OPERATIONS[WAY_COUNT] = {
        [WAY_carriers] = &WAY_SESSION,     [WAY_ringbuf_shared] = &WAY_RINGBUF,
        [WAY_ringbuf_each] = &WAY_RINGBUF, [WAY_nothing] = &WAY_RINGBUF,
        [WAY_mapped] = &WAY_MAPPED,        [WAY_self] = &WAY_SELF,
};

struct way_config way_config_default(const char *port, int ifindex) {
        struct xskim_config defaults;

        xskim_config_init(&defaults);
        return (struct way_config){
                .port = port,
                .ifindex = ifindex,
                .verdict = defaults.verdict,
                .tier = defaults.tier,
                .sample = 1,
                .ring_slots = defaults.ring_slots,
                .flush_ms = defaults.flush_ms,
                .active_us = WAY_LOOK_US,
                .collector_cpu = LAB_COLLECTOR_CPU,
        };
}

struct way *way_open(enum way_kind kind, const struct way_config *config) {
        struct way *way = calloc(1, sizeof(*way));

        if (!way)
                abort();
        way->kind = kind;
        way->config = *config;
        way->operations = OPERATIONS[kind];
        way->link_fd = way->states_fd = -1;
        way->operations->open(way);
        return way;
}

void way_close(struct way *way) {
        if (!way)
                return;
        fd_cleanup(&way->link_fd);
        way->collector = collector_close(way->collector);
        way->operations->close(way);
        free(way);
}

void way_start(struct way *way) {
        const struct way_config *config = &way->config;
        uint32_t cpus = program_cpus_possible(), key = 0;
        struct xskim_sampler_state *states CLEANUP(free_cleanup) = calloc(cpus, sizeof(*states));

        if (!states)
                abort();
        for (uint32_t cpu = 0; cpu < cpus; cpu++) {
                struct xskim_sampler_state *s = &states[cpu];

                s->random = sampling_seed(1, cpu);
                s->countdown = xskim_skip_draw(&s->random, sampling_skip(config->sample));
                s->counters.drawn = s->countdown;
                s->timed_at = s->timed_due = XSKIM_TIMED_EVERY;
                s->head_next = XSKIM_RING_HIGH_WATER(config->ring_slots);
        }
        lab_must(bpf_map_update_elem(way->states_fd, &key, states, 0) ? -errno : 0,
                 "setting up the sampler's state");
        way->link_fd = lab_attach(way->program_fd, config->ifindex);
}

void way_counts_of_peer(struct way *way, struct way_counts *ret_counts) {
        uint32_t cpus = program_cpus_possible(), key = 0;
        struct xskim_sampler_state *states CLEANUP(free_cleanup) = calloc(cpus, sizeof(*states));

        if (!states)
                abort();
        lab_must(bpf_map_lookup_elem(way->states_fd, &key, states) ? -errno : 0,
                 "reading the sampler's state");
        *ret_counts = (struct way_counts){
                .decoded = collector_decoded(way->collector),
                .collector_cpu_ns = collector_cpu_ns(way->collector),
        };
        for (uint32_t cpu = 0; cpu < cpus; cpu++) {
                ret_counts->seen += states[cpu].counters.seen;
                ret_counts->sampled += states[cpu].counters.sampled;
                ret_counts->lost += states[cpu].counters.ring_full;
        }
}

void way_activate(struct way *way, bool active) {
        if (way->collector)
                collector_activate(way->collector, active);
}

const char *way_name(const struct way *way) {
        return NAMES[way->kind];
}

int way_program(const struct way *way) {
        return way->program_fd;
}

bool way_is_drained(const struct way *way) {
        return way->operations->is_drained(way);
}

void way_drain(const struct way *way) {
        uint64_t start = bench_now_ns();

        while (!way_is_drained(way)) {
                if (bench_now_ns() - start > WAY_DRAIN_NS_MAX)
                        lab_must(-ETIMEDOUT, way_name(way));
        }
        lab_pause_ns(WAY_DECODING_NS);
}

uint64_t way_taken(const struct way *way) {
        return way->operations->taken(way);
}

void way_counts(struct way *way, struct way_counts *ret_counts) {
        way->operations->counts(way, ret_counts);
}

uint64_t way_record_memory(const struct way *way) {
        return way->record_memory;
}

struct xskim_session *way_session(const struct way *way) {
        return way->session;
}

/* The record of one packet, without its time. */
static struct xskim_record record_make(struct way *way) {
        struct xskim_record record;

        lab_run_ns(way->program_fd, lab_packet_tcp1500(), 1);
        record = *way->operations->first(way);
        if (!record.time_ns || !record.wire_length)
                lab_must(-ENODATA, way_name(way));
        record.time_ns = 0;
        way_drain(way);
        return record;
}

void way_compare(struct way *way, struct way *other) {
        struct xskim_record one = record_make(way), two = record_make(other);

        if (memcmp(&one, &two, sizeof(one)))
                lab_must(-EBADMSG, "two ways leave different records of the same packet");
}

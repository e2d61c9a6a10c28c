/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF ring buffer as a way out, as good as it can be made (program_ringbuf.h): no wake-ups; the
 * shared buffer has as many bytes as all CPUs' together.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "clock.h"
#include "program.h"
#include "program_ringbuf.h"
#include "ringbuf.skel.h"
#include "util.h"
#include "way_private.h"

_Static_assert((int)PROGRAM_RINGBUF_BATCH == (int)COLLECTOR_BATCH, "as many at once as the others");

enum { BUFFERS_MAX = 64 };

struct ringbuf {
        struct ringbuf_bpf *skeleton;
        struct program_ringbuf buffers[BUFFERS_MAX];
        uint32_t count;
};

/* At most a batch. */
static uint32_t buffer_take(struct program_ringbuf *buffer, struct tally_ring *ring) {
        const struct xskim_record *records[PROGRAM_RINGBUF_BATCH];
        uint32_t count = program_ringbuf_batch(buffer, records);
        struct tally_batch batch = {0};
        uint64_t now_ns;

        if (!count)
                return 0;
        now_ns = clock_monotonic_ns();
        for (uint32_t i = 0; i < count; i++)
                collector_decode(ring, &batch, records[i], now_ns);
        program_ringbuf_release(buffer);
        tally_batch_book(ring->open, &batch);
        return count;
}

static uint32_t ringbuf_take(void *context, struct tally_ring *ring) {
        struct ringbuf *r = context;
        uint32_t taken = 0;

        for (uint32_t i = 0; i < r->count; i++)
                taken += buffer_take(&r->buffers[i], ring);
        return taken;
}

/* A ring buffer for each CPU, entered in the array. */
static void buffers_make(struct ringbuf *r, uint32_t cpus, uint32_t size) {
        int array = bpf_map__fd(r->skeleton->maps.each);

        for (uint32_t cpu = 0; cpu < cpus; cpu++) {
                struct program_ringbuf *buffer = &r->buffers[cpu];

                lab_must(program_ringbuf_make(buffer, size), "making a ring buffer");
                lab_must(bpf_map_update_elem(array, &cpu, &buffer->fd, 0) ? -errno : 0,
                         "ring buffers");
        }
        r->count = cpus;
}

static void ringbuf_load(struct way *way, struct ringbuf *r) {
        uint32_t cpus = program_cpus_possible(), records = way->config.ring_slots;
        uint32_t bytes = program_ringbuf_size(records), all = program_ringbuf_size(records * cpus);
        bool each = way->kind == WAY_ringbuf_each;

        r->skeleton = ringbuf_bpf__open();
        lab_must(r->skeleton ? 0 : -errno, "opening the ring buffer sampler");
        WAY_CONFIGURE(r->skeleton->rodata, &way->config);
        r->skeleton->rodata->one_for_each_cpu = each;
        r->skeleton->rodata->nothing = way->kind == WAY_nothing;
        bpf_map__set_max_entries(r->skeleton->maps.each, cpus);
        bpf_map__set_max_entries(r->skeleton->maps.shared, each ? 4096 : all);
        lab_must(ringbuf_bpf__load(r->skeleton), "loading the ring buffer sampler");
        if (each)
                buffers_make(r, cpus, bytes);
        else
                lab_must(program_ringbuf_map(&r->buffers[r->count++],
                                             bpf_map__fd(r->skeleton->maps.shared), all),
                         "mapping a ring buffer");
        way->record_memory = each ? (uint64_t)bytes * cpus : all;
}

static void ringbuf_open(struct way *way) {
        struct ringbuf *r = calloc(1, sizeof(*r));
        struct collector_config collector = {
                .cpu = way->config.collector_cpu,
                .period_ns = way->config.flush_ms * 1000000ULL,
                .active_period_ns = way->config.active_us * 1000ULL,
                .take = ringbuf_take,
                .context = r,
        };

        if (!r)
                abort();
        way->own = r;
        ringbuf_load(way, r);
        way->program_fd = bpf_program__fd(r->skeleton->progs.sampler);
        way->states_fd = bpf_map__fd(r->skeleton->maps.states);
        way_start(way);
        way->collector = collector_open(&collector);
}

static void ringbuf_close(struct way *way) {
        struct ringbuf *r = way->own;

        for (uint32_t i = 0; i < r->count; i++)
                program_ringbuf_close(&r->buffers[i]);
        ringbuf_bpf__destroy(r->skeleton);
        free(r);
}

static bool ringbuf_is_drained(const struct way *way) {
        const struct ringbuf *r = way->own;

        for (uint32_t i = 0; i < r->count; i++)
                if (!program_ringbuf_is_empty(&r->buffers[i]))
                        return false;
        return true;
}

static uint64_t ringbuf_taken(const struct way *way) {
        const struct ringbuf *r = way->own;
        uint64_t taken = 0;

        for (uint32_t i = 0; i < r->count; i++)
                taken += program_ringbuf_taken(&r->buffers[i]);
        return taken;
}

static const struct xskim_record *ringbuf_first(const struct way *way) {
        const struct ringbuf *r = way->own;

        const struct program_ringbuf *buffer = &r->buffers[LAB_PATH_CPU % r->count];

        return (const void *)(buffer->bytes + PROGRAM_RINGBUF_RECORD_BYTES - XSKIM_RECORD_BYTES);
}

const struct way_operations WAY_RINGBUF = {
        .open = ringbuf_open,
        .close = ringbuf_close,
        .is_drained = ringbuf_is_drained,
        .taken = ringbuf_taken,
        .counts = way_counts_of_peer,
        .first = ringbuf_first,
};

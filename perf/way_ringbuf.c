/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF ring buffer as a way out, as good as it can be made: no wake-ups, the consumer's position
 * is moved once a batch, records are decoded where they are. Each CPU has at least as
 * many bytes as xskim's staging ring, rounded up to the power of two that a ring buffer has to be
 * (of 72 bytes a record, 8 are its own), the shared buffer as many as all of these.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <xskim/barrier.h>

#include "clock.h"
#include "program.h"
#include "ringbuf.skel.h"
#include "util.h"
#include "way_private.h"

enum { BUFFERS_MAX = 64 };

/* The kernel's Documentation/bpf/ringbuf.rst: one page of the consumer's, then one of the
 * producer's, then the bytes twice in a row. */
struct buffer {
        int fd;
        __u64 *consumer;
        const __u64 *producer;
        const char *bytes;
        uint64_t size;
};

struct ringbuf {
        struct ringbuf_bpf *skeleton;
        struct buffer buffers[BUFFERS_MAX];
        uint32_t count;
};

/* At most a batch; a record that is not submitted yet ends it. */
static uint32_t buffer_take(struct buffer *buffer, struct tally_ring *ring) {
        __u64 position = *buffer->consumer, end = xskim_load_acquire(buffer->producer);
        struct tally_batch batch = {0};
        uint64_t now_ns;
        uint32_t taken;

        if (position == end)
                return 0;
        now_ns = clock_monotonic_ns();
        for (taken = 0; position < end && taken < COLLECTOR_BATCH; taken++) {
                const char *header = buffer->bytes + (position & (buffer->size - 1));
                uint32_t length = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);

                if (length & BPF_RINGBUF_BUSY_BIT)
                        break;
                collector_decode(ring, &batch, (const void *)(header + BPF_RINGBUF_HDR_SZ), now_ns);
                position += BPF_RINGBUF_HDR_SZ + XSKIM_RECORD_BYTES;
        }
        xskim_store_release(buffer->consumer, position);
        tally_batch_book(ring->open, &batch);
        return taken;
}

static uint32_t ringbuf_take(void *context, struct tally_ring *ring) {
        struct ringbuf *r = context;
        uint32_t taken = 0;

        for (uint32_t i = 0; i < r->count; i++)
                taken += buffer_take(&r->buffers[i], ring);
        return taken;
}

static void buffer_map(struct buffer *buffer, int fd, uint64_t size) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        char *producer;

        buffer->fd = fd;
        buffer->size = size;
        buffer->consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        producer = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);
        if (buffer->consumer == MAP_FAILED || producer == MAP_FAILED)
                lab_must(-errno, "mapping a ring buffer");
        buffer->producer = (const __u64 *)producer;
        buffer->bytes = producer + page;
}

/* A ring buffer for each CPU, entered in the array. */
static void buffers_make(struct ringbuf *r, uint32_t cpus, uint32_t size) {
        int array = bpf_map__fd(r->skeleton->maps.each);

        for (uint32_t cpu = 0; cpu < cpus; cpu++) {
                int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "each_cpu", 0, 0, size, NULL);

                lab_must(fd < 0 ? -errno : fd, "making a ring buffer");
                lab_must(bpf_map_update_elem(array, &cpu, &fd, 0) ? -errno : 0, "ring buffers");
                buffer_map(&r->buffers[cpu], fd, size);
        }
        r->count = cpus;
}

static uint32_t power_of_two(uint32_t at_least) {
        uint32_t power = 4096;

        while (power < at_least)
                power *= 2;
        return power;
}

static void ringbuf_load(struct way *way, struct ringbuf *r, uint32_t bytes) {
        uint32_t cpus = program_cpus_possible();
        bool each = way->kind == WAY_ringbuf_each;
        uint32_t all = power_of_two(bytes * cpus);

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
                buffer_map(&r->buffers[r->count++], bpf_map__fd(r->skeleton->maps.shared), all);
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
        ringbuf_load(way, r, power_of_two(way->config.ring_slots * XSKIM_RECORD_BYTES));
        way->program_fd = bpf_program__fd(r->skeleton->progs.sampler);
        way->states_fd = bpf_map__fd(r->skeleton->maps.states);
        way_start(way);
        way->collector = collector_open(&collector);
}

static void ringbuf_close(struct way *way) {
        struct ringbuf *r = way->own;
        size_t page = (size_t)sysconf(_SC_PAGESIZE);

        for (uint32_t i = 0; i < r->count; i++) {
                munmap(r->buffers[i].consumer, page);
                munmap((void *)r->buffers[i].producer, page + 2 * r->buffers[i].size);
                if (way->kind == WAY_ringbuf_each)
                        fd_cleanup(&r->buffers[i].fd);
        }
        ringbuf_bpf__destroy(r->skeleton);
        free(r);
}

static bool ringbuf_is_drained(const struct way *way) {
        const struct ringbuf *r = way->own;

        for (uint32_t i = 0; i < r->count; i++)
                if (xskim_load_acquire(r->buffers[i].producer) !=
                    xskim_load_acquire(r->buffers[i].consumer))
                        return false;
        return true;
}

static uint64_t ringbuf_taken(const struct way *way) {
        const struct ringbuf *r = way->own;
        uint64_t taken = 0;

        for (uint32_t i = 0; i < r->count; i++)
                taken += xskim_load_acquire(r->buffers[i].consumer);
        return taken / (BPF_RINGBUF_HDR_SZ + XSKIM_RECORD_BYTES);
}

static const struct xskim_record *ringbuf_first(const struct way *way) {
        const struct ringbuf *r = way->own;

        return (const void *)(r->buffers[LAB_PATH_CPU % r->count].bytes + BPF_RINGBUF_HDR_SZ);
}

const struct way_operations WAY_RINGBUF = {
        .open = ringbuf_open,
        .close = ringbuf_close,
        .is_drained = ringbuf_is_drained,
        .taken = ringbuf_taken,
        .counts = way_counts_of_peer,
        .first = ringbuf_first,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The staging ring itself as a way out: xskim's sampler unchanged, but its rings are mapped and the
 * collector reads the records where they are, moving the tail once a batch. It polls; no doorbell.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <xskim/barrier.h>
#include <xskim/frame.h>

#include "clock.h"
#include "program.h"
#include "sampler.skel.h"
#include "util.h"
#include "way_private.h"

struct mapped {
        struct sampler_bpf *skeleton;
        struct xskim_ring_control *controls; /* one a CPU */
        const char *rings;
        uint64_t ring_bytes;
        uint64_t controls_size, rings_size; /* as mapped */
        uint32_t slots;
        uint32_t cpus;
        uint32_t next[XSKIM_CPUS_MAX]; /* slot to read next, of each ring */
};

/* Up to the ring's end, at most a batch. */
static uint32_t ring_take(struct mapped *m, uint32_t cpu, struct tally_ring *ring) {
        const struct xskim_record *slots = (const void *)(m->rings + cpu * m->ring_bytes);
        struct xskim_ring_control *control = &m->controls[cpu];
        uint64_t tail = control->tail, ready = xskim_load_acquire(&control->head) - tail;
        uint32_t records = (uint32_t)MIN(ready, (uint64_t)COLLECTOR_BATCH);
        uint64_t now_ns = records ? clock_monotonic_ns() : 0;
        struct tally_batch batch = {0};

        records = MIN(records, m->slots - m->next[cpu]);
        for (uint32_t i = 0; i < records; i++)
                collector_decode(ring, &batch, &slots[m->next[cpu] + i], now_ns);
        tally_batch_book(ring->open, &batch);
        m->next[cpu] = (m->next[cpu] + records) % m->slots;
        if (records)
                xskim_store_release(&control->tail, tail + records);
        return records;
}

static uint32_t mapped_take(void *context, struct tally_ring *ring) {
        struct mapped *m = context;
        uint32_t taken = 0;

        for (uint32_t cpu = 0; cpu < m->cpus; cpu++)
                taken += ring_take(m, cpu, ring);
        return taken;
}

static void *map_map(const struct bpf_map *map, uint64_t bytes, uint64_t *ret_size) {
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        void *start;

        *ret_size = (bytes + page - 1) / page * page;
        start = mmap(NULL, *ret_size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
        lab_must(start == MAP_FAILED ? -errno : 0, "mapping a ring");
        return start;
}

static void mapped_load(struct way *way, struct mapped *m) {
        m->skeleton = sampler_bpf__open();
        lab_must(m->skeleton ? 0 : -errno, "opening the sampler");
        WAY_CONFIGURE(m->skeleton->rodata, &way->config);
        m->cpus = program_cpus_possible();
        m->slots = way->config.ring_slots;
        m->ring_bytes = (m->slots + XSKIM_FRAME_RECORDS_MAX) * XSKIM_RECORD_BYTES;
        bpf_map__set_value_size(m->skeleton->maps.rings, (uint32_t)m->ring_bytes);
        bpf_map__set_max_entries(m->skeleton->maps.rings, m->cpus);
        bpf_map__set_map_flags(m->skeleton->maps.rings, BPF_F_MMAPABLE);
        bpf_map__set_max_entries(m->skeleton->maps.ring_controls, m->cpus);
        lab_must(sampler_bpf__load(m->skeleton), "loading the sampler");
        way->record_memory = m->ring_bytes * m->cpus;
        m->rings = map_map(m->skeleton->maps.rings, way->record_memory, &m->rings_size);
        m->controls = map_map(m->skeleton->maps.ring_controls, sizeof(*m->controls) * m->cpus,
                              &m->controls_size);
}

static void mapped_open(struct way *way) {
        struct mapped *m = calloc(1, sizeof(*m));
        struct collector_config collector = {
                .cpu = way->config.collector_cpu,
                .period_ns = way->config.flush_ms * 1000000ULL,
                .active_period_ns = way->config.active_us * 1000ULL,
                .take = mapped_take,
                .context = m,
        };

        if (!m)
                abort();
        way->own = m;
        mapped_load(way, m);
        way->program_fd = bpf_program__fd(m->skeleton->progs.sampler);
        way->states_fd = bpf_map__fd(m->skeleton->maps.states);
        way_start(way);
        way->collector = collector_open(&collector);
}

static void mapped_close(struct way *way) {
        struct mapped *m = way->own;

        munmap((void *)m->rings, m->rings_size);
        munmap(m->controls, m->controls_size);
        sampler_bpf__destroy(m->skeleton);
        free(m);
}

static bool mapped_is_drained(const struct way *way) {
        const struct mapped *m = way->own;

        for (uint32_t cpu = 0; cpu < m->cpus; cpu++)
                if (xskim_load_acquire(&m->controls[cpu].head) !=
                    xskim_load_acquire(&m->controls[cpu].tail))
                        return false;
        return true;
}

static uint64_t mapped_taken(const struct way *way) {
        const struct mapped *m = way->own;
        uint64_t taken = 0;

        for (uint32_t cpu = 0; cpu < m->cpus; cpu++)
                taken += xskim_load_acquire(&m->controls[cpu].tail);
        return taken;
}

static const struct xskim_record *mapped_first(const struct way *way) {
        const struct mapped *m = way->own;

        return (const void *)(m->rings + LAB_PATH_CPU * m->ring_bytes);
}

const struct way_operations WAY_MAPPED = {
        .open = mapped_open,
        .close = mapped_close,
        .is_drained = mapped_is_drained,
        .taken = mapped_taken,
        .counts = way_counts_of_peer,
        .first = mapped_first,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On a `drop` port the sampled packet itself as a way out: the one that makes a frame full carries
 * it to an AF_XDP socket on the port (selfcarry.bpf.c). The collector polls the socket. Only real
 * frames can be redirected, so the driver must be lab_run_live_ns. Records that do not fill a frame
 * stay behind: nothing but the next packets could bring them.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <xskim/barrier.h>
#include <xskim/frame.h>

#include "clock.h"
#include "program.h"
#include "selfcarry.skel.h"
#include "util.h"
#include "way_private.h"
#include "xsk.h"

/* A burst between two polls has to find places. */
enum { SELF_SOCKET_SLOTS = 1024, SELF_FRAMES = 2 * SELF_SOCKET_SLOTS };

struct self {
        struct selfcarry_bpf *skeleton;
        struct xskim_ring_control *controls;
        uint64_t controls_size;
        uint32_t cpus;
        struct xsk *xsk;
};

static uint32_t self_take(void *context, struct tally_ring *ring) {
        struct self *s = context;
        struct xsk_frame frames[XSKIM_PLAN_MAX];
        uint32_t count = xsk_receive(s->xsk, frames, XSKIM_PLAN_MAX), records = 0;
        uint64_t now_ns = count ? clock_monotonic_ns() : 0;

        for (uint32_t i = 0; i < count; i++) {
                const struct xskim_frame_header *header = frames[i].start;
                const struct xskim_record *first = (const void *)(header + 1);
                struct tally_batch batch = {0};

                for (uint32_t n = 0; n < header->records; n++)
                        collector_decode(ring, &batch, &first[n], now_ns);
                tally_batch_book(ring->open, &batch);
                records += header->records;
                xsk_release(s->xsk, frames[i].address);
        }
        if (count)
                xsk_refill(s->xsk);
        return records;
}

static void self_load(struct way *way, struct self *s) {
        uint32_t bytes = (way->config.ring_slots + XSKIM_FRAME_RECORDS_MAX) * XSKIM_RECORD_BYTES;
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

        s->skeleton = selfcarry_bpf__open();
        lab_must(s->skeleton ? 0 : -errno, "opening the self-carrying sampler");
        WAY_CONFIGURE(s->skeleton->rodata, &way->config);
        s->cpus = program_cpus_possible();
        bpf_program__set_autoload(s->skeleton->progs.sampler, false);
        bpf_map__set_value_size(s->skeleton->maps.rings, bytes);
        bpf_map__set_max_entries(s->skeleton->maps.rings, s->cpus);
        bpf_map__set_max_entries(s->skeleton->maps.ring_controls, s->cpus);
        lab_must(selfcarry_bpf__load(s->skeleton), "loading the self-carrying sampler");
        s->controls_size = (sizeof(*s->controls) * s->cpus + page - 1) / page * page;
        s->controls = mmap(NULL, s->controls_size, PROT_READ, MAP_SHARED,
                           bpf_map__fd(s->skeleton->maps.ring_controls), 0);
        lab_must(s->controls == MAP_FAILED ? -errno : 0, "mapping the control page");
        way->record_memory = (uint64_t)bytes * s->cpus;
}

static void self_open(struct way *way) {
        struct self *s = calloc(1, sizeof(*s));
        uint32_t key = 0;
        struct collector_config collector = {
                .cpu = way->config.collector_cpu,
                .period_ns = way->config.flush_ms * 1000000ULL,
                .active_period_ns = way->config.active_us * 1000ULL,
                .take = self_take,
                .context = s,
        };
        int fd;

        if (!s)
                abort();
        way->own = s;
        self_load(way, s);
        lab_must(xsk_open(way->config.port, SELF_SOCKET_SLOTS, SELF_FRAMES, &s->xsk), "AF_XDP");
        fd = xsk_fd(s->xsk);
        lab_must(bpf_map_update_elem(bpf_map__fd(s->skeleton->maps.sockets), &key, &fd, 0) ? -errno
                                                                                           : 0,
                 "entering the AF_XDP socket");
        xsk_refill(s->xsk);
        way->record_memory += xsk_umem_memory(s->xsk);
        way->program_fd = bpf_program__fd(s->skeleton->progs.selfcarry);
        way->states_fd = bpf_map__fd(s->skeleton->maps.states);
        way_start(way);
        way->collector = collector_open(&collector);
}

static void self_close(struct way *way) {
        struct self *s = way->own;

        xsk_close(s->xsk);
        munmap(s->controls, s->controls_size);
        selfcarry_bpf__destroy(s->skeleton);
        free(s);
}

static uint64_t self_taken(const struct way *way) {
        return collector_decoded(way->collector);
}

/* Every frame that left has been decoded, or dropped by the socket. */
static bool self_is_drained(const struct way *way) {
        const struct self *s = way->own;
        uint64_t carried = 0, lost = 0;

        for (uint32_t cpu = 0; cpu < s->cpus; cpu++)
                carried += __atomic_load_n(&s->controls[cpu].carried, __ATOMIC_ACQUIRE);
        if (self_taken(way) >= carried)
                return true;
        xsk_statistics(s->xsk, &lost);
        return self_taken(way) + lost * XSKIM_FRAME_RECORDS_MAX >= carried;
}

static void self_counts(struct way *way, struct way_counts *ret_counts) {
        const struct self *s = way->own;
        uint64_t frames = 0;

        way_counts_of_peer(way, ret_counts);
        xsk_statistics(s->xsk, &frames);
        ret_counts->lost += frames * XSKIM_FRAME_RECORDS_MAX;
}

const struct way_operations WAY_SELF = {
        .open = self_open,
        .close = self_close,
        .is_drained = self_is_drained,
        .taken = self_taken,
        .counts = self_counts,
};

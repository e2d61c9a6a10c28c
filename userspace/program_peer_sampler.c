/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sampler with another way out than a staging ring: BPF ring buffers, perf event buffers, or a
 * histogram in a hash map. See program_peer.h.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/epoll.h>

#include "program_peer_private.h"
/* need what program_peer_private.h brings */
#include "hashbuckets.skel.h"
#include "perfbuf.skel.h"
#include "ringbuf.skel.h"
#include "sampling.h"
#include "util.h"

/* What program_port.c sets in the sampler's constants. */
#define SAMPLER_CONFIGURE(peer_, skeleton_)                                                        \
        do {                                                                                       \
                const struct program_peer_config *c_ = &(peer_)->config;                           \
                struct xskim_skip skip_ = sampling_skip(c_->sample);                               \
                                                                                                   \
                (peer_)->skeleton = (skeleton_);                                                   \
                (peer_)->object = (skeleton_)->obj;                                                \
                (peer_)->states = (skeleton_)->maps.states;                                        \
                (skeleton_)->rodata->verdict =                                                     \
                        c_->verdict == XSKIM_VERDICT_DROP ? XDP_DROP : XDP_PASS;                   \
                (skeleton_)->rodata->forward_to = (uint32_t)c_->forward_to;                        \
                (skeleton_)->rodata->count_classes = c_->tier == XSKIM_TIER_CLASSES;               \
                (skeleton_)->rodata->multi_buffer = c_->multi_buffer;                              \
                (skeleton_)->rodata->weight = c_->sample;                                          \
                (skeleton_)->rodata->skip_of.mantissa = skip_.mantissa;                            \
                (skeleton_)->rodata->skip_of.shift = skip_.shift;                                  \
                (peer_)->program = c_->forward_to ? (skeleton_)->progs.sampler_forward             \
                                                  : (skeleton_)->progs.sampler;                    \
                bpf_program__set_autoload((skeleton_)->progs.sampler, false);                      \
        } while (0)

/* ---- what they have in common ---- */

static int states_start(struct program_peer *peer) {
        const struct program_peer_config *config = &peer->config;
        uint64_t seeds[XSKIM_RINGS_MAX];
        uint32_t cpus = MIN(peer->cpus, (uint32_t)XSKIM_RINGS_MAX);

        for (uint32_t cpu = 0; cpu < cpus; cpu++)
                seeds[cpu] = sampling_seed(config->seed, cpu);
        return program_states_start(bpf_map__fd(peer->states), 0, cpus, seeds, config->sample,
                                    sampling_skip(config->sample), config->ring_slots);
}

int program_peer_counts(const struct program_peer *peer, struct program_peer_counts *ret_counts) {
        struct xskim_sampler_state *states CLEANUP(free_cleanup) =
                calloc(peer->cpus, sizeof(*states));
        struct program_peer_counts sum = {0};
        uint32_t key = 0;

        if (!states)
                return -ENOMEM;
        if (bpf_map_lookup_elem(bpf_map__fd(peer->states), &key, states))
                return -errno;
        for (uint32_t cpu = 0; cpu < peer->cpus; cpu++) {
                sum.seen += states[cpu].counters.seen;
                sum.sampled += states[cpu].counters.sampled;
                sum.unparsable += states[cpu].counters.unparsable;
                sum.staged += states[cpu].counters.staged;
                sum.full += states[cpu].counters.ring_full;
        }
        *ret_counts = sum;
        return 0;
}

bool program_peer_has_records(const struct program_peer *peer) {
        return peer->operations->consume;
}

void program_peer_wait(struct program_peer *peer, int timeout_ms) {
        struct epoll_event event;

        epoll_wait(peer->epoll_fd, &event, 1, timeout_ms);
}

uint32_t program_peer_take(struct program_peer *peer, peer_take *take, void *context) {
        peer->take = take;
        peer->take_context = context;
        peer->taken = 0;
        peer->operations->consume(peer);
        return peer->taken;
}

static void batch_hand_over(struct program_peer *peer, const struct xskim_record *const *records,
                            uint32_t count) {
        peer->take(peer->take_context, records, count);
        peer->taken += count;
}

void program_peer_sampler_close(struct program_peer *peer) {
        fd_cleanup(&peer->epoll_fd);
        for (uint32_t cpu = 0; peer->buffers && cpu < peer->cpus; cpu++)
                program_ringbuf_close(&peer->buffers[cpu]);
        free(peer->buffers);
        perf_buffer__free(peer->perf);
        free(peer->copies);
}

/* ---- ring buffers: one for each CPU ---- */

static int ringbuf_open(struct program_peer *peer) {
        uint32_t size = program_ringbuf_size(peer->config.ring_slots);
        struct ringbuf_bpf *skeleton = ringbuf_bpf__open();

        if (!skeleton)
                return -errno;
        SAMPLER_CONFIGURE(peer, skeleton);
        skeleton->rodata->one_for_each_cpu = 1;
        skeleton->rodata->wake_bytes = size / 2;
        bpf_map__set_max_entries(skeleton->maps.each, peer->cpus);
        return 0;
}

static void ringbuf_destroy(void *skeleton) {
        ringbuf_bpf__destroy(skeleton);
}

/* Edges: a wake-up counts, not that something is there. */
static int buffer_start(struct program_peer *peer, uint32_t cpu) {
        const struct ringbuf_bpf *skeleton = peer->skeleton;
        struct program_ringbuf *buffer = &peer->buffers[cpu];
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = cpu};
        int r = program_ringbuf_make(buffer, program_ringbuf_size(peer->config.ring_slots));

        if (r < 0)
                return r;
        if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.each), &cpu, &buffer->fd, 0))
                return -errno;
        return epoll_ctl(peer->epoll_fd, EPOLL_CTL_ADD, buffer->fd, &event) ? -errno : 0;
}

static int ringbuf_start(struct program_peer *peer) {
        int r = states_start(peer);

        peer->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        peer->buffers = calloc(peer->cpus, sizeof(*peer->buffers));
        if (peer->epoll_fd < 0 || !peer->buffers)
                return -ENOMEM;
        for (uint32_t cpu = 0; cpu < peer->cpus; cpu++)
                peer->buffers[cpu] = PROGRAM_RINGBUF_NULL;
        for (uint32_t cpu = 0; cpu < peer->cpus && !r; cpu++)
                r = buffer_start(peer, cpu);
        return r;
}

static void ringbuf_consume(struct program_peer *peer) {
        const struct xskim_record *records[PROGRAM_RINGBUF_BATCH];
        uint32_t count;

        for (uint32_t cpu = 0; cpu < peer->cpus; cpu++)
                while ((count = program_ringbuf_batch(&peer->buffers[cpu], records))) {
                        batch_hand_over(peer, records, count);
                        program_ringbuf_release(&peer->buffers[cpu]);
                }
}

const struct program_peer_operations PROGRAM_PEER_RINGBUF = {
        .name = "ringbuf",
        .open = ringbuf_open,
        .destroy = ringbuf_destroy,
        .start = ringbuf_start,
        .consume = ringbuf_consume,
};

/* ---- perf event buffers ---- */

static int perfbuf_open(struct program_peer *peer) {
        struct perfbuf_bpf *skeleton = perfbuf_bpf__open();

        if (!skeleton)
                return -errno;
        SAMPLER_CONFIGURE(peer, skeleton);
        return 0;
}

static void perfbuf_destroy(void *skeleton) {
        perfbuf_bpf__destroy(skeleton);
}

static void copies_hand_over(struct program_peer *peer) {
        const struct xskim_record *records[PROGRAM_PEER_BATCH];

        for (uint32_t i = 0; i < peer->copied; i++)
                records[i] = &peer->copies[i];
        if (peer->copied)
                batch_hand_over(peer, records, peer->copied);
        peer->copied = 0;
}

/* perf_event_open(2), PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW. A record is not aligned there. */
static enum bpf_perf_event_ret event_take(void *context, int cpu, struct perf_event_header *event) {
        struct raw {
                struct perf_event_header header;
                uint32_t bytes;
                char record[];
        } *raw = (struct raw *)event;
        struct program_peer *peer = context;

        (void)cpu;
        if (event->type != PERF_RECORD_SAMPLE || raw->bytes < XSKIM_RECORD_BYTES)
                return LIBBPF_PERF_EVENT_CONT;
        memcpy(&peer->copies[peer->copied++], raw->record, XSKIM_RECORD_BYTES);
        if (peer->copied == PROGRAM_PEER_BATCH)
                copies_hand_over(peer);
        return LIBBPF_PERF_EVENT_CONT;
}

static int perfbuf_start(struct program_peer *peer) {
        const struct perfbuf_bpf *skeleton = peer->skeleton;
        uint32_t size = program_ringbuf_size(peer->config.ring_slots);
        struct perf_event_attr attributes = {
                .type = PERF_TYPE_SOFTWARE,
                .size = sizeof(attributes),
                .config = PERF_COUNT_SW_BPF_OUTPUT,
                .sample_type = PERF_SAMPLE_RAW,
                .sample_period = 1,
                .watermark = 1,
                .wakeup_watermark = size / 2,
        };
        int r = states_start(peer);

        peer->copies = calloc(PROGRAM_PEER_BATCH, sizeof(*peer->copies));
        if (r < 0 || !peer->copies)
                return r < 0 ? r : -ENOMEM;
        peer->perf = perf_buffer__new_raw(bpf_map__fd(skeleton->maps.events),
                                          size / (uint32_t)sysconf(_SC_PAGESIZE), &attributes,
                                          event_take, peer, NULL);
        if (!peer->perf)
                return -errno;
        peer->epoll_fd = dup(perf_buffer__epoll_fd(peer->perf));
        return peer->epoll_fd < 0 ? -errno : 0;
}

static void perfbuf_consume(struct program_peer *peer) {
        perf_buffer__consume(peer->perf);
        copies_hand_over(peer);
}

const struct program_peer_operations PROGRAM_PEER_PERFBUF = {
        .name = "perfbuf",
        .open = perfbuf_open,
        .destroy = perfbuf_destroy,
        .start = perfbuf_start,
        .consume = perfbuf_consume,
};

/* ---- a histogram in a hash map ---- */

static int hashbuckets_open(struct program_peer *peer) {
        struct hashbuckets_bpf *skeleton = hashbuckets_bpf__open();

        if (!skeleton)
                return -errno;
        SAMPLER_CONFIGURE(peer, skeleton);
        return 0;
}

static void hashbuckets_destroy(void *skeleton) {
        hashbuckets_bpf__destroy(skeleton);
}

const struct program_peer_operations PROGRAM_PEER_HASHBUCKETS = {
        .name = "hashbuckets",
        .open = hashbuckets_open,
        .destroy = hashbuckets_destroy,
        .start = states_start,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns a worker's loop, socket, open intervals and tallies. See drain.h. */
#include <errno.h>
#include <string.h>

#include <xskim/barrier.h>

#include "checksum.h"
#include "clock.h"
#include "drain_private.h"
#include "log.h"
#include "loop.h"
#include "util.h"

enum { DRAIN_EVENTS = 64, DRAIN_WAIT_WRITES_NS = 100000000 };

enum drain_token {
        DRAIN_TOKEN_DOORBELL = 1,
        DRAIN_TOKEN_WAKE = 2,
        /* frame addresses are marked, so that the first frame's is not 0 */
        DRAIN_TOKEN_FRAME = 1 << 3,
};

/* Adds the frames that empty one ring; a frame ends at the ring's end, as in the carrier. */
static uint32_t plan_ring(struct drain *d, uint32_t ring, uint32_t planned, uint32_t most) {
        uint64_t fill = drain_ring_fill(d, ring);
        uint32_t slot = d->controls[ring].slot;

        while (fill && planned < most) {
                uint32_t take;

                if (slot >= d->config.ring_slots)
                        slot = 0;
                take = MIN(XSKIM_FRAME_RECORDS_MAX, d->config.ring_slots - slot);
                take = MIN(take, fill);
                d->plan->plan[planned++] = ring;
                fill -= take;
                slot += take;
        }
        return planned;
}

/* No more carriers than the socket has places for. */
static uint32_t plan_make(struct drain *d) {
        uint32_t most = MIN(xsk_room(d->xsk), (uint32_t)XSKIM_PLAN_MAX);
        uint32_t planned = 0;

        for (uint32_t i = 0; i < d->own_count && planned < most; i++)
                planned = plan_ring(d, d->own[(d->next + i) % d->own_count], planned, most);
        d->next++;
        d->plan->plan_length = planned;
        d->plan->next = 0;
        return planned;
}

/* The frame stays held until its write has completed. */
static void frame_write(struct drain *d, const struct xsk_frame *frame) {
        struct xskim_frame_header *header = frame->start;
        uint64_t token = frame->address | DRAIN_TOKEN_FRAME;
        uint64_t place = record_place(d->config.record, frame->bytes);
        int fd = d->config.record->fd;
        int r;

        header->checksum = 0;
        header->checksum = checksum_of(frame->start, frame->bytes);
        r = loop_write(d->loop, fd, frame->start, frame->bytes, place, token);
        if (r == -EAGAIN && !drain_poll(d))
                r = loop_write(d->loop, fd, frame->start, frame->bytes, place, token);
        if (r < 0) {
                d->tallies[header->ring / d->config.cpus].record_dropped += header->records;
                xsk_release(d->xsk, frame->address);
                return;
        }
        d->writing++;
}

/* What is beside the samples. */
static void frame_follow(const struct drain *d, const struct xskim_frame_header *header) {
        uint32_t port = header->ring / d->config.cpus;

        if (d->config.transits)
                transit_share_frame(d->config.transits[port], header,
                                    header->ring % d->config.cpus);
        if (d->config.expects)
                expect_share_frame(d->config.expects[port], header);
}

static void frame_take(struct drain *d, const struct xsk_frame *frame) {
        struct xskim_frame_header *header = frame->start;
        uint32_t rings = d->config.ports * d->config.cpus;
        enum tally_outcome outcome = TALLY_FOREIGN;

        if (frame->bytes >= sizeof(*header) && header->ring < rings) {
                struct tally_ring *ring = &d->rings[header->ring];

                header->decoded_ns = clock_monotonic_ns();
                if (ring->open)
                        outcome = tally_frame(ring, frame->start, frame->bytes, header->decoded_ns,
                                              d->controls[header->ring].loaded);
        } else {
                d->tallies[0].frames_foreign++;
        }
        if (outcome == TALLY_DECODED)
                frame_follow(d, header);
        if (outcome == TALLY_DECODED && record_is_open(d->config.record))
                frame_write(d, frame);
        else
                xsk_release(d->xsk, frame->address);
}

static void frames_receive(struct drain *d) {
        struct xsk_frame frames[XSKIM_PLAN_MAX];
        uint32_t count;

        while ((count = xsk_receive(d->xsk, frames, XSKIM_PLAN_MAX)))
                for (uint32_t i = 0; i < count; i++)
                        frame_take(d, &frames[i]);
        /* the run is over, so what has not arrived by now was dropped by the socket */
        for (uint32_t i = 0; i < d->own_count; i++)
                tally_missing(&d->rings[d->own[i]], d->controls[d->own[i]].frames,
                              d->controls[d->own[i]].loaded);
        xsk_refill(d->xsk);
}

/* One run of carriers; returns how many there were. */
static int carriers_run(struct drain *d) {
        uint32_t frames;
        int r;

        drain_look(d);
        frames = plan_make(d);
        if (!frames) {
                drain_promise(d);
                return 0;
        }
        d->system_calls++;
        d->runs++;
        r = program_carrier_run(d->config.programs, d->config.number, d->config.carrier_ifindex,
                                frames);
        frames_receive(d);
        drain_promise(d);
        if (r < 0 && r != -EINTR && r != -EAGAIN)
                return error_set(r, "worker %u: cannot run carriers: %s", d->config.number,
                                 strerror(-r));
        return (int)frames;
}

int drain_rings(struct drain *d) {
        int r;

        do {
                r = carriers_run(d);
                drain_rate_measure(d);
                if (r > 0 && d->writing)
                        r = drain_poll(d);
                if (r >= 0 && atomic_load_explicit(d->asked, memory_order_relaxed))
                        break;
        } while (r >= 0 && xsk_room(d->xsk) && (drain_is_high(d) || drain_linger(d)));
        return r < 0 ? r : 0;
}

static void write_book(struct drain *d, const struct loop_event *event) {
        uint64_t address = event->token & ~(uint64_t)DRAIN_TOKEN_FRAME;
        uint64_t area_bytes;
        char *area = xsk_area(d->xsk, &area_bytes);
        const struct xskim_frame_header *header = (void *)(area + address);
        uint32_t bytes = XSKIM_FRAME_HEADER_BYTES + header->records * XSKIM_RECORD_BYTES;
        struct tally *tally = &d->tallies[header->ring / d->config.cpus];

        if (event->result == (int)bytes) {
                tally->recorded += header->records;
        } else {
                tally->record_dropped += header->records;
                if (!d->record_error)
                        d->record_error = event->result < 0 ? event->result : -ENOSPC;
        }
        d->writing--;
        xsk_release(d->xsk, address);
}

static int poll_again(struct drain *d, uint64_t token) {
        int fd = token == DRAIN_TOKEN_WAKE
                         ? d->wake_fd
                         : program_doorbell_fd(d->config.programs, d->config.number);

        return loop_poll(d->loop, fd, token);
}

static int event_book(struct drain *d, const struct loop_event *event) {
        uint64_t count;

        if (event->token & DRAIN_TOKEN_FRAME) {
                write_book(d, event);
                return 0;
        }
        if (event->token == DRAIN_TOKEN_WAKE)
                (void)!read(d->wake_fd, &count, sizeof(count));
        else
                program_doorbell_clear(d->config.programs, d->config.number);
        return event->more ? 0 : poll_again(d, event->token);
}

static int events_book(struct drain *d, const struct loop_event *events, int count) {
        int r = 0;

        for (int i = 0; i < count && r >= 0; i++)
                r = event_book(d, &events[i]);
        if (count > 0)
                xsk_refill(d->xsk);
        if (count < 0)
                return error_set(count, "worker %u: io_uring: %s", d->config.number,
                                 strerror(-count));
        return r;
}

int drain_wait(struct drain *d, uint64_t timeout_ns) {
        struct loop_event events[DRAIN_EVENTS];
        int count = loop_wait(d->loop, timeout_ns, events, DRAIN_EVENTS);

        d->wakeups++;
        return events_book(d, events, count);
}

int drain_poll(struct drain *d) {
        struct loop_event events[DRAIN_EVENTS];

        return events_book(d, events, loop_submit(d->loop, events, DRAIN_EVENTS));
}

static bool rings_are_empty(const struct drain *d) {
        for (uint32_t i = 0; i < d->own_count; i++)
                if (drain_ring_fill(d, d->own[i]))
                        return false;
        return true;
}

int drain_finish(struct drain *d) {
        int r = 0;

        while (r >= 0 && !rings_are_empty(d)) {
                r = carriers_run(d);
                /* no places in the socket: every frame waits to be written */
                if (r == 0 && d->writing)
                        r = drain_wait(d, DRAIN_WAIT_WRITES_NS);
                else if (r >= 0)
                        r = drain_poll(d);
        }
        return r < 0 ? r : 0;
}

int drain_flush(struct drain *d) {
        int r = 0;

        while (r >= 0 && d->writing)
                r = drain_wait(d, DRAIN_WAIT_WRITES_NS);
        return r;
}

/* A frame without records: here this ring's interval was closed. */
static int mark_write(struct drain *d, uint32_t ring) {
        struct xsk_frame frame;
        int r = 0;

        while (r >= 0 && !xsk_take(d->xsk, &frame))
                r = drain_wait(d, DRAIN_WAIT_WRITES_NS);
        if (r < 0)
                return r;
        recordfile_mark(&d->rings[ring], ring, d->config.number, d->config.record->session,
                        clock_monotonic_ns(), frame.start);
        frame.bytes = sizeof(struct xskim_frame_header);
        frame_write(d, &frame);
        return drain_poll(d);
}

int drain_fold(struct drain *d) {
        int r = 0;

        for (uint32_t i = 0; i < d->own_count && r >= 0; i++) {
                uint32_t ring = d->own[i];

                if (tally_fold(&d->rings[ring], &d->tallies[ring / d->config.cpus]) &&
                    record_is_open(d->config.record))
                        r = mark_write(d, ring);
        }
        return r;
}

const struct tally *drain_tally(const struct drain *d, uint32_t port) {
        return &d->tallies[port];
}

void drain_report(const struct drain *d, struct worker_report *ret_report) {
        uint32_t rings = d->config.ports * d->config.cpus;

        *ret_report = (struct worker_report){
                .system_calls = d->system_calls + loop_system_calls(d->loop),
                .wakeups = d->wakeups,
                .runs = d->runs,
                .kernel_memory_bytes = loop_memory(d->loop) + xsk_ring_memory(d->xsk),
                .umem_bytes = xsk_umem_memory(d->xsk),
                .user_memory_bytes = sizeof(*d) + rings * (sizeof(*d->rings) + sizeof(*d->heads)) +
                                     (d->own_count + d->config.ports) * sizeof(struct tally),
                .record_error = d->record_error,
        };
        xsk_statistics(d->xsk, &ret_report->socket_frames_lost);
}

static int rings_open(struct drain *d) {
        uint32_t rings = d->config.ports * d->config.cpus;
        int r = 0;

        d->own = calloc(rings, sizeof(*d->own));
        d->heads = calloc(rings, sizeof(*d->heads));
        d->rings = calloc(rings, sizeof(*d->rings));
        d->tallies = calloc(d->config.ports, sizeof(*d->tallies));
        if (!d->own || !d->heads || !d->rings || !d->tallies)
                return -ENOMEM;
        for (uint32_t port = 0; port < d->config.ports; port++)
                tally_reset(&d->tallies[port]);
        for (uint32_t ring = 0; ring < rings && r >= 0; ring++) {
                if (d->controls[ring].worker != d->config.number)
                        continue;
                d->own[d->own_count++] = ring;
                r = tally_ring_open(&d->rings[ring]);
        }
        return r;
}

static int socket_open(struct drain *d) {
        uint64_t bytes;
        void *area;
        int r = loop_open(&d->loop);

        r = r ? r : xsk_open(d->config.carrier_name, WORKER_SOCKET_SLOTS, WORKER_FRAMES, &d->xsk);
        r = r ? r : program_socket_set(d->config.programs, d->config.number, xsk_fd(d->xsk));
        r = r ? r : poll_again(d, DRAIN_TOKEN_DOORBELL);
        r = r ? r : poll_again(d, DRAIN_TOKEN_WAKE);
        if (r < 0 || !record_is_open(d->config.record))
                return r;
        area = xsk_area(d->xsk, &bytes);
        return loop_area_register(d->loop, area, bytes);
}

int drain_open(const struct worker_config *config, int wake_fd, const _Atomic int *asked,
               struct drain **ret_drain) {
        struct drain *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        d->config = *config;
        d->wake_fd = wake_fd;
        d->asked = asked;
        d->controls = program_ring_controls(config->programs);
        d->plan = &program_worker_controls(config->programs)[config->number];
        r = rings_open(d);
        r = r ? r : socket_open(d);
        if (r < 0) {
                drain_close(d);
                return r;
        }
        *ret_drain = d;
        return 0;
}

struct drain *drain_close(struct drain *d) {
        if (!d)
                return NULL;
        /* the ring first: it may still write from the UMEM */
        loop_close(d->loop);
        xsk_close(d->xsk);
        for (uint32_t ring = 0; d->rings && ring < d->config.ports * d->config.cpus; ring++)
                tally_ring_close(&d->rings[ring]);
        free(d->own);
        free(d->heads);
        free(d->rings);
        free(d->tallies);
        free(d);
        return NULL;
}

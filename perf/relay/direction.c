/* SPDX-License-Identifier: BSD-2-Clause */
/* See direction.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "direction.h"
#include "log.h"

enum {
        SPIN_NS = 80000, /* a sleep ends late by this much at most, mostly */
        STATISTICS_FRAMES = 1 << 24,
        SETTLE_US = 10000, /* another CPU may be in the middle of filling a slot */
        BUSY_NS = 1000000, /* without a pause; then */
        PAUSE_NS = 70000,  /* more than 5 % of it: see breathe() */
        OFFSET_TRIES = 3,
        OFFSET_NS =
                1000, /* between two readings of the clock, undisturbed; five times what it is */
        CHECK_NS = 1000000000, /* without traffic: whether the ports are still there */
        HURRY_NS = 50000000,   /* until a second signal is heard */
};

/* ---- frames under way ---- */

static size_t frames_bytes(const struct direction *d) {
        return (size_t)d->told.limit * d->slot_bytes;
}

static uint8_t *frame_at(const struct direction *d, uint32_t slot) {
        return d->frames + (size_t)slot * d->slot_bytes;
}

static int frames_open(struct direction *d) {
        void *memory;

        d->slot_bytes = (d->in->frame_bytes_max + 63) & ~63U;
        memory = mmap(NULL, frames_bytes(d), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
                return -errno;
        d->frames = memory;
        d->lengths = calloc(d->told.limit, sizeof(*d->lengths));
        d->free = calloc(d->told.limit, sizeof(*d->free));
        if (!d->lengths || !d->free)
                return -ENOMEM;
        for (d->free_count = 0; d->free_count < d->told.limit; d->free_count++)
                d->free[d->free_count] = (uint32_t)d->told.limit - 1 - d->free_count;
        return 0;
}

int direction_open(struct direction *direction, enum fate_direction which,
                   const struct impairment *told, struct port *in, struct port *out,
                   struct direction_control *control) {
        int r = 0;

        *direction = (struct direction){
                .which = which, .told = *told, .in = in, .out = out, .control = control};
        direction->lateness = calloc(1, sizeof(*direction->lateness));
        if (!direction->lateness)
                r = -ENOMEM;
        if (!r && impairment_holds_frames(told))
                r = schedule_open(&direction->schedule, told);
        if (!r && impairment_holds_frames(told))
                r = frames_open(direction);
        if (!r)
                return 0;
        direction_close(direction);
        return error_set(r, "no memory for %lu frames under way: %s. Lower limit=.", told->limit,
                         strerror(-r));
}

void direction_close(struct direction *direction) {
        if (direction->frames)
                munmap(direction->frames, frames_bytes(direction));
        schedule_close(&direction->schedule);
        free(direction->lengths);
        free(direction->free);
        free(direction->lateness);
        *direction = DIRECTION_NULL;
}

/* ---- sending ---- */

/*
 * Monotonic time is what everything here is in; the kernel stamps frames with the time of day. The
 * time of day was read between two readings of the other clock: if these are far apart, the thread
 * was interrupted, and what was known before is better. Taking the later of them, a frame may leave
 * late by their distance, never early.
 */
static uint64_t unix_offset_ns(struct direction *d) {
        for (int tries = 0; tries < OFFSET_TRIES; tries++) {
                uint64_t before_ns = clock_monotonic_ns(), unix_ns = clock_unix_ns();
                uint64_t after_ns = clock_monotonic_ns(), offset_ns = after_ns - unix_ns;

                if (after_ns - before_ns > OFFSET_NS && d->offset_ns)
                        continue;
                d->offset_ns = offset_ns;
                break;
        }
        return d->offset_ns;
}

static void look_for_ports(struct direction *d) {
        if (!port_exists(d->in) || !port_exists(d->out))
                d->control->port_gone = true;
}

static void send_batch(struct direction *d, const struct iovec *frames, const uint64_t *due_ns,
                       uint32_t count) {
        uint64_t failed = d->sent.failed, now_ns;

        if (!count)
                return;
        port_send(d->out, frames, count, &d->sent);
        if (d->sent.failed != failed)
                look_for_ports(d);
        now_ns = clock_monotonic_ns();
        for (uint32_t i = 0; i < count; i++)
                histogram_add(d->lateness, now_ns - MIN(now_ns, due_ns[i]), 1);
}

/* ---- receiving ---- */

static void bit_change(const struct fate *fate, uint8_t *bytes) {
        bytes[fate->bit / 8] ^= (uint8_t)(1 << fate->bit % 8);
}

/* Counts the frame and says what is to become of it. */
static struct fate judge(struct direction *d, const struct port_frame *frame) {
        struct counts *counts = &d->counts;
        struct fate fate = fate_of(&d->told, d->which, counts->received, frame->length);

        counts->received++;
        counts->unfinished += frame->is_unfinished;
        if (frame->is_cut || frame->length > d->in->frame_bytes_max) {
                counts->too_long++;
                return (struct fate){.is_lost = true};
        }
        counts->lost += fate.is_lost;
        counts->duplicated += fate.is_duplicated;
        counts->held_back += fate.is_held_back;
        counts->slowed += fate.is_slow;
        counts->corrupted += fate.is_corrupted * (1U + fate.is_duplicated);
        if (fate.is_corrupted)
                bit_change(&fate, frame->bytes);
        return fate;
}

/* Straight from the ring to the other port. Returns how many frames came. */
static uint32_t pass_on(struct direction *d) {
        uint64_t due_ns[PORT_BATCH], offset_ns = unix_offset_ns(d);
        struct iovec frames[PORT_BATCH];
        struct port_frame frame;
        uint32_t taken = 0, count = 0;

        while (count + 2 <= PORT_BATCH && port_peek(d->in, taken, &frame)) {
                struct fate fate = judge(d, &frame);

                taken++;
                for (uint32_t copies = fate.is_lost ? 0 : 1 + fate.is_duplicated; copies;
                     copies--) {
                        frames[count] = (struct iovec){frame.bytes, frame.length};
                        due_ns[count++] = frame.arrival_unix_ns + offset_ns;
                }
                if (taken == PORT_BATCH)
                        break;
        }
        send_batch(d, frames, due_ns, count);
        port_release(d->in, taken);
        return taken;
}

/* The frame, or its copy, waits. */
static void keep(struct direction *d, const struct port_frame *frame, const struct fate *fate,
                 uint64_t arrival_ns, bool is_copy) {
        struct schedule_frame own = {.index = d->counts.received - 1, .is_copy = is_copy};

        own.slot = d->free_count ? d->free[d->free_count - 1] : 0;
        switch (schedule_add(&d->schedule, &own, frame->length, arrival_ns, fate)) {
        case SCHEDULE_TAKEN: /* and so there was a slot: both have `limit` places */
                d->free_count--;
                memcpy(frame_at(d, own.slot), frame->bytes, frame->length);
                d->lengths[own.slot] = frame->length;
                break;
        case SCHEDULE_LIMIT_REACHED:
                d->counts.limit_reached++;
                break;
        case SCHEDULE_QUEUE_FULL:
                d->counts.queue_full++;
                break;
        }
}

static uint32_t take_in(struct direction *d) {
        uint64_t offset_ns = unix_offset_ns(d);
        struct port_frame frame;
        uint32_t taken = 0;

        for (; taken < PORT_BATCH && port_peek(d->in, taken, &frame); taken++) {
                struct fate fate = judge(d, &frame);
                uint64_t arrival_ns = frame.arrival_unix_ns + offset_ns;

                if (!fate.is_lost)
                        keep(d, &frame, &fate, arrival_ns, false);
                if (fate.is_duplicated)
                        keep(d, &frame, &fate, arrival_ns, true);
        }
        port_release(d->in, taken);
        return taken;
}

/* Sends what is due; returns how many. */
static uint32_t let_out(struct direction *d) {
        uint64_t due_ns[PORT_BATCH], now_ns = clock_monotonic_ns();
        struct iovec frames[PORT_BATCH];
        struct schedule_frame next;
        uint32_t slots[PORT_BATCH], count = 0;
        bool is_reordered;

        while (count < PORT_BATCH && schedule_take(&d->schedule, now_ns, &next, &is_reordered)) {
                frames[count] = (struct iovec){frame_at(d, next.slot), d->lengths[next.slot]};
                slots[count] = next.slot;
                due_ns[count++] = next.due_ns;
                d->counts.reordered += is_reordered;
        }
        send_batch(d, frames, due_ns, count);
        for (uint32_t i = 0; i < count; i++)
                d->free[d->free_count++] = slots[i];
        return count;
}

/* ---- the thread ---- */

static bool frames_wait_here(const struct direction *d) {
        return d->frames;
}

/* Until a frame comes, one is nearly due, or the end is asked for. */
static void rest(struct direction *d, bool receiving) {
        struct pollfd fds[] = {{.fd = receiving ? d->control->stop_fd : -1, .events = POLLIN},
                               {.fd = receiving ? d->in->fd : -1, .events = POLLIN}};
        uint64_t wait_ns = receiving ? CHECK_NS : HURRY_NS, now_ns = clock_monotonic_ns();
        struct timespec timeout = {0};
        int r;

        if (frames_wait_here(d)) {
                uint64_t next_ns = schedule_next_ns(&d->schedule);

                wait_ns = MIN(wait_ns, next_ns - MIN(next_ns, now_ns + SPIN_NS));
        }
        if (!wait_ns)
                return; /* and the caller looks again: it spins */
        timeout.tv_sec = (time_t)(wait_ns / 1000000000);
        timeout.tv_nsec = (long)(wait_ns % 1000000000);
        r = ppoll(fds, ARRAY_SIZE(fds), &timeout, NULL);
        if (clock_monotonic_ns() - now_ns > PAUSE_NS)
                d->rested_ns = now_ns + PAUSE_NS;
        if (!r || fds[1].revents & ~POLLIN)
                look_for_ports(d);
}

static int statistics_add(struct direction *d) {
        uint64_t seen, dropped;
        int r = port_statistics(d->in, &seen, &dropped);

        if (!r) {
                d->counts.seen += seen;
                d->counts.socket_dropped += dropped;
        }
        return r;
}

/* Whoever runs before all others for 95 % of a second is stopped by the kernel for the rest of it;
 * then frames would be late by 50 ms, and lost. */
static void breathe(struct direction *d) {
        struct timespec pause = {.tv_nsec = PAUSE_NS};

        if (clock_monotonic_ns() - d->rested_ns < BUSY_NS)
                return;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        d->rested_ns = clock_monotonic_ns();
}

/* Takes what is there and sends what is due; true when there was anything. */
static bool work(struct direction *d) {
        uint64_t received = d->counts.received;
        bool any;

        breathe(d);
        if (!frames_wait_here(d))
                any = pass_on(d);
        else
                any = take_in(d) + let_out(d);
        if (received / STATISTICS_FRAMES != d->counts.received / STATISTICS_FRAMES)
                statistics_add(d);
        return any;
}

static void finish(struct direction *d) {
        port_stop_receiving(d->in);
        usleep(SETTLE_US);
        while (work(d))
                ;
        while (frames_wait_here(d) && schedule_count(&d->schedule) && !d->control->port_gone &&
               d->control->stop != DIRECTION_HURRY)
                if (!let_out(d))
                        rest(d, false);
        if (frames_wait_here(d))
                d->counts.waiting = schedule_count(&d->schedule);
        statistics_add(d);
        d->counts.forwarded = d->sent.sent;
        d->counts.send_failed = d->sent.failed;
        d->counts.port_refused = d->sent.refused;
        d->counts.port_dropped = port_dropped(d->out);
        d->counts.port_dropped -= MIN(d->counts.port_dropped, d->sent.refused);
}

static void *run(void *context) {
        struct direction *d = context;
        struct sched_param first = {.sched_priority = 1};

        /* A device does not wait for its hosts' programs. Where it is not allowed, it does. */
        pthread_setschedparam(pthread_self(), SCHED_FIFO, &first);
        prctl(PR_SET_TIMERSLACK, 1);
        while (d->control->stop == DIRECTION_RUN && !d->control->port_gone)
                if (!work(d))
                        rest(d, true);
        finish(d);
        d->control->ended++;
        return NULL;
}

int direction_start(struct direction *direction) {
        int r = pthread_create(&direction->thread, NULL, run, direction);

        return r ? error_set(-r, "starting a thread: %s.", strerror(r)) : 0;
}

void direction_join(struct direction *direction) {
        pthread_join(direction->thread, NULL);
}

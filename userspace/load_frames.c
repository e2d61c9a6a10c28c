/* SPDX-License-Identifier: BSD-2-Clause */
/* The load as live frames. See load.h. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "anchor.h"
#include "clock.h"
#include "load_private.h"
#include "log.h"
#include "program_launch.h"
#include "util.h"

enum {
        CHUNK_RATE, /* a place of its own for each packet, whose mark says when it is due */
        CHUNK_TOP,  /* the same few packets again and again */
        CHUNKS,
        PLACE_BYTES = 1536,
        PLACES = 192, /* a multiple of the mix and of BATCH_RATE */
        /* Above, a run takes longer than packets wait for each other anyway. */
        BATCH_RATE = 64,
        /* A run costs 10 to 20 us by itself; with so many some percent. A multiple of the mix. */
        BATCH_TOP = 192,
        REFUSED_RUNS_MAX = 100, /* then nobody takes them any more */
        /* Nearer than that it spins: a sleep ends late, and leaves a cold CPU. */
        SPIN_NS = 2000000,
        SLEEP_NS_MAX = 10000000, /* until it looks whether to stop */
        LEAD_NS = 100000,        /* before the first packet of a rate */
};

struct frames {
        struct launch *launch;
        int anchor_fd;
        uint32_t packet_bytes;
        uint32_t longest;
};

static void frames_close(void *engine) {
        struct frames *f = engine;

        launch_close(f->launch);
        fd_cleanup(&f->anchor_fd);
        free(f);
}

static struct load_mark *mark_of(const struct frames *f, uint32_t chunk, uint32_t place) {
        return (struct load_mark *)(launch_bytes(f->launch, chunk) + place * PLACE_BYTES +
                                    LOAD_HEADER_BYTES);
}

static void chunk_fill(struct frames *f, const struct load_config *config, uint32_t chunk,
                       uint32_t places, uint32_t rows) {
        struct xskim_launch_packet *row = launch_rows(f->launch, chunk);

        for (uint32_t i = 0; i < rows; i++) {
                row[i].place = i % places * PLACE_BYTES;
                row[i].bytes = load_frame_bytes(f->packet_bytes, i);
                f->longest = MAX(f->longest, row[i].bytes);
        }
        for (uint32_t place = 0; place < places; place++)
                load_frame_build(config->arena, row[place].bytes,
                                 launch_bytes(f->launch, chunk) + place * PLACE_BYTES);
}

static int launch_make(struct frames *f, const struct load_config *config) {
        int back, r = arena_enter(config->arena, ARENA_SENDER);

        if (r < 0)
                return r;
        r = launch_open(config->arena->tx.ifindex, CHUNKS, &f->launch);
        back = arena_leave(config->arena);
        r = r < 0 ? r : back;
        return r < 0 ? r : anchor_drop(f->launch, &f->anchor_fd);
}

static int frames_open(const struct load_config *config, void **ret_engine) {
        struct frames *f = calloc(1, sizeof(*f));
        int r;

        if (!f)
                return -ENOMEM;
        f->anchor_fd = -1;
        f->packet_bytes = config->packet_bytes;
        r = launch_make(f, config);
        if (r < 0) {
                frames_close(f);
                return r;
        }
        chunk_fill(f, config, CHUNK_RATE, PLACES, PLACES);
        chunk_fill(f, config, CHUNK_TOP, LOAD_MIX_FRAMES, BATCH_TOP);
        *ret_engine = f;
        return 0;
}

static const uint8_t *frames_packet(const void *engine, uint32_t *ret_bytes) {
        const struct frames *f = engine;

        *ret_bytes = launch_rows(f->launch, CHUNK_TOP)->bytes;
        return launch_bytes(f->launch, CHUNK_TOP);
}

/* Packets first … first + count - 1 of the run, from these rows of the chunk. */
static int batch_send(struct frames *f, struct load_run *run, const struct launch_run *launch,
                      uint64_t *ret_done) {
        const struct xskim_launch_packet *rows = launch_rows(f->launch, launch->chunk);
        struct launch_result result;
        int r = launch_run(f->launch, launch, &result);
        uint32_t done;

        if (r < 0)
                return r;
        done = result.sent + result.refused;
        for (uint32_t i = 0; i < done; i++)
                run->result.bytes += rows[launch->first + i].bytes;
        run->result.refused += result.refused;
        atomic_store_explicit(&run->sent,
                              atomic_load_explicit(&run->sent, memory_order_relaxed) + result.sent,
                              memory_order_relaxed);
        *ret_done = done;
        return 0;
}

/* Refused is only what the launcher found no port for. */
static int gone_check(const struct load_run *run) {
        if (run->result.refused < (uint64_t)REFUSED_RUNS_MAX * BATCH_TOP ||
            atomic_load_explicit(&run->sent, memory_order_relaxed) > run->result.refused)
                return 0;
        return error_set(-ENETDOWN, "The port that packets are sent to is gone, or down.");
}

static int top_run(struct frames *f, struct load_run *run) {
        struct launch_run launch = {.chunk = CHUNK_TOP, .count = BATCH_TOP, .bytes = f->longest};
        uint64_t done;
        int r = 0;

        for (uint32_t place = 0; place < LOAD_MIX_FRAMES; place++)
                *mark_of(f, CHUNK_TOP, place) =
                        (struct load_mark){.magic = LOAD_MAGIC, .run = run->result.run};
        run->result.start_ns = clock_monotonic_ns();
        while (r >= 0 && !atomic_load_explicit(&run->stop, memory_order_relaxed)) {
                r = batch_send(f, run, &launch, &done);
                r = r < 0 ? r : gone_check(run);
        }
        return r;
}

/* ---- at a rate ---- */

static void sleep_until(uint64_t ns) {
        struct timespec until = {.tv_sec = (time_t)(ns / 1000000000),
                                 .tv_nsec = (long)(ns % 1000000000)};

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Until this time, or stop; the time then. */
static uint64_t wait_until(struct load_run *run, uint64_t due) {
        uint64_t now = clock_monotonic_ns();

        while (now < due && !atomic_load_explicit(&run->stop, memory_order_relaxed)) {
                if (due - now > SPIN_NS)
                        sleep_until(MIN(due - SPIN_NS, now + SLEEP_NS_MAX));
                now = clock_monotonic_ns();
        }
        return now;
}

/* All that is due, as far as one call takes it. */
static int due_send(struct frames *f, struct load_run *run, uint64_t number, uint64_t due_count,
                    uint64_t *ret_done) {
        const struct xskim_launch_packet *rows = launch_rows(f->launch, CHUNK_RATE);
        uint32_t first = (uint32_t)(number % PLACES);
        uint32_t most = MIN(PLACES - first, (uint32_t)BATCH_RATE);
        struct launch_run launch = {.chunk = CHUNK_RATE,
                                    .first = first,
                                    .count = (uint32_t)MIN(due_count - number, (uint64_t)most),
                                    .bytes = f->longest,
                                    .timed = true};
        uint64_t start_ns = run->result.start_ns;
        int r;

        for (uint32_t i = 0; i < launch.count; i++)
                *mark_of(f, CHUNK_RATE, first + i) = (struct load_mark){
                        .magic = LOAD_MAGIC,
                        .run = run->result.run,
                        .due_ns = start_ns + load_due_ns(run->order.pps, number + i)};
        r = batch_send(f, run, &launch, ret_done);
        for (uint32_t i = 0; r >= 0 && i < *ret_done; i++)
                histogram_add(&run->late,
                              rows[first + i].sent_ns - mark_of(f, CHUNK_RATE, first + i)->due_ns,
                              1);
        return r;
}

static int rate_run(struct frames *f, struct load_run *run) {
        const struct load_order *order = &run->order;
        uint64_t number = 0, due_count = 0, done = 0, now;
        uint64_t start_ns = run->result.start_ns = clock_monotonic_ns() + LEAD_NS;
        uint64_t total = order->duration_ns ? load_due_count(order->pps, order->duration_ns - 1)
                                            : UINT64_MAX;
        int r = 0;

        while (r >= 0 && number < total) {
                now = wait_until(run, start_ns + load_due_ns(order->pps, number));
                if (atomic_load_explicit(&run->stop, memory_order_relaxed))
                        break;
                due_count = MIN(load_due_count(order->pps, now - start_ns), total);
                if (order->duration_ns && now > start_ns + order->duration_ns + LOAD_GRACE_NS)
                        break;
                r = due_send(f, run, number, due_count, &done);
                r = r < 0 ? r : gone_check(run);
                number += done;
        }
        run->result.behind = due_count > number ? due_count - number : 0;
        return r;
}

static int frames_run(void *engine, struct load_run *run) {
        return run->order.pps ? rate_run(engine, run) : top_run(engine, run);
}

const struct load_engine LOAD_FRAMES = {
        .open = frames_open,
        .close = frames_close,
        .run = frames_run,
        .packet = frames_packet,
};

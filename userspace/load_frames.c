/* SPDX-License-Identifier: BSD-2-Clause */
/* The load as live frames. See load.h. */
#include <errno.h>
#include <string.h>

#include "anchor.h"
#include "clock.h"
#include "load_private.h"
#include "log.h"
#include "program_pacer.h"
#include "util.h"

enum {
        BATCH_TOP = 64, /* the kernel's own */
        /* What is due leaves when the kernel has gone through the frames of a batch that are not:
           half a microsecond for 8, 3 for 32. Smaller ones hold less when it has to catch up. */
        BATCH_RATE = 8,
        REFUSED_MAX = 100000, /* and none taken: nobody takes them any more */
        LEAD_NS = 100000,     /* before the first packet of a rate */
};

struct frames {
        struct pacer *pacer;
        struct xskim_pace_control *control;
        int anchor_fd;
        uint32_t bytes; /* of the longest frame */
        uint8_t frame[LOAD_FRAME_BYTES_MAX];
};

static void frames_close(void *engine) {
        struct frames *f = engine;

        pacer_close(f->pacer);
        fd_cleanup(&f->anchor_fd);
        free(f);
}

static int pacer_make(struct frames *f, const struct arena *arena) {
        int back, r = arena_enter(arena, ARENA_SENDER);

        if (r < 0)
                return r;
        r = pacer_open(arena->tx.ifindex, &f->pacer);
        back = arena_leave(arena);
        r = r < 0 ? r : back;
        return r < 0 ? r : anchor_drop(pacer_attach, f->pacer, &f->anchor_fd);
}

/* What a frame holds before the pacer writes its head is the longest one. */
static void rows_fill(struct frames *f, const struct load_config *config) {
        struct xskim_pace_row *rows = f->control->rows;

        f->control->kinds = config->packet_bytes == XSKIM_BENCH_IMIX ? LOAD_MIX_FRAMES : 1;
        for (uint32_t i = 0; i < f->control->kinds; i++) {
                rows[i].bytes = load_frame_bytes(config->packet_bytes, i);
                f->bytes = MAX(f->bytes, rows[i].bytes);
                load_frame_build(config->arena, rows[i].bytes, f->frame);
                memcpy(rows[i].head, f->frame, sizeof(rows[i].head));
        }
        load_frame_build(config->arena, f->bytes, f->frame);
}

static int frames_open(const struct load_config *config, void **ret_engine) {
        struct frames *f = calloc(1, sizeof(*f));
        int r;

        if (!f)
                return -ENOMEM;
        f->anchor_fd = -1;
        r = pacer_make(f, config->arena);
        if (r < 0) {
                frames_close(f);
                return r;
        }
        f->control = pacer_control(f->pacer);
        rows_fill(f, config);
        *ret_engine = f;
        return 0;
}

static const uint8_t *frames_packet(const void *engine, uint32_t *ret_bytes) {
        const struct frames *f = engine;

        *ret_bytes = f->bytes;
        return f->frame;
}

/* The kernel's side writes and reads these while we do. */
static uint64_t shared_read(const __u64 *word) {
        return *(const volatile __u64 *)word;
}

static void shared_write(__u64 *word, uint64_t value) {
        *(volatile __u64 *)word = value;
}

static void frames_stop(void *engine) {
        shared_write(&((struct frames *)engine)->control->stop, 1);
}

static uint64_t frames_sent(const void *engine) {
        return shared_read(&((const struct frames *)engine)->control->sent);
}

static void frames_reset(void *engine) {
        struct xskim_pace_control *c = ((struct frames *)engine)->control;

        c->row = c->sent = c->refused = c->bytes = 0;
        c->stop = 0;
}

static void control_start(struct xskim_pace_control *c, const struct load_run *run) {
        const struct load_order *order = &run->order;
        uint64_t start_ns = clock_monotonic_ns() + (order->pps ? LEAD_NS : 0);
        bool ends = order->pps && order->duration_ns;

        c->pps = order->pps;
        c->batch = order->pps ? BATCH_RATE : BATCH_TOP;
        c->run = run->result.run;
        c->start_ns = start_ns;
        c->until_ns = ends ? start_ns + order->duration_ns + LOAD_GRACE_NS : UINT64_MAX;
        c->total = ends ? load_due_count(order->pps, order->duration_ns - 1) : UINT64_MAX;
}

/* Refused is only what found no port. */
static int gone_check(const struct xskim_pace_control *c) {
        if (c->refused < REFUSED_MAX || c->sent > c->refused)
                return 0;
        return error_set(-ENETDOWN, "The port that packets are sent to is gone, or takes no frames "
                                    "from XDP programs (a veth: unless its peer has a program, or "
                                    "GRO: 'ethtool -K PEER gro on').");
}

static void late_take(const struct xskim_pace_control *c, struct load_run *run) {
        struct histogram_batch batch = {0};

        for (uint64_t i = 0; c->pps && i < c->launched; i++)
                histogram_batch_add(&run->late, &batch, c->late_ns[i], 1);
        histogram_batch_book(&run->late, &batch, 1);
}

static bool is_over(const struct xskim_pace_control *c, struct load_run *run) {
        return atomic_load_explicit(&run->stop, memory_order_relaxed) || c->sent >= c->total ||
               clock_monotonic_ns() > c->until_ns;
}

static uint64_t behind(const struct xskim_pace_control *c) {
        uint64_t now = clock_monotonic_ns(), due_count;

        if (!c->pps || now < c->start_ns)
                return 0;
        due_count = MIN(load_due_count(c->pps, now - c->start_ns), c->total);
        return due_count > c->sent ? due_count - c->sent : 0;
}

static int frames_run(void *engine, struct load_run *run) {
        struct frames *f = engine;
        int r = 0;

        control_start(f->control, run);
        run->result.start_ns = f->control->start_ns;
        while (r >= 0 && !is_over(f->control, run)) {
                r = pacer_run(f->pacer, XSKIM_PACE_FRAMES_MAX, f->frame, f->bytes);
                late_take(f->control, run);
                r = r < 0 ? r : gone_check(f->control);
        }
        run->result.behind = behind(f->control);
        run->result.refused = f->control->refused;
        run->result.bytes = f->control->bytes;
        return r;
}

const struct load_engine LOAD_FRAMES = {
        .open = frames_open,
        .close = frames_close,
        .reset = frames_reset,
        .run = frames_run,
        .stop = frames_stop,
        .sent = frames_sent,
        .packet = frames_packet,
};

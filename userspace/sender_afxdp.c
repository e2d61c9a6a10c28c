/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine `afxdp`: packets go through the TX ring of an AF_XDP socket on the port itself. The
 * punctual way: without zero copy a packet is with the port when the system call returns. See
 * sender.h.
 */
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "sender.h"
#include "util.h"
#include "xsk_send.h"

enum {
        FRAMES = 2048,
        BATCH_MAX = 32,   /* what the kernel takes in one call, if it cannot be told otherwise */
        STAMPED_MAX = 16, /* some 20 us of work, without zero copy */
        KICKS_MAX = 256,
        ROOM_WAIT_NS = 1000000,
        TOKEN_ROOM = 1,
        EVENTS = 4,
};

/* A slow receiver on this host may have all frames and give them back one by one. */
static const uint64_t FINISH_IDLE_NS = 1000000000, FINISH_NS = 5000000000;

struct sender_afxdp {
        struct xsk_send *xsk;
        struct loop *loop; /* of the sending thread; opened when it first has to wait */
        const char *port;
        bool zero_copy;
        uint8_t *bytes; /* of all chunks */
        struct xskim_launch_packet *rows;
};

static void afxdp_close(void *sender) {
        struct sender_afxdp *s = sender;

        loop_close(s->loop);
        xsk_send_close(s->xsk);
        free(s->bytes);
        free(s->rows);
        free(s);
}

static int afxdp_open(const struct sender_config *config, void **ret_sender) {
        struct sender_afxdp *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->port = config->port->name;
        s->bytes = malloc((size_t)config->chunks * XSKIM_LAUNCH_CHUNK_BYTES);
        s->rows = calloc((size_t)config->chunks * XSKIM_LAUNCH_CHUNK_PACKETS, sizeof(*s->rows));
        r = s->bytes && s->rows ? xsk_send_open(s->port, config->queue, FRAMES, &s->xsk) : -ENOMEM;
        if (r < 0) {
                afxdp_close(s);
                return r;
        }
        s->zero_copy = xsk_send_is_zero_copy(s->xsk);
        *ret_sender = s;
        return 0;
}

static const char *afxdp_mode(const void *sender) {
        return ((const struct sender_afxdp *)sender)->zero_copy ? "zero copy" : "copy";
}

static uint8_t *afxdp_chunk_bytes(void *sender, uint32_t chunk) {
        return ((struct sender_afxdp *)sender)->bytes + (size_t)chunk * XSKIM_LAUNCH_CHUNK_BYTES;
}

static struct xskim_launch_packet *afxdp_chunk_rows(void *sender, uint32_t chunk) {
        return ((struct sender_afxdp *)sender)->rows + (size_t)chunk * XSKIM_LAUNCH_CHUNK_PACKETS;
}

static int port_error(const struct sender_afxdp *s, int r) {
        if (r == -ENETDOWN || r == -ENXIO || r == -ENODEV)
                return error_set(-ENETDOWN,
                                 "%s: went down or was removed while it was being replayed to.",
                                 s->port);
        return error_set(r, "%s: its AF_XDP socket does not send: %s", s->port, strerror(-r));
}

/* Until the socket takes packets again, or a millisecond has passed. The poll makes the kernel send
 * what still waits. */
static int room_await(struct sender_afxdp *s) {
        struct loop_event events[EVENTS];
        int r = s->loop ? 0 : loop_open(&s->loop);

        if (r < 0)
                return r;
        r = loop_poll_writable(s->loop, xsk_send_fd(s->xsk), TOKEN_ROOM);
        r = r < 0 && r != -EAGAIN ? r : loop_wait(s->loop, ROOM_WAIT_NS, events, EVENTS);
        return r < 0 ? port_error(s, r) : 0;
}

/* Without zero copy: until the kernel has taken all that was published. A port that takes none for
 * so long is asked again by whoever calls next. */
static int kernel_take(struct sender_afxdp *s) {
        int r = 0;

        for (int kicks = 0; kicks < KICKS_MAX && xsk_send_waiting(s->xsk); kicks++) {
                if (!s->zero_copy || xsk_send_needs_kick(s->xsk))
                        r = xsk_send_kick(s->xsk);
                if (r < 0 && r != -EAGAIN)
                        return port_error(s, r);
                if (s->zero_copy)
                        return 0;
                xsk_send_collect(s->xsk);
        }
        return 0;
}

/* The kernel takes packets one after the other, so each was handed over at its share of the call.
 */
static void times_write(const struct sender_batch *batch, uint32_t count, uint64_t before_ns,
                        uint64_t after_ns) {
        struct xskim_launch_packet *rows = batch->chunk->rows + batch->first;

        for (uint32_t i = 0; i < count; i++)
                rows[i].sent_ns = before_ns + (after_ns - before_ns) * (2 * i + 1) / (2 * count);
}

static int packets_put(struct sender_afxdp *s, const struct sender_batch *batch, uint32_t count) {
        const struct belt_chunk *chunk = batch->chunk;
        uint64_t before;
        int r;

        for (uint32_t i = 0; i < count; i++) {
                const struct xskim_launch_packet *row = &chunk->rows[batch->first + i];

                xsk_send_put(s->xsk, chunk->bytes + row->place, row->bytes);
        }
        before = clock_monotonic_ns();
        xsk_send_publish(s->xsk);
        r = kernel_take(s);
        if (batch->timed)
                times_write(batch, count, before, clock_monotonic_ns());
        return r;
}

static int afxdp_send(void *sender, const struct sender_batch *batch, struct sender_result *ret) {
        struct sender_afxdp *s = sender;
        uint32_t room = xsk_send_collect(s->xsk), count = MIN(batch->count, room);
        int r;

        *ret = (struct sender_result){0};
        if (!count)
                return room_await(s);
        r = packets_put(s, batch, count);
        ret->sent = count;
        return r;
}

/* As long as it takes some of them, and not for ever. What it has taken may still be on its way;
 * that is the receiver's business. */
static int afxdp_finish(void *sender) {
        struct sender_afxdp *s = sender;
        uint64_t begin = clock_monotonic_ns(), now = begin, moved = begin;
        uint32_t left = xsk_send_waiting(s->xsk), before = left;
        int r = 0;

        while (left && r >= 0 && now - moved < FINISH_IDLE_NS && now - begin < FINISH_NS) {
                r = kernel_take(s);
                r = r < 0 || !xsk_send_waiting(s->xsk) ? r : room_await(s);
                xsk_send_collect(s->xsk);
                left = xsk_send_waiting(s->xsk);
                now = clock_monotonic_ns();
                moved = left < before ? now : moved;
                before = left;
        }
        return r < 0 ? r : (int)left;
}

const struct sender_operations SENDER_AFXDP = {
        .name = "afxdp",
        .batch_max = BATCH_MAX,
        .stamped_max = STAMPED_MAX,
        .packet_bytes_max = XSK_SEND_FRAME_BYTES,
        .open = afxdp_open,
        .close = afxdp_close,
        .mode = afxdp_mode,
        .chunk_bytes = afxdp_chunk_bytes,
        .chunk_rows = afxdp_chunk_rows,
        .send = afxdp_send,
        .finish = afxdp_finish,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the UMEM, its socket and where each frame is. See xsk.h. */
#include <errno.h>
#include <linux/if_xdp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <xdp/xsk.h>

#include "log.h"
#include "util.h"
#include "xsk.h"

enum {
        /* A queue can stay busy for a while after its last socket was closed: 17 ms
         * on an idle machine, more than 100 on a busy one. */
        XSK_BIND_TRIES = 1000,
        XSK_BIND_PAUSE_NS = 2000000,
        /* The completion ring is never used, but there is no socket without one. */
        XSK_COMPLETION_SLOTS = 2,
};

struct xsk {
        struct xsk_umem *umem;
        struct xsk_socket *socket;
        struct xsk_ring_prod fill;
        struct xsk_ring_cons completion;
        struct xsk_ring_cons rx;
        void *area;
        uint64_t area_bytes;
        uint32_t frames;
        uint32_t slots;
        uint32_t in_fill;
        uint32_t held;
        uint32_t free_count;
        uint64_t *free; /* a stack of addresses */
};

static int umem_open(struct xsk *xsk) {
        struct xsk_umem_config config = {
                .fill_size = xsk->slots * 2,
                .comp_size = XSK_COMPLETION_SLOTS,
                .frame_size = XSK_FRAME_BYTES,
        };
        int r;

        xsk->area_bytes = (uint64_t)xsk->frames * XSK_FRAME_BYTES;
        xsk->area = mmap(NULL, xsk->area_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (xsk->area == MAP_FAILED) {
                xsk->area = NULL;
                return error_set(-ENOMEM, "UMEM: no memory for %u frames", xsk->frames);
        }
        r = xsk_umem__create(&xsk->umem, xsk->area, xsk->area_bytes, &xsk->fill, &xsk->completion,
                             &config);
        if (r == -ENOBUFS)
                return error_set(r,
                                 "UMEM: %llu KB exceed RLIMIT_MEMLOCK. Raise it ('ulimit -l "
                                 "unlimited') or grant CAP_IPC_LOCK.",
                                 (unsigned long long)xsk->area_bytes / 1024);
        if (r == -EPERM)
                return error_set(r, "AF_XDP socket: no privilege. Run as root, or with "
                                    "CAP_NET_RAW.");
        if (r < 0)
                return error_set(r, "UMEM: cannot register it: %s. See 'xskim doctor'.",
                                 strerror(-r));
        return 0;
}

static int socket_bind(struct xsk *xsk, const char *port) {
        struct xsk_socket_config config = {
                .rx_size = xsk->slots,
                .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
                .bind_flags = XDP_COPY,
        };
        struct timespec pause = {.tv_nsec = XSK_BIND_PAUSE_NS};
        int r = -EBUSY;

        for (int i = 0; r == -EBUSY && i < XSK_BIND_TRIES; i++) {
                r = xsk_socket__create(&xsk->socket, port, 0, xsk->umem, &xsk->rx, NULL, &config);
                if (r == -EBUSY)
                        nanosleep(&pause, NULL);
        }
        if (r < 0)
                return error_set(r, "AF_XDP socket on %s: cannot bind: %s. See 'xskim doctor'.",
                                 port, strerror(-r));
        return 0;
}

int xsk_open(const char *port, uint32_t slots, uint32_t frames, struct xsk **ret_xsk) {
        struct xsk *xsk = calloc(1, sizeof(*xsk));
        int r;

        if (!xsk)
                return -ENOMEM;
        xsk->slots = slots;
        xsk->frames = frames;
        xsk->free = calloc(frames, sizeof(*xsk->free));
        r = xsk->free ? umem_open(xsk) : -ENOMEM;
        r = r ? r : socket_bind(xsk, port);
        if (r < 0) {
                xsk_close(xsk);
                return r;
        }
        for (uint32_t i = 0; i < frames; i++)
                xsk->free[xsk->free_count++] = (uint64_t)(frames - 1 - i) * XSK_FRAME_BYTES;
        xsk_refill(xsk);
        *ret_xsk = xsk;
        return 0;
}

struct xsk *xsk_close(struct xsk *xsk) {
        if (!xsk)
                return NULL;
        if (xsk->socket)
                xsk_socket__delete(xsk->socket);
        if (xsk->umem)
                xsk_umem__delete(xsk->umem);
        if (xsk->area)
                munmap(xsk->area, xsk->area_bytes);
        free(xsk->free);
        free(xsk);
        return NULL;
}

int xsk_fd(const struct xsk *xsk) {
        return xsk_socket__fd(xsk->socket);
}

bool xsk_is_zero_copy(const struct xsk *xsk) {
        struct xdp_options options = {0};
        socklen_t size = sizeof(options);

        return !getsockopt(xsk_fd(xsk), SOL_XDP, XDP_OPTIONS, &options, &size) &&
               options.flags & XDP_OPTIONS_ZEROCOPY;
}

void *xsk_area(const struct xsk *xsk, uint64_t *ret_bytes) {
        *ret_bytes = xsk->area_bytes;
        return xsk->area;
}

uint32_t xsk_room(const struct xsk *xsk) {
        return MIN(xsk->in_fill, xsk->slots);
}

uint32_t xsk_receive(struct xsk *xsk, struct xsk_frame *frames, uint32_t most) {
        uint32_t first, count = xsk_ring_cons__peek(&xsk->rx, most, &first);

        for (uint32_t i = 0; i < count; i++) {
                const struct xdp_desc *d = xsk_ring_cons__rx_desc(&xsk->rx, first + i);

                frames[i] = (struct xsk_frame){
                        .address = d->addr,
                        .bytes = d->len,
                        .start = xsk_umem__get_data(xsk->area, d->addr),
                };
        }
        xsk_ring_cons__release(&xsk->rx, count);
        xsk->in_fill -= count;
        xsk->held += count;
        return count;
}

bool xsk_take(struct xsk *xsk, struct xsk_frame *ret_frame) {
        if (!xsk->free_count)
                return false;
        ret_frame->address = xsk->free[--xsk->free_count];
        ret_frame->bytes = 0;
        ret_frame->start = xsk_umem__get_data(xsk->area, ret_frame->address);
        xsk->held++;
        return true;
}

void xsk_release(struct xsk *xsk, uint64_t address) {
        xsk->free[xsk->free_count++] = address / XSK_FRAME_BYTES * XSK_FRAME_BYTES;
        xsk->held--;
}

void xsk_refill(struct xsk *xsk) {
        uint32_t first, count = MIN(xsk->free_count, xsk->slots * 2 - xsk->in_fill);

        if (!count || xsk_ring_prod__reserve(&xsk->fill, count, &first) != count)
                return;
        for (uint32_t i = 0; i < count; i++)
                *xsk_ring_prod__fill_addr(&xsk->fill, first + i) = xsk->free[--xsk->free_count];
        xsk_ring_prod__submit(&xsk->fill, count);
        xsk->in_fill += count;
}

bool xsk_is_balanced(const struct xsk *xsk) {
        return xsk->free_count + xsk->in_fill + xsk->held == xsk->frames;
}

int xsk_statistics(const struct xsk *xsk, uint64_t *ret_frames_lost) {
        struct xdp_statistics statistics = {0};
        socklen_t size = sizeof(statistics);

        if (getsockopt(xsk_fd(xsk), SOL_XDP, XDP_STATISTICS, &statistics, &size))
                return -errno;
        *ret_frames_lost = statistics.rx_dropped + statistics.rx_ring_full;
        return 0;
}

static uint64_t ring_bytes(uint32_t slots, size_t entry) {
        /* producer and consumer index, flags: three lines in front of the entries */
        return pages_round(3 * 64 + slots * entry);
}

uint64_t xsk_ring_memory(const struct xsk *xsk) {
        return ring_bytes(xsk->slots, sizeof(struct xdp_desc)) +
               ring_bytes(xsk->slots * 2, sizeof(uint64_t)) +
               ring_bytes(XSK_COMPLETION_SLOTS, sizeof(uint64_t));
}

uint64_t xsk_umem_memory(const struct xsk *xsk) {
        return xsk->area_bytes;
}

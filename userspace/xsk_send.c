/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns a sending socket and where each of its frames is. See xsk_send.h. */
#include <errno.h>
#include <linux/if_xdp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <xdp/xsk.h>

#include "log.h"
#include "util.h"
#include "xsk_send.h"

/* Linux 6.17; missing in older headers, refused by older kernels. */
#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9
#endif

enum {
        /* A queue can stay busy for a while after its last socket was closed: 17 ms
         * on an idle machine, more than 100 on a busy one. */
        BIND_TRIES = 1000,
        BIND_PAUSE_NS = 2000000,
        FILL_SLOTS = 2,    /* never used, but there is no socket without one */
        CALL_BUDGET = 256, /* packets of one system call; 32 unless the kernel can be told */
};

struct xsk_send {
        struct xsk_umem *umem;
        struct xsk_socket *socket;
        struct xsk_ring_prod fill;
        struct xsk_ring_cons completion;
        struct xsk_ring_prod tx;
        void *area;
        uint64_t area_bytes;
        uint32_t frames;
        uint32_t put; /* since the last xsk_send_publish */
        uint32_t free_count;
        uint64_t *free; /* a stack of addresses */
};

static int umem_open(struct xsk_send *x) {
        struct xsk_umem_config config = {.fill_size = FILL_SLOTS,
                                         .comp_size = x->frames,
                                         .frame_size = XSK_SEND_FRAME_BYTES};
        int r;

        x->area_bytes = (uint64_t)x->frames * XSK_SEND_FRAME_BYTES;
        x->area = mmap(NULL, x->area_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (x->area == MAP_FAILED) {
                x->area = NULL;
                return error_set(-ENOMEM, "UMEM: no memory for %u frames", x->frames);
        }
        r = xsk_umem__create(&x->umem, x->area, x->area_bytes, &x->fill, &x->completion, &config);
        if (r == -ENOBUFS)
                return error_set(r,
                                 "UMEM: %llu KB exceed RLIMIT_MEMLOCK. Raise it ('ulimit -l "
                                 "unlimited') or grant CAP_IPC_LOCK.",
                                 (unsigned long long)x->area_bytes / 1024);
        if (r < 0)
                return error_set(r, "UMEM: cannot register it: %s. See 'xskim doctor'.",
                                 strerror(-r));
        return 0;
}

static int socket_bind(struct xsk_send *x, const char *port, uint32_t queue) {
        struct xsk_socket_config config = {
                .tx_size = x->frames,
                .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
                .bind_flags = XDP_USE_NEED_WAKEUP,
        };
        struct timespec pause = {.tv_nsec = BIND_PAUSE_NS};
        int r = -EBUSY;

        for (int i = 0; r == -EBUSY && i < BIND_TRIES; i++) {
                r = xsk_socket__create(&x->socket, port, queue, x->umem, NULL, &x->tx, &config);
                if (r == -EBUSY)
                        nanosleep(&pause, NULL);
        }
        if (r == -EBUSY)
                return error_set(r,
                                 "%s: queue %u has an AF_XDP socket of another process.\n"
                                 "End that, or use --engine xdp.",
                                 port, queue);
        if (r < 0)
                return error_set(r, "AF_XDP socket on %s: cannot bind: %s. See 'xskim doctor'.",
                                 port, strerror(-r));
        return 0;
}

int xsk_send_open(const char *port, uint32_t queue, uint32_t frames, struct xsk_send **ret_xsk) {
        struct xsk_send *x = calloc(1, sizeof(*x));
        int budget = CALL_BUDGET, r;

        if (!x)
                return -ENOMEM;
        x->frames = frames;
        x->free = calloc(frames, sizeof(*x->free));
        r = x->free ? umem_open(x) : -ENOMEM;
        r = r ? r : socket_bind(x, port, queue);
        if (r < 0) {
                xsk_send_close(x);
                return r;
        }
        for (uint32_t i = 0; i < frames; i++)
                x->free[x->free_count++] = (uint64_t)(frames - 1 - i) * XSK_SEND_FRAME_BYTES;
        setsockopt(xsk_send_fd(x), SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof(budget));
        *ret_xsk = x;
        return 0;
}

struct xsk_send *xsk_send_close(struct xsk_send *x) {
        if (!x)
                return NULL;
        if (x->socket)
                xsk_socket__delete(x->socket);
        if (x->umem)
                xsk_umem__delete(x->umem);
        if (x->area)
                munmap(x->area, x->area_bytes);
        free(x->free);
        free(x);
        return NULL;
}

int xsk_send_fd(const struct xsk_send *x) {
        return xsk_socket__fd(x->socket);
}

bool xsk_send_is_zero_copy(const struct xsk_send *x) {
        struct xdp_options options = {0};
        socklen_t size = sizeof(options);

        return !getsockopt(xsk_send_fd(x), SOL_XDP, XDP_OPTIONS, &options, &size) &&
               options.flags & XDP_OPTIONS_ZEROCOPY;
}

uint32_t xsk_send_collect(struct xsk_send *x) {
        uint32_t first, count = xsk_ring_cons__peek(&x->completion, x->frames, &first);

        for (uint32_t i = 0; i < count; i++)
                x->free[x->free_count++] = *xsk_ring_cons__comp_addr(&x->completion, first + i);
        xsk_ring_cons__release(&x->completion, count);
        return x->free_count;
}

/* There is a slot for every frame, so reserving cannot fail. */
void xsk_send_put(struct xsk_send *x, const void *packet, uint32_t bytes) {
        uint64_t address = x->free[--x->free_count];
        struct xdp_desc *slot;
        uint32_t place = 0;

        memcpy(xsk_umem__get_data(x->area, address), packet, bytes);
        xsk_ring_prod__reserve(&x->tx, 1, &place);
        slot = xsk_ring_prod__tx_desc(&x->tx, place);
        *slot = (struct xdp_desc){.addr = address, .len = bytes};
        x->put++;
}

void xsk_send_publish(struct xsk_send *x) {
        xsk_ring_prod__submit(&x->tx, x->put);
        x->put = 0;
}

/* The cached view is refreshed only when it looks full, so a request for more than there is does
 * it. */
uint32_t xsk_send_waiting(const struct xsk_send *x) {
        struct xsk_ring_prod tx = x->tx;

        return x->frames - xsk_prod_nb_free(&tx, x->frames);
}

uint32_t xsk_send_outstanding(const struct xsk_send *x) {
        return x->frames - x->free_count;
}

bool xsk_send_needs_kick(const struct xsk_send *x) {
        return xsk_ring_prod__needs_wakeup(&x->tx);
}

int xsk_send_kick(struct xsk_send *x) {
        if (sendto(xsk_send_fd(x), NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
                return 0;
        /* EBUSY, ENOBUFS: this packet was dropped, or there is no memory or queue for now */
        return errno == EBUSY || errno == ENOBUFS || errno == EINTR ? -EAGAIN : -errno;
}

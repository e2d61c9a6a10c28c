/* SPDX-License-Identifier: BSD-2-Clause */
/* The load as bulk TCP: one connection, bytes as fast as it takes them. See load.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "load_private.h"
#include "log.h"
#include "util.h"

enum {
        WRITE_BYTES = 131072, /* as iperf3 */
        LOOK_MS = 10,         /* until it looks whether to stop, while the socket is full */
};

struct tcp {
        int fd;
        _Atomic uint64_t sent; /* bytes */
        uint8_t bytes[WRITE_BYTES];
};

static void tcp_close(void *engine) {
        struct tcp *t = engine;

        fd_cleanup(&t->fd);
        free(t);
}

static int tcp_connect(struct tcp *t, const struct arena *arena) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(ARENA_UDP_PORT)};

        memcpy(&to.sin_addr, arena->rx_address, sizeof(to.sin_addr));
        t->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (t->fd < 0 || connect(t->fd, (const struct sockaddr *)&to, sizeof(to)))
                return error_set(-errno, "%s: cannot connect to the other end by TCP: %s",
                                 arena->tx.name, strerror(errno));
        return 0;
}

static int tcp_open(const struct load_config *config, void **ret_engine) {
        struct tcp *t = calloc(1, sizeof(*t));
        int back, r;

        if (!t)
                return -ENOMEM;
        t->fd = -1;
        r = arena_enter(config->arena, ARENA_SENDER);
        if (r >= 0) {
                r = tcp_connect(t, config->arena);
                back = arena_leave(config->arena);
                r = r < 0 ? r : back;
        }
        if (r < 0) {
                tcp_close(t);
                return r;
        }
        *ret_engine = t;
        return 0;
}

/* How many bytes the socket took; 0: it is full. */
static ssize_t some_send(struct tcp *t) {
        struct pollfd room = {.fd = t->fd, .events = POLLOUT};
        ssize_t bytes = send(t->fd, t->bytes, sizeof(t->bytes), MSG_DONTWAIT | MSG_NOSIGNAL);

        if (bytes >= 0)
                return bytes;
        if (errno != EAGAIN && errno != EINTR)
                return error_set(-errno, "The TCP connection of the load broke: %s",
                                 strerror(errno));
        poll(&room, 1, LOOK_MS);
        return 0;
}

static void tcp_reset(void *engine) {
        atomic_store(&((struct tcp *)engine)->sent, 0);
}

static int tcp_run(void *engine, struct load_run *run) {
        struct tcp *t = engine;
        ssize_t bytes = 0;

        run->result.start_ns = clock_monotonic_ns();
        while (bytes >= 0 && !atomic_load_explicit(&run->stop, memory_order_relaxed)) {
                bytes = some_send(t);
                run->result.bytes += (uint64_t)MAX(bytes, 0);
                atomic_store_explicit(&t->sent, run->result.bytes, memory_order_relaxed);
        }
        return (int)MIN(bytes, 0);
}

static uint64_t tcp_sent(const void *engine) {
        const struct tcp *t = engine;

        return atomic_load_explicit(&t->sent, memory_order_relaxed) / LOAD_TCP_BYTES;
}

const struct load_engine LOAD_TCP = {
        .open = tcp_open, .close = tcp_close, .reset = tcp_reset, .run = tcp_run, .sent = tcp_sent};

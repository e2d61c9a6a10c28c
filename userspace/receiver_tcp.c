/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread that reads bulk TCP: a connection, until it ends, then the next one. See receiver.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "affinity.h"
#include "clock.h"
#include "load.h"
#include "log.h"
#include "receiver_private.h"
#include "util.h"

enum { READ_BYTES = 131072 };

struct receiver_tcp {
        struct receiver_config config;
        int listen_fd;
        int fd; /* of the connection, or -1 */
        int stop_fd;
        pthread_t thread;
        bool has_thread;
        clockid_t clock;
        _Atomic uint64_t bytes;
        uint8_t buffer[READ_BYTES];
};

/* false: it is to stop. */
static bool ready_await(const struct receiver_tcp *t) {
        struct pollfd fds[] = {{.fd = t->fd >= 0 ? t->fd : t->listen_fd, .events = POLLIN},
                               {.fd = t->stop_fd, .events = POLLIN}};

        poll(fds, ARRAY_SIZE(fds), -1);
        return !fds[1].revents;
}

static void some_read(struct receiver_tcp *t) {
        ssize_t bytes = recv(t->fd, t->buffer, sizeof(t->buffer), MSG_DONTWAIT);

        if (bytes > 0)
                atomic_store_explicit(&t->bytes,
                                      atomic_load_explicit(&t->bytes, memory_order_relaxed) +
                                              (uint64_t)bytes,
                                      memory_order_relaxed);
        else if (!bytes || (errno != EAGAIN && errno != EINTR))
                fd_cleanup(&t->fd);
}

static void *thread_main(void *context) {
        struct receiver_tcp *t = context;

        while (ready_await(t)) {
                if (t->fd < 0)
                        t->fd = accept4(t->listen_fd, NULL, NULL, SOCK_CLOEXEC);
                else
                        some_read(t);
        }
        return NULL;
}

static int listen_make(struct receiver_tcp *t) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(ARENA_UDP_PORT)};
        int on = 1;

        memcpy(&here.sin_addr, t->config.arena->rx_address, sizeof(here.sin_addr));
        t->stop_fd = eventfd(0, EFD_CLOEXEC);
        t->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (t->stop_fd < 0 || t->listen_fd < 0 ||
            setsockopt(t->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
            bind(t->listen_fd, (const struct sockaddr *)&here, sizeof(here)) ||
            listen(t->listen_fd, 1))
                return error_set(-errno, "receiver: cannot listen on TCP port %d: %s",
                                 ARENA_UDP_PORT, strerror(errno));
        return 0;
}

static int thread_start(struct receiver_tcp *t) {
        int r = -pthread_create(&t->thread, NULL, thread_main, t);

        if (r < 0)
                return error_set(r, "cannot start a thread: %s", strerror(-r));
        t->has_thread = true;
        /* one that is gone meanwhile: then it runs anywhere */
        affinity_set(t->thread, t->config.cpu);
        return -pthread_getcpuclockid(t->thread, &t->clock);
}

int receiver_tcp_open(const struct receiver_config *config, struct receiver_tcp **ret_tcp) {
        struct receiver_tcp *t = calloc(1, sizeof(*t));
        int r;

        if (!t)
                return -ENOMEM;
        t->config = *config;
        t->listen_fd = t->fd = t->stop_fd = -1;
        r = listen_make(t);
        r = r < 0 ? r : thread_start(t);
        if (r < 0) {
                receiver_tcp_close(t);
                return r;
        }
        *ret_tcp = t;
        return 0;
}

struct receiver_tcp *receiver_tcp_close(struct receiver_tcp *t) {
        uint64_t one = 1;

        if (!t)
                return NULL;
        if (t->stop_fd >= 0)
                (void)!write(t->stop_fd, &one, sizeof(one));
        if (t->has_thread)
                pthread_join(t->thread, NULL);
        fd_cleanup(&t->listen_fd);
        fd_cleanup(&t->fd);
        fd_cleanup(&t->stop_fd);
        free(t);
        return NULL;
}

void receiver_tcp_counts(const struct receiver_tcp *t, struct receiver_counts *ret_counts) {
        uint64_t bytes = atomic_load_explicit(&t->bytes, memory_order_relaxed);

        *ret_counts = (struct receiver_counts){.packets = bytes / LOAD_TCP_BYTES,
                                               .bytes = bytes,
                                               .cpu_ns = clock_read_ns(t->clock)};
}

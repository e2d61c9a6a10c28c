/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that reads the UDP socket. See receiver.h.
 *
 * How it waits decides what a packet costs on the sender's CPU, which does all up to the socket's
 * queue. A reader that sleeps in the socket is woken now and then, each time by an interrupt to
 * another CPU: a quarter of the throughput, and twice the spread of slices of 20 ms. So at top
 * speed it sleeps for a time instead (which leaves the CPU to xskim's collector, and tells what
 * reading a packet costs), short, so that few packets' pages are under way. When latency is taken
 * it spins: 3 us from when a packet is due, where waking it takes 20 and varies by more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "affinity.h"
#include "clock.h"
#include "load.h"
#include "log.h"
#include "receiver_private.h"
#include "util.h"

enum {
        /* A packet that is waiting holds a page: of twice these bytes, as the kernel counts, 15 ms
           of packets. */
        BUFFER_BYTES = 32 << 20,
        VECTOR = 64,
        NAP_NS = 50000,
        NAPS_MAX = 200,    /* without a packet; then it sleeps until one comes */
        QUIET_NS = 300000, /* the socket stays empty so long: what was sent has come */
        QUIET_TRIES_MAX = 3000,
};

struct receiver_udp {
        struct receiver_config config;
        int fd;
        int poke_fd; /* ends its sleep */
        pthread_t thread;
        bool has_thread;
        clockid_t clock; /* CPU time of the thread */
        atomic_bool stop;
        struct receiver_published published;
        _Atomic uint64_t empty; /* how often it found nothing */
        uint32_t drops_before;  /* the socket's counter has 32 bits */
        uint64_t drops;
        pthread_mutex_t mutex; /* of the two below */
        _Atomic uint32_t run;  /* 0: no latency is taken */
        struct histogram latency;
        struct mmsghdr messages[VECTOR];
        struct iovec places[VECTOR];
        struct xskim_pace_mark marks[VECTOR];
};

/* ---- the thread ---- */

static void latency_take(struct receiver_udp *u, int count, uint64_t now) {
        struct histogram_batch batch = {0};

        pthread_mutex_lock(&u->mutex);
        for (int i = 0; i < count; i++) {
                const struct xskim_pace_mark *mark = &u->marks[i];

                if (mark->magic == XSKIM_PACE_MAGIC && mark->run == u->run && mark->due_ns)
                        histogram_batch_add(&u->latency, &batch, now - mark->due_ns, 1);
        }
        histogram_batch_book(&u->latency, &batch, 1);
        pthread_mutex_unlock(&u->mutex);
}

static void add(_Atomic uint64_t *counter, uint64_t more) {
        atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
                              memory_order_relaxed);
}

static void packets_take(struct receiver_udp *u, int count) {
        uint64_t bytes = 0;

        if (atomic_load_explicit(&u->run, memory_order_relaxed))
                latency_take(u, count, clock_monotonic_ns());
        for (int i = 0; i < count; i++)
                bytes += u->messages[i].msg_len + LOAD_HEADER_BYTES;
        add(&u->published.bytes, bytes);
        add(&u->published.packets, (uint64_t)count);
}

static void sleep_until_packet(struct receiver_udp *u) {
        struct pollfd fds[] = {{.fd = u->fd, .events = POLLIN},
                               {.fd = u->poke_fd, .events = POLLIN}};
        uint64_t pokes;

        poll(fds, ARRAY_SIZE(fds), -1);
        if (fds[1].revents)
                (void)!read(u->poke_fd, &pokes, sizeof(pokes));
}

/* After `naps` times without a packet. */
static void wait(struct receiver_udp *u, uint32_t naps) {
        const struct timespec nap = {.tv_nsec = NAP_NS};

        if (atomic_load_explicit(&u->run, memory_order_relaxed))
                sched_yield(); /* to whoever else wants this CPU */
        else if (naps > NAPS_MAX)
                sleep_until_packet(u);
        else
                clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
}

static void *thread_main(void *context) {
        struct receiver_udp *u = context;
        uint32_t naps = 0;
        int count;

        prctl(PR_SET_TIMERSLACK, 1);
        while (!atomic_load_explicit(&u->stop, memory_order_relaxed)) {
                count = recvmmsg(u->fd, u->messages, VECTOR, MSG_DONTWAIT | MSG_TRUNC, NULL);
                naps = count > 0 ? 0 : naps + 1;
                if (count > 0)
                        packets_take(u, count);
                else
                        add(&u->empty, 1);
                if (count < VECTOR)
                        wait(u, naps);
        }
        return NULL;
}

/* ---- others ---- */

static int socket_make(struct receiver_udp *u) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(ARENA_UDP_PORT)};
        int bytes = BUFFER_BYTES;

        memcpy(&here.sin_addr, u->config.arena->rx_address, sizeof(here.sin_addr));
        u->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        u->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (u->fd < 0 || u->poke_fd < 0 ||
            setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
                return error_set(-errno, "receiver: cannot open a socket: %s", strerror(errno));
        if (bind(u->fd, (const struct sockaddr *)&here, sizeof(here)))
                return error_set(-errno,
                                 "receiver: cannot take UDP port %d: %s. Does another program have "
                                 "it? 'ss -lunp' shows it.",
                                 ARENA_UDP_PORT, strerror(errno));
        return 0;
}

static void vector_make(struct receiver_udp *u) {
        for (int i = 0; i < VECTOR; i++) {
                u->places[i] =
                        (struct iovec){.iov_base = &u->marks[i], .iov_len = sizeof(u->marks[i])};
                u->messages[i].msg_hdr = (struct msghdr){.msg_iov = &u->places[i], .msg_iovlen = 1};
        }
}

static int thread_start(struct receiver_udp *u) {
        int r = -pthread_create(&u->thread, NULL, thread_main, u);

        if (r < 0)
                return error_set(r, "cannot start a thread: %s", strerror(-r));
        u->has_thread = true;
        /* one that is gone meanwhile: then it runs anywhere */
        affinity_set(u->thread, u->config.cpu);
        return -pthread_getcpuclockid(u->thread, &u->clock);
}

int receiver_udp_open(const struct receiver_config *config, struct receiver_udp **ret_udp) {
        struct receiver_udp *u = calloc(1, sizeof(*u));
        int r;

        if (!u)
                return -ENOMEM;
        u->config = *config;
        u->fd = u->poke_fd = -1;
        pthread_mutex_init(&u->mutex, NULL);
        vector_make(u);
        r = socket_make(u);
        r = r < 0 ? r : thread_start(u);
        if (r < 0) {
                receiver_udp_close(u);
                return r;
        }
        *ret_udp = u;
        return 0;
}

static void poke(struct receiver_udp *u) {
        uint64_t one = 1;

        (void)!write(u->poke_fd, &one, sizeof(one));
}

struct receiver_udp *receiver_udp_close(struct receiver_udp *u) {
        if (!u)
                return NULL;
        atomic_store(&u->stop, true);
        poke(u);
        if (u->has_thread)
                pthread_join(u->thread, NULL);
        fd_cleanup(&u->fd);
        fd_cleanup(&u->poke_fd);
        pthread_mutex_destroy(&u->mutex);
        free(u);
        return NULL;
}

int receiver_udp_counts(struct receiver_udp *u, struct receiver_counts *ret_counts) {
        uint32_t memory[SK_MEMINFO_VARS];
        socklen_t length = sizeof(memory);

        if (getsockopt(u->fd, SOL_SOCKET, SO_MEMINFO, memory, &length))
                return error_set(-errno, "receiver: cannot read the socket's drops: %s",
                                 strerror(errno));
        u->drops += memory[SK_MEMINFO_DROPS] - u->drops_before;
        u->drops_before = memory[SK_MEMINFO_DROPS];
        *ret_counts = (struct receiver_counts){
                .packets = atomic_load_explicit(&u->published.packets, memory_order_relaxed),
                .bytes = atomic_load_explicit(&u->published.bytes, memory_order_relaxed),
                .overrun = u->drops,
                .cpu_ns = clock_read_ns(u->clock)};
        return 0;
}

void receiver_udp_latency_begin(struct receiver_udp *u, uint32_t run) {
        pthread_mutex_lock(&u->mutex);
        histogram_reset(&u->latency);
        u->run = run;
        pthread_mutex_unlock(&u->mutex);
        poke(u);
}

/* Nothing came for QUIET_NS, and the thread looked meanwhile. */
static void empty_await(struct receiver_udp *u) {
        const struct timespec quiet = {.tv_nsec = QUIET_NS};
        uint64_t packets, empty, tries = 0;

        do {
                packets = u->published.packets;
                empty = u->empty;
                clock_nanosleep(CLOCK_MONOTONIC, 0, &quiet, NULL);
                poke(u);
        } while ((u->published.packets != packets || u->empty == empty) &&
                 ++tries < QUIET_TRIES_MAX);
}

const struct histogram *receiver_udp_latency_end(struct receiver_udp *u) {
        empty_await(u);
        pthread_mutex_lock(&u->mutex);
        u->run = 0;
        pthread_mutex_unlock(&u->mutex);
        return &u->latency;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the parts of a run. See player.h. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include <xskim/xskim.h>

#include "addressing.h"
#include "clock.h"
#include "feeder.h"
#include "lanes.h"
#include "log.h"
#include "netdev.h"
#include "netdev_sent.h"
#include "privilege.h"
#include "util.h"

enum {
        NS_A_MS = 1000000,
        ETHERNET_HEADER_BYTES = 14,
        VLAN_TAG_BYTES = 4,
        /* A capture that fits in so many chunks (64 MB) stays in memory; a longer one streams
           through fewer. */
        CHUNKS_MAX = 128,
        CHUNKS_STREAMING = 32,
        CHUNKS_MIN = 4,
        GAP_MS_MAX = 3600000,
};
#define NS_A_SECOND 1e9
static const uint64_t STAMPED_MAX = 1ULL << XSKIM_STAMP_SEQUENCE_BITS;

struct xskim_replay {
        struct xskim_replay_config config;
        struct netdev_port port;
        const struct sender_operations *operations;
        char why[XSKIM_REPLAY_WHY_BYTES];
        struct lanes *lanes;
        struct capture *capture;
        struct feeder *feeder;
        struct xskim_replay_addresses addresses;
        struct xskim_replay_port_sent sent_before;
        uint64_t capture_bytes;
        uint32_t stamp_run; /* 0: no stamps */
        int stop_fd;
        int ended_fd;
};

/* ---- opening ---- */

void xskim_replay_config_init(struct xskim_replay_config *config) {
        *config = (struct xskim_replay_config){
                .pace = {.pace = XSKIM_REPLAY_CAPTURED, .speed = XSKIM_REPLAY_SPEED_ONE},
                .rounds = 1,
                .gap_ms_max = GAP_MS_MAX,
        };
}

static int port_find(struct xskim_replay *p) {
        int r = netdev_find(p->config.port, &p->port);

        if (r < 0)
                return r;
        if (!p->port.up)
                return error_set(-ENETDOWN,
                                 "%s: is down, so nothing can be sent there.\n"
                                 "Set it up: 'ip link set %s up'.",
                                 p->config.port, p->config.port);
        return netdev_sent(p->port.ifindex, &p->sent_before);
}

/* Edges of a chunk stay empty, hence one and a half. */
static uint32_t chunks_wanted(const struct xskim_replay *p) {
        uint64_t chunks = p->capture_bytes * 3 / 2 / XSKIM_LAUNCH_CHUNK_BYTES + CHUNKS_MIN;

        if (!p->capture_bytes || capture_is_compressed(p->capture))
                return CHUNKS_MAX;
        return chunks > CHUNKS_MAX ? CHUNKS_STREAMING : (uint32_t)chunks;
}

static const struct sender_operations *const ENGINES[XSKIM_REPLAY_ENGINE_COUNT] = {
        [XSKIM_REPLAY_ENGINE_afxdp] = &SENDER_AFXDP,
        [XSKIM_REPLAY_ENGINE_xdp] = &SENDER_XDP,
};

static uint32_t threads_most(void) {
        cpu_set_t cpus;

        if (sched_getaffinity(0, sizeof(cpus), &cpus))
                return XSKIM_REPLAY_THREADS_MAX;
        return MIN((uint32_t)XSKIM_REPLAY_THREADS_MAX, (uint32_t)CPU_COUNT(&cpus));
}

/* As many as were asked for; else at top speed, where the engine wants a queue for each, as many as
 * have one. */
static uint32_t threads_choose(const struct xskim_replay *p) {
        if (p->config.threads)
                return p->config.threads;
        if (p->config.pace.pace != XSKIM_REPLAY_TOP || p->operations != &SENDER_AFXDP)
                return 1;
        return MAX(MIN(threads_most(), p->port.tx_queues), 1U);
}

/* -ERANGE: not so many threads on this machine, or to this port. */
static int threads_check(const struct xskim_replay *p) {
        uint32_t most = threads_most();

        if (p->config.threads > most)
                return error_set(-ERANGE,
                                 "replay: %u threads want a CPU each, and there are %u. Ask for "
                                 "fewer (--threads).",
                                 p->config.threads, most);
        if (p->config.threads > p->port.tx_queues && p->operations == &SENDER_AFXDP)
                return error_set(-ERANGE,
                                 "%s: %u threads want a TX queue each, and it has %u. Ask for "
                                 "fewer (--threads), or use --engine xdp.",
                                 p->config.port, p->config.threads, p->port.tx_queues);
        return 0;
}

static int engine_open(struct xskim_replay *p, enum xskim_replay_engine engine, uint32_t chunks) {
        struct lanes_config config = {.operations = ENGINES[engine],
                                      .sender = {.port = &p->port, .chunks = chunks},
                                      .stamps = p->config.stamp};
        int r;

        p->operations = ENGINES[engine];
        config.count = threads_choose(p);
        r = p->config.threads > 1 ? threads_check(p) : 0;
        return r < 0 ? r : lanes_open(&config, &p->lanes);
}

/* What suits the pace, or else the other one. */
static int engine_choose(struct xskim_replay *p, uint32_t chunks) {
        bool top = p->config.pace.pace == XSKIM_REPLAY_TOP;
        enum xskim_replay_engine first = top ? XSKIM_REPLAY_ENGINE_xdp : XSKIM_REPLAY_ENGINE_afxdp;
        bool too_long =
                p->port.mtu + ETHERNET_HEADER_BYTES > ENGINES[first]->packet_bytes_max && top;
        int r = too_long ? -EOPNOTSUPP : engine_open(p, first, chunks);

        snprintf(p->why, sizeof(p->why),
                 top ? "top speed, and it is the fast one"
                     : "the pace, and it is the punctual one");
        if (r >= 0 || r == -EPERM)
                return r;
        error_clear();
        snprintf(p->why, sizeof(p->why), "%s cannot be used here (%s)", ENGINES[first]->name,
                 too_long       ? "the port's MTU"
                 : r == -ERANGE ? "more threads than TX queues"
                                : strerror(-r));
        return engine_open(p, top ? XSKIM_REPLAY_ENGINE_afxdp : XSKIM_REPLAY_ENGINE_xdp, chunks);
}

static int sender_open(struct xskim_replay *p) {
        uint32_t chunks = chunks_wanted(p);

        snprintf(p->why, sizeof(p->why), "as asked");
        return p->config.engine == XSKIM_REPLAY_ENGINE_auto
                       ? engine_choose(p, chunks)
                       : engine_open(p, p->config.engine, chunks);
}

/* A number that no other run has had, most likely. */
static int run_draw(struct xskim_replay *p) {
        while (!p->stamp_run)
                if (getrandom(&p->stamp_run, sizeof(p->stamp_run), 0) < 0)
                        return error_set(-errno, "stamps: no random number for the run: %s",
                                         strerror(errno));
        return 0;
}

static int parts_open(struct xskim_replay *p) {
        int r = privilege_require();

        p->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        p->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (p->stop_fd < 0 || p->ended_fd < 0)
                return -errno;
        privilege_memlock_raise();
        r = r < 0 ? r : port_find(p);
        r = r < 0 ? r
                  : addressing_find(p->port.ifindex, &p->config, &p->config.editing, &p->addresses);
        r = r < 0 ? r : capture_open(p->config.file, p->config.filter, &p->capture);
        if (p->config.stamp && r >= 0)
                r = run_draw(p);
        if (r < 0)
                return r;
        p->capture_bytes = capture_size(p->capture);
        return sender_open(p);
}

int xskim_replay_open(const struct xskim_replay_config *config, struct xskim_replay **ret_player) {
        struct xskim_replay *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        p->config = *config;
        p->config.stamp |= config->stamp_over;
        p->stop_fd = p->ended_fd = -1;
        r = parts_open(p);
        if (r < 0) {
                xskim_replay_close(p);
                return r;
        }
        *ret_player = p;
        return 0;
}

void xskim_replay_interrupt(struct xskim_replay *p) {
        uint64_t one = 1;

        (void)!write(p->stop_fd, &one, sizeof(one));
}

struct xskim_replay *xskim_replay_close(struct xskim_replay *p) {
        if (!p)
                return NULL;
        if (p->stop_fd >= 0)
                xskim_replay_interrupt(p);
        if (p->lanes)
                lanes_stop(p->lanes);
        if (p->capture)
                capture_interrupt(p->capture);
        feeder_close(p->feeder);
        lanes_close(p->lanes);
        capture_close(p->capture);
        fd_cleanup(&p->stop_fd);
        fd_cleanup(&p->ended_fd);
        free(p);
        return NULL;
}

/* ---- running ---- */

/* Each packet may carry a number, and there are so many. */
static uint64_t limit_of(const struct xskim_replay *p) {
        uint64_t limit = p->config.limit;

        return p->config.stamp && (!limit || limit > STAMPED_MAX) ? STAMPED_MAX : limit;
}

static int threads_start(struct xskim_replay *p) {
        struct feeder_config feeder = {
                .capture = p->capture,
                .belt_count = lanes_count(p->lanes),
                .pace = p->config.pace.pace,
                .limit = limit_of(p),
                .rounds = p->config.rounds,
                .editing = p->config.editing,
                .stamp = p->config.stamp,
                .stamp_over = p->config.stamp_over,
                .skip_bad = p->config.skip_bad,
                .gap_ns_max = p->config.gap_ms_max * NS_A_MS,
                .bytes_max = MIN(p->port.mtu + ETHERNET_HEADER_BYTES,
                                 p->operations->packet_bytes_max - VLAN_TAG_BYTES),
        };
        struct stage_config stage = {
                .pace = p->config.pace,
                .rounds = p->config.rounds,
                .stamp = p->config.stamp,
                .stamp_run = p->stamp_run,
                .limit = limit_of(p),
                .duration_ns = p->config.duration_ms * NS_A_MS,
                .stop_fd = p->stop_fd,
                .ended_fd = p->ended_fd,
                .ifindex = p->port.ifindex,
                .port = p->config.port,
        };
        int r;

        for (uint32_t i = 0; i < feeder.belt_count; i++)
                feeder.belts[i] = lanes_belt(p->lanes, i);
        r = feeder_open(&feeder, &p->feeder);
        return r < 0 ? r : lanes_start(p->lanes, &stage);
}

/* The largest of what is known: each limit ends the run. */
static double share_of(const struct xskim_replay *p, const struct xskim_replay_progress *progress) {
        double share = -1, rounds = (double)progress->rounds;

        if (p->capture_bytes)
                rounds += (double)progress->position / (double)p->capture_bytes;
        if (p->config.rounds && p->capture_bytes)
                share = rounds / (double)p->config.rounds;
        if (p->config.limit)
                share = MAX(share, (double)progress->packets / (double)p->config.limit);
        if (p->config.duration_ms)
                share = MAX(share, xskim_replay_duration_s(progress) * 1e3 /
                                           (double)p->config.duration_ms);
        return MIN(share, 1);
}

/* Every thread says so at its end; what was said is taken away. */
static void threads_await(struct xskim_replay *p, const struct xskim_replay_watch *watch) {
        struct pollfd ended = {.fd = p->ended_fd, .events = POLLIN};
        int timeout_ms = watch->interval_ms ? (int)watch->interval_ms : -1;
        struct xskim_replay_progress progress;
        uint64_t running = lanes_count(p->lanes), count;

        while (running) {
                if (poll(&ended, 1, timeout_ms) > 0 &&
                    read(p->ended_fd, &count, sizeof(count)) == sizeof(count))
                        running -= MIN(running, count);
                lanes_progress(p->lanes, &progress);
                if (running && watch->interval_ms && progress.start_ns)
                        watch->progress(watch->context, &progress, share_of(p, &progress));
        }
}

static void report_port(const struct xskim_replay *p, struct xskim_replay_report *report) {
        struct xskim_replay_port_sent now;
        bool told = error_is_set();

        /* a port that is gone has no counters any more, and why is known by then */
        if (netdev_sent(p->port.ifindex, &now) >= 0)
                report->port_sent = netdev_sent_since(&p->sent_before, &now);
        else
                error_forget(told);
}

int xskim_replay_run(struct xskim_replay *p, const struct xskim_replay_watch *watch,
                     struct xskim_replay_report *ret_report) {
        struct xskim_replay_report *report = ret_report;
        int r, fed;

        *report = (struct xskim_replay_report){.file = p->config.file,
                                               .port = p->config.port,
                                               .engine = p->operations->name,
                                               .mode = lanes_mode(p->lanes),
                                               .pace = p->config.pace,
                                               .addresses = p->addresses};
        snprintf(report->why, sizeof(report->why), "%s", p->why);
        r = threads_start(p);
        if (r < 0)
                return r;
        threads_await(p, watch);
        r = lanes_end(p->lanes, report);
        /* the stages may have had enough before a pipe has given all */
        capture_interrupt(p->capture);
        fed = feeder_end(p->feeder, &report->feeder);
        report_port(p, report);
        return r < 0 ? r : fed;
}

uint64_t xskim_replay_unstamped(const struct xskim_replay_report *report) {
        uint64_t unstamped = 0;

#define UNSTAMPED(name_, doc_) unstamped += report->sent.stamps.unstamped.name_;
        XSKIM_REPLAY_UNSTAMPED_ROWS(UNSTAMPED)
#undef UNSTAMPED
        return unstamped;
}

uint64_t xskim_replay_skipped(const struct xskim_replay_report *report) {
        uint64_t skipped = report->sent.refused;

#define SKIP(name_, doc_) skipped += report->feeder.name_;
        XSKIM_REPLAY_SKIP_ROWS(SKIP)
#undef SKIP
        return skipped;
}

double xskim_replay_duration_s(const struct xskim_replay_progress *progress) {
        return progress->now_ns > progress->start_ns
                       ? (double)(progress->now_ns - progress->start_ns) / NS_A_SECOND
                       : 0;
}

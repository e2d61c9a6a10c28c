/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the parts of a run. See player.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include <xskim/xskim.h>

#include "addressing.h"
#include "clock.h"
#include "feeder.h"
#include "log.h"
#include "netdev.h"
#include "netdev_sent.h"
#include "privilege.h"
#include "quantile.h"
#include "stage.h"
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
        void *sender;
        struct capture *capture;
        struct belt *belt;
        struct feeder *feeder;
        struct stage *stage;
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

static int engine_open(struct xskim_replay *p, enum xskim_replay_engine engine, uint32_t chunks) {
        struct sender_config config = {.port = &p->port, .chunks = chunks};

        p->operations = ENGINES[engine];
        return p->operations->open(&config, &p->sender);
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
                 too_long ? "the port's MTU" : strerror(-r));
        return engine_open(p, top ? XSKIM_REPLAY_ENGINE_afxdp : XSKIM_REPLAY_ENGINE_xdp, chunks);
}

static int sender_open(struct xskim_replay *p) {
        uint32_t chunks = chunks_wanted(p);
        int r;

        snprintf(p->why, sizeof(p->why), "as asked");
        r = p->config.engine == XSKIM_REPLAY_ENGINE_auto ? engine_choose(p, chunks)
                                                         : engine_open(p, p->config.engine, chunks);
        r = r < 0 ? r : belt_open(chunks, p->stamp_run, &p->belt);
        for (uint32_t i = 0; i < chunks && r >= 0; i++) {
                struct belt_chunk *chunk = belt_chunk(p->belt, i);

                chunk->bytes = p->operations->chunk_bytes(p->sender, i);
                chunk->rows = p->operations->chunk_rows(p->sender, i);
        }
        return r;
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

struct xskim_replay *xskim_replay_close(struct xskim_replay *p) {
        if (!p)
                return NULL;
        if (p->belt)
                belt_stop(p->belt);
        if (p->capture)
                capture_interrupt(p->capture);
        feeder_close(p->feeder);
        stage_close(p->stage);
        if (p->sender)
                p->operations->close(p->sender);
        belt_close(p->belt);
        capture_close(p->capture);
        fd_cleanup(&p->stop_fd);
        fd_cleanup(&p->ended_fd);
        free(p);
        return NULL;
}

/* ---- running ---- */

void xskim_replay_interrupt(struct xskim_replay *p) {
        uint64_t one = 1;

        (void)!write(p->stop_fd, &one, sizeof(one));
}

/* Each packet may carry a number, and there are so many. */
static uint64_t limit_of(const struct xskim_replay *p) {
        uint64_t limit = p->config.limit;

        return p->config.stamp && (!limit || limit > STAMPED_MAX) ? STAMPED_MAX : limit;
}

static int threads_start(struct xskim_replay *p) {
        struct feeder_config feeder = {
                .capture = p->capture,
                .belt = p->belt,
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
                .operations = p->operations,
                .sender = p->sender,
                .belt = p->belt,
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
        int r = feeder_open(&feeder, &p->feeder);

        return r < 0 ? r : stage_open(&stage, &p->stage);
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

static void threads_await(struct xskim_replay *p, const struct xskim_replay_watch *watch) {
        struct pollfd ended = {.fd = p->ended_fd, .events = POLLIN};
        int timeout_ms = watch->interval_ms ? (int)watch->interval_ms : -1;
        struct xskim_replay_progress progress;

        while (poll(&ended, 1, timeout_ms) <= 0) {
                stage_progress(p->stage, &progress);
                if (watch->interval_ms && progress.start_ns)
                        watch->progress(watch->context, &progress, share_of(p, &progress));
        }
}

static void report_timing(const struct xskim_replay *p, struct xskim_replay_report *report) {
        const struct punctuality *punctuality = stage_punctuality(p->stage);
        struct histogram_view view;

        report->timed = punctuality;
        if (!punctuality)
                return;
        view = histogram_view(&punctuality->errors);
        quantile_fill(&view, &report->error_ns);
        report->drift_ns = punctuality_drift_ns(punctuality);
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
                                               .mode = p->operations->mode(p->sender),
                                               .pace = p->config.pace,
                                               .addresses = p->addresses};
        snprintf(report->why, sizeof(report->why), "%s", p->why);
        r = threads_start(p);
        if (r < 0)
                return r;
        threads_await(p, watch);
        r = stage_end(p->stage, &report->sent);
        /* the stage may have had enough before a pipe has given all */
        capture_interrupt(p->capture);
        fed = feeder_end(p->feeder, &report->feeder);
        report_timing(p, report);
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

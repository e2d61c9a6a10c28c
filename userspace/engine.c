/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine: composes ports, programs, carrier ports and workers into a session, and is the public
 * API of the library. Owns the session; everything that counts or measures is below it.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/timerfd.h>

#include "clock.h"
#include "engine.h"
#include "session.h"
#include "log.h"
#include "privilege.h"
#include "sampling.h"
#include "util.h"

enum engine_source { ENGINE_TIMER, ENGINE_INTERRUPT, ENGINE_FAILED, ENGINE_MONITOR };

enum {
        ENGINE_INTERVAL_MS_MIN = 10,
        ENGINE_FLUSH_MS_MAX = 60000,
        ENGINE_EXPECT_LOOPS_MAX = 1000000000,
        ENGINE_EVENTS = 16,
        /* A metadata frame and the kernel's part of its page must fit the carrier port's MTU. */
        ENGINE_CARRIER_MTU = 3498,
};

/* Names are judged by asking the kernel; here only what it cannot be asked. */
static int ports_check(const struct xskim_config *c) {
        if (!c->port_count || c->port_count > XSKIM_PORTS_MAX)
                return error_set(-EINVAL, "ports: from 1 to %d can be watched", XSKIM_PORTS_MAX);
        for (uint32_t p = 0; p < c->port_count; p++) {
                if (!c->ports[p] || !c->ports[p][0])
                        return error_set(-EINVAL, "ports: number %u has no name", p);
                for (uint32_t other = 0; other < p; other++)
                        if (!strcmp(c->ports[p], c->ports[other]))
                                return error_set(-EINVAL, "%s: named twice", c->ports[p]);
        }
        if (program_cpus_possible() * c->port_count > XSKIM_RINGS_MAX)
                return error_set(-EINVAL, "ports: %u CPUs times %u ports are more than %d rings",
                                 program_cpus_possible(), c->port_count, XSKIM_RINGS_MAX);
        return 0;
}

static int workers_check(const struct xskim_config *c) {
        if (!c->workers || c->workers > XSKIM_WORKERS_MAX)
                return error_set(-EINVAL, "workers: from 1 to %d", XSKIM_WORKERS_MAX);
        if (c->cpu_count > XSKIM_CPUS_MAX)
                return error_set(-EINVAL, "cpus: at most %d", XSKIM_CPUS_MAX);
        return 0;
}

static int expect_check(const struct xskim_config *c) {
        if (!c->expect_path && (c->expect_filter || c->expect_loops != 1))
                return error_set(-EINVAL, "expect: filter and loops are those of the capture that "
                                          "is expected; none is named");
        if (!c->expect_path)
                return 0;
        if (c->transit)
                return error_set(-EINVAL,
                                 "expect: a packet that carries a stamp is not that of the "
                                 "capture. Either transit or expect.");
        if (!c->expect_loops || c->expect_loops > ENGINE_EXPECT_LOOPS_MAX)
                return error_set(-EINVAL, "expect: from 1 to %d loops", ENGINE_EXPECT_LOOPS_MAX);
        if (!strcmp(c->expect_path, "-"))
                return error_set(-EINVAL, "expect: a file, not standard input: all of it is read "
                                          "before watching begins");
        return 0;
}

/* Range checks; the command checks the same while parsing, with its own words. */
static int config_check(const struct xskim_config *c) {
        int r = ports_check(c);

        r = r ? r : workers_check(c);
        r = r ? r : expect_check(c);
        if (r < 0)
                return r;
        if (c->verdict > XSKIM_VERDICT_DROP || c->tier > XSKIM_TIER_CLASSES)
                return error_set(-EINVAL, "verdict and tier: no such value");
        if (c->sample > XSKIM_WEIGHT_MAX)
                return error_set(-EINVAL, "sample: at most 1 in %d", XSKIM_WEIGHT_MAX);
        if (c->interval_ms < ENGINE_INTERVAL_MS_MIN)
                return error_set(-EINVAL, "interval: at least %d ms", ENGINE_INTERVAL_MS_MIN);
        if (!c->flush_ms || c->flush_ms > ENGINE_FLUSH_MS_MAX)
                return error_set(-EINVAL, "flush: from 1 to %d ms", ENGINE_FLUSH_MS_MAX);
        if (c->ring_slots < XSKIM_RING_SLOTS_MIN || c->ring_slots > XSKIM_RING_SLOTS_MAX ||
            c->ring_slots % XSKIM_RING_SLOTS_UNIT)
                return error_set(-EINVAL, "ring slots: a multiple of %d from %d to %d",
                                 XSKIM_RING_SLOTS_UNIT, XSKIM_RING_SLOTS_MIN, XSKIM_RING_SLOTS_MAX);
        if (c->stack && c->verdict != XSKIM_VERDICT_PASS)
                return error_set(-EINVAL, "stack: dropped packets do not reach the stack; it needs "
                                          "verdict pass");
        if (c->stack && !c->sample)
                return error_set(-EINVAL,
                                 "stack: only sampled packets are timed; it needs sampling");
        if (c->clock_offset_ns && !c->transit)
                return error_set(-EINVAL, "clock offset: only transit compares clocks");
        if (c->generic && c->stack)
                return error_set(-EINVAL, "stack: not in generic mode");
        return 0;
}

static int source_add(struct xskim_session *s, int fd, enum engine_source source) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

        return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int waits_open(struct xskim_session *s) {
        struct itimerspec period = {
                .it_interval.tv_sec = s->config.interval_ms / 1000,
                .it_interval.tv_nsec = (long)(s->config.interval_ms % 1000) * 1000000,
        };
        uint64_t duration_ms = s->config.duration_ms;
        int r;

        period.it_value = period.it_interval;
        s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        s->end_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (s->epoll_fd < 0 || s->timer_fd < 0 || s->end_fd < 0)
                return error_set(-errno, "session: no descriptors: %s", strerror(errno));
        r = netdev_monitor_open(&s->monitor_fd);
        r = r ? r : source_add(s, s->timer_fd, ENGINE_TIMER);
        r = r ? r : source_add(s, s->end_fd, ENGINE_INTERRUPT);
        r = r ? r : source_add(s, s->interrupt_fd, ENGINE_INTERRUPT);
        r = r ? r : source_add(s, s->failed_fd, ENGINE_FAILED);
        r = r ? r : source_add(s, s->monitor_fd, ENGINE_MONITOR);
        if (r < 0)
                return r;
        timerfd_settime(s->timer_fd, 0, &period, NULL);
        period = (struct itimerspec){
                .it_value.tv_sec = (time_t)(duration_ms / 1000),
                .it_value.tv_nsec = (long)(duration_ms % 1000) * 1000000,
        };
        timerfd_settime(s->end_fd, 0, &period, NULL);
        return 0;
}

/* One veth pair a worker, in the namespace that the calling thread is in. The workers are started
 * there. */
static int worker_start(struct xskim_session *s, uint32_t number) {
        struct worker_config config = {
                .number = number,
                .ports = s->config.port_count,
                .cpus = s->cpus,
                .workers = s->config.workers,
                .ring_slots = s->config.ring_slots,
                .flush_ns = (uint64_t)s->config.flush_ms * 1000000,
                .busy = s->config.busy,
                .cpu = number < s->config.cpu_count ? s->config.cpus[number] : -1,
                .programs = s->programs,
                .record = &s->record,
                .transits = s->transits,
                .expects = s->expects,
                .failed_fd = s->failed_fd,
        };
        char name[XSKIM_NAME_MAX], peer[XSKIM_NAME_MAX];
        int peer_ifindex, r;

        snprintf(name, sizeof(name), "carrier%hhu", (unsigned char)number);
        snprintf(peer, sizeof(peer), "carrier%hhu.x", (unsigned char)number);
        r = netdev_veth_create(name, peer, ENGINE_CARRIER_MTU, &config.carrier_ifindex,
                               &peer_ifindex);
        r = r ? r : program_carrier_attach(s->programs, number, config.carrier_ifindex);
        r = r ? r : netdev_set_up(config.carrier_ifindex);
        r = r ? r : netdev_set_up(peer_ifindex);
        config.carrier_name = name;
        return r ? r : worker_open(&config, &s->workers[number]);
}

static int workers_start(struct xskim_session *s) {
        int old_fd, r = netdev_namespace_enter_new(&old_fd);
        int back;

        if (r < 0)
                return r;
        for (uint32_t w = 0; w < s->config.workers && r >= 0; w++)
                r = worker_start(s, w);
        back = netdev_namespace_return(old_fd);
        return r < 0 ? r : back;
}

static int ports_attach(struct xskim_session *s) {
        uint64_t seeds[XSKIM_RINGS_MAX];
        int r = 0;

        for (uint32_t p = 0; p < s->config.port_count && r >= 0; p++) {
                for (uint32_t cpu = 0; cpu < s->cpus; cpu++)
                        seeds[cpu] = sampling_seed(s->config.seed, p * s->cpus + cpu);
                s->ports[p].forward_to = s->forward_to;
                r = port_attach(&s->ports[p], &s->config, s->programs, s->cpus, seeds);
                snprintf(s->ports[p].mode.xsk, sizeof(s->ports[p].mode.xsk), "copy");
                snprintf(s->ports[p].mode.clock, sizeof(s->ports[p].mode.clock), "xdp");
        }
        return r;
}

/* An interface has several names: which port it is, its number says. */
static int ports_open(struct xskim_session *s) {
        int r = 0;

        for (uint32_t p = 0; p < s->config.port_count && r >= 0; p++) {
                r = port_open(&s->ports[p], &s->config, p);
                for (uint32_t other = 0; other < p && r >= 0; other++)
                        if (s->ports[other].netdev.ifindex == s->ports[p].netdev.ifindex)
                                r = error_set(-EINVAL, "%s: named twice: it is %s, too",
                                              s->config.ports[p], s->config.ports[other]);
        }
        return r;
}

static int session_start(struct xskim_session *s) {
        struct program_config config = {
                .ports = s->config.port_count,
                .cpus = s->cpus,
                .workers = s->config.workers,
                .ring_slots = s->config.ring_slots,
                .session = s->number,
                .stack = s->config.stack,
        };
        int r = privilege_require();

        r = r < 0 ? r : ports_open(s);
        r = r < 0 ? r : programs_open(&config, &s->programs);
        if (r >= 0 && s->config.record_path)
                r = record_open(&s->record, s->config.record_path);
        r = r < 0 ? r : session_transits(s);
        r = r < 0 ? r : session_expects(s);
        r = r < 0 ? r : workers_start(s);
        r = r < 0 ? r : waits_open(s);
        r = r < 0 ? r : ports_attach(s);
        /* last: from here on nothing fails, so what was in the file may go */
        return r < 0 ? r : session_record(s);
}

int engine_open(const struct xskim_config *config, int forward_to,
                struct xskim_session **ret_session) {
        struct xskim_session *s;
        int r = config_check(config);

        if (r < 0)
                return r;
        r = session_make(config, &s);
        if (r < 0)
                return r;
        s->forward_to = forward_to;
        if (!s->config.seed && getrandom(&s->config.seed, sizeof(s->config.seed), 0) < 0)
                s->config.seed = clock_unix_ns();
        if (getrandom(&s->number, sizeof(s->number), 0) < 0)
                s->number = clock_unix_ns();
        r = session_start(s);
        if (r < 0) {
                session_free(s);
                return r;
        }
        *ret_session = s;
        return 0;
}

int xskim_open(const struct xskim_config *config, struct xskim_session **ret_session) {
        error_clear();
        return engine_open(config, 0, ret_session);
}

int engine_sampler_fd(const struct xskim_session *s) {
        return program_sampler_fd(s->programs, 0);
}

uint64_t engine_collector_ns(const struct xskim_session *s) {
        uint64_t sum_ns = 0;

        for (uint32_t w = 0; w < s->config.workers; w++)
                sum_ns += worker_cpu_ns(s->workers[w]);
        return sum_ns;
}

int engine_rest(struct xskim_session *s) {
        int r = 0;

        for (uint32_t w = 0; w < s->config.workers && r >= 0; w++)
                r = worker_rest(s->workers[w]);
        return r;
}

int engine_resume(struct xskim_session *s, uint64_t random) {
        uint64_t flush_ns = (uint64_t)s->config.flush_ms * 1000000;
        int r = 0;

        for (uint32_t w = 0; w < s->config.workers && r >= 0; w++)
                r = worker_resume(s->workers[w], 1 + random % flush_ns);
        return r;
}

int xskim_sink_add(struct xskim_session *s, const struct xskim_sink *sink) {
        error_clear();
        if (s->sink_count == XSKIM_SINKS_MAX)
                return error_set(-ENOSPC, "sinks: %d are the most", XSKIM_SINKS_MAX);
        s->sinks[s->sink_count++] = *sink;
        return 0;
}

int xskim_fd(const struct xskim_session *s) {
        return s->epoll_fd;
}

/* By its number, for it may have been renamed. */
static enum netdev_event_type port_look(const struct port *port) {
        struct netdev_port now = port->netdev;
        char name[IF_NAMESIZE];

        if (!if_indextoname((unsigned int)port->netdev.ifindex, name) ||
            netdev_find(name, &now) == -ENODEV)
                return NETDEV_GONE;
        return now.running ? NETDEV_UP : NETDEV_DOWN;
}

static void event_book(struct xskim_session *s, const struct netdev_event *event) {
        bool told = error_is_set();

        for (uint32_t p = 0; p < s->config.port_count; p++) {
                struct port *port = &s->ports[p];

                if (event->type == NETDEV_LOOK_AGAIN)
                        port_event(port, port_look(port));
                else if (event->ifindex == port->netdev.ifindex)
                        port_event(port, event->type);
        }
        error_forget(told);
}

static int monitor_read(struct xskim_session *s) {
        struct netdev_event events[ENGINE_EVENTS];
        bool watching = false;
        int count;

        while ((count = netdev_monitor_read(s->monitor_fd, events, ENGINE_EVENTS)) > 0)
                for (int i = 0; i < count; i++)
                        event_book(s, &events[i]);
        for (uint32_t p = 0; p < s->config.port_count; p++)
                watching |= !s->ports[p].gone;
        return count < 0 ? count : watching ? XSKIM_CONTINUE : XSKIM_ENDED;
}

static int source_serve(struct xskim_session *s, enum engine_source source) {
        uint64_t count;

        switch (source) {
        case ENGINE_TIMER:
                (void)!read(s->timer_fd, &count, sizeof(count));
                return session_publish(s, false);
        case ENGINE_INTERRUPT:
                return XSKIM_ENDED;
        case ENGINE_FAILED:
                return session_failure(s);
        case ENGINE_MONITOR:
                return monitor_read(s);
        }
        return XSKIM_CONTINUE;
}

static int dispatch(struct xskim_session *s, int timeout_ms) {
        struct epoll_event events[ENGINE_EVENTS];
        int count = epoll_wait(s->epoll_fd, events, ENGINE_EVENTS, timeout_ms);
        int r = XSKIM_CONTINUE, one;

        if (count < 0)
                return errno == EINTR ? XSKIM_CONTINUE : -errno;
        for (int i = 0; i < count && r >= 0; i++) {
                one = source_serve(s, events[i].data.u32);
                r = one < 0 || one == XSKIM_ENDED ? one : r;
        }
        return r;
}

int xskim_dispatch(struct xskim_session *s) {
        error_clear();
        return s->stopped ? XSKIM_ENDED : dispatch(s, 0);
}

int xskim_run(struct xskim_session *s) {
        int stop, r = XSKIM_CONTINUE;

        error_clear();
        while (r == XSKIM_CONTINUE && !s->stopped)
                r = dispatch(s, -1);
        stop = session_stop(s);
        return r < 0 ? r : stop;
}

void xskim_interrupt(struct xskim_session *s) {
        uint64_t one = 1;
        int saved = errno;

        (void)!write(s->interrupt_fd, &one, sizeof(one));
        errno = saved;
}

int xskim_stop(struct xskim_session *s) {
        error_clear();
        return session_stop(s);
}

int xskim_snapshot(struct xskim_session *s, unsigned int port,
                   struct xskim_snapshot *ret_snapshot) {
        error_clear();
        if (port >= s->config.port_count)
                return error_set(-EINVAL, "port number %u: %u are watched", port,
                                 s->config.port_count);
        return session_snapshot(s, port, false, ret_snapshot);
}

struct xskim_session *xskim_close(struct xskim_session *s) {
        error_clear();
        if (!s)
                return NULL;
        session_stop(s);
        return session_free(s);
}

const char *xskim_error_message(void) {
        return error_message();
}

const char *xskim_version(void) {
        return XSKIM_VERSION;
}

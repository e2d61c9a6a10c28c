/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the peers' collector thread and its tally. See collector.h. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "clock.h"
#include "collector.h"
#include "lab.h"
#include "util.h"

struct collector {
        struct collector_config config;
        struct tally_ring ring;
        pthread_t thread;
        _Atomic bool ending;
        _Atomic bool active;      /* asked for */
        _Atomic bool awake;       /* granted */
        _Atomic uint64_t decoded; /* published once a batch */
};

static void period_wait(struct collector *c) {
        struct timespec time = {.tv_sec = (time_t)(c->config.period_ns / 1000000000),
                                .tv_nsec = (long)(c->config.period_ns % 1000000000)};
        uint64_t until_ns;

        atomic_store_explicit(&c->awake, atomic_load(&c->active), memory_order_release);
        if (!atomic_load_explicit(&c->awake, memory_order_relaxed)) {
                clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
                return;
        }
        until_ns = clock_monotonic_ns() + c->config.active_period_ns;
        while (clock_monotonic_ns() < until_ns)
                ;
}

static void *collector_main(void *context) {
        struct collector *c = context;

        lab_pin(c->config.cpu);
        prctl(PR_SET_TIMERSLACK, 1UL); /* a period is what it says */
        while (!atomic_load_explicit(&c->ending, memory_order_relaxed)) {
                if (c->config.take(c->config.context, &c->ring))
                        atomic_store_explicit(&c->decoded, c->ring.open->tally.decoded,
                                              memory_order_release);
                else
                        period_wait(c);
        }
        return NULL;
}

struct collector *collector_open(const struct collector_config *config) {
        struct collector *c = calloc(1, sizeof(*c));

        if (!c)
                abort();
        c->config = *config;
        lab_must(tally_ring_open(&c->ring), "tally");
        lab_must(-pthread_create(&c->thread, NULL, collector_main, c), "collector thread");
        return c;
}

struct collector *collector_close(struct collector *c) {
        if (!c)
                return NULL;
        atomic_store(&c->ending, true);
        pthread_join(c->thread, NULL);
        tally_ring_close(&c->ring);
        free(c);
        return NULL;
}

void collector_activate(struct collector *c, bool active) {
        atomic_store(&c->active, active);
        /* it may be asleep for a period yet, and records be lost meanwhile */
        while (active && !atomic_load_explicit(&c->awake, memory_order_acquire))
                ;
}

uint64_t collector_decoded(const struct collector *c) {
        return atomic_load_explicit(&c->decoded, memory_order_acquire);
}

uint64_t collector_cpu_ns(const struct collector *c) {
        clockid_t clock;

        lab_must(-pthread_getcpuclockid(c->thread, &clock), "the collector's CPU clock");
        return clock_read_ns(clock);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The load's thread, and what others ask of it. See load.h. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "affinity.h"
#include "clock.h"
#include "load.h"
#include "load_private.h"
#include "log.h"
#include "quantile.h"
#include "util.h"

enum { PRIORITY = -20 };

enum load_state { LOAD_IDLE, LOAD_RUNNING, LOAD_OVER, LOAD_QUIT };

struct load {
        struct load_config config;
        const struct load_engine *operations;
        void *engine;
        pthread_t thread;
        bool has_thread;
        clockid_t clock; /* CPU time of the thread */
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        enum load_state state; /* under the mutex */
        uint32_t run_next;
        struct load_run run; /* the thread's while LOAD_RUNNING, but for the atomics */
        int error;
        char message[512];
};

static _Atomic uint32_t runs;

/* ---- the thread ---- */

static void run_execute(struct load *l) {
        struct load_result *result = &l->run.result;
        uint64_t cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);

        error_clear();
        l->error = l->operations->run(l->engine, &l->run);
        result->end_ns = clock_monotonic_ns();
        result->cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
        if (l->error < 0)
                snprintf(l->message, sizeof(l->message), "%s", error_message());
}

static enum load_state order_await(struct load *l) {
        enum load_state state;

        pthread_mutex_lock(&l->mutex);
        while (l->state == LOAD_IDLE || l->state == LOAD_OVER)
                pthread_cond_wait(&l->changed, &l->mutex);
        state = l->state;
        pthread_mutex_unlock(&l->mutex);
        return state;
}

static void state_set(struct load *l, enum load_state state) {
        pthread_mutex_lock(&l->mutex);
        if (l->state != LOAD_QUIT)
                l->state = state;
        pthread_cond_broadcast(&l->changed);
        pthread_mutex_unlock(&l->mutex);
}

static void *thread_main(void *context) {
        struct load *l = context;

        /* one that is gone meanwhile: then it runs anywhere */
        affinity_set(pthread_self(), l->config.cpu);
        /* Else the kernel adds 50 us to each sleep, to save wake-ups. */
        prctl(PR_SET_TIMERSLACK, 1);
        /* of this thread alone; without CAP_SYS_NICE it goes without */
        setpriority(PRIO_PROCESS, 0, PRIORITY);
        while (order_await(l) == LOAD_RUNNING) {
                run_execute(l);
                state_set(l, LOAD_OVER);
        }
        return NULL;
}

/* ---- others ---- */

static int packet_bytes_check(uint32_t bytes) {
        if (bytes == XSKIM_BENCH_IMIX ||
            (bytes >= XSKIM_BENCH_PACKET_BYTES_MIN && bytes <= XSKIM_BENCH_PACKET_BYTES_MAX))
                return 0;
        return error_set(-EINVAL, "Packets of %u bytes: a packet has %u to %u, FCS included.",
                         bytes, XSKIM_BENCH_PACKET_BYTES_MIN, XSKIM_BENCH_PACKET_BYTES_MAX);
}

static int thread_start(struct load *l) {
        int r = -pthread_create(&l->thread, NULL, thread_main, l);

        if (r < 0)
                return error_set(r, "cannot start a thread: %s", strerror(-r));
        l->has_thread = true;
        return -pthread_getcpuclockid(l->thread, &l->clock);
}

int load_open(const struct load_config *config, struct load **ret_load) {
        struct load *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->config = *config;
        l->operations = config->arena->path == XSKIM_BENCH_PATH_tcp ? &LOAD_TCP : &LOAD_FRAMES;
        l->run_next = atomic_fetch_add(&runs, 1) + 1;
        pthread_mutex_init(&l->mutex, NULL);
        pthread_cond_init(&l->changed, NULL);
        r = packet_bytes_check(config->packet_bytes);
        r = r < 0 ? r : l->operations->open(config, &l->engine);
        r = r < 0 ? r : thread_start(l);
        if (r < 0) {
                load_close(l);
                return r;
        }
        *ret_load = l;
        return 0;
}

static void stop_tell(struct load *l) {
        atomic_store(&l->run.stop, true);
        if (l->engine && l->operations->stop)
                l->operations->stop(l->engine);
}

struct load *load_close(struct load *l) {
        if (!l)
                return NULL;
        stop_tell(l);
        state_set(l, LOAD_QUIT);
        if (l->has_thread)
                pthread_join(l->thread, NULL);
        if (l->engine)
                l->operations->close(l->engine);
        pthread_cond_destroy(&l->changed);
        pthread_mutex_destroy(&l->mutex);
        free(l);
        return NULL;
}

uint32_t load_run_next(const struct load *l) {
        return l->run_next;
}

static enum load_state state_read(struct load *l) {
        enum load_state state;

        pthread_mutex_lock(&l->mutex);
        state = l->state;
        pthread_mutex_unlock(&l->mutex);
        return state;
}

int load_start(struct load *l, const struct load_order *order) {
        if (state_read(l) != LOAD_IDLE)
                return error_set(-EBUSY, "A run of the load is under way already.");
        l->run.order = *order;
        l->run.result = (struct load_result){.run = l->run_next};
        l->run_next = atomic_fetch_add(&runs, 1) + 1;
        histogram_reset(&l->run.late);
        l->operations->reset(l->engine);
        atomic_store(&l->run.stop, false);
        state_set(l, LOAD_RUNNING);
        return 0;
}

uint64_t load_sent(const struct load *l) {
        return l->operations->sent(l->engine);
}

uint64_t load_cpu_ns(const struct load *l) {
        return clock_read_ns(l->clock);
}

static void late_fill(const struct load *l, struct load_result *result) {
        struct xskim_distribution late;
        struct histogram_view view = histogram_view(&l->run.late);

        if (!view.samples)
                return;
        quantile_fill(&view, &late);
        result->late_p50_ns = late.quantiles[XSKIM_P50].value;
        result->late_p99_ns = late.quantiles[XSKIM_P99].value;
}

int load_stop(struct load *l, bool now, struct load_result *ret_result) {
        if (state_read(l) == LOAD_IDLE)
                return error_set(-EINVAL, "No run of the load is under way.");
        if (now || !l->run.order.duration_ns)
                stop_tell(l);
        pthread_mutex_lock(&l->mutex);
        while (l->state == LOAD_RUNNING)
                pthread_cond_wait(&l->changed, &l->mutex);
        l->state = LOAD_IDLE;
        pthread_mutex_unlock(&l->mutex);
        *ret_result = l->run.result;
        ret_result->sent = load_sent(l);
        late_fill(l, ret_result);
        return l->error < 0 ? error_set(l->error, "%s", l->message) : 0;
}

const uint8_t *load_packet(const struct load *l, uint32_t *ret_bytes) {
        return l->operations->packet ? l->operations->packet(l->engine, ret_bytes) : NULL;
}

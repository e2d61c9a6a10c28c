/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a worker's thread: start, wait, requests, end. Emptying the rings is in drain.c. See
 * worker.h. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "affinity.h"
#include "clock.h"
#include "drain.h"
#include "log.h"
#include "privilege.h"
#include "util.h"
#include "worker.h"

enum worker_request {
        WORKER_NOTHING,
        WORKER_FOLD,
        WORKER_REST,
        WORKER_RESUME,
        WORKER_FINISH,
        WORKER_QUIT
};

/* Without a flush timer. */
static const uint64_t WORKER_REST_NS = 3600ULL * 1000000000;

struct worker {
        struct worker_config config;
        struct drain *drain; /* the thread's own */
        bool resting;        /* likewise */
        pthread_t thread;
        bool started;
        int wake_fd;
        _Atomic int request; /* enum worker_request */
        uint64_t first_ns;   /* until the first flush after WORKER_RESUME; with the request */

        pthread_mutex_t mutex; /* guards all below */
        pthread_cond_t answered;
        uint64_t asked;
        uint64_t answers;
        bool ended;
        int error;
        struct tally *tallies; /* published, one a port */
        struct worker_report report;
        char message[1024]; /* why it could not start or ended */
};

static void publish(struct worker *w, bool ended, int error) {
        uint64_t one = 1;

        pthread_mutex_lock(&w->mutex);
        for (uint32_t port = 0; w->drain && port < w->config.ports; port++)
                w->tallies[port] = *drain_tally(w->drain, port);
        if (w->drain)
                drain_report(w->drain, &w->report);
        w->report.cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
        w->report.error = error;
        w->ended = ended;
        w->error = error;
        if (error)
                snprintf(w->message, sizeof(w->message), "%s", error_message());
        w->answers = w->asked;
        pthread_cond_broadcast(&w->answered);
        pthread_mutex_unlock(&w->mutex);
        if (ended && error)
                (void)!write(w->config.failed_fd, &one, sizeof(one));
}

static int requests_do(struct worker *w, bool *ret_end) {
        int request = atomic_exchange_explicit(&w->request, WORKER_NOTHING, memory_order_acquire);
        int r = 0;

        if (request == WORKER_NOTHING)
                return 0;
        if (request == WORKER_FINISH || request == WORKER_REST)
                r = drain_finish(w->drain);
        if (request != WORKER_FOLD)
                w->resting = request == WORKER_REST;
        if (request != WORKER_QUIT && r >= 0)
                r = drain_fold(w->drain);
        if (request == WORKER_FINISH && r >= 0)
                r = drain_flush(w->drain);
        *ret_end = request == WORKER_FINISH || request == WORKER_QUIT;
        if (r >= 0 && !*ret_end)
                publish(w, false, 0);
        return r;
}

static uint64_t timeout_ns(struct worker *w) {
        uint64_t first_ns, ns;

        if (w->resting)
                return WORKER_REST_NS;
        ns = drain_timeout_ns(w->drain);
        first_ns = w->first_ns;
        w->first_ns = 0;
        return first_ns ? MIN(first_ns, ns) : ns;
}

/* The thread is idle until something happens, unless rings filled up while it was falling asleep.
 */
static int worker_wait(struct worker *w) {
        int r;

        if (w->config.busy)
                return drain_poll(w->drain);
        drain_sleep_mark(w->drain);
        if (drain_is_urgent(w->drain)) {
                drain_sleep_unmark(w->drain);
                return drain_poll(w->drain);
        }
        r = drain_wait(w->drain, timeout_ns(w));
        drain_sleep_unmark(w->drain);
        return r;
}

static int worker_loop(struct worker *w) {
        bool end = false;
        int r = 0;

        while (!end && r >= 0) {
                r = drain_rings(w->drain);
                r = r < 0 ? r : requests_do(w, &end);
                if (!end && r >= 0)
                        r = worker_wait(w);
        }
        return r;
}

static void signals_block(void) {
        sigset_t all;

        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static int thread_set_up(struct worker *w) {
        int r;

        signals_block();
        r = affinity_set(pthread_self(), w->config.cpu);
        if (r < 0)
                return error_set(
                        r,
                        "worker %u: cannot run on CPU %d: %s. 'taskset -cp $$' tells which "
                        "CPUs there are for it.",
                        w->config.number, w->config.cpu, strerror(-r));
        r = drain_open(&w->config, w->wake_fd, &w->request, &w->drain);
        return r < 0 ? r : privilege_drop_all();
}

static void *worker_main(void *context) {
        struct worker *w = context;
        int r = thread_set_up(w);

        if (r >= 0) {
                publish(w, false, 0);
                r = record_await(w->config.record) ? worker_loop(w) : 0;
        }
        publish(w, true, r < 0 ? r : 0);
        w->drain = drain_close(w->drain);
        return NULL;
}

/* Blocks until the thread has published, or ended. */
static int answer_wait(struct worker *w, uint64_t asked) {
        int r;

        pthread_mutex_lock(&w->mutex);
        while (w->answers < asked && !w->ended)
                pthread_cond_wait(&w->answered, &w->mutex);
        r = w->error;
        if (r < 0)
                error_set(r, "%s", w->message);
        pthread_mutex_unlock(&w->mutex);
        return r;
}

static int ask(struct worker *w, enum worker_request request) {
        uint64_t one = 1, asked;

        pthread_mutex_lock(&w->mutex);
        asked = ++w->asked;
        pthread_mutex_unlock(&w->mutex);
        atomic_store_explicit(&w->request, request, memory_order_release);
        (void)!write(w->wake_fd, &one, sizeof(one));
        return answer_wait(w, asked);
}

int worker_open(const struct worker_config *config, struct worker **ret_worker) {
        struct worker *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->config = *config;
        w->asked = 1; /* the first publication says that it is ready */
        pthread_mutex_init(&w->mutex, NULL);
        pthread_cond_init(&w->answered, NULL);
        w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        w->tallies = calloc(config->ports, sizeof(*w->tallies));
        r = w->wake_fd < 0 ? -errno : !w->tallies ? -ENOMEM : 0;
        if (!r)
                r = -pthread_create(&w->thread, NULL, worker_main, w);
        w->started = !r;
        r = r < 0 ? r : answer_wait(w, 1);
        if (r < 0) {
                worker_close(w);
                return error_set(r, "worker %u: cannot start: %s", config->number, strerror(-r));
        }
        *ret_worker = w;
        return 0;
}

int worker_fold(struct worker *w) {
        return ask(w, WORKER_FOLD);
}

int worker_rest(struct worker *w) {
        return ask(w, WORKER_REST);
}

int worker_resume(struct worker *w, uint64_t first_ns) {
        w->first_ns = first_ns;
        return ask(w, WORKER_RESUME);
}

int worker_finish(struct worker *w) {
        return ask(w, WORKER_FINISH);
}

void worker_tally(struct worker *w, uint32_t port, struct tally *into) {
        pthread_mutex_lock(&w->mutex);
        tally_merge(into, &w->tallies[port]);
        pthread_mutex_unlock(&w->mutex);
}

void worker_report(struct worker *w, struct worker_report *ret_report) {
        pthread_mutex_lock(&w->mutex);
        *ret_report = w->report;
        pthread_mutex_unlock(&w->mutex);
        ret_report->user_memory_bytes += sizeof(*w) + w->config.ports * sizeof(*w->tallies);
}

uint64_t worker_cpu_ns(struct worker *w) {
        clockid_t clock;
        uint64_t cpu_ns;

        pthread_mutex_lock(&w->mutex);
        cpu_ns = w->report.cpu_ns;
        /* it has not been joined, and cannot end without this mutex */
        if (!w->ended && !pthread_getcpuclockid(w->thread, &clock))
                cpu_ns = clock_read_ns(clock);
        pthread_mutex_unlock(&w->mutex);
        return cpu_ns;
}

struct worker *worker_close(struct worker *w) {
        if (!w)
                return NULL;
        if (w->started) {
                ask(w, WORKER_QUIT);
                pthread_join(w->thread, NULL);
        }
        fd_cleanup(&w->wake_fd);
        pthread_cond_destroy(&w->answered);
        pthread_mutex_destroy(&w->mutex);
        free(w->tallies);
        free(w);
        return NULL;
}

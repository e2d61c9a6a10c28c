/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the order of a passage. See passage.h. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "passage.h"
#include "testbed.h"
#include "util.h"

enum {
        MESSAGE_BYTES = 2048,
        RING_SLOTS =
                32736, /* the largest there is: what is lost here cannot be told from the path */
        PAUSE_MS = 10,
        NICE_MIN = -20,
        LAST_SAMPLES = 6, /* an interval's snapshot comes after its end, and records after that */
};

/* What a thread did; its error message is the thread's own. */
struct side {
        pthread_t thread;
        bool started;
        int r;
        char message[MESSAGE_BYTES];
};

struct passage {
        struct passage_config config;
        struct passage_result *result;
        struct testbed *testbed;
        struct side watch;
        struct side replay;
        struct xskim_session *session; /* the watch's, while it runs */
        sem_t watching;                /* it does, or failed */
        /* shared with a signal handler, and atomic: of it and replay_main one sees what the other
         * did */
        _Atomic(struct xskim_replay *) player;
        _Atomic unsigned int interrupts;
        _Atomic bool finishing;
};

static void pause_ms(unsigned int ms) {
        const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

        nanosleep(&time, NULL);
}

/* Of the command's own files, or else the library's. */
static int side_end(struct side *side, int r) {
        const char *message = *error_message() ? error_message() : xskim_error_message();

        side->r = r;
        if (r < 0)
                snprintf(side->message, sizeof(side->message), "%s",
                         *message ? message : strerror(-r));
        return r;
}

/* ---- the end of the path ---- */

static int on_snapshot(void *context, const struct xskim_snapshot *snapshot) {
        const struct xskim_transit *transit = &snapshot->transit;
        const struct xskim_distribution *latency = &transit->latency_interval;
        struct passage *p = context;
        const struct series_point point = {
                .end_ns = clock_monotonic_ns(),
                .packets = transit->sum.received,
#define FOUND(name_, title_) .name_ = transit->sum.name_,
                SERIES_FOUND_ROWS(FOUND)
#undef FOUND
                        .latency_count = latency->count,
                .latency_p50_ns = latency->quantiles[XSKIM_P50].value,
                .latency_p99_ns = latency->quantiles[XSKIM_P99].value,
                .latency_max_ns = latency->max,
        };

        series_add(&p->result->arrived, &point);
        return 0;
}

static int on_summary(void *context, const struct xskim_snapshot *summary) {
        struct passage *p = context;

        p->result->summary = *summary;
        p->result->watched = true;
        return 0;
}

/* In the lab nobody is to answer packets that were never meant for this host; elsewhere a port that
 * is in use has packets that are not ours to drop. */
static int watch_config(const struct passage *p, struct xskim_config *ret_config) {
        struct xskim_config *config = ret_config;
        bool in_use = false;
        int r = 0;

        xskim_config_init(config);
        config->port_count = 1;
        config->ports[0] = p->config.lab ? TESTBED_RIGHT_PORT : p->config.arrive;
        if (!p->config.lab)
                r = xskim_port_in_use(config->ports[0], &in_use);
        config->verdict = in_use ? XSKIM_VERDICT_PASS : XSKIM_VERDICT_DROP;
        config->force = p->config.lab;
        config->transit = true;
        config->ring_slots = RING_SLOTS;
        config->interval_ms = SERIES_SAMPLE_MS;
        return r;
}

/* Unless something was said of addresses, packets that are to arrive at a port are addressed to it,
 * and come from where they are sent. */
static void addresses_set(struct passage *p) {
        struct xskim_replay_config *replay = &p->config.replay;

        if (!p->config.arrive || !replay->to_known_neighbour)
                return;
        replay->to_known_neighbour = false;
        replay->to_port = p->config.arrive;
        replay->from_port = true;
}

static int watch_open(struct passage *p) {
        const struct xskim_sink sink = {
                .context = p, .snapshot = on_snapshot, .summary = on_summary};
        struct xskim_config config;
        int r = p->testbed ? testbed_enter(p->testbed, TESTBED_RIGHT) : 0;

        r = r < 0 ? r : watch_config(p, &config);
        r = r < 0 ? r : xskim_open(&config, &p->session);
        return r < 0 ? r : xskim_sink_add(p->session, &sink);
}

/* The sender takes precedence of everybody; who is to see all that it sends needs the same, and the
 * workers get it from here. */
static void precedence_take(void) {
        setpriority(PRIO_PROCESS, 0, NICE_MIN);
}

static void *watch_main(void *context) {
        struct passage *p = context;
        int r;

        precedence_take();
        r = side_end(&p->watch, watch_open(p));

        sem_post(&p->watching);
        if (r < 0)
                return NULL;
        r = xskim_run(p->session);
        side_end(&p->watch, r);
        /* detaching wants the namespace; freeing waits until nobody interrupts any more */
        xskim_stop(p->session);
        return NULL;
}

/* ---- the beginning of it ---- */

static void sent_put(struct passage *p, uint64_t packets) {
        series_add(&p->result->sent,
                   &(struct series_point){.end_ns = clock_monotonic_ns(), .packets = packets});
}

static void on_progress(void *context, const struct xskim_replay_progress *progress, double share) {
        const struct xskim_replay_watch *asked;
        struct passage *p = context;

        asked = &p->config.progress;
        sent_put(p, progress->packets);
        if (asked->interval_ms)
                asked->progress(asked->context, progress, share);
}

static int player_open(struct passage *p) {
        int r = p->testbed ? testbed_enter(p->testbed, TESTBED_LEFT) : 0;
        struct xskim_replay *player = NULL;

        r = r < 0 ? r : xskim_replay_open(&p->config.replay, &player);
        p->player = player;
        return r;
}

static void *replay_main(void *context) {
        struct passage *p = context;
        const struct xskim_replay_watch watch = {
                .context = p, .interval_ms = SERIES_SAMPLE_MS, .progress = on_progress};
        int r = player_open(p);

        /* who interrupted before there was anything to interrupt */
        if (r >= 0 && p->interrupts)
                xskim_replay_interrupt(p->player);
        if (r >= 0) {
                r = xskim_replay_run(p->player, &watch, &p->result->report);
                p->result->replayed = true;
                sent_put(p, p->result->report.sent.progress.packets);
        }
        side_end(&p->replay, r);
        return NULL;
}

/* ---- the order ---- */

/* Signals are for the thread that waits. */
static int side_start(struct side *side, void *(*body)(void *context), struct passage *p) {
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&side->thread, NULL, body, p);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r)
                return error_set(-r, "cannot start a thread: %s", strerror(r));
        side->started = true;
        return 0;
}

static int side_join(struct side *side) {
        if (!side->started)
                return 0;
        pthread_join(side->thread, NULL);
        side->started = false;
        return side->r < 0 ? error_set(side->r, "%s", side->message) : 0;
}

static int watch_start(struct passage *p) {
        int r = side_start(&p->watch, watch_main, p);

        if (r < 0)
                return r;
        while (sem_wait(&p->watching) < 0 && errno == EINTR)
                ;
        if (p->watch.r >= 0)
                return 0;
        r = side_join(&p->watch);
        p->session = xskim_close(p->session);
        return r;
}

static int replay_run(struct passage *p) {
        int r = side_start(&p->replay, replay_main, p);

        return r < 0 ? r : side_join(&p->replay);
}

/* Until the last packet can have arrived and its record been read. */
static int settle(struct passage *p) {
        unsigned int interrupts = p->interrupts;
        int r = 0;

        if (p->testbed) {
                p->finishing = true;
                r = testbed_finish(p->testbed);
                p->finishing = false;
                if (testbed_account(p->testbed))
                        snprintf(p->result->relay, sizeof(p->result->relay), "%s",
                                 testbed_account(p->testbed));
        } else {
                for (uint32_t ms = 0; ms < p->config.settle_ms && p->interrupts == interrupts;
                     ms += PAUSE_MS)
                        pause_ms(PAUSE_MS);
        }
        pause_ms(LAST_SAMPLES * SERIES_SAMPLE_MS);
        return r;
}

static int watch_end(struct passage *p) {
        int r;

        xskim_interrupt(p->session);
        r = side_join(&p->watch);
        p->session = xskim_close(p->session);
        return r;
}

static int sides_run(struct passage *p) {
        bool watched = p->config.lab || p->config.arrive;
        int settled, ended, r = 0;

        addresses_set(p);
        if (watched)
                r = watch_start(p);
        if (r < 0)
                return r;
        r = replay_run(p);
        if (!watched)
                return r;
        settled = r < 0 && !p->result->replayed ? 0 : settle(p);
        ended = watch_end(p);
        r = r < 0 ? r : settled;
        return r < 0 ? r : ended;
}

int passage_open(const struct passage_config *config, struct passage **ret_passage) {
        struct passage *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->config = *config;
        sem_init(&p->watching, 0, 0);
        *ret_passage = p;
        return 0;
}

int passage_run(struct passage *p, struct passage_result *ret_result) {
        int r;

        p->result = ret_result;
        r = p->config.lab ? testbed_open(p->config.impair, &p->testbed) : 0;
        if (p->config.lab)
                p->config.replay.port = TESTBED_LEFT_PORT;
        r = r < 0 ? r : sides_run(p);
        series_end(&ret_result->sent);
        series_end(&ret_result->arrived);
        return r;
}

void passage_interrupt(struct passage *p) {
        p->interrupts++;
        if (p->testbed && (p->finishing || p->interrupts > 1))
                testbed_hurry(p->testbed);
        if (p->player)
                xskim_replay_interrupt(p->player);
}

struct passage *passage_close(struct passage *p) {
        if (!p)
                return NULL;
        p->player = xskim_replay_close(p->player);
        testbed_close(p->testbed);
        sem_destroy(&p->watching);
        free(p);
        return NULL;
}

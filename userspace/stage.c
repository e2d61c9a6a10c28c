/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the sending thread. See stage.h. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "affinity.h"
#include "clock.h"
#include "log.h"
#include "stage.h"
#include "util.h"
#include "waiter.h"

enum {
        /* Between the first chunk and the first packet, so that the first is not late. */
        LEAD_NS = 1000000,
        /* Else a kernel worker that is woken on this CPU takes it for milliseconds. */
        PRIORITY = -20,
        BELT_WAIT_NS = 20000000, /* then it looks whether it is to stop */
        TOP_BATCH_MAX = 4096,
        BATCH_MAX = 256,
        STAGE_OVER = 1, /* inside here: all is sent that was wanted */
        /* By so much handing_ns is corrected after each packet that was waited for. */
        HANDING_STEP_NS = 50,
        HANDING_NS_MAX = 20000,
};

struct stage {
        struct stage_config config;
        pthread_t thread;
        bool started;
        struct waiter *waiter;
        struct pacing schedule;
        struct punctuality punctuality;
        struct stamper stamper;
        struct xskim_replay_result result;
        uint64_t round_packets; /* of this round, for this stage */
        uint64_t end_ns;        /* nothing is sent that is due later */
        uint64_t handing_ns;    /* what handing a packet over takes, at the median */
        int error;
        char message[2048];

        pthread_mutex_t mutex; /* guards `published` */
        struct xskim_replay_progress published;
};

static bool is_timed(const struct stage *s) {
        return s->config.pace.pace != XSKIM_REPLAY_TOP;
}

static void publish(struct stage *s) {
        s->result.progress.late = s->punctuality.late;
        pthread_mutex_lock(&s->mutex);
        s->published = s->result.progress;
        pthread_mutex_unlock(&s->mutex);
}

/* ---- one batch ---- */

static uint32_t batch_max(const struct stage *s, uint32_t most) {
        return s->config.stamp ? MIN(most, s->config.operations->stamped_max) : most;
}

/* How many packets from `first` on are due by `now`, and when each of them was; at least the first.
 */
static uint32_t batch_plan(const struct stage *s, const struct belt_chunk *chunk, uint32_t first,
                           uint32_t most, uint64_t *due_ns) {
        uint64_t now = clock_monotonic_ns();
        uint32_t count = 0;

        while (count < most) {
                due_ns[count] = pacing_due(&s->schedule, &chunk->places[first + count]);
                if (count && (due_ns[count] > now || due_ns[count] >= s->end_ns))
                        break;
                chunk->rows[first + count].sent_ns = 0;
                count++;
        }
        return count;
}

/* Those that were handed over, or never will be, are done with. */
static void batch_account(struct stage *s, const struct belt_chunk *chunk, uint32_t first,
                          const struct sender_result *result, const uint64_t *due_ns) {
        struct xskim_replay_progress *p = &s->result.progress;
        uint32_t count = result->sent + result->refused;

        for (uint32_t i = first; i < first + count; i++) {
                const struct xskim_launch_packet *row = &chunk->rows[i];

                p->bytes += row->bytes;
                if (is_timed(s) && row->sent_ns)
                        punctuality_add(&s->punctuality, due_ns[i - first], row->sent_ns);
        }
        if (s->config.stamp)
                stamper_advance(&s->stamper, chunk, first, count);
        p->packets += result->sent;
        s->result.refused += result->refused;
        p->now_ns = clock_monotonic_ns();
}

static int batch_send(struct stage *s, const struct belt_chunk *chunk, uint32_t first,
                      uint32_t count, const uint64_t *due_ns, uint32_t *ret_done) {
        struct sender_batch batch = {
                .chunk = chunk, .first = first, .count = count, .timed = is_timed(s)};
        struct sender_result result = {0};
        int r;

        if (s->config.stamp)
                stamper_write(&s->stamper, chunk, first, count, clock_monotonic_ns());
        r = s->config.operations->send(s->config.sender, &batch, &result);
        if (r < 0)
                return r;
        batch_account(s, chunk, first, &result, due_ns);
        *ret_done = result.sent + result.refused;
        return 0;
}

/* ---- one chunk ---- */

static bool is_within(const struct stage *s, const struct belt_chunk *chunk, uint32_t packet) {
        return !s->config.limit ||
               pacing_number(&s->schedule, &chunk->places[packet]) < s->config.limit;
}

/* Of `most` packets from `first` on, which are in order: how many may be sent. */
static uint32_t within_limit(const struct stage *s, const struct belt_chunk *chunk, uint32_t first,
                             uint32_t most) {
        while (most && !is_within(s, chunk, first + most - 1))
                most--;
        return most;
}

static int wait_until(struct stage *s, uint64_t due_ns) {
        int r;

        if (due_ns >= s->end_ns)
                return STAGE_OVER;
        r = waiter_wait(s->waiter, due_ns - s->handing_ns);
        s->result.stopped = r == WAITER_STOP;
        return r == WAITER_STOP ? STAGE_OVER : r;
}

/* Handing over begins so much earlier that it is done when the packet is due, half of the time. */
static void handing_learn(struct stage *s, uint64_t due_ns, uint64_t sent_ns) {
        if (sent_ns > due_ns)
                s->handing_ns = MIN(s->handing_ns + HANDING_STEP_NS, (uint64_t)HANDING_NS_MAX);
        else
                s->handing_ns -= MIN(s->handing_ns, (uint64_t)HANDING_STEP_NS);
}

/* Sends what is due from `first` on; waits for that. */
static int punctual_step(struct stage *s, const struct belt_chunk *chunk, uint32_t first,
                         uint32_t *ret_done) {
        uint64_t due_ns[BATCH_MAX];
        uint32_t most = MIN(s->config.operations->batch_max, (uint32_t)BATCH_MAX), count;
        uint64_t due = pacing_due(&s->schedule, &chunk->places[first]);
        bool waits = s->result.progress.now_ns + s->handing_ns < due; /* it is just over */
        int r = wait_until(s, due);

        if (r)
                return r;
        most = within_limit(s, chunk, first, MIN(batch_max(s, most), chunk->count - first));
        count = batch_plan(s, chunk, first, most, due_ns);
        r = batch_send(s, chunk, first, count, due_ns, ret_done);
        if (waits && !r && *ret_done && chunk->rows[first].sent_ns)
                handing_learn(s, due, chunk->rows[first].sent_ns);
        return r;
}

/* Sends as fast as it goes. */
static int top_step(struct stage *s, const struct belt_chunk *chunk, uint32_t first,
                    uint32_t *ret_done) {
        uint32_t most = MIN(chunk->count - first, batch_max(s, TOP_BATCH_MAX));
        int r = waiter_look(s->waiter);

        s->result.stopped = r == WAITER_STOP;
        if (r < 0)
                return r;
        if (r == WAITER_STOP || clock_monotonic_ns() >= s->end_ns)
                return STAGE_OVER;
        return batch_send(s, chunk, first, within_limit(s, chunk, first, most), NULL, ret_done);
}

static int chunk_play(struct stage *s, const struct belt_chunk *chunk) {
        uint32_t first = 0, done = 0;
        int r = 0;

        while (first < chunk->count && !r) {
                if (!is_within(s, chunk, first) || s->config.common->failed)
                        return STAGE_OVER;
                done = 0;
                r = is_timed(s) ? punctual_step(s, chunk, first, &done)
                                : top_step(s, chunk, first, &done);
                first += done;
                publish(s);
        }
        return r;
}

/* ---- the run ---- */

/* A round that stays and has no packet for this stage never will have one. */
static int round_finish(struct stage *s, const struct belt_chunk *chunk) {
        bool nothing = !s->round_packets && belt_is_resident(s->config.belt);

        pacing_next(&s->schedule, &chunk->end);
        s->round_packets = 0;
        s->result.progress.rounds++;
        return nothing || s->result.progress.rounds == s->config.rounds ? STAGE_OVER : 0;
}

/* NULL and 0: there is none any more. */
static int chunk_await(struct stage *s, struct belt_chunk **ret_chunk) {
        bool ended = belt_is_ended(s->config.belt);
        int r = 0;

        *ret_chunk = belt_take_filled(s->config.belt, 0);
        if (!*ret_chunk && !ended && s->result.progress.packets)
                s->result.stalls++;
        while (!*ret_chunk && !ended && !r && !s->config.common->failed) {
                r = wait_until(s, clock_monotonic_ns());
                ended = belt_is_ended(s->config.belt);
                *ret_chunk = belt_take_filled(s->config.belt, BELT_WAIT_NS);
        }
        return r;
}

/* The first of all stages says when. */
static void start(struct stage *s) {
        uint64_t now = clock_monotonic_ns(), none = 0;
        uint64_t start_ns = is_timed(s) ? now + LEAD_NS : now;

        if (!atomic_compare_exchange_strong(&s->config.common->start_ns, &none, start_ns))
                start_ns = none;
        s->schedule.start_ns = start_ns;
        s->result.progress.start_ns = s->schedule.start_ns;
        s->end_ns =
                s->config.duration_ns ? s->schedule.start_ns + s->config.duration_ns : UINT64_MAX;
}

static int chunks_play(struct stage *s) {
        struct belt_chunk *chunk;
        int r;

        while (!(r = chunk_await(s, &chunk)) && chunk) {
                if (!s->result.progress.start_ns)
                        start(s);
                s->result.progress.position = chunk->position;
                s->round_packets += chunk->count;
                r = chunk_play(s, chunk);
                if (!r && chunk->last)
                        r = round_finish(s, chunk);
                belt_release(s->config.belt);
                if (r)
                        break;
        }
        return r;
}

/* What waits in a ring when the port takes no more was not sent. */
static void never_sent(struct stage *s, uint64_t packets) {
        s->result.progress.packets -= packets;
        s->result.refused += packets;
}

static int run(struct stage *s) {
        struct waiter_config config = {
                .stop_fd = s->config.stop_fd, .ifindex = s->config.ifindex, .port = s->config.port};
        int finished, r = waiter_open(&config, &s->waiter);

        /* one that is gone meanwhile: then it runs anywhere */
        affinity_set(pthread_self(), s->config.cpu);
        /* Else the kernel adds 50 us to each sleep, to save wake-ups. */
        prctl(PR_SET_TIMERSLACK, 1);
        /* of this thread alone; without CAP_SYS_NICE it goes without */
        setpriority(PRIO_PROCESS, 0, PRIORITY);
        s->end_ns = UINT64_MAX;
        r = r < 0 ? r : chunks_play(s);
        finished = s->config.operations->finish(s->config.sender);
        if (finished > 0)
                never_sent(s, (uint64_t)finished);
        publish(s);
        s->waiter = waiter_close(s->waiter);
        return r < 0 ? r : MIN(finished, 0);
}

static void *thread_main(void *context) {
        struct stage *s = context;
        uint64_t one = 1;

        error_clear();
        s->error = run(s);
        s->config.common->failed |= s->error < 0;
        if (s->error < 0)
                snprintf(s->message, sizeof(s->message), "%s", error_message());
        belt_stop(s->config.belt);
        (void)!write(s->config.ended_fd, &one, sizeof(one));
        return NULL;
}

int stage_open(const struct stage_config *config, struct stage **ret_stage) {
        struct stage *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->config = *config;
        s->schedule.config = config->pace;
        s->stamper.stream = config->stream;
        s->stamper.stamps.wanted = config->stamp;
        s->stamper.stamps.run = config->stamp_run;
        pthread_mutex_init(&s->mutex, NULL);
        r = -pthread_create(&s->thread, NULL, thread_main, s);
        if (r < 0) {
                free(s);
                return error_set(r, "cannot start a thread: %s", strerror(-r));
        }
        s->started = true;
        *ret_stage = s;
        return 0;
}

void stage_progress(struct stage *s, struct xskim_replay_progress *ret_progress) {
        pthread_mutex_lock(&s->mutex);
        *ret_progress = s->published;
        pthread_mutex_unlock(&s->mutex);
}

int stage_end(struct stage *s, struct xskim_replay_result *ret_result) {
        if (s->started)
                pthread_join(s->thread, NULL);
        s->started = false;
        *ret_result = s->result;
        ret_result->stamps = s->stamper.stamps;
        return s->error < 0 ? error_set(s->error, "%s", s->message) : 0;
}

struct stage *stage_close(struct stage *s) {
        struct xskim_replay_result result;

        if (!s)
                return NULL;
        if (s->started)
                stage_end(s, &result);
        pthread_mutex_destroy(&s->mutex);
        free(s);
        return NULL;
}

const struct punctuality *stage_punctuality(const struct stage *s) {
        return is_timed(s) ? &s->punctuality : NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doorbell, and what happens between the sampler and a worker that falls asleep. The flush time
 * is 10 s, so whatever is drained sooner was drained because of a wake-up, and a wake-up that got
 * lost shows as 10 s. Rings are filled to the record by BPF_PROG_RUN of the attached sampler; when
 * they are drained is seen in the control page, by polling the tail that the carrier moves.
 */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xskim/barrier.h>

#include "clock.h"
#include "lab.h"
#include "rig.h"

enum {
        FLUSH_MS_LONG = 10000,
        MS = 1000000,
        STUCK_NS = 1000 * MS, /* far above any hiccup, far below the flush time */
};

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static int cpu_last(void) {
        return (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
}

/* Where the packets come from, and everything of the ring that they fill. */
struct source {
        struct rig rig;
        struct xskim_ring_control *control;
        uint8_t packet[64];
        uint32_t bytes;
        uint32_t high;
        __u64 random;
};

static void source_begin(struct source *s, uint32_t slots, uint32_t flush_ms, int cpu,
                         int worker_cpu) {
        struct rig_config config = {.sample = 1,
                                    .slots = slots,
                                    .flush_ms = flush_ms,
                                    .worker_cpu = worker_cpu,
                                    .seed = 1};

        rig_pin(cpu);
        rig_open(&s->rig, &config);
        s->control = rig_control(&s->rig, cpu);
        s->bytes = lab_udp(s->packet, sizeof(s->packet), 1, 2);
        s->high = XSKIM_RING_HIGH_WATER(slots);
        s->random = 1;
}

static uint64_t fill_of(const struct source *s) {
        uint64_t tail = xskim_load_acquire(&s->control->tail);

        return xskim_load_acquire(&s->control->head) - tail;
}

static void send(struct source *s, uint32_t records) {
        if (records)
                rig_send(&s->rig, s->packet, s->bytes, records);
}

static bool is_asleep(const struct source *s) {
        return __atomic_load_n(&s->control->asleep, __ATOMIC_RELAXED);
}

/* Waits, awake, until at most `left` records are in the ring and its worker is asleep; how long the
 * ring took, in ns. */
static uint64_t drained_after_ns(const struct source *s, uint64_t left, uint64_t since_ns) {
        uint64_t drained_ns;

        while (fill_of(s) > left)
                cr_assert(clock_monotonic_ns() - since_ns < STUCK_NS,
                          "a wake-up was lost: %lu records wait", fill_of(s));
        drained_ns = clock_monotonic_ns();
        while (!is_asleep(s))
                cr_assert(clock_monotonic_ns() - since_ns < 2ULL * STUCK_NS, "it stays awake");
        return drained_ns - since_ns;
}

/* Empties the ring and says that all was decoded, nothing lost. */
static void all_arrived(struct source *s) {
        struct xskim_sampler_counters counters = rig_counters(&s->rig);
        struct tally *tally = calloc(1, sizeof(*tally));

        cr_assert_eq(worker_fold(s->rig.worker), 0);
        worker_tally(s->rig.worker, 0, tally);
        cr_assert_eq(counters.ring_full, 0);
        cr_assert_eq(counters.doorbells_lost, 0);
        cr_assert_eq(tally->decoded + fill_of(s), counters.staged);
        cr_assert_eq(tally->lost_in_socket, 0);
        free(tally);
}

static int ns_compare(const void *a, const void *b) {
        const uint64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/*
 * The record that crosses the mark is given alone, so the time from there to the drained ring is
 * known to a system call. The bell is rung before that record is published, so a quick worker may
 * leave it. A round in which the worker had set its mark but not yet looked again says nothing
 * about the bell: it is drained without.
 */
static bool crossing_measure(struct source *s, uint64_t *ret_ns) {
        uint64_t since_ns = clock_monotonic_ns();

        while (!is_asleep(s))
                cr_assert(clock_monotonic_ns() - since_ns < 2ULL * STUCK_NS, "it stays awake");
        send(s, s->high - (uint32_t)fill_of(s));
        if (fill_of(s) != s->high)
                return false;
        since_ns = clock_monotonic_ns();
        send(s, 1);
        *ret_ns = drained_after_ns(s, 1, since_ns);
        return true;
}

/* Half of the rounds take less than 1 ms, on whatever else the machine does meanwhile; none may
 * take 1 s. */
Test(doorbell, has_a_ring_drained_within_1_ms_of_crossing_the_high_water_mark, .timeout = 300) {
        enum { ROUNDS = 300 };
        uint64_t ns[ROUNDS];
        struct source s;
        int count = 0;

        source_begin(&s, 1536, FLUSH_MS_LONG, 0, cpu_last());
        for (int i = 0; i < ROUNDS; i++)
                count += crossing_measure(&s, &ns[count]);
        cr_assert_gt(count, ROUNDS * 3 / 4);
        qsort(ns, (size_t)count, sizeof(ns[0]), ns_compare);
        fprintf(stderr, "doorbell to drained ring: median %lu us, p99 %lu us, max %lu us\n",
                ns[count / 2] / 1000, ns[count * 99 / 100] / 1000, ns[count - 1] / 1000);
        cr_assert_lt(ns[count / 2], 1 * MS);
        all_arrived(&s);
        cr_assert_gt(rig_counters(&s.rig).doorbells, ROUNDS * 3 / 4);
        rig_close(&s.rig);
}

/* More frames in one go than the socket has places for: each comes back as soon as it is decoded.
 */
Test(doorbell, has_a_ring_drained_that_holds_more_than_the_socket, .timeout = 60) {
        enum { SLOTS = 8 * WORKER_SOCKET_SLOTS * XSKIM_FRAME_RECORDS_MAX };
        struct source s;

        source_begin(&s, SLOTS, FLUSH_MS_LONG, 0, cpu_last());
        send(&s, SLOTS);
        drained_after_ns(&s, SLOTS / 2, clock_monotonic_ns()); /* less is left to the flush timer */
        all_arrived(&s);
        rig_close(&s.rig);
}

/* Sends what takes the ring to `target`, checks that nothing above the mark waits too long. */
static void round_above(struct source *s, uint64_t target, uint64_t *above_since_ns) {
        uint64_t fill = fill_of(s), now_ns;

        if (fill < target)
                send(s, (uint32_t)(target - fill));
        now_ns = clock_monotonic_ns();
        if (fill_of(s) <= s->high)
                *above_since_ns = now_ns;
        cr_assert(now_ns - *above_since_ns < STUCK_NS, "a wake-up was lost: %lu records wait",
                  fill_of(s));
}

static void pause_ns(uint64_t ns) {
        struct timespec time = {.tv_nsec = (long)ns};

        nanosleep(&time, NULL);
}

/* A small ring, so that it crosses the mark in a few microseconds; fills end on both sides of it.
 */
static void many_rounds(struct source *s, int rounds, uint64_t pause_ns_max) {
        uint64_t above_since_ns = clock_monotonic_ns();

        for (int i = 0; i < rounds; i++) {
                uint64_t target = s->high - 8 + xskim_random_next(&s->random) % 20;

                round_above(s, target, &above_since_ns);
                pause_ns(xskim_random_next(&s->random) % pause_ns_max);
                if (fill_of(s) <= s->high)
                        above_since_ns = clock_monotonic_ns();
        }
        all_arrived(s);
}

Test(doorbell, is_never_lost_between_two_cpus, .timeout = 300) {
        struct source s;

        source_begin(&s, 96, FLUSH_MS_LONG, 0, cpu_last());
        many_rounds(&s, 20000, 100000);
        rig_close(&s.rig);
}

/* A ring above the mark whose worker sleeps, unrung, would stay so. */
static void is_not_stuck(const struct source *s) {
        uint64_t since_ns = clock_monotonic_ns();

        while (is_asleep(s) && fill_of(s) > s->high) {
                cr_assert(clock_monotonic_ns() - since_ns < STUCK_NS,
                          "a wake-up was lost: %lu records wait", fill_of(s));
                pause_ns(10000);
        }
}

/*
 * Each pause ends about when the worker sets its mark: a little later than the last one when the
 * mark was not set yet, a little earlier when it was, and some scatter.
 */
static void rounds_at_the_mark(struct source *s, int rounds) {
        enum { STEP_NS = 100, SCATTER_NS = 2000, PAUSE_NS_MIN = 1000, PAUSE_NS_MAX = 300000 };
        uint64_t pause = 20000;

        for (int i = 0; i < rounds; i++) {
                uint64_t target = s->high - 8 + xskim_random_next(&s->random) % 20;
                uint64_t fill = fill_of(s);

                if (fill < target)
                        send(s, (uint32_t)(target - fill));
                is_not_stuck(s);
                pause_ns(pause + xskim_random_next(&s->random) % SCATTER_NS);
                pause = is_asleep(s) ? pause - STEP_NS : pause + STEP_NS;
                pause = pause < PAUSE_NS_MIN ? PAUSE_NS_MIN : pause;
                pause = pause > PAUSE_NS_MAX ? PAUSE_NS_MAX : pause;
        }
        all_arrived(s);
}

/*
 * On one CPU, with the producer in a real-time class: its timer stops the worker anywhere, also
 * between its last look at the ring and its mark. What comes there rings no bell; only the look
 * after the mark finds it.
 */
Test(doorbell, is_not_needed_for_what_comes_while_the_worker_falls_asleep, .timeout = 300) {
        struct sched_param priority = {.sched_priority = 10};
        struct source s;

        source_begin(&s, 96, FLUSH_MS_LONG, 0, 0);
        if (sched_setscheduler(0, SCHED_FIFO, &priority))
                lab_skip("no real-time scheduling here (CAP_SYS_NICE)");
        rounds_at_the_mark(&s, 40000);
        rig_close(&s.rig);
}

/* Half of the flush time on average, the whole at most; the hiccups of a busy machine allowed to
 * one in ten. */
Test(doorbell, is_not_needed_by_a_lone_record, .timeout = 60) {
        enum { ROUNDS = 50, FLUSH_MS = 20 };
        uint64_t ns[ROUNDS];
        struct source s;

        source_begin(&s, 1536, FLUSH_MS, 0, cpu_last());
        for (int i = 0; i < ROUNDS; i++) {
                pause_ns(xskim_random_next(&s.random) % (FLUSH_MS * MS));
                send(&s, 1);
                ns[i] = drained_after_ns(&s, 0, clock_monotonic_ns());
        }
        qsort(ns, ROUNDS, sizeof(ns[0]), ns_compare);
        fprintf(stderr, "lone record, flush 20 ms: median %lu us, p75 %lu us, max %lu us\n",
                ns[ROUNDS / 2] / 1000, ns[ROUNDS * 3 / 4] / 1000, ns[ROUNDS - 1] / 1000);
        cr_assert_lt(ns[ROUNDS * 3 / 4], (FLUSH_MS + 2) * MS);
        all_arrived(&s);
        cr_assert_eq(fill_of(&s), 0);
        cr_assert_eq(rig_counters(&s.rig).doorbells, 0);
        rig_close(&s.rig);
}

/* An idle worker does one system call for each flush time that passes, and sleeps in it. */
Test(doorbell, leaves_an_idle_worker_asleep, .timeout = 60) {
        enum { FLUSH_MS = 10, FLUSHES = 150, SLACK = 5 };
        struct worker_report before, after;
        struct source s;

        source_begin(&s, 1536, FLUSH_MS, 0, cpu_last());
        cr_assert_eq(worker_fold(s.rig.worker), 0);
        worker_report(s.rig.worker, &before);
        usleep(FLUSH_MS * FLUSHES * 1000);
        cr_assert_eq(worker_fold(s.rig.worker), 0);
        worker_report(s.rig.worker, &after);
        fprintf(stderr, "idle: %lu system calls, %lu wake-ups, %.3f %% of a core\n",
                after.system_calls - before.system_calls, after.wakeups - before.wakeups,
                (double)(after.cpu_ns - before.cpu_ns) * 100 / (FLUSH_MS * FLUSHES * 1e6));
        cr_assert_leq(after.system_calls - before.system_calls, FLUSHES + SLACK);
        cr_assert_geq(after.system_calls - before.system_calls, FLUSHES / 4);
        cr_assert_leq(after.wakeups - before.wakeups, FLUSHES + SLACK);
        cr_assert_lt(after.cpu_ns - before.cpu_ns, FLUSH_MS * FLUSHES * MS / 20);
        rig_close(&s.rig);
}

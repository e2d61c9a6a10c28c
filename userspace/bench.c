/* SPDX-License-Identifier: BSD-2-Clause */
/* The experiment of `xskim bench`: owns its parts, the order of its phases and what it says. See
 * xskim_bench.h; what a slice is in bench_throughput.c and bench_latency.c, what figures are made
 * of them in bench_outcome.c. */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "bench_config.h"
#include "bench_private.h"
#include "clock.h"
#include "inference.h"
#include "log.h"
#include "netdev.h"
#include "privilege.h"
#include "quantile.h"
#include "util.h"

enum {
        NS_A_MS = 1000000,
        NS_A_SECOND = 1000000000,
        SLICES_MAX = 1 << 20, /* 80 MB */
        LATENCY_SHARE = 3,    /* of the time: a third */
        COUNTERS_STEP_NS = 300000,
        COUNTERS_STEPS_MAX = 300,
        CLOCK_READINGS = 1000,
        PRECEDENCE = -20,
};

/* ---- what the phases share ---- */

bool bench_is_over(const struct xskim_bench *b, uint64_t end_ns) {
        return b->interrupted || clock_monotonic_ns() >= end_ns;
}

void bench_pause(uint64_t ns) {
        const struct timespec time = {.tv_sec = (time_t)(ns / NS_A_SECOND),
                                      .tv_nsec = (long)(ns % NS_A_SECOND)};

        clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

void bench_tell(struct xskim_bench *b, enum xskim_bench_phase phase, const char *what) {
        uint64_t now = clock_monotonic_ns();
        struct xskim_bench_progress progress = {
                .phase = phase,
                .blocks = b->blocks,
                .precision_percent = b->precision_percent,
                .what = what,
        };

        if (!b->watch || !b->watch->interval_ms ||
            now - b->watched_ns < (uint64_t)b->watch->interval_ms * NS_A_MS)
                return;
        b->watched_ns = now;
        if (b->end_ns > now)
                progress.remaining_s = (double)(b->end_ns - now) / NS_A_SECOND;
        progress.share = 1 - progress.remaining_s * NS_A_SECOND / (double)(b->end_ns - b->start_ns);
        b->watch->progress(b->watch->context, &progress);
}

struct bench_share bench_share_begin(void) {
        return (struct bench_share){.start_ns = clock_monotonic_ns()};
}

bool bench_share_is_due(const struct bench_share *share) {
        return share->taken_ns * 2 <= clock_monotonic_ns() - share->start_ns;
}

void bench_share_take(struct bench_share *share) {
        share->since_ns = clock_monotonic_ns();
}

void bench_share_give(struct bench_share *share) {
        share->taken_ns += clock_monotonic_ns() - share->since_ns;
}

uint32_t bench_order(struct xskim_bench *b, bool slow, uint32_t *order) {
        uint32_t all[XSKIM_BENCH_CONDITIONS_MAX], count = 0;

        inference_shuffle(all, b->config.condition_count, &b->random);
        for (uint32_t i = 0; i < b->config.condition_count; i++) {
                /* of bulk TCP all are slow, and none is slower than another */
                bool is_slow = b->config.path != XSKIM_BENCH_PATH_tcp &&
                               conditions_is_slow(b->conditions, all[i]);

                if (!b->out[all[i]] && is_slow == slow)
                        order[count++] = all[i];
        }
        return count;
}

/* What was sent is through when the port counts no more. */
static int port_packets(struct xskim_bench *b, uint64_t *ret_packets) {
        struct netdev_counters now;
        uint64_t before = UINT64_MAX;
        int r = 0;

        for (int i = 0; i < COUNTERS_STEPS_MAX; i++) {
                r = netdev_counters(b->arena->rx.ifindex, &now);
                if (r < 0)
                        return r;
                if (now.packets == before)
                        break;
                before = now.packets;
                bench_pause(COUNTERS_STEP_NS);
        }
        *ret_packets = before;
        return r;
}

int bench_visit_begin(struct xskim_bench *b, unsigned int condition,
                      struct bench_visit *ret_visit) {
        int r = conditions_enter(b->conditions, condition);

        if (r == CONDITIONS_CANNOT && !condition)
                return -ENOTSUP; /* without a baseline there is nothing to compare with */
        if (r == CONDITIONS_CANNOT) {
                error_clear();
                b->out[condition] = true;
                return BENCH_LEFT_OUT;
        }
        r = r < 0 ? r : arena_enter(b->arena, ARENA_RECEIVER);
        ret_visit->condition = condition;
        if (r < 0)
                return r;
        r = port_packets(b, &ret_visit->packets_before);
        if (r < 0)
                arena_leave(b->arena);
        return r;
}

int bench_visit_end(struct xskim_bench *b, const struct bench_visit *visit) {
        uint64_t packets = visit->packets_before;
        int back, r = arena_enter(b->arena, ARENA_RECEIVER);

        r = r < 0 ? r : port_packets(b, &packets);
        back = arena_leave(b->arena);
        conditions_truth(b->conditions, visit->condition, packets - visit->packets_before);
        return r < 0 ? r : back;
}

/* ---- opening ---- */

/* Whoever sends has the packet path on its CPU; all others are on another, if there is one. */
static void cpus_choose(int *ret_sender, int *ret_others) {
        cpu_set_t allowed;

        *ret_sender = *ret_others = -1;
        if (sched_getaffinity(0, sizeof(allowed), &allowed) || CPU_COUNT(&allowed) < 2)
                return;
        for (int cpu = 0; cpu < CPU_SETSIZE && *ret_others < 0; cpu++) {
                if (!CPU_ISSET((size_t)cpu, &allowed))
                        continue;
                if (*ret_sender < 0)
                        *ret_sender = cpu;
                else
                        *ret_others = cpu;
        }
}

static int memory_get(struct xskim_bench *b) {
        uint64_t slices = b->config.max_time_ms / b->config.slice_ms;
        uint64_t paced = b->config.max_time_ms / BENCH_LATENCY_SLICE_MS;

        b->slice_max = (uint32_t)MIN(slices + XSKIM_BENCH_CONDITIONS_MAX, (uint64_t)SLICES_MAX);
        b->latency_slice_max = (uint32_t)MIN(paced + XSKIM_BENCH_LOADS, (uint64_t)SLICES_MAX);
        b->slices = calloc(b->slice_max, sizeof(*b->slices));
        b->latency_slices = calloc(b->latency_slice_max, sizeof(*b->latency_slices));
        b->latencies = calloc((size_t)b->config.condition_count * XSKIM_BENCH_LOADS,
                              sizeof(*b->latencies));
        b->scratch = calloc(MAX(b->slice_max, b->latency_slice_max), sizeof(*b->scratch));
        if (!b->slices || !b->latency_slices || !b->latencies || !b->scratch)
                return error_set(-ENOMEM, "bench: no memory for %u slices", b->slice_max);
        return 0;
}

/* Sender, receiver, collectors and other programs are all this thread's children, and take
 * precedence of everybody else alike: what the machine does besides is not to be measured. Within
 * this session (setsid) only, where the kernel groups tasks by that (sched(7), autogroups). */
static void precedence_take(struct xskim_bench *b) {
        b->nice = getpriority(PRIO_PROCESS, 0);
        setpriority(PRIO_PROCESS, 0, PRECEDENCE);
}

static void precedence_return(const struct xskim_bench *b) {
        setpriority(PRIO_PROCESS, 0, b->nice);
}

static int parts_open(struct xskim_bench *b) {
        const struct xskim_bench_config *c = &b->config;
        const struct arena_config arena = {
                .path = c->path, .tx_port = c->tx_port, .rx_port = c->rx_port};
        int sender_cpu, other_cpu;
        int r = arena_open(&arena, &b->arena);

        cpus_choose(&sender_cpu, &other_cpu);
        if (r >= 0) {
                const struct conditions_config config = {
                        .arena = b->arena,
                        .asked = c->conditions,
                        .count = c->condition_count,
                        .tier = c->tier,
                        .collector_cpu = other_cpu,
                        .settle_ms = c->settle_ms,
                };

                r = conditions_open(&config, &b->conditions);
        }
        if (r >= 0)
                r = receiver_open(&(struct receiver_config){.arena = b->arena, .cpu = other_cpu},
                                  &b->receiver);
        if (r >= 0)
                r = load_open(&(struct load_config){.arena = b->arena,
                                                    .packet_bytes = c->packet_bytes,
                                                    .cpu = sender_cpu},
                              &b->load);
        return r;
}

static void seed_take(struct xskim_bench *b) {
        if (!b->config.seed && getrandom(&b->config.seed, sizeof(b->config.seed), 0) < 0)
                b->config.seed = clock_unix_ns();
        b->config.seed = b->config.seed ? b->config.seed : 1;
        b->random = b->config.seed;
}

int xskim_bench_open(const struct xskim_bench_config *config, struct xskim_bench **ret_bench) {
        struct xskim_bench *b;
        int r;

        error_clear();
        r = bench_config_check(config);
        r = r < 0 ? r : privilege_require();
        if (r < 0)
                return r;
        b = calloc(1, sizeof(*b));
        if (!b)
                return error_set(-ENOMEM, "bench: no memory");
        b->config = *config;
        b->precision_percent = NAN;
        for (unsigned int c = 0; c < XSKIM_BENCH_CONDITIONS_MAX; c++)
                b->ns_per_packet[c] = b->ns_per_packet_statistics[c] = NAN;
        seed_take(b);
        r = memory_get(b);
        precedence_take(b);
        r = r < 0 ? r : parts_open(b);
        if (r < 0) {
                xskim_bench_close(b);
                return r;
        }
        *ret_bench = b;
        return 0;
}

struct xskim_bench *xskim_bench_close(struct xskim_bench *b) {
        bool told = error_is_set();

        if (!b)
                return NULL;
        b->load = load_close(b->load);
        b->receiver = receiver_close(b->receiver);
        b->conditions = conditions_close(b->conditions);
        b->arena = arena_close(b->arena);
        precedence_return(b);
        error_forget(told);
        free(b->slices);
        free(b->latency_slices);
        free(b->latencies);
        free(b->scratch);
        free(b);
        return NULL;
}

void xskim_bench_interrupt(struct xskim_bench *b) {
        b->interrupted = true;
}

/* ---- the experiment ---- */

static bool latency_is_wanted(const struct xskim_bench *b) {
        return b->config.latency && (b->config.path == XSKIM_BENCH_PATH_stack ||
                                     b->config.path == XSKIM_BENCH_PATH_forward);
}

static int phases_run(struct xskim_bench *b) {
        uint64_t latency_end_ns;
        int r;

        b->start_ns = clock_monotonic_ns();
        b->end_ns = b->start_ns + b->config.max_time_ms * NS_A_MS;
        r = bench_programs(b);
        if (r >= 0 && latency_is_wanted(b) && !b->interrupted)
                r = bench_search(b);
        if (r >= 0 && b->no_drop_pps) {
                latency_end_ns = clock_monotonic_ns();
                latency_end_ns += (b->end_ns - MIN(latency_end_ns, b->end_ns)) / LATENCY_SHARE;
                r = bench_latency(b, latency_end_ns);
        }
        return r < 0 ? r : bench_throughput(b, b->end_ns);
}

static double clock_ns(void) {
        uint64_t start = clock_monotonic_ns();

        for (int i = 0; i < CLOCK_READINGS; i++)
                clock_monotonic_ns();
        return (double)(clock_monotonic_ns() - start) / (CLOCK_READINGS + 1);
}

static void latencies_fill(struct xskim_bench *b, struct xskim_bench_result *result) {
        for (unsigned int c = 0; c < result->outcome_count; c++) {
                for (uint32_t load = 0; load < XSKIM_BENCH_LOADS; load++) {
                        const struct histogram *h = &b->latencies[c * XSKIM_BENCH_LOADS + load];
                        struct xskim_bench_latency *latency = &result->outcomes[c].latency[load];
                        const struct histogram_view view = histogram_view(h);

                        if (!h->samples)
                                continue;
                        quantile_fill(&view, &latency->distribution);
                        quantile_curve(&view, &latency->curve);
                }
        }
}

static void bias_fill(struct xskim_bench *b, struct xskim_bench_bias *bias) {
        const struct histogram_view view = histogram_view(&b->latencies[0]); /* idle, baseline */
        struct bench_lateness *lateness = &b->lateness;
        struct xskim_distribution idle = {0};

        if (b->latencies[0].samples)
                quantile_fill(&view, &idle);
        bias->clock_ns = (uint64_t)(clock_ns() + 0.5);
        bias->back_to_back_p50_ns = idle.quantiles[XSKIM_P50].value;
        bias->back_to_back_p99_ns = idle.quantiles[XSKIM_P99].value;
        if (!lateness->count)
                return;
        bias->sender_p50_ns = (uint64_t)inference_median(lateness->p50_ns, lateness->count).median;
        bias->sender_p99_ns = (uint64_t)inference_median(lateness->p99_ns, lateness->count).median;
}

static void outcomes_fill(struct xskim_bench *b, struct xskim_bench_result *result) {
        const struct bench_slices slices = {
                .slices = b->slices,
                .count = b->slice_count,
                .latency_slices = b->latency_slices,
                .latency_count = b->latency_slice_count,
                .scratch = b->scratch,
        };

        for (unsigned int c = 0; c < result->outcome_count; c++) {
                struct xskim_bench_outcome *outcome = &result->outcomes[c];

                outcome->ns_per_packet = b->ns_per_packet[c];
                outcome->ns_per_packet_statistics = b->ns_per_packet_statistics[c];
                bench_outcome_throughput(&slices, c, outcome);
                bench_outcome_latency(&slices, c, outcome);
                outcome->failed |= b->out[c];
        }
        result->has_null =
                result->outcome_count > 1 &&
                bench_condition_is_same(&b->config.conditions[0], &b->config.conditions[1]);
        result->null_loss_percent = result->null_added_p99_ns =
                (struct xskim_bench_interval){.median = NAN, .low = NAN, .high = NAN};
        if (!result->has_null)
                return;
        result->null_loss_percent = result->outcomes[1].loss_percent;
        result->null_added_p99_ns = result->outcomes[1].added_p99_ns;
}

static void result_fill(struct xskim_bench *b, struct xskim_bench_result *result) {
        result->path = b->config.path;
        result->packet_bytes = b->config.packet_bytes;
        result->seed = b->config.seed;
        result->duration_s = (double)(clock_monotonic_ns() - b->start_ns) / NS_A_SECOND;
        result->blocks = b->blocks;
        result->interrupted = b->interrupted;
        result->precision_asked_percent = b->config.precision_percent;
        result->precision_percent = b->precision_percent;
        result->precision_reached = b->precision_percent <= b->config.precision_percent;
        snprintf(result->port, sizeof(result->port), "%s", b->arena->rx.name);
        snprintf(result->driver, sizeof(result->driver), "%s", b->arena->rx.driver);
        snprintf(result->xdp, sizeof(result->xdp), "native");
        result->no_drop_pps = b->no_drop_pps;
        result->loss_tolerance = b->config.loss_tolerance;
        result->outcome_count = b->config.condition_count;
        result->slices = b->slices;
        result->slice_count = b->slice_count;
        result->latency_slices = b->latency_slices;
        result->latency_slice_count = b->latency_slice_count;
}

int xskim_bench_run(struct xskim_bench *b, const struct xskim_bench_watch *watch,
                    struct xskim_bench_result *ret_result) {
        int finished, slack_ns, r;

        error_clear();
        *ret_result = (struct xskim_bench_result){0};
        b->watch = watch;
        /* Else the kernel adds 50 us to each pause. */
        slack_ns = prctl(PR_GET_TIMERSLACK);
        prctl(PR_SET_TIMERSLACK, 1);
        r = phases_run(b);
        prctl(PR_SET_TIMERSLACK, slack_ns);
        result_fill(b, ret_result);
        finished = conditions_finish(b->conditions, ret_result->outcomes);
        bias_fill(b, &ret_result->bias);
        outcomes_fill(b, ret_result);
        latencies_fill(b, ret_result);
        return r < 0 ? r : finished;
}

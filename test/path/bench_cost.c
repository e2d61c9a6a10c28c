/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a session says it costs while it watches, held against what an experiment finds: the time of
 * its sampler beyond a program that does nothing, by the kernel's run-time statistics, in packets
 * that go through the stack in both cases.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include <xskim/control.h>

#include "affinity.h"
#include "lab.h"
#include "util.h"

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

enum {
        PACKETS = 4000000, /* some hundred runs are timed */
        BYTES = 60,        /* 64 with FCS */
        ROUNDS = 5,        /* each right beside the other; the median of their ratios counts */
        ROUNDS_MAX = 15,   /* when that of the first is off: a machine that is not quiet */
        BENCH_MS = 1000,   /* of what is not looked at here: the programs are timed before */
};
static const double AGREE = 1.2;

static const uint32_t rates[] = {1, 64};

struct found {
        double empty_ns;
        double sampler_ns[ARRAY_SIZE(rates)];
};

static void bench_configure(struct xskim_bench_config *config) {
        xskim_bench_config_init(config);
        config->latency = false;
        config->max_time_ms = BENCH_MS;
        config->condition_count = 2;
        config->conditions[0] = config->conditions[1] =
                (struct xskim_bench_condition){.kind = XSKIM_BENCH_KIND_empty};
        for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
                config->conditions[config->condition_count++] = (struct xskim_bench_condition){
                        .kind = XSKIM_BENCH_KIND_sample, .number = rates[i]};
}

static struct found bench(void) {
        static const struct xskim_bench_watch quiet;
        static struct xskim_bench_result result;
        struct xskim_bench_config config;
        struct xskim_bench *bench;
        struct found found;

        bench_configure(&config);
        cr_assert_eq(xskim_bench_open(&config, &bench), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_bench_run(bench, &quiet, &result), 0, "%s", xskim_error_message());
        found.empty_ns = (result.outcomes[0].ns_per_packet_statistics +
                          result.outcomes[1].ns_per_packet_statistics) /
                         2;
        for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
                found.sampler_ns[i] =
                        result.outcomes[2 + i].ns_per_packet_statistics - found.empty_ns;
        xskim_bench_close(bench);
        return found;
}

/* As in the experiment: the packet path on the first CPU, the worker on the second. */
static void cpus_apart(struct xskim_config *config) {
        config->cpus[0] = 1;
        config->cpu_count = 1;
        affinity_set(pthread_self(), 0);
}

/* As xskim watch states it. */
static double live_ns(uint32_t sample) {
        struct xskim_snapshot summary;
        struct xskim_config config;
        struct xskim_session *session;
        uint8_t packet[BYTES];

        xskim_config_init(&config);
        config.ports[0] = LAB_PORT;
        config.port_count = 1;
        config.sample = sample;
        cpus_apart(&config);
        session = lab_session_open(&config);
        cr_assert_eq(lab_send(LAB_PEER, packet, lab_udp(packet, BYTES, 1, 2), PACKETS), PACKETS);
        lab_session_summary(session, &summary);
        cr_assert_geq(summary.cost.timed_runs, PACKETS / XSKIM_TIMED_EVERY / 2);
        return summary.cost.ns_per_packet_mean;
}

static int double_compare(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* Of what is stated to what is measured; sorted when they were looked at. */
static double ratios[ARRAY_SIZE(rates)][ROUNDS_MAX];

static void round_take(int round) {
        struct found found = bench();

        for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
                double stated_ns = live_ns(rates[i]);

                fprintf(stderr,
                        "1 in %u: watch states %.1f ns a packet, the bench measures %.1f "
                        "(an empty program %.1f)\n",
                        rates[i], stated_ns, found.sampler_ns[i], found.empty_ns);
                ratios[i][round] = stated_ns / found.sampler_ns[i];
        }
}

static bool agree(size_t rate, int rounds) {
        double median;

        qsort(ratios[rate], (size_t)rounds, sizeof(ratios[rate][0]), double_compare);
        median = ratios[rate][rounds / 2];
        return median < AGREE && median > 1 / AGREE;
}

Test(bench_cost, what_watch_states_is_what_the_bench_measures, .timeout = 300) {
        int rounds = 0;
        bool settled = false;

        if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
                lab_skip("the packet path and the worker want a CPU each");
        while (!settled && rounds < ROUNDS_MAX) {
                round_take(rounds++);
                settled = rounds >= ROUNDS;
                for (size_t i = 0; i < ARRAY_SIZE(rates) && settled; i++)
                        settled = agree(i, rounds);
        }
        for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
                cr_expect(agree(i, rounds), "1 in %u: stated is %.2f [%.2f, %.2f] of measured",
                          rates[i], ratios[i][rounds / 2], ratios[i][0], ratios[i][rounds - 1]);
}

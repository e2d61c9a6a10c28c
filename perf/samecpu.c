/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The collector on the CPU of the packet path: packets/s against two CPUs, without losing a record.
 *
 * The producer runs the sampler as fast as it can, in runs of a fixed number of records, and yields
 * when the next run might find the staging ring full; above the high-water mark the doorbell has
 * rung, so on one CPU the scheduler then runs the worker, on two the producer just waits. (On a
 * real path too many packets would be lost on one CPU, whoever watches; here a lost record would
 * make a packet cheaper, so none may be lost.) 1 in 64, the default, and every packet.
 *
 * usage: perf-samecpu [--json]
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <xskim/control.h>

#include "bench.h"
#include "lab.h"
#include "util.h"
#include "way.h"

enum {
        SAMECPU_SLICES = 31,
        SAMECPU_SLICE_NS = 50000000,
        SAMECPU_RECORDS = 192, /* a run, on average */
        SAMECPU_ROOM = 300,    /* records that a run may leave, 8 standard deviations up */
};

struct contender {
        struct way *way;
        struct way_config config;
        double rate[SAMECPU_SLICES];
};

static void contender_open(struct contender *c, const char *port, uint32_t sample, int cpu) {
        c->config = way_config_default(port, lab_port(port));
        c->config.sample = sample;
        c->config.collector_cpu = cpu;
        c->way = way_open(WAY_carriers, &c->config);
}

static void slice(struct contender *c, int number) {
        uint64_t start_ns = bench_now_ns(), now_ns, packets = 0;
        uint32_t run = SAMECPU_RECORDS * c->config.sample;

        while ((now_ns = bench_now_ns()) < start_ns + SAMECPU_SLICE_NS) {
                if (way_waiting(c->way) + SAMECPU_ROOM > c->config.ring_slots) {
                        sched_yield();
                        continue;
                }
                lab_run_ns(way_program(c->way), lab_packet_udp64(), run);
                packets += run;
        }
        c->rate[number] = 1e9 * (double)packets / (double)(now_ns - start_ns);
        /* sleeping lets a worker on this CPU go on */
        while (!way_is_drained(c->way))
                lab_pause_ns(1000000);
}

static void lost_refuse(struct contender *c) {
        struct way_counts counts;

        way_counts(c->way, &counts);
        if (!counts.lost)
                return;
        fprintf(stderr, "perf: %llu records lost where none can be\n",
                (unsigned long long)counts.lost);
        exit(EXIT_FAILURE);
}

static struct bench_figure compare(uint32_t sample, const char *same_port, const char *two_port) {
        static struct contender same, two;
        struct bench_figure figure;

        contender_open(&same, same_port, sample, LAB_PATH_CPU);
        contender_open(&two, two_port, sample, LAB_COLLECTOR_CPU);
        for (int i = -1; i < SAMECPU_SLICES; i++) {
                slice(&same, MAX(i, 0));
                slice(&two, MAX(i, 0));
        }
        lost_refuse(&same);
        lost_refuse(&two);
        way_close(same.way);
        way_close(two.way);
        figure = bench_compare(same.rate, two.rate, SAMECPU_SLICES, BENCH_RATIO_AT_LEAST, 0.8);
        figure.unit = "packets/s";
        figure.baseline_name = "two CPUs";
        return figure;
}

int main(int argc, char **argv) {
        struct bench_figure figures[2];

        lab_open();
        lab_pin(LAB_PATH_CPU);
        figures[0] = compare(64, "same64", "two64");
        figures[0].name = "samecpu_sample64";
        figures[1] = compare(1, "same1", "two1");
        figures[1].name = "samecpu_sample1";
        for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
                bench_print(&figures[i], bench_wants_json(argc, argv));
        return bench_status(figures, ARRAY_SIZE(figures));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one worker can do, every packet sampled, 64-byte UDP, producer and worker each on a CPU.
 *
 *   worker_rate            records/s decoded while the producer fills as fast as it can, against
 *                          the better ring buffer, whose collector is awake and decodes the same
 *   worker_rate_ratio      the same figure, bounded by its ratio
 *   worker_cpu             CPU ns a record there
 *   worker_lost_3m         records lost at a steady 3 million/s, with large rings (`--ring-slots`;
 *                          the note says what they take); the ledger balances, or the benchmark
 *                          ends with an error
 *   worker_lost_3m_default_rings  the same with the default ones; no bound
 *   worker_calls_100k, _1m system calls of the worker per 1000 records, at a steady rate
 *
 * usage: perf-worker [--json]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/control.h>
#include <xskim/record.h>

#include "bench.h"
#include "lab.h"
#include "util.h"
#include "way.h"

enum {
        WORKER_SLICES = 15,
        WORKER_RUNS = 4, /* of the driver, in a slice */
        WORKER_RUN = 200000,
        WORKER_PACED_SLICES = 7,
        WORKER_PACED_NS = 300000000,
};

enum { CARRIERS, SHARED, EACH, CONTENDERS };

static const enum way_kind KINDS[CONTENDERS] = {
        [CARRIERS] = WAY_carriers,
        [SHARED] = WAY_ringbuf_shared,
        [EACH] = WAY_ringbuf_each,
};

struct contender {
        struct way *way;
        double rate[WORKER_SLICES];
        double cpu_ns[WORKER_SLICES];
};

static struct way *contender_open(int number) {
        static const char *const PORTS[CONTENDERS] = {"carriers", "shared", "each"};
        struct way_config config = way_config_default(PORTS[number], lab_port(PORTS[number]));

        return way_open(KINDS[number], &config);
}

/* Rates are taken while the producer runs; the figures of the threads around it. */
static void slice(struct contender *c, int number) {
        struct way_counts before, after;
        uint64_t start_ns, start;

        way_activate(c->way, true);
        way_counts(c->way, &before);
        start_ns = bench_now_ns();
        start = way_taken(c->way);
        for (int i = 0; i < WORKER_RUNS; i++)
                lab_run_ns(way_program(c->way), lab_packet_udp64(), WORKER_RUN);
        c->rate[number] =
                1e9 * (double)(way_taken(c->way) - start) / (double)(bench_now_ns() - start_ns);
        way_counts(c->way, &after);
        way_activate(c->way, false);
        c->cpu_ns[number] = (double)(after.collector_cpu_ns - before.collector_cpu_ns) /
                            (double)(after.decoded - before.decoded);
        way_drain(c->way);
}

static struct bench_figure compare(const double *values, const double *baselines,
                                   enum bench_bound kind, double bound) {
        double x[WORKER_SLICES], y[WORKER_SLICES];

        memcpy(x, values, sizeof(x));
        memcpy(y, baselines, sizeof(y));
        return bench_compare(x, y, WORKER_SLICES, kind, bound);
}

static int saturated(bool json) {
        static struct contender contenders[CONTENDERS];
        struct contender *xskim = &contenders[CARRIERS], *peer;
        struct bench_figure figures[3];
        double shared[WORKER_SLICES], each[WORKER_SLICES];

        for (int i = 0; i < CONTENDERS; i++)
                contenders[i].way = contender_open(i);
        for (int s = -1; s < WORKER_SLICES; s++)
                for (int i = 0; i < CONTENDERS; i++)
                        slice(&contenders[i], MAX(s, 0));
        memcpy(shared, contenders[SHARED].rate, sizeof(shared));
        memcpy(each, contenders[EACH].rate, sizeof(each));
        peer = &contenders[bench_median(shared, WORKER_SLICES).value >
                                           bench_median(each, WORKER_SLICES).value
                                   ? SHARED
                                   : EACH];
        figures[0] = compare(xskim->rate, peer->rate, BENCH_VALUE_AT_LEAST, 6e6);
        figures[0].name = "worker_rate";
        figures[1] = compare(xskim->rate, peer->rate, BENCH_RATIO_AT_LEAST, 1.5);
        figures[1].name = "worker_rate_ratio";
        figures[2] = compare(xskim->cpu_ns, peer->cpu_ns, BENCH_NONE, NAN);
        figures[2].name = "worker_cpu";
        for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
                figures[i].unit = i < 2 ? "records/s" : "ns/record";
                figures[i].baseline_name = way_name(peer->way);
                figures[i].note = "the peer is awake and looks every 5 us";
                bench_print(&figures[i], json);
        }
        for (int i = 0; i < CONTENDERS; i++)
                way_close(contenders[i].way);
        return bench_status(figures, ARRAY_SIZE(figures));
}

/* One steady rate. */
struct pace {
        const char *name;
        uint32_t burst; /* packets in one run of the driver */
        uint64_t every_ns;
        bool is_loss;   /* what the figure is: records lost, or system calls */
        double bound;   /* NAN: none */
        uint32_t slots; /* of a ring; 0: the default */
};

static const struct pace PACES[] = {
        /* A virtual machine's CPU stands still for some ms now and then; what comes meanwhile, and
         * what the producer makes up for after it, fits large rings. The default ones hold 0.5 ms.
         */
        {"worker_lost_3m", 96, 32000, true, 0, XSKIM_RING_SLOTS_MAX},
        {"worker_lost_3m_default_rings", 96, 32000, true, NAN, 0},
        {"worker_calls_100k", 20, 200000, false, 4, 0},
        {"worker_calls_1m", 50, 50000, false, 2, 0},
};

/* Late runs are made up for, as a NIC would. */
static double pace_keep(struct way *way, const struct pace *pace) {
        uint64_t start_ns = bench_now_ns(), due_ns = start_ns, packets = 0, now_ns;

        while ((now_ns = bench_now_ns()) < start_ns + WORKER_PACED_NS) {
                if (now_ns < due_ns)
                        continue;
                lab_run_ns(way_program(way), lab_packet_udp64(), pace->burst);
                packets += pace->burst;
                due_ns += pace->every_ns;
        }
        return 1e9 * (double)packets / (double)(now_ns - start_ns);
}

static int paced(struct way *way, const struct pace *pace, uint32_t slots, bool json) {
        double values[WORKER_PACED_SLICES], rates[WORKER_PACED_SLICES];
        struct way_counts before, after;
        struct bench_figure figure;
        char note[128];

        for (int i = 0; i < WORKER_PACED_SLICES; i++) {
                way_counts(way, &before);
                rates[i] = pace_keep(way, pace);
                way_drain(way);
                way_counts(way, &after);
                values[i] = pace->is_loss
                                    ? (double)(after.lost - before.lost)
                                    : 1000.0 * (double)(after.system_calls - before.system_calls) /
                                              (double)(after.decoded - before.decoded);
        }
        figure = bench_compare(values, NULL, WORKER_PACED_SLICES,
                               isnan(pace->bound) ? BENCH_NONE : BENCH_VALUE_AT_MOST, pace->bound);
        figure.name = pace->name;
        figure.unit = pace->is_loss ? "records" : "calls/1000";
        snprintf(note, sizeof(note), "at %.3g records/s, in bursts of %u, rings %u KB a CPU%s",
                 bench_median(rates, WORKER_PACED_SLICES).value, pace->burst,
                 slots * XSKIM_RECORD_BYTES / 1024, pace->is_loss ? "; the worst slice" : "");
        figure.note = note;
        if (pace->is_loss) /* the worst slice counts, not the median one */
                figure.value = values[WORKER_PACED_SLICES - 1];
        bench_print(&figure, json);
        return bench_status(&figure, 1);
}

static int paced_alone(const struct pace *pace, bool json) {
        static char name[] = "paced0";
        struct way_config config = way_config_default(name, lab_port(name));
        struct way *way;
        int status;

        if (pace->slots)
                config.ring_slots = pace->slots;
        way = way_open(WAY_carriers, &config);
        status = paced(way, pace, config.ring_slots, json);
        way_close(way);
        name[5]++; /* the next one's port */
        return status;
}

int main(int argc, char **argv) {
        bool json = bench_wants_json(argc, argv);
        int one, status;

        lab_open();
        lab_pin(LAB_PATH_CPU);
        status = saturated(json);
        for (size_t i = 0; i < ARRAY_SIZE(PACES); i++) {
                one = paced_alone(&PACES[i], json);
                status = MAX(status, one);
        }
        return status;
}

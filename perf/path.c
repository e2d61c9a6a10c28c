/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a packet costs on the packet path.
 *
 * path_sample1: every packet leaves a record, at a steady 3 million a second, while the collector
 * on the other CPU takes them away. xskim against the better of two BPF ring buffers (one shared,
 * one for each CPU) under the same sampler; ns a run of the program, the driver's own loop included
 * in both. Half 64-byte UDP, half 1500-byte TCP. The ring buffers' collector is awake, as xskim's
 * worker is at that rate, and looks as often as it does. A slice in which either of them loses a
 * record (the host took a CPU away) does not count and is repeated. More of the same:
 *   _net      without the driver's loop, as an empty program measures it
 *   _way_out  without all that is the same in both, as the sampler measures it that leaves no
 *             record: what the way out itself costs
 *   _least    the ratio that a way out would have that costs nothing
 *
 * path_burst_sample1: the same in bursts that each ring holds, with the collectors asleep; all
 * records are awaited after each. The ring buffers' collector polls with xskim's flush time. The
 * burst passes xskim's high-water mark: its doorbell is included.
 *
 * path_sustained: without pauses, so long that all of them may lose records (a lost record is
 * cheaper than a kept one). No bound; path_sustained_lost says how much is lost.
 *
 * path_sample1000: 1 in 1000, over the empty program, both tiers; the same mix.
 *
 * path_line_transfer: what all of the above depends on, and what virtual machines change from hour
 * to hour: how long a cache line takes from one CPU to the other.
 *
 * Called perf-path-2cpu: bursts only, with two producers at the same time, the collector on the CPU
 * of the second.
 *
 * usage: perf-path [--json], perf-path-2cpu [--json]
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "lab.h"
#include "util.h"
#include "way.h"

enum {
        PATH_WARM = 128,
        PATH_BURST = 1216, /* with the above 7/8 of the default ring; more fit a ring buffer */
        PATH_BURSTS = 8,   /* in a slice: a ring in use stays in the caches */
        PATH_SLICES = 61,
        PATH_LONG_SLICES = 21,
        PATH_SUSTAINED = 200000,
        PATH_THIN = 1000000,
        PATH_PRODUCERS_MAX = 2,
        PATH_STEADY_CHUNK = 96, /* packets in a run of the driver, every so many ns: 3 million/s */
        PATH_STEADY_NS = 32000,
        PATH_STEADY_LEAD = 64, /* chunks before the first that counts */
        PATH_STEADY_CHUNKS = 312,
        PATH_STEADY_TRIES = 20,
};

enum { EMPTY, NOTHING, CARRIERS, SHARED, EACH, CONTENDERS };

static const enum way_kind KINDS[CONTENDERS] = {
        [NOTHING] = WAY_nothing,
        [CARRIERS] = WAY_carriers,
        [SHARED] = WAY_ringbuf_shared,
        [EACH] = WAY_ringbuf_each,
};

static const char *const BASELINES[CONTENDERS] = {
        [EMPTY] = "empty program",
        [SHARED] = "ring buffer, shared",
        [EACH] = "ring buffer, one for each CPU",
};

struct contender {
        struct way *way; /* NULL: the empty program */
        int program;
};

/* A second producer on the other CPU; each burst starts on both when both are there. */
struct producers {
        uint32_t count;
        pthread_t thread;
        pthread_barrier_t go, done;
        _Atomic uint32_t arrived;
        int program; /* of this burst; -1 = end */
        double ns[PATH_PRODUCERS_MAX];
};

static double burst(int program) {
        double ns;

        lab_run_ns(program, lab_packet_udp64(), PATH_WARM);
        ns = lab_run_ns(program, lab_packet_udp64(), PATH_BURST / 2);
        return (ns + lab_run_ns(program, lab_packet_tcp1500(), PATH_BURST / 2)) / 2;
}

static double burst_together(struct producers *p) {
        atomic_fetch_add(&p->arrived, 1);
        while (atomic_load(&p->arrived) < p->count)
                ;
        return burst(p->program);
}

static void *producer_main(void *context) {
        struct producers *p = context;

        lab_pin(LAB_COLLECTOR_CPU);
        for (;;) {
                pthread_barrier_wait(&p->go);
                if (p->program < 0)
                        return NULL;
                p->ns[1] = burst_together(p);
                pthread_barrier_wait(&p->done);
        }
}

static void producers_open(struct producers *p, uint32_t count) {
        *p = (struct producers){.count = count};
        pthread_barrier_init(&p->go, NULL, count);
        pthread_barrier_init(&p->done, NULL, count);
        if (count > 1)
                lab_must(-pthread_create(&p->thread, NULL, producer_main, p), "producer");
}

static void producers_close(struct producers *p) {
        p->program = -1;
        if (p->count > 1) {
                pthread_barrier_wait(&p->go);
                pthread_join(p->thread, NULL);
        }
}

static double burst_of_all(struct producers *p, const struct contender *contender) {
        double ns = 0;

        p->program = contender->program;
        atomic_store(&p->arrived, 0);
        pthread_barrier_wait(&p->go);
        p->ns[0] = burst_together(p);
        pthread_barrier_wait(&p->done);
        if (contender->way)
                way_drain(contender->way);
        for (uint32_t i = 0; i < p->count; i++)
                ns += p->ns[i] / p->count;
        return ns;
}

static double slice(struct producers *p, const struct contender *contender) {
        double ns[PATH_BURSTS];

        for (int i = 0; i < PATH_BURSTS; i++)
                ns[i] = burst_of_all(p, contender);
        return bench_median(ns, PATH_BURSTS).value;
}

static void contenders_open(struct contender *contenders, const char *prefix) {
        static char names[3][CONTENDERS][16];
        static int group;

        for (int i = 0; i < CONTENDERS; i++) {
                char *name = names[group][i];
                struct way_config config;
                int ifindex;

                snprintf(name, sizeof(names[group][i]), "%s%d", prefix, i);
                ifindex = lab_port(name);
                config = way_config_default(name, ifindex);
                contenders[i].way = i == EMPTY ? NULL : way_open(KINDS[i], &config);
                contenders[i].program =
                        i == EMPTY ? lab_empty_program(ifindex) : way_program(contenders[i].way);
        }
        group++;
}

static uint64_t lost(struct contender *contender) {
        struct way_counts counts;

        way_counts(contender->way, &counts);
        return counts.lost;
}

static void contenders_close(struct contender *contenders, bool without_loss) {
        for (int i = NOTHING; i < CONTENDERS; i++) {
                if (without_loss && lost(&contenders[i])) {
                        fprintf(stderr, "perf: %s lost %llu records in bursts that it holds\n",
                                way_name(contenders[i].way),
                                (unsigned long long)lost(&contenders[i]));
                        exit(EXIT_FAILURE);
                }
                way_close(contenders[i].way);
        }
}

static double median(const double *values, size_t count) {
        double *copy CLEANUP(free_cleanup) = malloc(count * sizeof(*copy));

        if (!copy)
                abort();
        memcpy(copy, values, count * sizeof(*copy));
        return bench_median(copy, count).value;
}

/* A contender against the better ring buffer, both less the contender `less` (-1: none); bound NAN:
 * none. Sorts nothing of the caller's. */
static struct bench_figure compare(double (*ns)[PATH_SLICES], size_t count, int whose, int less,
                                   double bound) {
        double values[PATH_SLICES], baselines[PATH_SLICES];
        int best = median(ns[SHARED], count) < median(ns[EACH], count) ? SHARED : EACH;
        struct bench_figure figure;

        for (size_t i = 0; i < count; i++) {
                double off = less < 0 ? 0 : ns[less][i];

                values[i] = ns[whose][i] - off;
                baselines[i] = ns[best][i] - off;
        }
        figure = bench_compare(values, baselines, count,
                               isnan(bound) ? BENCH_NONE : BENCH_RATIO_AT_MOST, bound);
        figure.unit = "ns/packet";
        figure.baseline_name = BASELINES[best];
        return figure;
}

static int figures_print(struct bench_figure *figures, size_t count, bool json) {
        for (size_t i = 0; i < count; i++)
                bench_print(&figures[i], json);
        return bench_status(figures, count);
}

/* The figures of one way of measuring; `least` has no room in the one with two producers. */
static int sample1_print(double (*ns)[PATH_SLICES], size_t count, const char *name, double bound,
                         const char *note, bool json) {
        enum { GROSS, NET, WAY_OUT, LEAST, FIGURES };
        static const char *const SUFFIXES[FIGURES] = {"", "_net", "_way_out", "_least"};
        static char names[FIGURES][64];
        struct bench_figure figures[FIGURES];

        figures[GROSS] = compare(ns, count, CARRIERS, -1, bound);
        figures[NET] = compare(ns, count, CARRIERS, EMPTY, NAN);
        figures[WAY_OUT] = compare(ns, count, CARRIERS, NOTHING, NAN);
        figures[LEAST] = compare(ns, count, NOTHING, -1, NAN);
        for (int i = 0; i < FIGURES; i++) {
                snprintf(names[i], sizeof(names[i]), "%s%s", name, SUFFIXES[i]);
                figures[i].name = names[i];
                figures[i].note = note;
        }
        return figures_print(figures, FIGURES, json);
}

static int sample1_burst(uint32_t producer_count, double bound, bool json) {
        static double ns[CONTENDERS][PATH_SLICES];
        struct contender contenders[CONTENDERS];
        struct producers producers;
        char note[128];

        contenders_open(contenders, "burst");
        producers_open(&producers, producer_count);
        for (int i = -2; i < PATH_SLICES; i++) /* the first rounds warm up */
                for (int c = 0; c < CONTENDERS; c++)
                        ns[c][MAX(i, 0)] = slice(&producers, &contenders[c]);
        producers_close(&producers);
        snprintf(note, sizeof(note), "bursts of %d without loss; rings: xskim %llu B, peer %llu B",
                 PATH_WARM + PATH_BURST,
                 (unsigned long long)way_record_memory(contenders[CARRIERS].way),
                 (unsigned long long)way_record_memory(contenders[EACH].way));
        contenders_close(contenders, true);
        return sample1_print(ns, PATH_SLICES,
                             producer_count > 1 ? "path_2cpu_sample1" : "path_burst_sample1", bound,
                             note, json);
}

/* Chunk after chunk, each when it is due; when the driver is late, later: nothing is made up for.
 */
static double chunks_run(const struct contender *contender, uint32_t chunks) {
        uint64_t due_ns = bench_now_ns();
        double ns = 0;

        for (uint32_t i = 0; i < chunks; i++) {
                const struct lab_packet *packet = i & 1 ? lab_packet_tcp1500() : lab_packet_udp64();

                while (bench_now_ns() < due_ns)
                        ;
                ns += lab_run_ns(contender->program, packet, PATH_STEADY_CHUNK) / chunks;
                due_ns = MAX(due_ns + PATH_STEADY_NS, bench_now_ns());
        }
        return ns;
}

/* Repeats a slice in which records were lost, and counts it. */
static double slice_steady(struct contender *contender, uint32_t *repeated) {
        bool first = true;
        uint64_t before;
        double ns;

        do {
                if (!first && ++*repeated > PATH_STEADY_TRIES * CONTENDERS)
                        lab_must(-ENOBUFS, "records are lost in every slice");
                first = false;
                before = contender->way ? lost(contender) : 0;
                if (contender->way)
                        way_activate(contender->way, true);
                chunks_run(contender, PATH_STEADY_LEAD);
                ns = chunks_run(contender, PATH_STEADY_CHUNKS);
                if (contender->way) {
                        way_drain(contender->way);
                        way_activate(contender->way, false);
                }
        } while (contender->way && lost(contender) != before);
        return ns;
}

static void line_transfer_print(double *ns, bool json) {
        struct bench_figure figure = bench_compare(ns, NULL, PATH_SLICES, BENCH_NONE, NAN);

        figure.name = "path_line_transfer";
        figure.unit = "ns";
        figure.note = "one way, between the CPUs of path and collector; the machine's, not ours";
        bench_print(&figure, json);
}

static int sample1(bool json) {
        static double ns[CONTENDERS][PATH_SLICES], transfer_ns[PATH_SLICES];
        struct contender contenders[CONTENDERS];
        uint32_t repeated = 0;
        char note[128];

        contenders_open(contenders, "steady");
        for (int i = -1; i < PATH_SLICES; i++) {
                for (int c = 0; c < CONTENDERS; c++)
                        ns[c][MAX(i, 0)] = slice_steady(&contenders[c], &repeated);
                transfer_ns[MAX(i, 0)] = lab_line_transfer_ns();
        }
        line_transfer_print(transfer_ns, json);
        snprintf(note, sizeof(note),
                 "3 M/s; nothing lost (%u slices repeated); rings: xskim %llu B,"
                 " peer %llu B",
                 repeated, (unsigned long long)way_record_memory(contenders[CARRIERS].way),
                 (unsigned long long)way_record_memory(contenders[EACH].way));
        contenders_close(contenders, false);
        return sample1_print(ns, PATH_SLICES, "path_sample1", 0.6, note, json);
}

static double slice_long(const struct contender *contender, uint32_t packets) {
        double ns;

        if (contender->way)
                way_activate(contender->way, true);
        ns = lab_run_wall_ns(contender->program, lab_packet_udp64(), packets / 2);
        ns += lab_run_wall_ns(contender->program, lab_packet_tcp1500(), packets / 2);
        if (contender->way) {
                way_drain(contender->way);
                way_activate(contender->way, false);
        }
        return ns / 2;
}

static double lost_percent(struct contender *contender) {
        struct way_counts counts;

        way_counts(contender->way, &counts);
        return 100.0 * (double)counts.lost / (double)counts.sampled;
}

static int sustained(bool json) {
        static double ns[CONTENDERS][PATH_SLICES];
        struct contender contenders[CONTENDERS];
        struct bench_figure figures[2];
        double lost_xskim, lost_peer;

        contenders_open(contenders, "long");
        for (int i = -1; i < PATH_LONG_SLICES; i++)
                for (int c = 0; c < CONTENDERS; c++)
                        ns[c][MAX(i, 0)] = slice_long(&contenders[c], PATH_SUSTAINED);
        lost_xskim = lost_percent(&contenders[CARRIERS]);
        lost_peer = MIN(lost_percent(&contenders[SHARED]), lost_percent(&contenders[EACH]));
        contenders_close(contenders, false);
        figures[0] = compare(ns, PATH_LONG_SLICES, CARRIERS, -1, NAN);
        figures[0].name = "path_sustained";
        figures[0].note = "records may be lost, see path_sustained_lost";
        figures[1] = bench_compare(&lost_xskim, &lost_peer, 1, BENCH_NONE, NAN);
        figures[1].name = "path_sustained_lost";
        figures[1].unit = "%";
        figures[1].baseline_name = "the ring buffer that loses less";
        return figures_print(figures, ARRAY_SIZE(figures), json);
}

/* 1 in 1000 over the empty program, both tiers. */
static int sample1000(bool json) {
        enum { BARE, COUNTS, CLASSES, LEVELS };
        static const enum xskim_tier OF[LEVELS] = {
                [COUNTS] = XSKIM_TIER_COUNTS, [CLASSES] = XSKIM_TIER_CLASSES};
        static const char *const NAMES[LEVELS] = {
                [BARE] = "thin0", [COUNTS] = "thin1", [CLASSES] = "thin2"};
        double ns[LEVELS][PATH_LONG_SLICES], empty[PATH_LONG_SLICES];
        struct contender contenders[LEVELS];
        struct bench_figure figures[2];

        for (int t = BARE; t < LEVELS; t++) {
                int ifindex = lab_port(NAMES[t]);
                struct way_config config = way_config_default(NAMES[t], ifindex);

                config.sample = 1000;
                config.tier = OF[t];
                contenders[t].way = t ? way_open(WAY_carriers, &config) : NULL;
                contenders[t].program =
                        t ? way_program(contenders[t].way) : lab_empty_program(ifindex);
        }
        for (int i = -1; i < PATH_LONG_SLICES; i++)
                for (int t = BARE; t < LEVELS; t++)
                        ns[t][MAX(i, 0)] = slice_long(&contenders[t], PATH_THIN);
        for (int t = COUNTS; t < LEVELS; t++) {
                way_close(contenders[t].way);
                for (int i = 0; i < PATH_LONG_SLICES; i++) {
                        ns[t][i] -= ns[BARE][i];
                        empty[i] = ns[BARE][i];
                }
                figures[t - 1] = bench_compare(ns[t], empty, PATH_LONG_SLICES, BENCH_VALUE_AT_MOST,
                                               t == COUNTS ? 5 : 20);
                figures[t - 1].name = t == COUNTS ? "path_sample1000_counts_over_empty"
                                                  : "path_sample1000_classes_over_empty";
                figures[t - 1].unit = "ns/packet";
                figures[t - 1].baseline_name = BASELINES[EMPTY];
        }
        return figures_print(figures, ARRAY_SIZE(figures), json);
}

int main(int argc, char **argv) {
        bool json = bench_wants_json(argc, argv);
        int status, one;

        lab_open();
        lab_pin(LAB_PATH_CPU);
        if (strstr(argv[0], "path-2cpu"))
                return sample1_burst(2, 0.6, json);
        status = sample1(json);
        one = sample1_burst(1, NAN, json);
        status = MAX(status, one);
        one = sustained(json);
        status = MAX(status, one);
        one = sample1000(json);
        return MAX(status, one);
}

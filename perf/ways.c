/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other ways out against carriers, every packet sampled, all in the same run:
 *
 *   ways_<peer>_path        ns a packet on the packet path (the driver's loop included)
 *   ways_<peer>_collector   CPU ns a record of the collector's thread
 *   ways_<peer>_lost        records lost, of all samples
 *
 * where the value is xskim's and the baseline the peer's. Ring buffers and the mapped staging ring
 * are measured as in path.c: bursts that every ring holds, 64-byte UDP. The self-carrying packet
 * needs a `drop` port and frames that can be redirected: there both are measured with live frames,
 * whose making is most of the ns a packet, in longer bursts that xskim's worker empties meanwhile.
 *
 * A group of slices is one value, interleaved with the same group of the other ways. xskim's worker
 * is asked for its figures before and after; what answering costs is measured and taken off.
 *
 * usage: perf-ways [--json]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "lab.h"
#include "util.h"
#include "way.h"

enum {
        WAYS_WARM = 128,
        WAYS_BURST = 1216,
        WAYS_BURST_LIVE = 16384,
        WAYS_GROUPS = 15,
        WAYS_SLICES = 16, /* a group */
        WAYS_SLICES_LIVE = 4,
};

enum measure { PATH, COLLECTOR, LOST, MEASURES };

static const char *const UNITS[MEASURES] = {
        [PATH] = "ns/packet",
        [COLLECTOR] = "ns/record",
        [LOST] = "%",
};

static const char *const MEASURE_NAMES[MEASURES] = {
        [PATH] = "path",
        [COLLECTOR] = "collector",
        [LOST] = "lost",
};

struct contender {
        enum way_kind kind;
        struct way *way;
        int ifindex;
        char port[16];
        double values[MEASURES][WAYS_GROUPS];
};

static double burst(const struct contender *c, bool live) {
        int program = way_program(c->way);
        double ns;

        if (live) {
                ns = lab_run_live_ns(program, lab_packet_udp64(), WAYS_BURST_LIVE, c->ifindex);
        } else {
                lab_run_ns(program, lab_packet_udp64(), WAYS_WARM);
                ns = lab_run_ns(program, lab_packet_udp64(), WAYS_BURST);
        }
        way_drain(c->way);
        return ns;
}

static void group(struct contender *c, bool live, int number) {
        double ns[WAYS_SLICES];
        int slices = live ? WAYS_SLICES_LIVE : WAYS_SLICES;
        struct way_counts asked, before, after;
        double cpu_ns;

        way_counts(c->way, &asked);
        way_counts(c->way, &before);
        for (int i = 0; i < slices; i++)
                ns[i] = burst(c, live);
        way_counts(c->way, &after);
        cpu_ns = (double)(after.collector_cpu_ns - before.collector_cpu_ns) -
                 (double)(before.collector_cpu_ns - asked.collector_cpu_ns);
        c->values[PATH][number] = bench_median(ns, (size_t)slices).value;
        c->values[COLLECTOR][number] = cpu_ns / (double)(after.decoded - before.decoded);
        c->values[LOST][number] = 100.0 * (double)(after.lost - before.lost) /
                                  (double)(after.sampled - before.sampled);
}

static void contender_open(struct contender *c, enum way_kind kind, bool live) {
        struct way_config config;

        c->kind = kind;
        snprintf(c->port, sizeof(c->port), "%s%d", live ? "drop" : "pass", kind);
        c->ifindex = lab_port(c->port);
        config = way_config_default(c->port, c->ifindex);
        if (live)
                config.verdict = XSKIM_VERDICT_DROP;
        c->way = way_open(kind, &config);
}

static void figure_print(const struct contender *xskim, const struct contender *peer,
                         enum measure measure, bool json) {
        double values[WAYS_GROUPS], baselines[WAYS_GROUPS];
        struct bench_figure figure;
        char name[64], note[96];

        for (int i = 0; i < WAYS_GROUPS; i++) {
                values[i] = xskim->values[measure][i];
                baselines[i] = peer->values[measure][i];
        }
        figure = bench_compare(values, baselines, WAYS_GROUPS, BENCH_NONE, NAN);
        snprintf(name, sizeof(name), "ways_%s_%s", way_name(peer->way), MEASURE_NAMES[measure]);
        snprintf(note, sizeof(note), "memory for records: xskim %llu B, peer %llu B",
                 (unsigned long long)way_record_memory(xskim->way),
                 (unsigned long long)way_record_memory(peer->way));
        figure.name = name;
        figure.note = note;
        figure.unit = UNITS[measure];
        figure.baseline_name = way_name(peer->way);
        bench_print(&figure, json);
}

/* The last contender is the mapped ring, those between it and xskim are ring buffers. */
static void records_check(const struct contender *contenders, int count) {
        for (int i = 1; i < count - 1; i++)
                way_compare(contenders[count - 1].way, contenders[i].way);
}

/* The first kind is xskim's. */
static void compare(const enum way_kind *kinds, int count, bool live, bool json) {
        struct contender *contenders CLEANUP(free_cleanup) =
                calloc((size_t)count, sizeof(*contenders));

        if (!contenders)
                abort();
        for (int i = 0; i < count; i++)
                contender_open(&contenders[i], kinds[i], live);
        if (!live)
                records_check(contenders, count);
        for (int g = -1; g < WAYS_GROUPS; g++) /* the first group warms up */
                for (int i = 0; i < count; i++)
                        group(&contenders[i], live, MAX(g, 0));
        for (int i = 1; i < count; i++)
                for (int m = 0; m < MEASURES; m++)
                        figure_print(&contenders[0], &contenders[i], (enum measure)m, json);
        for (int i = 0; i < count; i++)
                way_close(contenders[i].way);
}

int main(int argc, char **argv) {
        static const enum way_kind HELD[] = {WAY_carriers, WAY_ringbuf_shared, WAY_ringbuf_each,
                                             WAY_mapped};
        static const enum way_kind DROPPED[] = {WAY_carriers, WAY_self};
        bool json = bench_wants_json(argc, argv);

        lab_open();
        lab_pin(LAB_PATH_CPU);
        compare(HELD, ARRAY_SIZE(HELD), false, json);
        compare(DROPPED, ARRAY_SIZE(DROPPED), true, json);
        return 0;
}

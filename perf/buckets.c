/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one value costs in a histogram in the kernel (buckets.bpf.c says which): the sampler's at
 * scale 5 against a hash of power-of-two buckets, both over a loop that only draws the numbers.
 * Neighbouring slices are compared. The hash's best case: it holds all its keys from the start.
 *
 * usage: perf-histogram-kernel [--json]
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "bench.h"
#include "buckets.h"
#include "buckets.skel.h"
#include "lab.h"
#include "util.h"

enum {
        BUCKETS_SLICES = 101,
        BUCKETS_RUNS = 2000, /* a slice: some milliseconds */
};

enum { NONE, ARRAY, HASH, CONTENDERS };

int main(int argc, char **argv) {
        double ns[CONTENDERS][BUCKETS_SLICES];
        struct buckets_bpf *skeleton;
        struct bench_figure figure;
        int programs[CONTENDERS];

        lab_open();
        lab_pin(LAB_PATH_CPU);
        skeleton = buckets_bpf__open_and_load();
        lab_must(skeleton ? 0 : -errno, "loading the histograms");
        programs[NONE] = bpf_program__fd(skeleton->progs.buckets_none);
        programs[ARRAY] = bpf_program__fd(skeleton->progs.buckets_array);
        programs[HASH] = bpf_program__fd(skeleton->progs.buckets_hash);
        lab_attach(programs[NONE], lab_port("none"));
        lab_attach(programs[ARRAY], lab_port("array"));
        lab_attach(programs[HASH], lab_port("hash"));
        for (int i = -1; i < BUCKETS_SLICES; i++)
                for (int c = 0; c < CONTENDERS; c++)
                        ns[c][MAX(i, 0)] =
                                lab_run_ns(programs[c], lab_packet_udp64(), BUCKETS_RUNS) /
                                BUCKETS_VALUES;
        buckets_bpf__destroy(skeleton);
        for (int i = 0; i < BUCKETS_SLICES; i++) {
                ns[ARRAY][i] -= ns[NONE][i];
                ns[HASH][i] -= ns[NONE][i];
        }
        figure = bench_compare(ns[ARRAY], ns[HASH], BUCKETS_SLICES, BENCH_RATIO_AT_MOST, 0.15);
        figure.name = "histogram_kernel_ns";
        figure.unit = "ns/value";
        figure.baseline_name = "hash of power-of-two buckets";
        bench_print(&figure, bench_wants_json(argc, argv));
        return bench_status(&figure, 1);
}

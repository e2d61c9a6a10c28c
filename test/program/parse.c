/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser in the kernel against the same parser natively: every field of what both say of the
 * same packet. Packets: generated ones of every kind, whole, cut and changed, and all captures.
 * BPF_PROG_RUN takes no packet below 14 bytes; unit/parse.c has those.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "captures.h"
#include "packets.h"
#include "probe.skel.h"
#include "program/probe.h"
#include "util.h"

enum {
        PACKETS = 120000,
        RUN_BYTES_MIN = 14,
        RUN_BYTES_MAX = 3400, /* what BPF_PROG_RUN takes in one buffer of a page, rounded down */
};

struct bench {
        struct probe_bpf *probe;
        struct probe_result *result; /* the map's only value, mapped */
        uint64_t compared, mismatches;
};

static struct packet packet;

static void bench_open(struct bench *ret_bench) {
        struct bench bench = {.probe = probe_bpf__open_and_load()};

        cr_assert_not_null(bench.probe, "the verifier refuses the parser: %s", strerror(errno));
        bench.result = mmap(NULL, sizeof(*bench.result), PROT_READ | PROT_WRITE, MAP_SHARED,
                            bpf_map__fd(bench.probe->maps.results), 0);
        cr_assert_neq(bench.result, MAP_FAILED);
        *ret_bench = bench;
}

static void bench_close(struct bench *bench) {
        munmap(bench->result, sizeof(*bench->result));
        probe_bpf__destroy(bench->probe);
}

static void run(struct bench *bench, const uint8_t *bytes, uint32_t length) {
        static uint8_t after[RUN_BYTES_MAX];
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes, .data_size_in = length,
                    .data_out = after, .data_size_out = sizeof(after), .repeat = 1);

        memset(&bench->result->parsed, 0xa5, sizeof(bench->result->parsed));
        memset(&bench->result->record, 0xa5, sizeof(bench->result->record));
        cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(bench->probe->progs.probe), &options),
                     0, "BPF_PROG_RUN of %u bytes: %s", length, strerror(errno));
        cr_assert_eq(options.retval, XDP_PASS);
        cr_assert_eq(options.data_size_out, length);
        cr_assert(!memcmp(after, bytes, length), "the packet was changed");
}

static _Bool same(const struct probe_result *kernel, const struct xskim_parsed *parsed,
                  const struct xskim_record *record) {
        const struct xskim_parsed *other = &kernel->parsed;

        return parsed->l3_offset == other->l3_offset && parsed->l4_offset == other->l4_offset &&
               parsed->vlan_tci == other->vlan_tci && parsed->class == other->class &&
               parsed->outcome == other->outcome && parsed->protocol == other->protocol &&
               !memcmp(record, &kernel->record, sizeof(*record));
}

static void compare(void *context, const uint8_t *bytes, uint32_t length) {
        struct bench *bench = context;
        struct xskim_record record = {};
        struct xskim_parsed parsed;

        length = MIN(length, RUN_BYTES_MAX);
        if (length < RUN_BYTES_MIN)
                return;
        xskim_classify(bytes, bytes + length, &parsed);
        xskim_describe(bytes, bytes + length, &parsed, &record);
        run(bench, bytes, length);
        bench->compared++;
        if (same(bench->result, &parsed, &record))
                return;
        if (bench->mismatches++ < 10)
                fprintf(stderr, "%u bytes: natively class %#x outcome %u, in the kernel %#x %u\n",
                        length, parsed.class, parsed.outcome, bench->result->parsed.class,
                        bench->result->parsed.outcome);
}

Test(parse, kernel_agrees_on_generated_packets) {
        struct packet_plan plan;
        uint64_t random = 11;
        struct bench bench;
        uint32_t i;

        bench_open(&bench);
        for (i = 0; bench.compared < PACKETS; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                if (i % 3)
                        packet_spoil(&random, &packet);
                compare(&bench, packet.bytes, packet.length);
        }
        fprintf(stderr, "%lu generated packets, %lu mismatches\n", bench.compared,
                bench.mismatches);
        cr_expect_eq(bench.mismatches, 0);
        bench_close(&bench);
}

Test(parse, kernel_agrees_at_every_length) {
        struct packet_plan plan;
        uint64_t random = 12;
        struct bench bench;
        uint32_t i, length;

        bench_open(&bench);
        for (i = 0; i < 100; i++) {
                packet_plan_draw(&random, &plan);
                packet_build(&random, &plan, &packet);
                for (length = RUN_BYTES_MIN; length <= MIN(packet.length, 400); length++)
                        compare(&bench, packet.bytes, length);
        }
        fprintf(stderr, "%lu cut packets, %lu mismatches\n", bench.compared, bench.mismatches);
        cr_expect_eq(bench.mismatches, 0);
        bench_close(&bench);
}

Test(parse, kernel_agrees_on_captures) {
        static struct captures captures;
        struct bench bench;
        uint32_t i;

        captures_find(&captures);
        if (!captures.count)
                test_skip("no captures in %s", captures_directory());
        bench_open(&bench);
        for (i = 0; i < captures.count; i++)
                cr_expect_eq(capture_read(captures.path[i], compare, &bench), 0);
        fprintf(stderr, "%lu captured packets, %lu mismatches\n", bench.compared, bench.mismatches);
        cr_expect_eq(bench.mismatches, 0);
        bench_close(&bench);
}

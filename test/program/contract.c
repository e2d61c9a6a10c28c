/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract of every BPF program, over every row of the registry: it loads here, never says
 * XDP_ABORTED, and gives only the verdicts it may give, for any input. (That the verdict is the
 * configured one: sampler.c.)
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <xskim/skip.h>

#include "registry.h"

/* What each program may say as it stands, unconfigured. A row of the registry without one here
 * fails. */
static const struct {
        const char *name;
        uint32_t verdict;
} verdicts[] = {
        {"sampler", XDP_PASS},
        {"empty", XDP_PASS},
        {"claim_lock", XDP_PASS},
        {"claim_branch", XDP_PASS},
        {"claim_overflow", XDP_PASS},
        {"burn", XDP_PASS},
        {"ringbuf", XDP_PASS},
        {"perfbuf", XDP_PASS},
        {"hashbuckets", XDP_PASS},
        /* a carrier without a plan is dropped; with one it is redirected (suite path) */
        {"carrier", XDP_DROP},
        /* likewise a launcher that has no packets */
        {"launcher", XDP_DROP},
        /* and a pacer that has no orders */
        {"pacer", XDP_DROP},
        /* one that nobody told to let packets pass */
        {"sink", XDP_DROP},
        /* TCX_NEXT: whatever comes next decides */
        {"stack", (uint32_t)-1},
};

/* Programs of a file that are there for another verdict than its first one. */
static const struct {
        const char *name;
        uint32_t verdict;
} variants[] = {
        {"empty_drop", XDP_DROP},
        {"empty_forward", XDP_REDIRECT},
        {"sampler_forward", XDP_REDIRECT},
        {"burn_forward", XDP_REDIRECT},
};

static uint32_t verdict_of(const char *name, const char *file) {
        for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
                if (!strcmp(variants[i].name, name))
                        return variants[i].verdict;
        for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
                if (!strcmp(verdicts[i].name, file))
                        return verdicts[i].verdict;
        cr_assert(0, "program '%s' has no verdict in test/program/contract.c", file);
        return 0;
}

static void run_random(const char *name, uint32_t verdict, int fd) {
        __u64 random = 5;
        uint8_t packet[1514];

        for (int i = 0; i < 4000; i++) {
                /* the kernel refuses to test skbs whose network header is cut */
                uint32_t bytes = 60 + xskim_random_next(&random) % (sizeof(packet) - 60);
                LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = bytes,
                            .repeat = 1);

                for (uint32_t at = 0; at < bytes; at++)
                        packet[at] = (uint8_t)(xskim_random_next(&random) >> 24);
                if (i % 2) /* so that more than the EtherType is looked at */
                        memcpy(packet + 12, i % 4 == 1 ? "\x08\x00\x45" : "\x86\xdd\x60", 3);
                cr_assert_eq(bpf_prog_test_run_opts(fd, &options), 0, "%s packet %d errno %d", name,
                             i, errno);
                cr_assert_eq(options.retval, verdict, "%s said %u to packet %d", name,
                             options.retval, i);
        }
}

static void program_check(const char *name) {
        char path[512];
        struct bpf_object *object;
        struct bpf_program *program;
        int count = 0;

        snprintf(path, sizeof(path), "%s/%s.linked.o", XSKIM_OBJECTS, name);
        object = bpf_object__open_file(path, NULL);
        cr_assert(object, "%s is in the registry but not built", path);
        /* a variant that is only loaded when it is wanted keeps the contract too */
        bpf_object__for_each_program(program, object) bpf_program__set_autoload(program, true);
        cr_assert_eq(bpf_object__load(object), 0, "%s: the kernel refused it", name);
        bpf_object__for_each_program(program, object) {
                count++;
                run_random(bpf_program__name(program), verdict_of(bpf_program__name(program), name),
                           bpf_program__fd(program));
        }
        cr_assert_geq(count, 1, "%s: a file without a program", name);
        bpf_object__close(object);
}

Test(contract, every_program_of_the_registry_keeps_it) {
        size_t rows = 0;
#define CHECK(name_, summary_)                                                                     \
        program_check(#name_);                                                                     \
        rows++;
        XSKIM_PROGRAMS(CHECK)
#undef CHECK
        cr_assert_eq(rows, sizeof(verdicts) / sizeof(verdicts[0]));
}

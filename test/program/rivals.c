/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `xskim bench claims` compares really does the same in two ways, and counts what is lost. The
 * judges: arithmetic on what was sent, the very draws made natively, and the kernel's limits.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <xskim/skip.h>

#include "lab.h"
#include "log.h"
#include "netdev.h"
#include "program_rivals.h"
#include "program_trial.h"
#include "registry.h"
#include "rig.h"
#include "util.h"

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static void fresh(void) {
        lab_fresh();
}

TestSuite(rivals, .init = fresh, .timeout = 60);

static struct program_rivals *rivals_made(enum program_rivals_kind kind) {
        const int ifindexes[PROGRAM_RIVALS] = {lab_ifindex(LAB_PORT), lab_ifindex(LAB_PEER)};
        struct program_rivals *rivals;

        cr_assert_eq(program_rivals_open(kind, ifindexes, &rivals), 0, "%s", error_message());
        return rivals;
}

static void rival_run(const struct program_rivals *rivals, int rival, uint32_t bytes,
                      uint32_t packets) {
        uint8_t packet[1514] = {0};
        uint64_t ns;

        cr_assert_eq(
                program_trial_run(program_rivals_fd(rivals, rival), packet, bytes, packets, &ns), 0,
                "%s", error_message());
        cr_assert_gt(ns, 0);
}

Test(rivals, under_the_lock_and_of_each_cpu_count_the_same) {
        static const uint32_t sizes[] = {60, 128, 590, 1514};
        struct program_rivals *rivals = rivals_made(PROGRAM_RIVALS_LOCK);
        struct xskim_lock_counts counts[PROGRAM_RIVALS];
        uint64_t packets = 0, bytes = 0;

        for (uint32_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                packets += 1000 + i;
                bytes += (uint64_t)(1000 + i) * sizes[i];
                for (int rival = 0; rival < PROGRAM_RIVALS; rival++)
                        rival_run(rivals, rival, sizes[i], 1000 + i);
        }
        for (int rival = 0; rival < PROGRAM_RIVALS; rival++)
                cr_assert_eq(program_rivals_locked(rivals, rival, &counts[rival]), 0);
        cr_expect_eq(counts[0].packets, packets);
        cr_expect_eq(counts[0].bytes, bytes);
        cr_expect_eq(counts[0].sizes[590 / 32], 1002);
        cr_expect_eq(memcmp(&counts[0], &counts[1], sizeof(counts[0])), 0);
        program_rivals_close(rivals);
}

/* ---- on several CPUs at once ---- */

enum { CROWD = 2, CROWD_PACKETS = 1000000 };

static const struct program_rivals *crowd_rivals;

static void *crowd_main(void *cpu) {
        rig_pin((int)(intptr_t)cpu);
        for (int rival = 0; rival < PROGRAM_RIVALS; rival++)
                rival_run(crowd_rivals, rival, 60, CROWD_PACKETS);
        return NULL;
}

/* A million packets on each CPU take many times as long as starting a thread. */
Test(rivals, no_count_is_lost_when_cpus_count_at_once) {
        struct program_rivals *rivals = rivals_made(PROGRAM_RIVALS_LOCK);
        pthread_t threads[CROWD];

        if (sysconf(_SC_NPROCESSORS_ONLN) < CROWD)
                lab_skip("one CPU: nothing contends");
        crowd_rivals = rivals;
        for (int i = 0; i < CROWD; i++)
                cr_assert_eq(pthread_create(&threads[i], NULL, crowd_main, (void *)(intptr_t)i), 0);
        for (int i = 0; i < CROWD; i++)
                pthread_join(threads[i], NULL);
        for (int rival = 0; rival < PROGRAM_RIVALS; rival++) {
                struct xskim_lock_counts counts;

                cr_assert_eq(program_rivals_locked(rivals, rival, &counts), 0);
                cr_expect_eq(counts.packets, CROWD * CROWD_PACKETS, "rival %d", rival);
        }
        program_rivals_close(rivals);
}

/* ---- branches ---- */

/* As in claim_branch.bpf.c, by other means. */
static void draw(__u64 *random, struct xskim_branch_state *state) {
        __u64 number = xskim_random_next(random), value = number >> 8 >> (number >> 2 & 31);

        state->seen++;
        if (number & 1)
                return;
        state->sampled++;
        state->buckets[value > 1 ? 63 - __builtin_clzll(value) : 0]++;
}

Test(rivals, with_and_without_branches_sample_and_count_the_same) {
        enum { RUNS = 5000 };
        struct program_rivals *rivals = rivals_made(PROGRAM_RIVALS_BRANCH);
        struct xskim_branch_state states[PROGRAM_RIVALS], native = {0};
        __u64 random = 1;

        rig_pin(0);
        for (int i = 0; i < RUNS * XSKIM_BRANCH_VALUES; i++)
                draw(&random, &native);
        for (int rival = 0; rival < PROGRAM_RIVALS; rival++) {
                rival_run(rivals, rival, 60, RUNS);
                cr_assert_eq(program_rivals_branched(rivals, rival, &states[rival]), 0);
                cr_expect_eq(states[rival].seen, native.seen);
                cr_expect_eq(states[rival].sampled, native.sampled);
                cr_expect_eq(memcmp(states[rival].buckets, native.buckets, sizeof(native.buckets)),
                             0, "rival %d", rival);
        }
        program_rivals_close(rivals);
}

Test(rivals, what_overflows_is_counted_and_the_rest_is_there) {
        for (int rival = 0; rival < PROGRAM_RIVALS; rival++) {
                struct program_rivals *rivals = rivals_made(PROGRAM_RIVALS_OVERFLOW);
                struct xskim_overflow_counts counts;
                uint64_t stored;

                rig_pin(0);
                rival_run(rivals, rival, 60, 100);
                cr_assert_eq(program_rivals_overflown(rivals, &counts), 0);
                cr_expect_eq(counts.lost, 0);
                rival_run(rivals, rival, 60, 4900);
                cr_assert_eq(program_rivals_overflown(rivals, &counts), 0);
                cr_assert_eq(program_rivals_stored(rivals, rival, &stored), 0);
                cr_expect_eq(counts.offered, 5000);
                cr_expect_eq(counts.kept, stored);
                cr_expect_eq(counts.lost, 5000 - stored);
                /* a ring buffer leaves a little free, so that full and empty differ */
                cr_expect_leq(stored, rival ? XSKIM_OVERFLOW_RING_BYTES / 72 : 1024u);
                cr_expect_geq(stored, rival ? XSKIM_OVERFLOW_RING_BYTES / 72 - 1 : 1024u);
                program_rivals_close(rivals);
        }
}

/* ---- what the kernel takes ---- */

Test(rivals, the_stack_ends_where_the_verifier_says) {
        int fd = -1;

        cr_expect_eq(program_trial_stack(512, &fd), 0);
        close(fd);
        fd = -1;
        cr_expect_eq(program_trial_stack(520, &fd), -EACCES);
        cr_expect_eq(fd, -1);
}

Test(rivals, programs_of_any_length_load_and_one_too_long_does_not) {
        int fd = -1;

        for (uint32_t length = 2; length <= 8192; length *= 4) {
                cr_expect_eq(program_trial_length(length, &fd), 0, "%u", length);
                close(fd);
        }
        cr_expect_lt(program_trial_length(1000001, &fd), 0);
}

Test(rivals, every_program_of_the_registry_is_tried) {
        struct program_trial trials[PROGRAM_TRIALS_MAX];
        int count = program_trial_registry(trials);
        bool found;

        cr_assert_gt(count, 0, "%s", error_message());
        for (int i = 0; i < count; i++) {
                cr_expect_gt(trials[i].instructions, 0, "%s", trials[i].name);
                cr_expect_gt(trials[i].verified, 0, "%s", trials[i].name);
                cr_expect_gt(trials[i].jited_bytes, 0, "%s", trials[i].name);
                if (!strcmp(trials[i].name, "sampler"))
                        cr_expect_gt(trials[i].stack_bytes, 0);
                if (!strcmp(trials[i].name, "empty"))
                        cr_expect_eq(trials[i].stack_bytes, 0);
        }
#define FIND(name_, summary_)                                                                      \
        found = false;                                                                             \
        for (int i = 0; i < count; i++)                                                            \
                found |= !strcmp(trials[i].object, #name_);                                        \
        cr_expect(found, "no program of %s", #name_);
        XSKIM_PROGRAMS(FIND)
#undef FIND
}

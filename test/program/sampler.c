/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sampler through BPF_PROG_RUN: the verdict is the configured one whatever comes, packets come
 * out as they went in, and each counter counts what its row says. The judge is arithmetic on what
 * was sent.
 */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <xskim/barrier.h>

#include "clock.h"
#include "lab.h"
#include "log.h"
#include "packets.h"
#include "program.h"
#include "sampling.h"

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static void cpu_pin(int cpu) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((size_t)cpu, &set);
        cr_assert_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

struct bench {
        struct programs *programs;
        uint32_t cpus;
        struct xskim_sampler_state *states;
};

static void bench_open(struct bench *b, enum xskim_verdict verdict, enum xskim_tier tier,
                       uint32_t sample, uint32_t slots) {
        struct program_config config = {.ports = 1, .workers = 1, .ring_slots = slots};
        struct program_port port = {.name = LAB_PORT,
                                    .mtu = 1500,
                                    .verdict = verdict,
                                    .tier = tier,
                                    .sample = sample,
                                    .skip = sampling_skip(sample)};
        struct xskim_mode mode;
        uint64_t *seeds;

        b->cpus = config.cpus = program_cpus_possible();
        seeds = calloc(b->cpus, sizeof(*seeds));
        for (uint32_t cpu = 0; cpu < b->cpus; cpu++)
                seeds[cpu] = sampling_seed(7, cpu);
        port.seeds = seeds;
        port.ifindex = lab_ifindex(LAB_PORT);
        b->states = calloc(b->cpus, sizeof(*b->states));
        cr_assert_eq(programs_open(&config, &b->programs), 0);
        cr_assert_eq(program_port_attach(b->programs, &port, &mode), 0, "%s", error_message());
        cr_assert_str_eq(mode.xdp, "native");
        free(seeds);
}

static void bench_close(struct bench *b) {
        programs_close(b->programs);
        free(b->states);
}

/* Runs the sampler `repeat` times on one packet; returns its verdict. */
static uint32_t bench_run(const struct bench *b, const void *packet, uint32_t bytes, int repeat) {
        uint8_t out[9216];
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = bytes,
                    .data_out = out, .data_size_out = sizeof(out), .repeat = repeat);

        cr_assert_eq(bpf_prog_test_run_opts(program_sampler_fd(b->programs, 0), &options), 0);
        cr_assert_eq(options.data_size_out, bytes);
        cr_assert_arr_eq(out, packet, bytes);
        return options.retval;
}

static struct xskim_sampler_counters bench_counters(struct bench *b) {
        struct xskim_sampler_counters sum = {0};

        cr_assert_eq(program_states_read(b->programs, 0, b->states), 0);
        for (uint32_t cpu = 0; cpu < b->cpus; cpu++) {
#define SUM(name_, unit_, doc_) sum.name_ += b->states[cpu].counters.name_;
                XSKIM_SAMPLER_COUNTERS(SUM)
#undef SUM
        }
        return sum;
}

static uint64_t bench_remaining(const struct bench *b) {
        uint64_t sum = 0;

        for (uint32_t cpu = 0; cpu < b->cpus; cpu++)
                sum += b->states[cpu].countdown + b->states[cpu].held;
        return sum;
}

static void verdict_is(enum xskim_verdict verdict, uint32_t action) {
        struct bench b;
        uint8_t packet[1514];
        __u64 random = 99;

        bench_open(&b, verdict, XSKIM_TIER_CLASSES, 2, 96);
        for (int i = 0; i < 3000; i++) {
                uint32_t bytes = 14 + xskim_random_next(&random) % (sizeof(packet) - 14);

                for (uint32_t at = 0; at < bytes; at++)
                        packet[at] = xskim_random_next(&random) >> 24;
                if (i % 3)
                        lab_udp(packet, bytes < 42 ? bytes = 42 : bytes, 1, 2);
                if (i % 3 == 2)
                        packet[14 + i % 28] ^= xskim_random_next(&random) >> 30;
                cr_assert_eq(bench_run(&b, packet, bytes, 1), action);
        }
        cr_assert_eq(bench_counters(&b).seen, 3000);
        bench_close(&b);
}

Test(sampler, passes_every_packet_untouched) {
        verdict_is(XSKIM_VERDICT_PASS, XDP_PASS);
}

Test(sampler, drops_every_packet_on_a_tap_port) {
        verdict_is(XSKIM_VERDICT_DROP, XDP_DROP);
}

Test(sampler, counts_packets_and_bytes_in_tier_counts) {
        struct xskim_sampler_counters c;
        struct bench b;
        uint8_t packet[128];

        bench_open(&b, XSKIM_VERDICT_PASS, XSKIM_TIER_COUNTS, 0, 96);
        bench_run(&b, packet, lab_udp(packet, 64, 1, 2), 1000);
        bench_run(&b, packet, lab_udp(packet, 128, 1, 2), 10);
        c = bench_counters(&b);
        cr_assert_eq(c.seen, 1010);
        cr_assert_eq(c.bytes, 1000 * 64 + 10 * 128);
        cr_assert_eq(c.sampled, 0);
        cr_assert_eq(c.drawn - bench_remaining(&b), 1010);
        for (uint32_t cpu = 0; cpu < b.cpus; cpu++)
                for (int i = 0; i < XSKIM_CLASS_COUNT; i++)
                        cr_assert_eq(b.states[cpu].classes[i], 0);
        bench_close(&b);
}

Test(sampler, says_ring_full_for_exactly_what_does_not_fit) {
        struct xskim_sampler_counters c;
        struct bench b;
        uint8_t packet[64];

        bench_open(&b, XSKIM_VERDICT_PASS, XSKIM_TIER_CLASSES, 1, 192);
        /* one call stays on one CPU unless it is preempted between runs; count per ring */
        bench_run(&b, packet, lab_udp(packet, 64, 1, 2), 1000);
        c = bench_counters(&b);
        cr_assert_eq(c.sampled, 1000);
        cr_assert_eq(c.staged + c.ring_full, 1000);
        for (uint32_t cpu = 0; cpu < b.cpus; cpu++) {
                const struct xskim_sampler_counters *one = &b.states[cpu].counters;

                cr_assert_eq(one->staged, one->sampled < 192 ? one->sampled : 192);
                cr_assert_eq(program_ring_controls(b.programs)[cpu].head, one->staged);
        }
        bench_close(&b);
}

/* The slots of a ring, looked up in the sampler's own map; freed by the caller. */
static struct xskim_record *ring_slots(const struct bench *b, uint32_t ring) {
        struct bpf_prog_info facts = {0};
        struct bpf_map_info map = {0};
        uint32_t size = sizeof(facts), ids[16];
        struct xskim_record *slots = NULL;

        facts.nr_map_ids = sizeof(ids) / sizeof(ids[0]);
        facts.map_ids = (uintptr_t)ids;
        cr_assert_eq(bpf_obj_get_info_by_fd(program_sampler_fd(b->programs, 0), &facts, &size), 0);
        for (uint32_t i = 0; i < facts.nr_map_ids && !slots; i++) {
                int fd = bpf_map_get_fd_by_id(ids[i]);

                size = sizeof(map);
                cr_assert_eq(bpf_obj_get_info_by_fd(fd, &map, &size), 0);
                if (!strcmp(map.name, "rings")) {
                        slots = malloc(map.value_size);
                        cr_assert_eq(bpf_map_lookup_elem(fd, &ring, slots), 0);
                }
                close(fd);
        }
        cr_assert_not_null(slots);
        return slots;
}

/* Lines are asked for in groups: never those of records that nobody has read yet. */
Test(sampler, leaves_alone_what_is_not_read) {
        enum { SLOTS = 96, READ = 4 };
        struct xskim_record *before, *after;
        struct bench b;
        uint8_t packet[64];

        cpu_pin(0);
        bench_open(&b, XSKIM_VERDICT_PASS, XSKIM_TIER_CLASSES, 1, SLOTS);
        bench_run(&b, packet, lab_udp(packet, 64, 1, 2), SLOTS);
        before = ring_slots(&b, 0);
        program_ring_controls(b.programs)[0].tail = READ;
        bench_run(&b, packet, lab_udp(packet, 64, 3, 4), READ + 1);
        cr_assert_eq(bench_counters(&b).staged, SLOTS + READ);
        after = ring_slots(&b, 0);
        for (uint32_t i = 0; i < READ; i++)
                cr_expect_eq(after[i].source_port, 3);
        cr_expect_arr_eq(after + READ, before + READ, (SLOTS - READ) * sizeof(*after));
        free(before);
        free(after);
        bench_close(&b);
}

Test(sampler, has_no_record_for_a_sample_without_an_ether_type) {
        struct xskim_sampler_counters c;
        struct bench b;
        uint8_t packet[16] = {[12] = 0x81}; /* a VLAN tag, cut */

        bench_open(&b, XSKIM_VERDICT_PASS, XSKIM_TIER_CLASSES, 1, 96);
        bench_run(&b, packet, 16, 50);
        c = bench_counters(&b);
        cr_assert_eq(c.unparsable, 50);
        cr_assert_eq(c.staged, 0);
        bench_close(&b);
}

Test(sampler, draws_the_same_packets_for_the_same_seed) {
        struct bench b;
        uint8_t packet[64];
        uint64_t first = 0;

        for (int round = 0; round < 2; round++) {
                __u64 random = sampling_seed(7, 0);
                uint64_t at = 0, expected = 0;

                bench_open(&b, XSKIM_VERDICT_PASS, XSKIM_TIER_COUNTS, 10, 9600);
                bench_run(&b, packet, lab_udp(packet, 64, 1, 2), 5000);
                bench_counters(&b);
                /* the very draws, natively: CPU 0 saw `seen` packets */
                for (;;) {
                        at += xskim_skip_draw(&random, sampling_skip(10));
                        if (at > b.states[0].counters.seen)
                                break;
                        expected++;
                }
                cr_assert_eq(b.states[0].counters.sampled, expected);
                if (round == 0)
                        first = b.states[0].counters.seen;
                (void)first;
                bench_close(&b);
        }
}

Test(sampler, keeps_the_sums_that_the_ledger_needs) {
        struct xskim_sampler_counters c;
        struct bench b;
        uint8_t packet[64];
        uint64_t classes = 0, outcomes = 0, sizes = 0;

        bench_open(&b, XSKIM_VERDICT_PASS, XSKIM_TIER_CLASSES, 64, 9600);
        bench_run(&b, packet, lab_udp(packet, 64, 1, 2), 200000);
        c = bench_counters(&b);
        cr_assert_eq(c.seen, 200000);
        cr_assert_eq(c.drawn - bench_remaining(&b), c.seen);
        cr_assert_eq(c.sampled, c.staged + c.ring_full + c.unparsable);
        for (uint32_t cpu = 0; cpu < b.cpus; cpu++) {
                for (int i = 0; i < XSKIM_CLASS_COUNT; i++)
                        classes += b.states[cpu].classes[i];
                for (int i = 0; i < XSKIM_OUTCOME_COUNT; i++)
                        outcomes += b.states[cpu].outcomes[i];
                for (int i = 0; i < XSKIM_SIZE_BUCKETS; i++)
                        sizes += b.states[cpu].sizes[i];
        }
        cr_assert_eq(classes, c.seen);
        cr_assert_eq(outcomes, c.seen);
        cr_assert_eq(sizes, c.seen);
        bench_close(&b);
}

/* The ring is full, so the state keeps the last gap. Every packet ends one and begins the next. */
Test(sampler, measures_the_gap_from_one_sample_to_the_next_packet) {
        enum { PAUSE_NS = 20000000, PACKETS = 200 };
        struct bench b;
        uint8_t packet[64];
        uint64_t start_ns, gap_ns;

        cpu_pin(0);
        bench_open(&b, XSKIM_VERDICT_PASS, XSKIM_TIER_COUNTS, 1, 96);
        start_ns = clock_monotonic_ns();
        bench_run(&b, packet, lab_udp(packet, 64, 1, 2), PACKETS);
        cr_assert_eq(bench_counters(&b).gaps, PACKETS - 1);
        usleep(PAUSE_NS / 1000);
        bench_run(&b, packet, lab_udp(packet, 64, 1, 2), 1);
        cr_assert_eq(bench_counters(&b).gaps, PACKETS);
        gap_ns = xskim_gap_decode(b.states[0].gap);
        cr_assert_geq(gap_ns, PAUSE_NS);
        cr_assert_leq(gap_ns, clock_monotonic_ns() - start_ns);
        bench_close(&b);
}

/* Each kind in turn, once in XSKIM_TIMED_EVERY packets or a little later. */
Test(sampler, times_each_kind_of_its_runs) {
        enum { TURNS = 30, PACKETS = TURNS * XSKIM_TIMED_EVERY };
        const struct xskim_sampler_state *state;
        struct bench b;
        uint8_t packet[64];

        cpu_pin(0);
        bench_open(&b, XSKIM_VERDICT_PASS, XSKIM_TIER_CLASSES, 64, 96);
        bench_run(&b, packet, lab_udp(packet, 64, 1, 2), PACKETS);
        bench_counters(&b);
        state = &b.states[0];
        for (int run = 0; run < XSKIM_RUN_COUNT; run++) {
                cr_expect_geq(state->timed[run].runs, TURNS / XSKIM_RUN_COUNT - 1, "%d", run);
                cr_expect_leq(state->timed[run].runs, TURNS / XSKIM_RUN_COUNT + 1, "%d", run);
        }
        cr_expect_gt(state->timed[XSKIM_RUN_sampled].ns, 0);
        bench_close(&b);
}

/* Nobody is there to empty the doorbell: one page of it holds some of them. */
Test(sampler, rings_once_for_each_mark_and_counts_what_found_no_room) {
        enum { SLOTS = 96, MARKS = 400 };
        struct xskim_ring_control *control;
        struct xskim_sampler_counters c;
        struct bench b;
        uint8_t packet[64];

        cpu_pin(0);
        bench_open(&b, XSKIM_VERDICT_PASS, XSKIM_TIER_COUNTS, 1, SLOTS);
        control = &program_ring_controls(b.programs)[0];
        xskim_mark_asleep(&control->asleep);
        bench_run(&b, packet, lab_udp(packet, 64, 1, 2), XSKIM_RING_HIGH_WATER(SLOTS));
        cr_assert_eq(bench_counters(&b).doorbells, 0, "below the mark");
        bench_run(&b, packet, lab_udp(packet, 64, 1, 2), SLOTS);
        cr_assert_eq(bench_counters(&b).doorbells, 1);
        for (int i = 1; i < MARKS; i++) {
                xskim_mark_asleep(&control->asleep);
                bench_run(&b, packet, lab_udp(packet, 64, 1, 2), 2);
                cr_assert_eq(__atomic_load_n(&control->asleep, __ATOMIC_RELAXED), 0);
        }
        c = bench_counters(&b);
        cr_assert_eq(c.doorbells + c.doorbells_lost, MARKS);
        cr_assert_gt(c.doorbells, 100);
        cr_assert_gt(c.doorbells_lost, 100);
        bench_close(&b);
}

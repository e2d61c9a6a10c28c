/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger's identities, each broken in turn; the snapshot's derived figures. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "util.h"

/* A run that balances, with every term different from 0 so that none can be forgotten. */
static struct account_kernel kernel;
static struct tally tally;

static void setup(void) {
        memset(&kernel, 0, sizeof(kernel));
        memset(&tally, 0, sizeof(tally));
        kernel = (struct account_kernel){
                .port = "eth1",
                .tier = XSKIM_TIER_CLASSES,
                .sample = 10,
                .recording = 1,
                .duration_ns = 2000000000,
                .lost_before = 3,
                .counters = {.seen = 1000,
                             .bytes = 100000,
                             .drawn = 1017,
                             .sampled = 100,
                             .staged = 90,
                             .ring_full = 7,
                             .unparsable = 3,
                             .gaps = 99},
                .remaining = 17,
                .outcomes = {[XSKIM_OUTCOME_complete] = 970, [XSKIM_OUTCOME_cut_l2] = 30},
                .classes = {[XSKIM_L3_ipv4 | XSKIM_L4_tcp << 2] = 600,
                            [XSKIM_L3_ipv6 | XSKIM_L4_udp << 2 | XSKIM_CLASS_vlan] = 300,
                            [XSKIM_L3_arp] = 70,
                            [XSKIM_L3_other_l3 | XSKIM_CLASS_truncated] = 30},
                .sizes = {[100] = 1000},
                .head = 90,
                .tail = 86,
                .carried = 86,
                .frames = 9,
                .socket_frames_lost = 2,
                .session_frames_missing = 2,
        };
        tally.frames = 7;
        tally.frames_missing = 2;
        tally.lost_in_socket = 6;
        tally.received = 80;
        tally.malformed = 5;
        tally.decoded = 75;
        tally.recorded = 70;
        tally.record_dropped = 5;
}

TestSuite(account, .init = setup);

static struct xskim_ledger ledger_of(bool final) {
        struct xskim_ledger ledger;

        account_ledger(&kernel, &tally, final, &ledger);
        return ledger;
}

Test(account, a_balanced_run_has_nothing_unaccounted) {
        struct xskim_ledger ledger = ledger_of(true);

        cr_assert_eq(ledger.unaccounted, 0, "%s", ledger.where);
        cr_assert_str_empty(ledger.where);
        cr_assert_eq(ledger.not_sampled, 900);
        cr_assert_eq(ledger.waiting, 4);
        cr_assert_eq(ledger.lost_before, 3);
        cr_assert_eq(ledger.recorded, 70);
}

#define SAMPLER_IDENTITY "sampled + stamped + hashed = staged + ring_full + unparsable: "

/* Each counter one too many and one too few: where names the identity. */
static const struct breakage {
        void *term; /* one 64-bit count, whatever its type is called */
        const char *identity;
} BREAKAGES[] = {
        {&kernel.counters.seen, "seen = sampled + not_sampled: "},
        {&kernel.counters.drawn, "seen = sampled + not_sampled: "},
        {&kernel.remaining, "seen = sampled + not_sampled: "},
        {&kernel.counters.sampled, SAMPLER_IDENTITY},
        {&kernel.counters.stamped, SAMPLER_IDENTITY},
        {&kernel.counters.hashed, SAMPLER_IDENTITY},
        {&kernel.counters.staged, "staged = head: "},
        {&kernel.counters.ring_full, SAMPLER_IDENTITY},
        {&kernel.counters.unparsable, SAMPLER_IDENTITY},
        {&kernel.classes[XSKIM_L3_arp], "seen = all classes: "},
        {&kernel.outcomes[XSKIM_OUTCOME_cut_l2], "seen = all parse outcomes: "},
        {&kernel.sizes[100], "seen = all sizes: "},
        {&kernel.head, "staged = carried + waiting: "},
        {&kernel.tail, "carried = tail: "},
        {&kernel.carried, "staged = carried + waiting: "},
        {&kernel.carried, "carried = received + lost_in_socket: "},
        {&kernel.frames, "frames carried = received + missing: "},
        {&kernel.socket_frames_lost, "frames dropped by the socket = missing: "},
        {&kernel.session_frames_missing, "frames dropped by the socket = missing: "},
        {&tally.frames, "frames carried = received + missing: "},
        {&tally.frames_missing, "frames carried = received + missing: "},
        {&tally.lost_in_socket, "carried = received + lost_in_socket: "},
        {&tally.received, "received = decoded + malformed: "},
        {&tally.malformed, "received = decoded + malformed: "},
        {&tally.decoded, "decoded = recorded + record_dropped: "},
        {&tally.recorded, "decoded = recorded + record_dropped: "},
        {&tally.record_dropped, "decoded = recorded + record_dropped: "},
};

Test(account, each_term_that_is_wrong_is_seen_and_named) {
        for (size_t i = 0; i < ARRAY_SIZE(BREAKAGES); i++)
                for (int step = -1; step <= 1; step += 2) {
                        struct xskim_ledger ledger;

                        setup();
                        *(uint64_t *)BREAKAGES[i].term += (uint64_t)step;
                        ledger = ledger_of(true);
                        cr_assert_geq(ledger.unaccounted, 1, "row %zu, %+d", i, step);
                        cr_assert(strstr(ledger.where, BREAKAGES[i].identity) != NULL,
                                  "row %zu, %+d: %s", i, step, ledger.where);
                }
}

Test(account, where_has_both_sides) {
        struct xskim_ledger ledger;

        tally.received++;
        tally.decoded++;
        tally.recorded++;
        ledger = ledger_of(true);
        cr_assert_eq(ledger.unaccounted, 1);
        cr_assert_str_eq(ledger.where, "carried = received + lost_in_socket: 86 against 87");
}

Test(account, differences_cannot_cancel_out) {
        struct xskim_ledger ledger;

        kernel.counters.seen += UINT64_MAX / 2;
        kernel.counters.sampled += UINT64_MAX / 2;
        kernel.carried += UINT64_MAX / 2;
        ledger = ledger_of(true);
        cr_assert_eq(ledger.unaccounted, UINT64_MAX);
        cr_assert_lt(strlen(ledger.where), sizeof(ledger.where));
}

/* Live: what is on its way is not missing, what is there too much is. */
Test(account, live_a_later_stage_may_lag_but_not_exceed) {
        static const struct {
                void *term;
                int64_t step;
                uint64_t unaccounted;
        } ROWS[] = {
                {&kernel.counters.seen, 1, 0},
                {&kernel.counters.sampled, 1, 0},
                {&kernel.head, -5, 0},
                {&kernel.carried, -1, 1},
                {&kernel.carried, 3, 0},
                {&kernel.carried, 5, 1},
                {&kernel.frames, 4, 0},
                {&kernel.frames, -1, 1},
                {&kernel.session_frames_missing, 3, 3},
                {&kernel.session_frames_missing, -1, 0},
                {&tally.lost_in_socket, 1, 1},
                {&tally.received, -1, 1},
                {&tally.recorded, -3, 0},
                {&tally.recorded, 1, 1},
        };

        cr_assert_eq(ledger_of(false).unaccounted, 0);
        for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
                struct xskim_ledger ledger;

                setup();
                *(uint64_t *)ROWS[i].term += (uint64_t)ROWS[i].step;
                ledger = ledger_of(false);
                cr_assert_eq(ledger.unaccounted, ROWS[i].unaccounted, "row %zu: %s", i,
                             ledger.where);
                cr_assert_eq(!ledger.where[0], !ROWS[i].unaccounted, "row %zu", i);
        }
}

Test(account, tier_counts_has_no_classes_to_judge) {
        kernel.tier = XSKIM_TIER_COUNTS;
        memset(kernel.classes, 0, sizeof(kernel.classes));
        memset(kernel.outcomes, 0, sizeof(kernel.outcomes));
        memset(kernel.sizes, 0, sizeof(kernel.sizes));
        cr_assert_eq(ledger_of(true).unaccounted, 0);
        kernel.tier = XSKIM_TIER_CLASSES;
        cr_assert_eq(ledger_of(true).unaccounted, 3000);
}

Test(account, without_a_record_file_nothing_is_to_be_recorded) {
        tally.recorded = tally.record_dropped = 0;
        cr_assert_eq(ledger_of(true).unaccounted, 75);
        kernel.recording = 0;
        cr_assert_eq(ledger_of(true).unaccounted, 0);
}

Test(account, sampling_switched_off_balances_on_many_cpus) {
        uint64_t cpus = 64;

        setup();
        kernel.sample = 0;
        kernel.counters = (struct xskim_sampler_counters){.seen = 1000, .bytes = 100000};
        kernel.counters.drawn = cpus << XSKIM_COUNTDOWN_OFF_SHIFT;
        kernel.remaining = kernel.counters.drawn - 1000;
        kernel.head = kernel.tail = kernel.carried = kernel.frames = 0;
        kernel.socket_frames_lost = kernel.session_frames_missing = 0;
        memset(&tally, 0, sizeof(tally));
        cr_assert_eq(ledger_of(true).unaccounted, 0, "%s", ledger_of(true).where);
        cr_assert_eq(ledger_of(true).not_sampled, 1000);
}

static struct xskim_snapshot snapshot_of(bool final) {
        struct xskim_snapshot snapshot;

        account_snapshot(&kernel, &tally, final, &snapshot);
        return snapshot;
}

Test(account, classes_are_sums_over_the_class_bytes) {
        struct xskim_snapshot s = snapshot_of(true);

        cr_assert_eq(s.classes.ipv4, 600);
        cr_assert_eq(s.classes.ipv6, 300);
        cr_assert_eq(s.classes.arp, 70);
        cr_assert_eq(s.classes.other_l3, 30);
        cr_assert_eq(s.classes.tcp, 600);
        cr_assert_eq(s.classes.udp, 300);
        cr_assert_eq(s.classes.icmp + s.classes.icmpv6 + s.classes.sctp + s.classes.other, 0);
        cr_assert_eq(s.classes.vlan, 300);
        cr_assert_eq(s.classes.truncated, 30);
        cr_assert_eq(s.parse.complete, 970);
        cr_assert_eq(s.parse.cut_l2, 30);
}

Test(account, rates_are_of_the_interval_or_of_the_whole_duration) {
        struct xskim_snapshot s = snapshot_of(true);

        cr_assert_float_eq(s.pps, 500, 1e-9);
        cr_assert_float_eq(s.bps, 400000, 1e-9);
        cr_assert_float_eq(s.duration_s, 2, 1e-12);
        kernel.interval_ns = 500000000;
        kernel.interval_packets = 10;
        kernel.interval_bytes = 1000;
        s = snapshot_of(false);
        cr_assert_float_eq(s.interval_s, 0.5, 1e-12);
        cr_assert_float_eq(s.pps, 20, 1e-9);
        cr_assert_float_eq(s.bps, 16000, 1e-9);
}

Test(account, estimates_hold_what_was_sampled_and_lost) {
        struct xskim_snapshot s;

        estimate_tally_packets(&tally.classes[XSKIM_L3_ipv4 | XSKIM_L4_tcp << 2], 75, 12);
        s = snapshot_of(true);
        cr_assert_float_eq(s.estimate_packets.value, 1000, 1e-9);
        cr_assert(s.estimate_packets.ci95_low < 1000 && s.estimate_packets.ci95_high > 1000);
        cr_assert_float_eq(s.estimate_classes.tcp.value, 900, 1e-9);
        cr_assert_float_eq(s.estimate_classes.ipv4.value, 900, 1e-9);
        cr_assert_float_eq(s.estimate_classes.truncated.value, 30, 1e-9, "no record of these");
        cr_assert_float_eq(s.estimate_classes.other_l3.value, 30, 1e-9);
}

Test(account, every_packet_sampled_leaves_no_width) {
        struct xskim_snapshot s;

        kernel.sample = 1;
        kernel.counters.sampled = kernel.counters.seen;
        histogram_add(&tally.size, 60, 1);
        s = snapshot_of(true);
        cr_assert_eq(s.estimate_packets.ci95_low, 1000);
        cr_assert_eq(s.estimate_packets.ci95_high, 1000);
        cr_assert_eq(s.size.quantiles[XSKIM_P99].value, 60);
        cr_assert_not(s.size.biased);
        tally.biased = true;
        s = snapshot_of(true);
        cr_assert(s.size.biased);
        cr_assert_not(s.gap.biased, "no gap was measured");
}

Test(account, with_sampling_off_sizes_come_from_the_kernel) {
        struct xskim_snapshot s;

        kernel.sample = 0;
        s = snapshot_of(true);
        cr_assert_eq(s.size.count, 1000);
        cr_assert_float_eq(s.size.mean, 100, 1e-9);
        cr_assert_eq(s.estimate_packets.value, 0);
}

Test(account, costs_by_kinds_of_runs) {
        struct xskim_snapshot s;

        kernel.timed[XSKIM_RUN_plain] = (struct xskim_timed){.runs = 10, .ns = 40};
        kernel.timed[XSKIM_RUN_sampled] = (struct xskim_timed){.runs = 5, .ns = 320};
        kernel.timed[XSKIM_RUN_gap] = (struct xskim_timed){.runs = 4, .ns = 176};
        kernel.busiest_cpu_packets = 500;
        kernel.busiest_cpu_samples = 50;
        kernel.collector_cpu_ns = 1000000000;
        kernel.collector_records = 1000;
        s = snapshot_of(true);
        cr_assert_float_eq(s.cost.ns_per_packet, 4, 1e-9);
        cr_assert_float_eq(s.cost.ns_per_sample, 60 + 40, 1e-9);
        cr_assert_float_eq(s.cost.ns_per_packet_mean, 4 + 60 * 0.1 + 40 * (99 - 9.9) / 1000, 1e-9);
        cr_assert_eq(s.cost.timed_runs, 19);
        cr_assert_float_eq(s.cost.path_cpu_percent, 100 * (500 * 4 + 50 * 100.0) / 2e9, 1e-12);
        cr_assert_float_eq(s.cost.collector_cpu_percent, 50, 1e-9);
        cr_assert_float_eq(s.cost.ns_per_record, 1e6, 1e-3);
}

Test(account, costs_are_never_negative_and_need_no_plain_runs) {
        struct xskim_snapshot s;

        kernel.timed[XSKIM_RUN_plain] = (struct xskim_timed){.runs = 10, .ns = -40};
        kernel.timed[XSKIM_RUN_sampled] = (struct xskim_timed){.runs = 10, .ns = -80};
        s = snapshot_of(true);
        cr_assert_eq(s.cost.ns_per_packet, 0);
        cr_assert_eq(s.cost.ns_per_sample, 0);
        cr_assert_eq(s.cost.ns_per_packet_mean, 0);
        kernel.sample = 1;
        kernel.busiest_cpu_packets = 1000;
        kernel.busiest_cpu_samples = 1000;
        kernel.timed[XSKIM_RUN_plain] = (struct xskim_timed){0};
        kernel.timed[XSKIM_RUN_sampled] = (struct xskim_timed){.runs = 10, .ns = 600};
        s = snapshot_of(true);
        cr_assert_float_eq(s.cost.ns_per_packet, 60, 1e-9);
        cr_assert_float_eq(s.cost.ns_per_packet_mean, 60, 1e-9);
        cr_assert_float_eq(s.cost.ns_per_sample, 60, 1e-9);
        cr_assert_float_eq(s.cost.path_cpu_percent, 100 * 60 * 1000 / 2e9, 1e-12);
}

/* The kernel's side may come out of a file. */
Test(account, strings_without_an_end_and_too_many_notes_stay_in_their_room) {
        struct xskim_snapshot s;

        memset(kernel.port, 'x', sizeof(kernel.port));
        memset(&kernel.mode, 'y', sizeof(kernel.mode));
        memset(kernel.notes, 'z', sizeof(kernel.notes));
        kernel.note_count = UINT32_MAX;
        s = snapshot_of(true);
        cr_assert_eq(strlen(s.port), XSKIM_NAME_MAX - 1);
        cr_assert_eq(strlen(s.mode.attach), sizeof(s.mode.attach) - 1);
        cr_assert_eq(s.note_count, XSKIM_NOTES_MAX);
        cr_assert_eq(strlen(s.notes[XSKIM_NOTES_MAX - 1]), XSKIM_NOTE_BYTES - 1);
}

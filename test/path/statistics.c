/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Do the 95 % intervals hold the truth 95 times in 100? Traffic of known make-up goes through the
 * attached sampler, staging ring, carriers, socket and worker; each run's part of the tally becomes
 * a snapshot by the library's own account. Truth is what was sent.
 *
 * Error probability: an interval that holds with probability 0.95 leaves [920, 980] of 1000 runs
 * with 2e-5, so one of the 8 estimates does with 2e-4; a mean leaves 4.5 standard errors with 7e-6.
 * The seeds are fixed and all packets come on one CPU, so the draws are the same every time: what
 * passes once goes on passing.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "lab.h"
#include "log.h"
#include "rig.h"

enum {
        RUNS = 1000,
        HELD_MIN = RUNS * 92 / 100,
        HELD_MAX = RUNS * 98 / 100,
        PACKETS = 20000, /* a run */
        BURST_MAX = 15,
        SAMPLE = 64,
        BYTES_MAX = 1514,
};

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ROW(estimate of the snapshot, name) */
#define ESTIMATES(ROW)                                                                             \
        ROW(estimate_packets, packets)                                                             \
        ROW(estimate_bytes, bytes)                                                                 \
        ROW(estimate_classes.ipv4, ipv4)                                                           \
        ROW(estimate_classes.ipv6, ipv6)                                                           \
        ROW(estimate_classes.arp, arp)                                                             \
        ROW(estimate_classes.tcp, tcp)                                                             \
        ROW(estimate_classes.udp, udp)                                                             \
        ROW(estimate_classes.icmp, icmp)

#define TRUTH_MEMBER(estimate_, name_) uint64_t name_;
struct truth {
        ESTIMATES(TRUTH_MEMBER)
};

#define SCORE_MEMBER(estimate_, name_) struct score name_;
struct score {
        unsigned int held;
        double errors; /* sums of estimate - truth, and of its square */
        double squares;
};

struct scores {
        ESTIMATES(SCORE_MEMBER)
};

struct kind {
        uint32_t bytes;
        uint32_t share; /* of 100 packets */
        uint32_t ether_type;
        uint8_t protocol;
        uint8_t packet[BYTES_MAX];
};

static struct kind kinds[] = {
        {.bytes = 64, .share = 45, .ether_type = 0x0800, .protocol = 17},
        {.bytes = 1514, .share = 25, .ether_type = 0x0800, .protocol = 6},
        {.bytes = 98, .share = 10, .ether_type = 0x0800, .protocol = 1},
        {.bytes = 590, .share = 10, .ether_type = 0x86dd, .protocol = 6},
        {.bytes = 300, .share = 6, .ether_type = 0x86dd, .protocol = 17},
        {.bytes = 60, .share = 4, .ether_type = 0x0806},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void kind_make(struct kind *k) {
        uint8_t *p = k->packet;

        lab_udp(p, k->bytes, 1, 2);
        p[12] = (uint8_t)(k->ether_type >> 8);
        p[13] = (uint8_t)k->ether_type;
        p[23] = k->protocol;
        p[14 + 20 + 12] = 0x50;
        if (k->ether_type != 0x86dd)
                return;
        p[14] = 0x60;
        p[18] = (uint8_t)((k->bytes - 54) >> 8);
        p[19] = (uint8_t)(k->bytes - 54);
        p[20] = k->protocol;
        p[14 + 40 + 12] = 0x50;
}

static void truth_add(struct truth *t, const struct kind *k, uint32_t count) {
        t->packets += count;
        t->bytes += (uint64_t)count * k->bytes;
        t->ipv4 += k->ether_type == 0x0800 ? count : 0;
        t->ipv6 += k->ether_type == 0x86dd ? count : 0;
        t->arp += k->ether_type == 0x0806 ? count : 0;
        t->tcp += k->protocol == 6 ? count : 0;
        t->udp += k->protocol == 17 ? count : 0;
        t->icmp += k->protocol == 1 ? count : 0;
}

static const struct kind *kind_draw(__u64 *random) {
        uint32_t at = (uint32_t)(xskim_random_next(random) >> 33) % 100;
        size_t kind = 0;

        while (at >= kinds[kind].share)
                at -= kinds[kind++].share;
        return &kinds[kind];
}

/* Bursts of one kind, in a mixed order that is different in every run. */
static struct truth traffic_send(struct rig *rig, __u64 *random) {
        struct truth truth = {0};

        while (truth.packets < PACKETS) {
                const struct kind *kind = kind_draw(random);
                uint32_t count = 1 + (uint32_t)(xskim_random_next(random) >> 33) % BURST_MAX;

                rig_send(rig, kind->packet, kind->bytes, count);
                truth_add(&truth, kind, count);
        }
        return truth;
}

static struct estimate_tally since(const struct estimate_tally *now,
                                   const struct estimate_tally *then) {
        return (struct estimate_tally){
                .samples = now->samples - then->samples,
                .value = now->value - then->value,
                .squares = now->squares - then->squares,
                .variance = now->variance - then->variance,
        };
}

/* What a session of just this run would have published: the tallies are sums, so a run is a
 * difference. */
struct books {
        struct tally then, now, run;
        struct account_kernel kernel;
        uint64_t sampled;
        struct xskim_snapshot snapshot;
};

static void books_close(struct books *b, struct rig *rig) {
        struct xskim_sampler_counters counters;

        cr_assert_eq(worker_fold(rig->worker), 0, "%s", error_message());
        tally_reset(&b->now);
        worker_tally(rig->worker, 0, &b->now);
        counters = rig_counters(rig);
        cr_assert_eq(b->now.decoded, counters.sampled, "records were lost");
        b->run.bytes = since(&b->now.bytes, &b->then.bytes);
        for (int class = 0; class < XSKIM_CLASS_COUNT; class ++)
                b->run.classes[class] = since(&b->now.classes[class], &b->then.classes[class]);
        b->kernel.sample = SAMPLE;
        b->kernel.counters.sampled = counters.sampled - b->sampled;
        b->sampled = counters.sampled;
        b->then = b->now;
        account_snapshot(&b->kernel, &b->run, true, &b->snapshot);
}

static void score_add(struct score *score, const struct xskim_estimate *estimate, uint64_t truth) {
        double error = estimate->value - (double)truth;

        score->held += (double)truth >= estimate->ci95_low && (double)truth <= estimate->ci95_high;
        score->errors += error;
        score->squares += error * error;
}

static void score_judge(const char *name, const struct score *score) {
        double mean = score->errors / RUNS;
        double deviation = sqrt(score->squares / RUNS - mean * mean);

        fprintf(stderr, "%s: held in %u of %d, mean error %+.2f standard errors\n", name,
                score->held, RUNS, mean / (deviation / sqrt(RUNS)));
        cr_expect_geq(score->held, HELD_MIN, "%s: %u", name, score->held);
        cr_expect_leq(score->held, HELD_MAX, "%s: %u", name, score->held);
        cr_expect_lt(fabs(mean), 4.5 * deviation / sqrt(RUNS), "%s is biased", name);
}

Test(statistics, intervals_of_estimates_hold_the_truth_as_often_as_they_say, .timeout = 600) {
        struct rig_config config = {
                .sample = SAMPLE, .slots = 1536, .flush_ms = 1000, .worker_cpu = -1, .seed = 2};
        struct books *books = calloc(1, sizeof(*books));
        struct scores scores = {0};
        struct rig rig;
        __u64 random = 3;

        for (int i = 0; i < KINDS; i++)
                kind_make(&kinds[i]);
        rig_pin(0);
        rig_open(&rig, &config);
        for (int i = 0; i < RUNS; i++) {
                struct truth truth = traffic_send(&rig, &random);

                books_close(books, &rig);
#define SCORE(estimate_, name_) score_add(&scores.name_, &books->snapshot.estimate_, truth.name_);
                ESTIMATES(SCORE)
        }
#define JUDGE(estimate_, name_) score_judge(#name_, &scores.name_);
        ESTIMATES(JUDGE)
        rig_close(&rig);
        free(books);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The expectation against a judge that keeps every packet in a list and counts at the end; that
 * the order does not matter; that the figures add up at any time. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/classes.h>

#include "expectation.h"
#include "lookup.h"
#include "packets.h"
#include "util.h"

enum { ROUNDS = 300, PACKETS_MAX = 400, ARRIVALS_MAX = 1200 };

struct sent {
        struct content packet;
        bool cut;
};

static struct sent sent[PACKETS_MAX];
static struct content arrived[ARRIVALS_MAX];
static uint32_t sent_count, arrived_count;

/* ---- what is sent and what arrives ---- */

/* Few identities and few contents of each, so that they collide. An identity's content is its own.
 */
static struct content content_draw(uint64_t *random, uint32_t identities, uint32_t contents) {
        uint32_t identity = packet_below(random, identities);

        return (struct content){
                .identity = identity * 0x9e3779b97f4a7c15,
                .content = (identity * 1000 + packet_below(random, contents)) * 0xc2b2ae3d27d4eb4f,
                .class = identity % 2 ? XSKIM_L3_arp : XSKIM_L3_ipv4 | XSKIM_L4_udp << 2,
        };
}

static void traffic_draw(uint64_t *random, uint64_t loops) {
        uint32_t identities = 1 + packet_below(random, 60), contents = 1 + packet_below(random, 6);
        uint32_t cuts = packet_below(random, 3);

        sent_count = packet_below(random, PACKETS_MAX);
        for (uint32_t i = 0; i < sent_count; i++)
                sent[i] = (struct sent){content_draw(random, identities, contents),
                                        packet_below(random, 4) < cuts};
        arrived_count = 0;
        for (uint64_t i = 0; i < sent_count * loops && arrived_count < ARRIVALS_MAX; i++)
                if (packet_below(random, 8))
                        arrived[arrived_count++] = sent[i % sent_count].packet;
        /* others: some of the same identities, or copies, or of none that is expected */
        for (uint32_t i = packet_below(random, 200); i && arrived_count < ARRIVALS_MAX; i--)
                arrived[arrived_count++] = content_draw(random, identities + 10, contents + 2);
}

static void arrivals_shuffle(uint64_t *random) {
        for (uint32_t i = arrived_count; i > 1; i--) {
                uint32_t other = packet_below(random, i);
                struct content swap = arrived[i - 1];

                arrived[i - 1] = arrived[other];
                arrived[other] = swap;
        }
}

/* ---- the judge: lists, and looking through all of them ---- */

struct verdict {
        uint64_t matched, changed, incomparable, duplicated, extra, extra_arp;
};

static bool is_expected(uint64_t content) {
        for (uint32_t i = 0; i < sent_count; i++)
                if (sent[i].packet.content == content)
                        return true;
        return false;
}

static struct sent waiting[PACKETS_MAX * 3]; /* of all loops */
static uint32_t waiting_count;
static bool taken[PACKETS_MAX * 3], done[ARRIVALS_MAX];

static void waiting_fill(uint64_t loops) {
        waiting_count = 0;
        for (uint64_t loop = 0; loop < loops; loop++)
                for (uint32_t i = 0; i < sent_count; i++)
                        waiting[waiting_count++] = sent[i];
        memset(taken, 0, sizeof(taken));
        memset(done, 0, sizeof(done));
}

/* One that waits, cut or not, for an arrival of the same content, or else the same identity. */
static bool waiting_take(uint32_t arrival, bool cut, bool by_content) {
        const struct content *packet = &arrived[arrival];

        for (uint32_t at = 0; at < waiting_count; at++) {
                const struct content *other = &waiting[at].packet;
                bool same = by_content ? other->content == packet->content
                                       : other->identity == packet->identity;

                if (same && !taken[at] && waiting[at].cut == cut)
                        return taken[at] = done[arrival] = true;
        }
        return false;
}

static uint64_t all_take(bool cut, bool by_content) {
        uint64_t count = 0;

        for (uint32_t i = 0; i < arrived_count; i++)
                count += !done[i] && waiting_take(i, cut, by_content);
        return count;
}

/* First the right ones, and of those what the capture has whole before what it cut; then copies;
 * then by identity, those that are cut first. */
static struct verdict judged(uint64_t loops) {
        struct verdict v = {0};

        waiting_fill(loops);
        v.matched = all_take(false, true) + all_take(true, true);
        for (uint32_t i = 0; i < arrived_count; i++) {
                bool copy = !done[i] && is_expected(arrived[i].content);

                v.duplicated += copy;
                done[i] |= copy;
        }
        v.incomparable = all_take(true, false);
        v.changed = all_take(false, false);
        for (uint32_t i = 0; i < arrived_count; i++) {
                v.extra += !done[i];
                v.extra_arp += !done[i] && arrived[i].class == XSKIM_L3_arp;
        }
        return v;
}

/* ---- the expectation ---- */

static struct expectation *expectation_made(uint64_t loops) {
        struct expectation *e;

        cr_assert_eq(expectation_open(loops, &e), 0);
        for (uint32_t i = 0; i < sent_count; i++)
                cr_assert_eq(expectation_add(e, &sent[i].packet, sent[i].cut), 0);
        expectation_fit(e);
        return e;
}

static struct xskim_expect expectation_told(const struct expectation *e, uint64_t arrivals) {
        struct xskim_expect told = {0};

        expectation_report(e, arrivals, true, &told);
        cr_assert_eq(told.packets, told.matched + told.changed + told.incomparable + told.missing);
        cr_assert_eq(arrivals, told.matched + told.changed + told.incomparable + told.duplicated +
                                       told.extra);
        cr_assert_eq(told.extra, told.extra_classes.arp + told.extra_classes.ipv4);
        return told;
}

static struct xskim_expect expectation_run(uint64_t loops) {
        struct expectation *e = expectation_made(loops);
        struct xskim_expect told = expectation_told(e, 0);

        cr_assert_eq(told.missing, sent_count * loops);
        for (uint32_t i = 0; i < arrived_count; i++) {
                expectation_put(e, &arrived[i]);
                told = expectation_told(e, i + 1);
        }
        expectation_close(e);
        return told;
}

static void told_is(const struct xskim_expect *told, const struct verdict *v, int round) {
        cr_assert_eq(told->matched, v->matched, "round %d: %lu", round, told->matched);
        cr_assert_eq(told->changed, v->changed, "round %d: %lu", round, told->changed);
        cr_assert_eq(told->incomparable, v->incomparable, "round %d", round);
        cr_assert_eq(told->duplicated, v->duplicated, "round %d", round);
        cr_assert_eq(told->extra, v->extra, "round %d", round);
        cr_assert_eq(told->extra_classes.arp, v->extra_arp, "round %d", round);
}

Test(expectation, says_what_the_judge_says_in_whatever_order_packets_arrive) {
        struct verdict sum = {0};
        uint64_t random = 11;

        for (int round = 0; round < ROUNDS; round++) {
                uint64_t loops = 1 + round % 3;
                struct xskim_expect told;
                struct verdict v;

                traffic_draw(&random, loops);
                v = judged(loops);
                told = expectation_run(loops);
                told_is(&told, &v, round);
                arrivals_shuffle(&random);
                told = expectation_run(loops);
                told_is(&told, &v, round);
                sum.changed += v.changed;
                sum.incomparable += v.incomparable;
                sum.duplicated += v.duplicated;
        }
        cr_assert_gt(sum.changed, 100);
        cr_assert_gt(sum.incomparable, 100);
        cr_assert_gt(sum.duplicated, 100);
}

/* ---- by hand ---- */

static const struct content ONE = {1, 10, XSKIM_L3_ipv4}, OTHER = {2, 20, XSKIM_L3_ipv4},
                            ONE_DAMAGED = {3, 10, XSKIM_L3_ipv4}, FOREIGN = {4, 40, XSKIM_L3_arp};

static struct xskim_expect by_hand(const struct content *packets[], uint32_t count) {
        struct xskim_expect told;
        struct expectation *e;

        sent_count = 2;
        sent[0] = (struct sent){ONE, false};
        sent[1] = (struct sent){OTHER, false};
        e = expectation_made(1);
        for (uint32_t i = 0; i < count; i++)
                expectation_put(e, packets[i]);
        told = expectation_told(e, count);
        expectation_close(e);
        return told;
}

#define BY_HAND(...)                                                                               \
        by_hand((const struct content *[]){__VA_ARGS__},                                           \
                sizeof((const struct content *[]){__VA_ARGS__}) / sizeof(void *))

Test(expectation, a_damaged_packet_is_changed_until_the_right_one_comes) {
        struct xskim_expect told = BY_HAND(&ONE_DAMAGED, &OTHER);

        cr_expect(told.matched == 1 && told.changed == 1 && !told.missing && !told.extra);
        told = BY_HAND(&ONE_DAMAGED, &OTHER, &ONE);
        cr_expect(told.matched == 2 && !told.changed && told.extra == 1);
        told = BY_HAND(&ONE, &ONE_DAMAGED, &OTHER);
        cr_expect(told.matched == 2 && !told.changed && told.extra == 1);
}

Test(expectation, copies_are_duplicated_and_foreign_ones_extra) {
        struct xskim_expect told = BY_HAND(&ONE, &ONE, &ONE, &FOREIGN);

        cr_expect(told.matched == 1 && told.duplicated == 2 && told.missing == 1);
        cr_expect(told.extra == 1 && told.extra_classes.arp == 1);
}

Test(expectation, what_cannot_arrive_is_missing_and_what_was_not_recorded_is_said) {
        struct xskim_expect told = {0};
        struct expectation *e;

        cr_assert_eq(expectation_open(3, &e), 0);
        cr_assert_eq(expectation_add(e, NULL, false), 0);
        cr_assert_eq(expectation_add(e, &ONE, false), 0);
        expectation_put(e, &ONE);
        expectation_report(e, 5, false, &told);
        cr_expect_eq(told.unrecorded, 0, "some may be under way");
        expectation_report(e, 5, true, &told);
        cr_expect_eq(told.unrecorded, 4);
        cr_expect_eq(told.packets, 6);
        cr_expect_eq(told.missing, 5);
        cr_expect_eq(told.loops, 3);
        expectation_close(e);
}

/* Other records in the frame are not contents, whatever they hold. */
Test(expectation, takes_contents_out_of_frames_and_nothing_else) {
        struct {
                struct xskim_frame_header header;
                struct xskim_content_record records[4];
        } frame = {.header.records = 4};
        struct expectation *e;
        struct xskim_expect told;

        for (int i = 0; i < 4; i++)
                frame.records[i] = (struct xskim_content_record){
                        .content = 1, .identity = 10, .kind = XSKIM_RECORD_OF_CONTENT};
        frame.records[1].weight = 64;
        frame.records[2].kind = XSKIM_RECORD_OF_STAMP;
        sent_count = 1;
        sent[0] = (struct sent){ONE, false};
        e = expectation_made(3);
        expectation_frame(e, &frame.header);
        told = expectation_told(e, 2);
        cr_expect_eq(told.matched, 2);
        expectation_close(e);
}

Test(expectation, is_bounded_and_its_memory_is_told) {
        enum { MANY = 100000 };
        struct expectation *e;
        uint64_t before;

        cr_assert_eq(expectation_open(1, &e), 0);
        for (uint64_t i = 0; i < MANY; i++) {
                struct content packet = {.content = i * 0x9e3779b97f4a7c15, .identity = ~i};

                cr_assert_eq(expectation_add(e, &packet, false), 0);
        }
        expectation_fit(e);
        before = expectation_memory(e);
        cr_expect_lt(before, 110ull * MANY);
        cr_expect_gt(before, 80ull * MANY);
        for (uint64_t i = 0; i < MANY; i++)
                expectation_put(e, &(struct content){.content = i, .identity = i});
        cr_expect_eq(expectation_memory(e), before, "arrivals take none");
        for (uint64_t i = MANY; i < EXPECTATION_PACKETS_MAX; i++)
                cr_assert_eq(expectation_add(e, NULL, false), 0);
        cr_expect_eq(expectation_add(e, NULL, false), -E2BIG);
        cr_expect_eq(expectation_add(e, &ONE, false), -E2BIG);
        expectation_close(e);
}

/* ---- the table below ---- */

Test(lookup, finds_what_was_added_and_nothing_else) {
        enum { KEYS = 50000 };
        struct entry {
                uint64_t key, value;
        };
        struct lookup l = LOOKUP_NULL(struct entry);

        cr_expect_null(lookup_find(&l, 0));
        for (uint64_t i = 0; i < KEYS; i++) {
                /* 0 is a key as any other; many share their low bits */
                struct entry *entry = lookup_add(&l, i << 20);

                cr_assert(entry && entry->key == i << 20 && !entry->value);
                entry->value = i + 1;
                if (i % 1000 == 0)
                        cr_assert_eq(((struct entry *)lookup_add(&l, i << 20))->value, i + 1);
        }
        lookup_fit(&l);
        cr_expect_eq(l.count, KEYS);
        cr_expect_eq(l.room, KEYS);
        for (uint64_t i = 0; i < KEYS; i++) {
                struct entry *entry = lookup_find(&l, i << 20);

                cr_assert(entry && entry->value == i + 1);
                cr_assert_null(lookup_find(&l, (i << 20) + 1));
        }
        lookup_close(&l);
        cr_expect_eq(lookup_memory(&l), 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what of a capture has arrived. See expectation.h. */
#include <errno.h>
#include <stdlib.h>

#include "account.h"
#include "expectation.h"
#include "lookup.h"
#include "util.h"

struct expected_content {
        uint64_t content;
        uint64_t arrived;
        uint32_t expected; /* a loop */
        uint32_t cut;      /* of those */
        uint32_t identity; /* number of its entry */
        uint32_t unused;
};

struct expected_identity {
        uint64_t identity;
        uint64_t absent;     /* expected, and its content has not arrived */
        uint64_t absent_cut; /* of those, cut short by the capture */
        uint64_t strangers;  /* that arrived */
        uint8_t class;
};

struct expectation {
        uint64_t loops;
        uint64_t packets; /* a loop */
        uint64_t arrivals;
        uint64_t matched;
        uint64_t duplicated;
        /* sums over the identities, and arrivals of others */
        uint64_t changed;
        uint64_t incomparable;
        uint64_t extra;
        __u64 extra_classes[XSKIM_CLASS_COUNT];
        struct lookup contents;
        struct lookup identities;
};

int expectation_open(uint64_t loops, struct expectation **ret_expectation) {
        struct expectation *e = calloc(1, sizeof(*e));

        if (!e)
                return -ENOMEM;
        e->loops = loops;
        e->contents = LOOKUP_NULL(struct expected_content);
        e->identities = LOOKUP_NULL(struct expected_identity);
        *ret_expectation = e;
        return 0;
}

struct expectation *expectation_close(struct expectation *e) {
        if (!e)
                return NULL;
        lookup_close(&e->contents);
        lookup_close(&e->identities);
        free(e);
        return NULL;
}

/* ---- the capture ---- */

int expectation_add(struct expectation *e, const struct content *packet, bool cut) {
        struct expected_identity *identity;
        struct expected_content *content;

        if (e->packets == EXPECTATION_PACKETS_MAX)
                return -E2BIG;
        if (packet) {
                identity = lookup_add(&e->identities, packet->identity);
                content = lookup_add(&e->contents, packet->content);
                if (!identity || !content)
                        return -ENOMEM;
                if (!content->expected)
                        content->identity =
                                (uint32_t)(identity -
                                           (struct expected_identity *)e->identities.entries);
                identity = lookup_entry(&e->identities, content->identity);
                identity->class = packet->class;
                identity->absent += e->loops;
                identity->absent_cut += cut ? e->loops : 0;
                content->expected++;
                content->cut += cut;
        }
        e->packets++;
        return 0;
}

void expectation_fit(struct expectation *e) {
        lookup_fit(&e->contents);
        lookup_fit(&e->identities);
}

/* ---- arrivals ---- */

/* What an identity's strangers are, into the sums (direction 1) or out of them (-1, modulo 2^64).
 */
static void identity_book(struct expectation *e, const struct expected_identity *i,
                          uint64_t direction) {
        uint64_t pooled = MIN(i->strangers, i->absent);
        uint64_t incomparable = MIN(i->strangers, i->absent_cut);
        uint64_t extra = i->strangers - pooled;

        e->incomparable += direction * incomparable;
        e->changed += direction * (pooled - incomparable);
        e->extra += direction * extra;
        e->extra_classes[i->class] += direction * extra;
}

static void stranger_book(struct expectation *e, const struct content *packet) {
        struct expected_identity *identity = lookup_find(&e->identities, packet->identity);

        if (!identity) {
                e->extra++;
                e->extra_classes[packet->class]++;
                return;
        }
        identity_book(e, identity, (uint64_t)-1);
        identity->strangers++;
        identity_book(e, identity, 1);
}

/* One that is expected: its pool has one less. What is left of its content is taken to be cut short
 * last. */
static void match_book(struct expectation *e, const struct expected_content *content) {
        struct expected_identity *identity = lookup_entry(&e->identities, content->identity);
        uint64_t absent = content->expected * e->loops - content->arrived;

        identity_book(e, identity, (uint64_t)-1);
        identity->absent--;
        identity->absent_cut -= absent < content->cut * e->loops;
        identity_book(e, identity, 1);
        e->matched++;
}

void expectation_put(struct expectation *e, const struct content *packet) {
        struct expected_content *content = lookup_find(&e->contents, packet->content);

        e->arrivals++;
        if (!content) {
                stranger_book(e, packet);
                return;
        }
        if (content->arrived == content->expected * e->loops) {
                e->duplicated++;
                return;
        }
        content->arrived++;
        match_book(e, content);
}

void expectation_frame(struct expectation *e, const struct xskim_frame_header *frame) {
        const struct xskim_content_record *records = (const void *)(frame + 1);

        for (uint32_t i = 0; i < frame->records; i++) {
                const struct content packet = {.content = records[i].content,
                                               .identity = records[i].identity,
                                               .class = records[i].class};

                if (!records[i].weight && records[i].kind == XSKIM_RECORD_OF_CONTENT)
                        expectation_put(e, &packet);
        }
}

/* ---- figures ---- */

void expectation_report(const struct expectation *e, uint64_t hashed, bool final,
                        struct xskim_expect *ret) {
        ret->enabled = true;
        ret->loops = e->loops;
        ret->packets = e->packets * e->loops;
        ret->matched = e->matched;
        ret->changed = e->changed;
        ret->incomparable = e->incomparable;
        ret->missing = ret->packets - e->matched - e->changed - e->incomparable;
        ret->duplicated = e->duplicated;
        ret->extra = e->extra;
        ret->unrecorded = final && hashed > e->arrivals ? hashed - e->arrivals : 0;
        account_classes(e->extra_classes, &ret->extra_classes);
}

uint64_t expectation_memory(const struct expectation *e) {
        return sizeof(*e) + lookup_memory(&e->contents) + lookup_memory(&e->identities);
}

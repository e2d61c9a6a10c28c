/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the ledger's identities: account_ledger of account.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "util.h"

/* When an identity is judged. */
enum ledger_rule {
        LEDGER_ALWAYS, /* both sides are read at once */
        LEDGER_FINAL,  /* both sides belong to one stage, where a packet may be half-way */
        LEDGER_LAG,    /* the right side is further down the journey: live, it may lag behind */
};

struct ledger_identity {
        const char *name; /* left = right */
        uint64_t left;
        uint64_t right;
        enum ledger_rule rule;
};

static uint64_t residual(const struct ledger_identity *identity, bool final) {
        if (final || identity->rule == LEDGER_ALWAYS)
                return absolute_difference(identity->left, identity->right);
        if (identity->rule == LEDGER_LAG && identity->right > identity->left)
                return identity->right - identity->left;
        return 0;
}

static void where_add(struct xskim_ledger *ledger, const struct ledger_identity *identity) {
        size_t length = strlen(ledger->where);

        snprintf(ledger->where + length, sizeof(ledger->where) - length,
                 "%s%s: %" PRIu64 " against %" PRIu64, length ? "; " : "", identity->name,
                 identity->left, identity->right);
}

static void identities_judge(const struct ledger_identity *identities, size_t count, bool final,
                             struct xskim_ledger *ledger) {
        for (size_t i = 0; i < count; i++) {
                uint64_t difference = residual(&identities[i], final);

                if (!difference)
                        continue;
                /* A sum of differences may not wrap round to 0. */
                if (__builtin_add_overflow(ledger->unaccounted, difference, &ledger->unaccounted))
                        ledger->unaccounted = UINT64_MAX;
                where_add(ledger, &identities[i]);
        }
}

static uint64_t words_sum(const __u64 *words, size_t count) {
        uint64_t sum = 0;

        for (size_t i = 0; i < count; i++)
                sum += words[i];
        return sum;
}

static void terms_fill(const struct account_kernel *k, const struct tally *t, bool final,
                       struct xskim_ledger *ledger) {
        uint64_t passed = k->counters.drawn - k->remaining - k->counters.sampled;

        *ledger = (struct xskim_ledger){
                .lost_before = k->lost_before,
                .seen = k->counters.seen,
                .bytes = k->counters.bytes,
                .sampled = k->counters.sampled,
                .stamped = k->counters.stamped,
                .hashed = k->counters.hashed,
                /* live, a packet half-way may make it -1 */
                .not_sampled = final || (int64_t)passed >= 0 ? passed : 0,
                .staged = k->counters.staged,
                .ring_full = k->counters.ring_full,
                .unparsable = k->counters.unparsable,
                .carried = k->carried,
                .lost_in_socket = t->lost_in_socket,
                .received = t->received,
                .malformed = t->malformed,
                .decoded = t->decoded,
                .waiting = k->head > k->tail ? k->head - k->tail : 0,
                .recorded = t->recorded,
                .record_dropped = t->record_dropped,
        };
}

static void sampler_judge(const struct account_kernel *k, bool final, struct xskim_ledger *l) {
        const struct ledger_identity identities[] = {
                {"seen = sampled + not_sampled", l->seen, l->sampled + l->not_sampled,
                 LEDGER_FINAL},
                {"sampled + stamped + hashed = staged + ring_full + unparsable",
                 l->sampled + l->stamped + l->hashed, l->staged + l->ring_full + l->unparsable,
                 LEDGER_FINAL},
                {"staged = head", l->staged, k->head, LEDGER_FINAL},
        };
        const struct ledger_identity counts[] = {
                {"seen = all classes", l->seen, words_sum(k->classes, XSKIM_CLASS_COUNT),
                 LEDGER_FINAL},
                {"seen = all parse outcomes", l->seen, words_sum(k->outcomes, XSKIM_OUTCOME_COUNT),
                 LEDGER_FINAL},
                {"seen = all sizes", l->seen, words_sum(k->sizes, XSKIM_SIZE_BUCKETS),
                 LEDGER_FINAL},
        };

        identities_judge(identities, ARRAY_SIZE(identities), final, l);
        if (k->tier == XSKIM_TIER_CLASSES)
                identities_judge(counts, ARRAY_SIZE(counts), final, l);
}

static void carrier_judge(const struct account_kernel *k, bool final, struct xskim_ledger *l) {
        const struct ledger_identity identities[] = {
                {"staged = carried + waiting", l->staged, l->carried + (final ? l->waiting : 0),
                 LEDGER_LAG},
                {"carried = tail", l->carried, k->tail, LEDGER_FINAL},
        };

        identities_judge(identities, ARRAY_SIZE(identities), final, l);
}

static void worker_judge(const struct account_kernel *k, const struct tally *t, bool final,
                         struct xskim_ledger *l) {
        const struct ledger_identity identities[] = {
                {"carried = received + lost_in_socket", l->carried, l->received + l->lost_in_socket,
                 LEDGER_LAG},
                {"frames carried = received + missing", k->frames, t->frames + t->frames_missing,
                 LEDGER_LAG},
                {"frames dropped by the socket = missing", k->socket_frames_lost,
                 k->session_frames_missing, LEDGER_LAG},
                {"received = decoded + malformed", l->received, l->decoded + l->malformed,
                 LEDGER_ALWAYS},
        };
        const struct ledger_identity recording = {"decoded = recorded + record_dropped", l->decoded,
                                                  l->recorded + l->record_dropped, LEDGER_LAG};

        identities_judge(identities, ARRAY_SIZE(identities), final, l);
        if (k->recording)
                identities_judge(&recording, 1, final, l);
}

void account_ledger(const struct account_kernel *kernel, const struct tally *tally, bool final,
                    struct xskim_ledger *ret_ledger) {
        terms_fill(kernel, tally, final, ret_ledger);
        sampler_judge(kernel, final, ret_ledger);
        carrier_judge(kernel, final, ret_ledger);
        worker_judge(kernel, tally, final, ret_ledger);
}

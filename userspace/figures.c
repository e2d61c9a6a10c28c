/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what of a snapshot is added up and what is as of now. See figures.h. */
#include <string.h>

#include "figures.h"
#include "util.h"

/* Of the values up to `bound` and above half of it. */
static unsigned int octave_of(uint64_t bound) {
        unsigned int octave = bound > 1 ? 65 - (unsigned int)__builtin_clzll(bound - 1) : 1;

        return bound ? MIN(octave, FIGURES_OCTAVES - 1U) : 0;
}

static void histogram_add_buckets(struct figures_histogram *histogram,
                                  const struct xskim_buckets *buckets) {
        histogram->sum += buckets->sum;
        for (unsigned int slot = 0; slot < buckets->slots; slot++)
                if (buckets->counts[slot])
                        histogram->octaves[octave_of(xskim_bucket_bound(buckets->scale, slot))] +=
                                buckets->counts[slot];
}

static void histogram_not_below(struct figures_histogram *histogram,
                                const struct figures_histogram *said) {
        histogram->sum = MAX(histogram->sum, said->sum);
        for (unsigned int i = 0; i < FIGURES_OCTAVES; i++)
                histogram->octaves[i] = MAX(histogram->octaves[i], said->octaves[i]);
}

static void ledger_add(struct xskim_ledger *into, const struct xskim_ledger *from) {
#define TERM(name_, unit_, doc_) into->name_ += from->name_;
        XSKIM_LEDGER_ROWS(TERM)
#undef TERM
        into->waiting = from->waiting;
        memcpy(into->where, from->where, sizeof(into->where));
}

static void cost_add(struct xskim_cost *into, const struct xskim_cost *from) {
        struct xskim_cost sum = *from;

#define COUNTED(name_) sum.name_ += into->name_;
        FIGURES_COST_COUNTED(COUNTED)
#undef COUNTED
        *into = sum;
}

static void session_add(struct figures *into, const struct xskim_snapshot *snapshot,
                        const struct xskim_buckets buckets[]) {
        into->verdict = snapshot->verdict;
        into->tier = snapshot->tier;
        into->sample = snapshot->sample;
        into->mode = snapshot->mode;
        into->attach_lost += snapshot->attach_lost;
        ledger_add(&into->ledger, &snapshot->ledger);
        cost_add(&into->cost, &snapshot->cost);
#define COUNT(name_, doc_) into->classes.name_ += snapshot->classes.name_;
        XSKIM_CLASS_ROWS(COUNT)
#undef COUNT
#define COUNT(name_, doc_) into->parse.name_ += snapshot->parse.name_;
        XSKIM_PARSE_ROWS(COUNT)
#undef COUNT
        if (!buckets)
                return;
#define HISTOGRAM(name_, doc_)                                                                     \
        histogram_add_buckets(&into->name_, &buckets[XSKIM_DISTRIBUTION_##name_]);
        XSKIM_DISTRIBUTION_ROWS(HISTOGRAM)
#undef HISTOGRAM
}

/* What is counted stays at least what was said. */
static void not_below(struct figures *figures, const struct figures *said) {
        uint64_t waiting = figures->ledger.waiting;

#define NOT_BELOW(member_) figures->member_ = MAX(figures->member_, said->member_);
#define TERM(name_, unit_, doc_) NOT_BELOW(ledger.name_)
#define CLASS(name_, doc_) NOT_BELOW(classes.name_)
#define OUTCOME(name_, doc_) NOT_BELOW(parse.name_)
#define COUNTED(name_) NOT_BELOW(cost.name_)
#define HISTOGRAM(name_, doc_) histogram_not_below(&figures->name_, &said->name_);
        NOT_BELOW(attach_lost)
        NOT_BELOW(restarts)
        XSKIM_LEDGER_ROWS(TERM)
        XSKIM_CLASS_ROWS(CLASS)
        XSKIM_PARSE_ROWS(OUTCOME)
        FIGURES_COST_COUNTED(COUNTED)
        XSKIM_DISTRIBUTION_ROWS(HISTOGRAM)
        figures->ledger.waiting = waiting;
}

void figures_base_add(struct figures *base, const struct xskim_snapshot *summary,
                      const struct xskim_buckets buckets[]) {
        session_add(base, summary, buckets);
        base->ended++;
}

void figures_now(const struct figures *base, const struct xskim_snapshot *snapshot,
                 const struct xskim_buckets buckets[], struct figures *figures) {
        struct figures said = *figures;

        *figures = *base;
        figures->up = snapshot != NULL;
        figures->restarts = figures->up || !base->ended ? base->ended : base->ended - 1;
        if (snapshot)
                session_add(figures, snapshot, buckets);
        not_below(figures, &said);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how limits are read and judged. See budget.h. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "budget.h"
#include "cli_value.h"
#include "log.h"
#include "util.h"

enum { MILLIONTHS = 1000000 };

#define NAME(name_, member_, doc_) #name_,
static const char *const NAMES[] = {BUDGET_LIMIT_ROWS(NAME)};
#define LIMIT_WORDS(name_, member_, doc_) doc_,
const char *const BUDGET_LIMIT_WORDS[BUDGET_LIMITS] = {BUDGET_LIMIT_ROWS(LIMIT_WORDS)};
#define VERDICT_WORDS(name_, word_) word_,
const char *const BUDGET_VERDICT_WORDS[BUDGET_VERDICTS] = {BUDGET_VERDICT_ROWS(VERDICT_WORDS)};

/* What stands behind a number; in units of the limit. */
struct unit {
        const char *name;
        double factor;
        uint64_t most; /* in this unit */
};

static const struct unit PERCENT[] = {{"%", 1, 100}, {"", 1, 100}, {}};
static const struct unit TIMES[] = {{"ns", 1, 10000000000}, {"us", 1e3, 10000000},
                                    {"µs", 1e3, 10000000},  {"ms", 1e6, 10000},
                                    {"s", 1e9, 10},         {}};
static const struct unit *const UNITS[BUDGET_LIMITS] = {
        [BUDGET_loss] = PERCENT, [BUDGET_p99] = TIMES};

static int value_read(const char *text, const struct unit *units, double *ret_value) {
        size_t length = strspn(text, "0123456789.");
        uint64_t millionths;
        char number[32];
        int r;

        if (length >= sizeof(number))
                return -EINVAL;
        memcpy(number, text, length);
        number[length] = '\0';
        while (units->name && strcmp(units->name, text + length) != 0)
                units++;
        if (!units->name)
                return -EINVAL;
        r = cli_value_decimal(number, 0, units->most * MILLIONTHS, &millionths);
        if (r >= 0)
                *ret_value = (double)millionths / MILLIONTHS * units->factor;
        return r;
}

/* name=value */
static int limit_read(const char *word, struct budget *budget) {
        size_t length = strcspn(word, "="), limit = 0;

        while (limit < BUDGET_LIMITS &&
               (strlen(NAMES[limit]) != length || strncmp(NAMES[limit], word, length) != 0))
                limit++;
        if (limit == BUDGET_LIMITS || !word[length] || budget->asked[limit])
                return -EINVAL;
        budget->asked[limit] = true;
        return value_read(word + length + 1, UNITS[limit], &budget->limits[limit]);
}

int budget_read(const char *text, struct budget *ret_budget) {
        struct budget budget = {};
        char word[64];
        size_t length;
        int r = 0;

        for (const char *rest = text; r >= 0; rest += length + 1) {
                length = strcspn(rest, ",");
                snprintf(word, sizeof(word), "%.*s", (int)length, rest);
                r = length < sizeof(word) ? limit_read(word, &budget) : -EINVAL;
                if (!rest[length])
                        break;
        }
        if (r < 0)
                return error_set(-EINVAL,
                                 "\"%s\" is not a budget: give loss in percent (0 to 100), p99 as "
                                 "a time (up to 10s), or both: loss=2%%,p99=10us",
                                 text);
        *ret_budget = budget;
        return 0;
}

/* Where an outcome has what is limited. */
#define PLACE(name_, member_, doc_) offsetof(struct xskim_bench_outcome, member_),
static const size_t PLACES[] = {BUDGET_LIMIT_ROWS(PLACE)};

enum budget_verdict budget_judge(const struct budget *budget, enum budget_limit limit,
                                 const struct xskim_bench_outcome *outcome) {
        const struct xskim_bench_interval *interval =
                (const void *)((const char *)outcome + PLACES[limit]);

        if (!budget->asked[limit])
                return BUDGET_NONE;
        if (!interval->count || isnan(interval->low) || isnan(interval->high))
                return BUDGET_UNMEASURED;
        if (interval->high <= budget->limits[limit])
                return BUDGET_HOLDS;
        return interval->low > budget->limits[limit] ? BUDGET_EXCEEDED : BUDGET_IMPRECISE;
}

enum budget_verdict budget_judge_all(const struct budget *budget,
                                     const struct xskim_bench_outcome *outcome) {
        enum budget_verdict worst = BUDGET_NONE;

        for (int limit = 0; limit < BUDGET_LIMITS; limit++) {
                enum budget_verdict verdict =
                        budget_judge(budget, (enum budget_limit)limit, outcome);

                worst = MAX(worst, verdict);
        }
        return worst;
}

bool budget_is_missed(enum budget_verdict verdict) {
        return verdict != BUDGET_NONE && verdict != BUDGET_HOLDS;
}

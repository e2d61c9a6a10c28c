/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the rules of verdicts. See claim.h. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "claim.h"

static void words_add(char *words, size_t size, const char *separator, const char *format,
                      va_list arguments) {
        size_t used = strlen(words);

        if (used && words[used - 1] == ':')
                separator = " ";
        if (used)
                used += (size_t)snprintf(words + used, size - used, "%s", separator);
        if (used < size)
                vsnprintf(words + used, size - used, format, arguments);
}

void claim_reason(struct xskim_claim *claim, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        words_add(claim->reason, sizeof(claim->reason), "; ", format, arguments);
        va_end(arguments);
}

void claim_how(struct xskim_claim *claim, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        words_add(claim->how, sizeof(claim->how), "; ", format, arguments);
        va_end(arguments);
}

void claim_not_testable(struct xskim_claim *claim, const char *format, ...) {
        va_list arguments;

        claim->verdict = XSKIM_CLAIM_not_testable;
        va_start(arguments, format);
        words_add(claim->reason, sizeof(claim->reason), "; ", format, arguments);
        va_end(arguments);
}

static bool is_measured(struct xskim_claim *claim) {
        const struct xskim_bench_interval *m = &claim->measured;

        if (m->count && isfinite(m->low) && isfinite(m->high))
                return true;
        claim_not_testable(claim, "nothing was measured");
        return false;
}

void claim_at_most(struct xskim_claim *claim, double bound, const char *of) {
        if (!is_measured(claim))
                return;
        if (claim->measured.high <= bound) {
                claim->verdict = XSKIM_CLAIM_holds;
                claim_reason(claim, "the interval's upper end is within %s", of);
        } else if (claim->measured.low > bound) {
                claim->verdict = XSKIM_CLAIM_does_not_hold;
                claim_reason(claim, "the interval's lower end is above %s", of);
        } else {
                claim_not_testable(claim, "the interval straddles %s: not enough precision", of);
        }
}

void claim_at_least(struct xskim_claim *claim, double bound, const char *of) {
        if (!is_measured(claim))
                return;
        if (claim->measured.low >= bound) {
                claim->verdict = XSKIM_CLAIM_holds;
                claim_reason(claim, "the interval's lower end reaches %s", of);
        } else if (claim->measured.high < bound) {
                claim->verdict = XSKIM_CLAIM_does_not_hold;
                claim_reason(claim, "the interval's upper end is below %s", of);
        } else {
                claim_not_testable(claim, "the interval straddles %s: not enough precision", of);
        }
}

/* ---- growth ---- */

static const char *const laws[] = {
        [CLAIM_LAW_LOG] = "O(log n)",
        [CLAIM_LAW_N] = "O(n)",
        [CLAIM_LAW_N_LOG] = "O(n log n)",
        [CLAIM_LAW_SQUARE] = "O(n^2)",
};

/* log(n + 1), so that one of a thing does not cost nothing. */
static double law_value(enum claim_law law, double n) {
        switch (law) {
        case CLAIM_LAW_LOG:
                return log(n + 1);
        case CLAIM_LAW_N:
                return n;
        case CLAIM_LAW_N_LOG:
                return n * log(n + 1);
        case CLAIM_LAW_SQUARE:
                return n * n;
        }
        return NAN;
}

double claim_law_exponent(enum claim_law law, double low, double high) {
        return log(law_value(law, high) / law_value(law, low)) / log(high / low);
}

void claim_growth(struct xskim_claim *claim, enum claim_law law, double low, double high) {
        double exponent = claim_law_exponent(law, low, high);
        char of[96];

        if (!is_measured(claim))
                return;
        snprintf(of, sizeof(of), "what %s would give over these sizes, n^%.2f", laws[law],
                 exponent);
        claim_at_most(claim, exponent + XSKIM_CLAIM_EXPONENT_SLACK, of);
        if (claim->verdict == XSKIM_CLAIM_holds &&
            claim->measured.high < exponent - XSKIM_CLAIM_EXPONENT_SLACK)
                claim_reason(claim, "it is a bound from above: here it grows slower");
}

void claim_fact(struct xskim_claim *claim, bool holds) {
        if (is_measured(claim))
                claim->verdict = holds ? XSKIM_CLAIM_holds : XSKIM_CLAIM_does_not_hold;
}

struct xskim_bench_interval claim_exact(double value) {
        return (struct xskim_bench_interval){value, value, value, 1};
}

struct xskim_bench_interval claim_scaled(struct xskim_bench_interval i, double factor) {
        return (struct xskim_bench_interval){i.median * factor, i.low * factor, i.high * factor,
                                             i.count};
}

const char *xskim_claim_word(enum xskim_claim_verdict verdict) {
        static const char *const words[] = {
#define WORD(name_, doc_) [XSKIM_CLAIM_##name_] = #name_,
                XSKIM_CLAIM_VERDICT_ROWS(WORD)
#undef WORD
        };

        return words[verdict];
}

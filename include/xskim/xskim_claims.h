/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The white paper's claims, one by one: its figure, what was measured here and how, and a verdict.
 * What `xskim bench claims` prints. Part of xskim.h, which includes it.
 *
 * A verdict is about the 95 % interval of what was measured, never about its median. "At most B"
 * holds when the interval's upper end is at most B and does not when its lower end is above;
 * otherwise the interval straddles B, which settles nothing. O(f(n)) is an upper bound: the
 * exponent of growth fitted over the sizes is held against that of f over the very same sizes,
 * XSKIM_CLAIM_EXPONENT_SLACK allowed.
 */
#ifndef XSKIM_XSKIM_CLAIMS_H
#define XSKIM_XSKIM_CLAIMS_H

#include "xskim_bench.h"

enum {
        XSKIM_CLAIMS_MAX = 64,
        XSKIM_CLAIM_HOW_BYTES = 384,
        XSKIM_CLAIM_REASON_BYTES = 1536,
};

#define XSKIM_CLAIM_EXPONENT_SLACK 0.1

/* ROW(name, doc); the name is the word in the output. */
#define XSKIM_CLAIM_VERDICT_ROWS(ROW)                                                              \
        ROW(not_testable, "nothing measured here settles it: see the reason")                      \
        ROW(holds, "what was measured bears it out")                                               \
        ROW(does_not_hold, "what was measured contradicts it")

#define XSKIM_CLAIM_VERDICT_MEMBER(name_, doc_) XSKIM_CLAIM_##name_,
enum xskim_claim_verdict { XSKIM_CLAIM_VERDICT_ROWS(XSKIM_CLAIM_VERDICT_MEMBER) };

/* There is a measurement (measured.count above 0), a reason, or both. */
struct xskim_claim {
        const char *name;  /* one word, stable; static, as the next three */
        const char *claim; /* what is claimed */
        const char *paper; /* the paper's figure, as text */
        const char *unit;  /* of what was measured */
        struct xskim_bench_interval measured;
        char how[XSKIM_CLAIM_HOW_BYTES];
        enum xskim_claim_verdict verdict;
        char reason[XSKIM_CLAIM_REASON_BYTES];
};

struct xskim_claims_config {
        double cpu_hour_dollars; /* what an hour of a CPU costs; default 0.04, about what clouds
                                    charge for a virtual one on demand */
        uint64_t bench_ms;       /* of the experiment with traffic; default 45000; 0: none */
};

/* As far as they were measured; what an interrupt left out is not among them. */
struct xskim_claims_result {
        bool interrupted;
        double duration_s;
        double cpu_hour_dollars;
        unsigned int count;
        struct xskim_claim claims[XSKIM_CLAIMS_MAX];
};

struct xskim_claims_watch {
        void *context;
        /* Before each claim, and while the experiment runs; may be NULL. `what` is the claim,
         * `share` of the whole, 0 to 1. */
        void (*progress)(void *context, const char *what, double share);
};

struct xskim_claims;

XSKIM_PUBLIC void xskim_claims_config_init(struct xskim_claims_config *config);

/* -EINVAL, -EPERM, -ENOMEM, with a message. Needs what xskim_open needs. */
XSKIM_PUBLIC int xskim_claims_open(const struct xskim_claims_config *config,
                                   struct xskim_claims **ret_claims);

/* Measures all; blocks one to two minutes. The calling thread is in network namespaces of its own
 * meanwhile, and pinned now and then. What cannot be measured is a row with its reason, not an
 * error. `watch` may be NULL. */
XSKIM_PUBLIC int xskim_claims_run(struct xskim_claims *claims,
                                  const struct xskim_claims_watch *watch,
                                  struct xskim_claims_result *ret_result);

/* From a signal handler or any thread: ends soon, with what there is. */
XSKIM_PUBLIC void xskim_claims_interrupt(struct xskim_claims *claims);

/* NULL is fine. Returns NULL. */
XSKIM_PUBLIC struct xskim_claims *xskim_claims_close(struct xskim_claims *claims);

XSKIM_PUBLIC const char *xskim_claim_word(enum xskim_claim_verdict verdict);

#endif

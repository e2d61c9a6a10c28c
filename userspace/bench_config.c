/* SPDX-License-Identifier: BSD-2-Clause */
/* What an experiment is asked to do: defaults, and conditions as they are written. See
 * xskim_bench.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/record.h>
#include <xskim/xskim.h>

#include "log.h"
#include "util.h"

static const char *const PATH_DEFAULTS[] = {"empty", "empty", "sample=1000", "sample=64",
                                            "sample=1"};
static const char *const TCP_DEFAULTS[] = {"off",         "off",       "empty",
                                           "sample=1000", "sample=64", "sample=1"};

#define KIND_NAME(name_, number_, doc_) #name_,
#define KIND_NUMBER(name_, number_, doc_) number_,
static const char *const KINDS[] = {XSKIM_BENCH_KIND_ROWS(KIND_NAME)};
static const bool TAKES_NUMBER[] = {XSKIM_BENCH_KIND_ROWS(KIND_NUMBER)};

enum {
        BENCH_PRECISION_PERCENT = 1,
        BENCH_MAX_TIME_MS = 120000,
        BENCH_SLICE_MS = 20,
        BENCH_SLOW_SLICE_MS = 200,
        BENCH_SETTLE_MS = 500,
        BENCH_BURN_NS_MAX = 2000,
};

void xskim_bench_config_init(struct xskim_bench_config *config) {
        *config = (struct xskim_bench_config){
                .path = XSKIM_BENCH_PATH_stack,
                .packet_bytes = XSKIM_BENCH_PACKET_BYTES_MIN,
                .tier = XSKIM_TIER_CLASSES,
                .precision_percent = BENCH_PRECISION_PERCENT,
                .max_time_ms = BENCH_MAX_TIME_MS,
                .slice_ms = BENCH_SLICE_MS,
                .slow_slice_ms = BENCH_SLOW_SLICE_MS,
                .settle_ms = BENCH_SETTLE_MS,
                .latency = true,
                .loss_tolerance = 0.001,
        };
        xskim_bench_conditions_default(config);
}

void xskim_bench_conditions_default(struct xskim_bench_config *config) {
        bool tcp = config->path == XSKIM_BENCH_PATH_tcp;
        const char *const *texts = tcp ? TCP_DEFAULTS : PATH_DEFAULTS;
        size_t count = tcp ? ARRAY_SIZE(TCP_DEFAULTS) : ARRAY_SIZE(PATH_DEFAULTS);

        for (size_t i = 0; i < count; i++)
                xskim_bench_condition_read(texts[i], &config->conditions[i]);
        config->condition_count = (unsigned int)count;
}

static int error_kind(const char *text) {
        char all[XSKIM_BENCH_WORDS_BYTES] = "";

        for (int kind = 0; kind < XSKIM_BENCH_KIND_command; kind++) {
                size_t at = strlen(all);

                snprintf(all + at, sizeof(all) - at, "%s%s%s", kind ? ", " : "", KINDS[kind],
                         TAKES_NUMBER[kind] ? "=N" : "");
        }
        return error_set(-EINVAL,
                         "condition '%s': there is no such. There are %s; a tier may follow: "
                         "sample=64:counts.",
                         text, all);
}

/* "sample" of "sample=64:counts", and where it ends. */
static int kind_read(const char *text, enum xskim_bench_kind *ret_kind, const char **ret_rest) {
        size_t length = strcspn(text, "=:");

        for (int kind = 0; kind < XSKIM_BENCH_KIND_COUNT; kind++) {
                /* a command cannot be said in a word */
                if (kind == XSKIM_BENCH_KIND_command || strlen(KINDS[kind]) != length ||
                    memcmp(KINDS[kind], text, length) != 0)
                        continue;
                *ret_kind = (enum xskim_bench_kind)kind;
                *ret_rest = text + length;
                return 0;
        }
        return error_kind(text);
}

static int number_read(const char *text, struct xskim_bench_condition *c, const char **rest) {
        bool burn = c->kind == XSKIM_BENCH_KIND_burn;
        unsigned long most = burn ? BENCH_BURN_NS_MAX : XSKIM_WEIGHT_MAX, number;
        const char *digits = *rest + 1;
        char *end;

        if (**rest != '=' || *digits < '0' || *digits > '9')
                return error_set(-EINVAL, "condition '%s': %s takes a number: %s=%s", text,
                                 KINDS[c->kind], KINDS[c->kind], burn ? "50" : "64");
        errno = 0;
        number = strtoul(digits, &end, 10);
        if (errno || number > most || (!burn && !number))
                return error_set(-EINVAL, "condition '%s': from %d to %lu", text, !burn, most);
        c->number = (uint32_t)number;
        *rest = end;
        return 0;
}

static bool takes_tier(enum xskim_bench_kind kind) {
        return kind == XSKIM_BENCH_KIND_sample || kind == XSKIM_BENCH_KIND_stack ||
               kind == XSKIM_BENCH_KIND_shared || kind == XSKIM_BENCH_KIND_ringbuf ||
               kind == XSKIM_BENCH_KIND_perfbuf || kind == XSKIM_BENCH_KIND_buckets;
}

static int tier_read(const char *text, struct xskim_bench_condition *c, const char *rest) {
        if (!*rest)
                return 0;
        c->tiered = true;
        if (!takes_tier(c->kind))
                return error_set(-EINVAL, "condition '%s': nothing may follow '%.*s'", text,
                                 (int)(rest - text), text);
        if (!strcmp(rest, ":counts"))
                c->tier = XSKIM_TIER_COUNTS;
        else if (!strcmp(rest, ":classes"))
                c->tier = XSKIM_TIER_CLASSES;
        else
                return error_set(-EINVAL, "condition '%s': '%s' is no tier: :counts or :classes",
                                 text, rest);
        return 0;
}

int xskim_bench_condition_read(const char *text, struct xskim_bench_condition *ret_condition) {
        struct xskim_bench_condition c = {.kind = XSKIM_BENCH_KIND_empty};
        const char *rest = NULL;
        int r;

        error_clear();
        r = kind_read(text, &c.kind, &rest);
        if (!r && TAKES_NUMBER[c.kind])
                r = number_read(text, &c, &rest);
        r = r ? r : tier_read(text, &c, rest);
        if (r < 0)
                return r;
        *ret_condition = c;
        return 0;
}

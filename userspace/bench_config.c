/* SPDX-License-Identifier: BSD-2-Clause */
/* What an experiment is asked to do: defaults, and conditions as they are written. See
 * xskim_bench.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/record.h>
#include <xskim/xskim.h>

#include "bench_config.h"
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
        SLICE_MS_MIN = 1,
        SLICE_MS_MAX = 10000,
        SETTLE_MS_MAX = 60000,
        MAX_TIME_MS_MIN = 1000,
        MAX_TIME_MS_MAX = 86400000,
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

static uint64_t number_max(enum xskim_bench_kind kind) {
        return kind == XSKIM_BENCH_KIND_burn ? (uint64_t)BENCH_BURN_NS_MAX : XSKIM_WEIGHT_MAX;
}

static int number_read(const char *text, struct xskim_bench_condition *c, const char **rest) {
        bool burn = c->kind == XSKIM_BENCH_KIND_burn;
        unsigned long most = number_max(c->kind), number;
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

/* ---- conditions as others made them ---- */

static int condition_check(const struct xskim_bench_config *config,
                           const struct xskim_bench_condition *c) {
        bool may_be_none = c->kind == XSKIM_BENCH_KIND_burn;

        if ((unsigned int)c->kind >= XSKIM_BENCH_KIND_COUNT)
                return error_set(-EINVAL, "condition: there is no kind %d", (int)c->kind);
        if (c->kind == XSKIM_BENCH_KIND_command && !c->command)
                return error_set(-EINVAL, "condition: a command is missing");
        if (TAKES_NUMBER[c->kind] &&
            (c->number > number_max(c->kind) || (!may_be_none && !c->number)))
                return error_set(-EINVAL, "condition '%s': from %d to %lu", KINDS[c->kind],
                                 !may_be_none, number_max(c->kind));
        if (c->kind == XSKIM_BENCH_KIND_off && config->path == XSKIM_BENCH_PATH_forward)
                return error_set(-EINVAL, "condition 'off': on path forward it is a program that "
                                          "forwards, so there has to be one");
        return 0;
}

int bench_config_check(const struct xskim_bench_config *c) {
        if (!c->condition_count || c->condition_count > XSKIM_BENCH_CONDITIONS_MAX)
                return error_set(-EINVAL, "conditions: from 1 to %d", XSKIM_BENCH_CONDITIONS_MAX);
        if ((unsigned int)c->path >= XSKIM_BENCH_PATH_COUNT)
                return error_set(-EINVAL, "path: there is no such one");
        if (c->packet_bytes != XSKIM_BENCH_IMIX &&
            (c->packet_bytes < XSKIM_BENCH_PACKET_BYTES_MIN ||
             c->packet_bytes > XSKIM_BENCH_PACKET_BYTES_MAX))
                return error_set(-EINVAL, "packets: from %d to %d bytes, or imix",
                                 XSKIM_BENCH_PACKET_BYTES_MIN, XSKIM_BENCH_PACKET_BYTES_MAX);
        if (!(c->precision_percent > 0) || c->precision_percent > 100)
                return error_set(-EINVAL, "precision: above 0, at most 100 %%");
        if (c->max_time_ms < MAX_TIME_MS_MIN || c->max_time_ms > MAX_TIME_MS_MAX)
                return error_set(-EINVAL, "time: from 1 second to a day");
        if (c->slice_ms < SLICE_MS_MIN || c->slice_ms > SLICE_MS_MAX ||
            c->slow_slice_ms < SLICE_MS_MIN || c->slow_slice_ms > SLICE_MS_MAX)
                return error_set(-EINVAL, "slice: from %d to %d ms", SLICE_MS_MIN, SLICE_MS_MAX);
        if (c->settle_ms > SETTLE_MS_MAX)
                return error_set(-EINVAL, "settling: at most %d ms", SETTLE_MS_MAX);
        if (!(c->loss_tolerance >= 0) || c->loss_tolerance >= 1)
                return error_set(-EINVAL, "loss tolerance: a share from 0 to below 1");
        if (!c->tx_port != !c->rx_port)
                return error_set(-EINVAL, "ports: both, one to send and one to receive, or none");
        for (unsigned int i = 0; i < c->condition_count; i++) {
                int r = condition_check(c, &c->conditions[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

bool bench_condition_is_same(const struct xskim_bench_condition *a,
                             const struct xskim_bench_condition *b) {
        if (a->kind != b->kind || a->tiered != b->tiered || (a->tiered && a->tier != b->tier))
                return false;
        if (a->kind == XSKIM_BENCH_KIND_command)
                return !strcmp(a->command, b->command);
        return !TAKES_NUMBER[a->kind] || a->number == b->number;
}

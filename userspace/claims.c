/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The white paper's claims, measured: the rows, their order, and the public API. Owns what several
 * of them share; each is measured in a claims_*.c. See xskim_claims.h.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "clock.h"
#include "log.h"
#include "privilege.h"
#include "util.h"

static const struct {
        const char *name;
        bool traffic;
        const char *claim;
        const char *paper;
        const char *unit;
        claims_measure measure;
} rows[] = {
#define CLAIMS_ROW(name_, traffic_, claim_, paper_, unit_)                                         \
        {#name_, traffic_, claim_, paper_, unit_, claims_##name_},
        CLAIMS_ROWS(CLAIMS_ROW)
#undef CLAIMS_ROW
};

_Static_assert(ARRAY_SIZE(rows) <= XSKIM_CLAIMS_MAX, "every claim has room in the result");

void xskim_claims_config_init(struct xskim_claims_config *config) {
        *config = (struct xskim_claims_config){.cpu_hour_dollars = 0.04, .bench_ms = 45000};
}

/* UDP of 18 bytes over IPv4, whose checksums nobody looks at. */
static void packet_make(uint8_t *packet) {
        static const uint8_t headers[] = {
                2,    0,    0,    0,    0,  1,  2, 0, 0,  0,  0, 2, 8, 0, /* Ethernet */
                0x45, 0,    0,    46,   0,  0,  0, 0, 64, 17, 0, 0,       /* IPv4 */
                10,   0,    0,    1,    10, 0,  0, 2,                     /* addresses */
                0x1b, 0x5f, 0x1b, 0x5f, 0,  26, 0, 0,                     /* UDP */
        };

        memset(packet, 0, CLAIMS_PACKET_BYTES);
        memcpy(packet, headers, sizeof(headers));
}

static void cpus_find(struct xskim_claims *claims) {
        cpu_set_t set;

        CPU_ZERO(&set);
        sched_getaffinity(0, sizeof(set), &set);
        for (int cpu = 0; cpu < CPU_SETSIZE && claims->cpu_count < CLAIMS_CPUS_MAX; cpu++)
                if (CPU_ISSET((size_t)cpu, &set))
                        claims->cpus[claims->cpu_count++] = cpu;
        if (!claims->cpu_count)
                claims->cpu_count = 1;
}

int xskim_claims_open(const struct xskim_claims_config *config, struct xskim_claims **ret_claims) {
        struct xskim_claims *claims;
        int r;

        error_clear();
        if (!(config->cpu_hour_dollars > 0) || config->cpu_hour_dollars > 1e6)
                return error_set(-EINVAL, "price: an hour of a CPU costs more than 0 and at most "
                                          "1000000 dollars");
        r = privilege_require();
        if (r < 0)
                return r;
        claims = calloc(1, sizeof(*claims));
        if (!claims)
                return -ENOMEM;
        claims->config = *config;
        claims->random = clock_unix_ns() | 1;
        packet_make(claims->packet);
        cpus_find(claims);
        *ret_claims = claims;
        return 0;
}

struct xskim_claims *xskim_claims_close(struct xskim_claims *claims) {
        free(claims);
        return NULL;
}

void xskim_claims_interrupt(struct xskim_claims *claims) {
        claims->interrupted = true;
        if (claims->bench)
                xskim_bench_interrupt(claims->bench);
}

/* The rows that need no traffic come first and take about this long; the others come from one
 * experiment, which is longer than its measuring. */
static const double OTHERS_MS = 16000, EXPERIMENT_FACTOR = 1.3;

static uint32_t rows_without_traffic(void) {
        uint32_t count = 0;

        for (size_t row = 0; row < ARRAY_SIZE(rows); row++)
                count += !rows[row].traffic;
        return count;
}

void claims_progress(const struct xskim_claims *claims, const char *what, double share) {
        const struct xskim_claims_watch *watch = claims->watch;
        double experiment_ms = EXPERIMENT_FACTOR * (double)claims->config.bench_ms;
        double others = OTHERS_MS / (OTHERS_MS + experiment_ms);
        uint32_t count = rows_without_traffic();

        if (!watch || !watch->progress)
                return;
        if (claims->tried < count)
                share = others * (claims->tried + share) / count;
        else
                share = claims->experimented.tried ? 1 : others + (1 - others) * share;
        watch->progress(watch->context, what, share);
}

/* A claim that could not be measured says why. Interrupted: it is left out. */
static void claim_take(struct xskim_claims *claims, size_t row) {
        struct xskim_claim *claim = &claims->result->claims[row];
        int r;

        *claim = (struct xskim_claim){
                .claim = rows[row].claim, .paper = rows[row].paper, .unit = rows[row].unit};
        error_clear();
        claims_progress(claims, claim->claim, 0);
        r = rows[row].measure(claims, claim);
        claims_unpin(claims);
        claims->tried++;
        if (claims->interrupted)
                return;
        if (r < 0) {
                claim->measured.count = 0;
                claim_not_testable(claim, "could not be measured: %s",
                                   *error_message() ? error_message() : strerror(-r));
        }
        claim->name = rows[row].name;
}

/* Those that were measured, in the order of the rows. */
static void result_close_up(struct xskim_claims_result *result) {
        for (size_t row = 0; row < ARRAY_SIZE(rows); row++)
                if (result->claims[row].name)
                        result->claims[result->count++] = result->claims[row];
}

int xskim_claims_run(struct xskim_claims *claims, const struct xskim_claims_watch *watch,
                     struct xskim_claims_result *ret_result) {
        uint64_t start_ns = clock_monotonic_ns();

        error_clear();
        *ret_result =
                (struct xskim_claims_result){.cpu_hour_dollars = claims->config.cpu_hour_dollars};
        claims->watch = watch;
        claims->result = ret_result;
        claims->tried = 0;
        for (int traffic = 0; traffic < 2; traffic++)
                for (size_t row = 0; row < ARRAY_SIZE(rows) && !claims->interrupted; row++)
                        if (rows[row].traffic == traffic)
                                claim_take(claims, row);
        error_clear();
        result_close_up(ret_result);
        ret_result->interrupted = claims->interrupted;
        ret_result->duration_s = (double)(clock_monotonic_ns() - start_ns) / 1e9;
        return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions that are sessions of xskim: those whose sampler is parked and put on the port by
 * switching, and those that have to be attached to the port themselves, which are opened and closed
 * each time. See conditions.h.
 */
#include <errno.h>

#include "clock.h"
#include "conditions_private.h"
#include "engine.h"
#include "log.h"
#include "sampling.h"
#include "util.h"

enum { SESSION_STACK_SAMPLE = 64 }; /* of the kinds that name no rate */

struct condition_session {
        struct xskim_session *session;
        uint64_t collector_ns; /* of sessions that have ended */
        uint64_t seen;
        uint64_t lost_records;
        uint64_t unaccounted;
        uint64_t memory_bytes;
        char where[XSKIM_NOTE_BYTES]; /* the ledger's */
};

static void config_make(const struct condition *condition, const char *port,
                        struct xskim_config *config) {
        const struct xskim_bench_condition *asked = condition->asked;
        const struct conditions *all = condition->all;

        xskim_config_init(config);
        config->ports[0] = port;
        config->port_count = 1;
        config->verdict = all->verdict;
        config->tier = condition->tier;
        config->sample = asked->kind == XSKIM_BENCH_KIND_sample ? asked->number : 0;
        config->stack = asked->kind == XSKIM_BENCH_KIND_stack;
        config->shared = asked->kind == XSKIM_BENCH_KIND_shared;
        if (config->stack || config->shared)
                config->sample = SESSION_STACK_SAMPLE;
        config->force = true;
        config->cpus[0] = all->config.collector_cpu;
        config->cpu_count = all->config.collector_cpu >= 0;
}

static int session_open(struct condition *condition) {
        struct condition_session *own = calloc(1, sizeof(*own));
        char port[XSKIM_NAME_MAX];
        struct xskim_config config;
        int r, ifindex;

        condition->own = own;
        if (!own)
                return -ENOMEM;
        if (condition->operations->slow)
                return 0;
        r = conditions_parking_port(condition->all, port, &ifindex);
        if (r < 0)
                return r;
        config_make(condition, port, &config);
        return engine_open(&config, condition->all->forward_to, &own->session);
}

static int session_rest(struct condition *condition) {
        struct condition_session *own = condition->own;

        return engine_rest(own->session);
}

/* The flush timer goes on anywhere in its period, as if it had never stood. */
static int session_resume(struct condition *condition) {
        struct condition_session *own = condition->own;

        return engine_resume(own->session, sampling_seed(clock_monotonic_ns(), 0));
}

static int session_program_fd(const struct condition *condition) {
        const struct condition_session *own = condition->own;

        return own->session ? engine_sampler_fd(own->session) : -1;
}

static uint64_t session_collector_ns(const struct condition *condition) {
        const struct condition_session *own = condition->own;

        return own->collector_ns + (own->session ? engine_collector_ns(own->session) : 0);
}

static void ledger_add(struct condition_session *own, const struct xskim_snapshot *summary) {
        own->seen += summary->ledger.seen;
        own->lost_records += summary->ledger.ring_full + summary->ledger.lost_in_socket;
        own->unaccounted += summary->ledger.unaccounted;
        own->memory_bytes = summary->cost.kernel_memory_bytes;
        if (summary->ledger.unaccounted && !own->where[0])
                snprintf(own->where, sizeof(own->where), "%s", summary->ledger.where);
}

/* Stops the session and adds its summary. */
static int session_end(struct condition_session *own) {
        struct xskim_snapshot *summary CLEANUP(free_cleanup) = calloc(1, sizeof(*summary));
        int r;

        if (!own->session)
                return 0;
        r = summary ? xskim_stop(own->session) : -ENOMEM;
        r = r < 0 ? r : xskim_snapshot(own->session, 0, summary);
        own->collector_ns += engine_collector_ns(own->session);
        if (!r)
                ledger_add(own, summary);
        own->session = xskim_close(own->session);
        return r;
}

static int session_enter(struct condition *condition) {
        struct condition_session *own = condition->own;
        struct xskim_config config;

        if (condition->all->forward_to)
                return error_set(-EINVAL, "on path forward there is only what can be switched");
        config_make(condition, condition->all->port.port->name, &config);
        return engine_open(&config, 0, &own->session);
}

static int session_leave(struct condition *condition) {
        return session_end(condition->own);
}

static int session_finish(struct condition *condition, struct xskim_bench_outcome *outcome) {
        struct condition_session *own = condition->own;
        int r = session_end(own);

        outcome->seen = own->seen;
        outcome->seen_known = true;
        outcome->lost_records = own->lost_records;
        outcome->unaccounted = own->unaccounted + condition_unseen(condition, own->seen);
        outcome->memory_bytes = own->memory_bytes;
        if (own->where[0])
                snprintf(outcome->note, sizeof(outcome->note), "%.*s",
                         (int)sizeof(outcome->note) - 1, own->where);
        return r;
}

static void session_close(struct condition *condition) {
        struct condition_session *own = condition->own;

        if (own)
                own->session = xskim_close(own->session);
        free(own);
        condition->own = NULL;
}

const struct condition_operations CONDITION_SESSION = {
        .has_tier = true,
        .open = session_open,
        .program_fd = session_program_fd,
        .rest = session_rest,
        .resume = session_resume,
        .collector_ns = session_collector_ns,
        .finish = session_finish,
        .close = session_close,
};

const struct condition_operations CONDITION_SESSION_DIRECT = {
        .has_tier = true,
        .slow = true,
        .optional = true,
        .open = session_open,
        .program_fd = session_program_fd,
        .enter = session_enter,
        .leave = session_leave,
        .collector_ns = session_collector_ns,
        .finish = session_finish,
        .close = session_close,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what the port under test runs in turn. See conditions.h. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conditions_private.h"
#include "log.h"
#include "netdev.h"
#include "privilege.h"
#include "program_peer.h"
#include "util.h"

enum { PARKING_MTU = 1500, PARKING_MTU_MULTI_BUFFER = 9000 };

/* `off` has nothing of its own: the port without a program. */
static const struct condition_operations CONDITION_OFF = {.slow = true};

static const struct condition_operations *const OPERATIONS[XSKIM_BENCH_KIND_COUNT] = {
        [XSKIM_BENCH_KIND_off] = &CONDITION_OFF,
        [XSKIM_BENCH_KIND_empty] = &CONDITION_EMPTY,
        [XSKIM_BENCH_KIND_counts] = &CONDITION_SESSION,
        [XSKIM_BENCH_KIND_classes] = &CONDITION_SESSION,
        [XSKIM_BENCH_KIND_sample] = &CONDITION_SESSION,
        [XSKIM_BENCH_KIND_stack] = &CONDITION_SESSION_DIRECT,
        [XSKIM_BENCH_KIND_shared] = &CONDITION_SESSION_DIRECT,
        [XSKIM_BENCH_KIND_ringbuf] = &CONDITION_SAMPLER,
        [XSKIM_BENCH_KIND_perfbuf] = &CONDITION_SAMPLER,
        [XSKIM_BENCH_KIND_buckets] = &CONDITION_SAMPLER,
        [XSKIM_BENCH_KIND_burn] = &CONDITION_BURN,
        [XSKIM_BENCH_KIND_command] = &CONDITION_COMMAND,
};

/* ---- namespaces ---- */

static int receiver_enter(const struct conditions *c) {
        return netdev_namespace_enter(c->config.arena->places[ARENA_RECEIVER]);
}

static int home_return(const struct conditions *c, int error) {
        bool told = error_is_set();
        int r = netdev_namespace_enter(c->config.arena->home);

        if (error)
                error_forget(told);
        return error ? error : r;
}

static int parking_make(struct conditions *c) {
        int old, back, r = netdev_namespace_enter_new(&old);

        if (r < 0)
                return r;
        r = netdev_namespace_open(&c->parking);
        back = netdev_namespace_return(old);
        return r < 0 ? r : back;
}

int conditions_parking_port(struct conditions *c, char name[static XSKIM_NAME_MAX],
                            int *ret_ifindex) {
        uint32_t mtu = c->multi_buffer ? PARKING_MTU_MULTI_BUFFER : PARKING_MTU;
        char peer[XSKIM_NAME_MAX];
        int r, peer_ifindex;

        snprintf(name, XSKIM_NAME_MAX, "parking%u", c->parked);
        snprintf(peer, sizeof(peer), "parking%u.x", c->parked);
        r = netdev_veth_create(name, peer, mtu, ret_ifindex, &peer_ifindex);
        c->parked += !r;
        r = r ? r : netdev_set_up(*ret_ifindex);
        return r ? r : netdev_set_up(peer_ifindex);
}

/* ---- switching ---- */

static int fail(struct condition *condition, int error) {
        const char *message = error_message();

        condition->failed = true;
        snprintf(condition->note, sizeof(condition->note), "%.*s", (int)strcspn(message, "\n"),
                 message[0] ? message : strerror(-error));
        return error;
}

/* Attaching wants the port's namespace; updating the link that is there does not. */
static int port_set(struct conditions *c, int program_fd) {
        int r;

        if (c->port.link >= 0)
                return program_switch_set(&c->port, program_fd);
        r = receiver_enter(c);
        r = r < 0 ? r : program_switch_set(&c->port, program_fd);
        return home_return(c, r);
}

static int idle_set(struct conditions *c) {
        return c->idle ? port_set(c, program_peer_fd(c->idle)) : 0;
}

/* One that did not last until it was stopped has failed; the experiment goes on. */
static int slow_leave(struct conditions *c, struct condition *condition) {
        int r = receiver_enter(c);

        if (r < 0)
                return r;
        if (condition->operations->leave && condition->operations->leave(condition) < 0) {
                fail(condition, -EIO);
                error_clear();
        }
        return home_return(c, 0);
}

static int rest(struct condition *condition) {
        return condition && condition->operations->rest ? condition->operations->rest(condition)
                                                        : 0;
}

static int leave(struct conditions *c) {
        struct condition *condition = TAKE_PTR(c->current);
        int r = 0, back;

        if (!condition)
                return 0;
        if (condition->operations->slow)
                r = slow_leave(c, condition);
        back = idle_set(c);
        r = r < 0 ? r : back;
        return r < 0 ? r : rest(condition);
}

int conditions_leave(struct conditions *c) {
        error_clear();
        return leave(c);
}

static int turn(const struct condition *condition) {
        return condition->operations->turn ? condition->operations->turn(condition) : 0;
}

static int fast_enter(struct conditions *c, struct condition *condition) {
        const struct condition_operations *operations = condition->operations;
        int r = operations->resume ? operations->resume(condition) : 0;

        return r < 0 ? r : port_set(c, operations->program_fd(condition));
}

static int slow_enter(struct conditions *c, struct condition *condition) {
        int r = receiver_enter(c);

        if (r < 0)
                return r;
        if (condition->operations->keeps_empty)
                r = program_switch_set(&c->port, program_peer_fd(c->idle));
        else
                program_switch_off(&c->port);
        if (!r && condition->operations->enter)
                r = condition->operations->enter(condition);
        return home_return(c, r);
}

static int cannot(const struct condition *condition) {
        error_set(-ENOTSUP, "%s: %s", condition->name, condition->note);
        return CONDITIONS_CANNOT;
}

int conditions_enter(struct conditions *c, unsigned int number) {
        struct condition *condition = &c->conditions[number];
        struct condition *left;
        bool told;
        int r = 0;

        error_clear();
        if (c->current == condition)
                return turn(condition);
        if (c->current && c->current->operations->slow)
                r = leave(c);
        if (r < 0)
                return r;
        if (condition->failed) {
                r = leave(c);
                return r < 0 ? r : cannot(condition);
        }
        r = turn(condition);
        if (!r && condition->operations->slow)
                r = slow_enter(c, condition);
        else if (!r)
                r = fast_enter(c, condition);
        /* a failure of the one that is left is its own */
        left = c->current;
        told = error_is_set();
        if (rest(left) < 0) {
                fail(left, -EIO);
                error_forget(told);
        }
        c->current = r < 0 ? NULL : condition;
        if (r >= 0)
                return 0;
        fail(condition, r);
        error_clear();
        r = idle_set(c);
        return r < 0 ? r : cannot(condition);
}

/* ---- opening ---- */

static int condition_open(struct conditions *c, unsigned int number) {
        struct condition *condition = &c->conditions[number];
        bool told = error_is_set();
        int r;

        condition->all = c;
        condition->number = number;
        condition->asked = &c->config.asked[number];
        condition->operations = OPERATIONS[condition->asked->kind];
        condition_name_make(condition, condition->operations->has_tier);
        c->count++;
        r = condition->operations->open ? condition->operations->open(condition) : 0;
        r = r < 0 ? r : rest(condition);
        condition->opened = r >= 0;
        if (r < 0 && condition->operations->optional) {
                fail(condition, r);
                error_forget(told);
                r = 0;
        }
        return r;
}

static int conditions_load(struct conditions *c) {
        int back, r = netdev_namespace_enter(c->parking);

        for (unsigned int i = 0; i < c->config.count && r >= 0; i++)
                r = condition_open(c, i);
        back = netdev_namespace_enter(c->config.arena->home);
        return r < 0 ? r : back;
}

static int idle_open(struct conditions *c) {
        const struct program_peer_config config = {
                .kind = PROGRAM_PEER_empty,
                .verdict = c->verdict,
                .forward_to = c->forward_to,
                .multi_buffer = c->multi_buffer,
        };
        char name[XSKIM_NAME_MAX];
        int ifindex, r;

        c->idle = program_peer_close(c->idle);
        r = program_peer_open(&config, &c->idle);
        r = r ? r : netdev_namespace_enter(c->parking);
        r = r ? r : conditions_parking_port(c, name, &ifindex);
        r = r ? r : program_peer_park(c->idle, ifindex);
        return home_return(c, r);
}

/* The port gets the empty program; whether it wants one for multi-buffer packets shows here. */
static int port_take(struct conditions *c) {
        int r = idle_open(c);

        if (r < 0)
                return r;
        return idle_set(c);
}

static int start(struct conditions *c) {
        int r = privilege_require();

        r = r < 0 ? r : parking_make(c);
        r = r < 0 ? r : port_take(c);
        if (r == -ERANGE) {
                c->multi_buffer = true;
                r = port_take(c);
        }
        return r < 0 ? r : conditions_load(c);
}

struct conditions *conditions_close(struct conditions *c) {
        bool told = error_is_set();

        if (!c)
                return NULL;
        leave(c);
        program_switch_off(&c->port);
        if (c->parking >= 0 && !netdev_namespace_enter(c->parking)) {
                for (unsigned int i = 0; i < c->count; i++)
                        if (c->conditions[i].operations->close && c->conditions[i].own)
                                c->conditions[i].operations->close(&c->conditions[i]);
                netdev_namespace_enter(c->config.arena->home);
        }
        c->idle = program_peer_close(c->idle);
        c->burning = program_peer_close(c->burning);
        fd_cleanup(&c->parking);
        error_forget(told);
        free(c);
        return NULL;
}

int conditions_open(const struct conditions_config *config, struct conditions **ret_conditions) {
        struct conditions *c;
        int r;

        if (!config->count || config->count > XSKIM_BENCH_CONDITIONS_MAX)
                return error_set(-EINVAL, "conditions: from 1 to %d", XSKIM_BENCH_CONDITIONS_MAX);
        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->config = *config;
        c->parking = -1;
        c->port = PROGRAM_SWITCH_NULL;
        c->port.port = &config->arena->rx;
        c->verdict = config->arena->path == XSKIM_BENCH_PATH_drop ? XSKIM_VERDICT_DROP
                                                                  : XSKIM_VERDICT_PASS;
        if (config->arena->path == XSKIM_BENCH_PATH_forward)
                c->forward_to = config->arena->out.ifindex;
        r = start(c);
        if (r < 0) {
                conditions_close(c);
                return r;
        }
        *ret_conditions = c;
        return 0;
}

/* ---- what is asked about them ---- */

const char *conditions_name(const struct conditions *c, unsigned int number) {
        return c->conditions[number].name;
}

const char *conditions_tier(const struct conditions *c, unsigned int number) {
        return condition_tier_name(&c->conditions[number]);
}

bool conditions_is_slow(const struct conditions *c, unsigned int number) {
        return c->conditions[number].operations->slow;
}

bool conditions_has_failed(const struct conditions *c, unsigned int number) {
        return c->conditions[number].failed;
}

uint64_t conditions_collector_ns(const struct conditions *c, unsigned int number) {
        const struct condition *condition = &c->conditions[number];

        return condition->operations->collector_ns && condition->own
                       ? condition->operations->collector_ns(condition)
                       : 0;
}

void conditions_truth(struct conditions *c, unsigned int number, uint64_t packets) {
        c->conditions[number].truth += packets;
}

uint64_t condition_unseen(const struct condition *condition, uint64_t seen) {
        const struct arena *arena = condition->all->config.arena;

        if (!arena->own || arena->path == XSKIM_BENCH_PATH_tcp)
                return 0;
        return absolute_difference(seen, condition->truth);
}

static int program_of(const struct condition *condition) {
        if (condition->failed || !condition->own || !condition->operations->program_fd)
                return -1;
        return condition->operations->program_fd(condition);
}

double conditions_run_ns(struct conditions *c, unsigned int number, const uint8_t *packet,
                         uint32_t bytes, uint32_t repeat) {
        struct condition *condition = &c->conditions[number];
        double ns;
        int fd;

        /* it has no program of its own, and does not see these runs */
        if (condition->operations->keeps_empty)
                return NAN;
        /* of those that are not parked there is only something while they have the port */
        if (condition->operations->slow && conditions_enter(c, number))
                return NAN;
        fd = program_of(condition);
        ns = fd < 0 || turn(condition) < 0 ? NAN : program_run_ns(fd, packet, bytes, repeat);
        if (!isnan(ns))
                condition->truth += repeat + 1;
        return ns;
}

int conditions_statistics_on(void) {
        int fd, r = program_statistics_on(&fd);

        return r < 0 ? r : fd;
}

int conditions_statistics(const struct conditions *c, unsigned int number, uint64_t *ret_runs,
                          uint64_t *ret_ns) {
        int fd = program_of(&c->conditions[number]);

        *ret_runs = *ret_ns = 0;
        return fd < 0 ? 0 : program_statistics(fd, ret_runs, ret_ns);
}

/* ---- the end ---- */

static int outcome_fill(struct condition *condition, struct xskim_bench_outcome *o) {
        int r = 0;

        o->burnt_ns = NAN;
        if (condition->operations->finish && condition->own && condition->opened)
                r = condition->operations->finish(condition, o);
        snprintf(o->name, sizeof(o->name), "%s", condition->name);
        snprintf(o->tier, sizeof(o->tier), "%s", condition_tier_name(condition));
        o->kind = condition->asked->kind;
        o->number = condition->asked->number;
        o->failed = condition->failed;
        o->truth = condition->truth;
        if (condition->note[0])
                memcpy(o->note, condition->note, sizeof(o->note));
        return r;
}

int conditions_finish(struct conditions *c, struct xskim_bench_outcome *outcomes) {
        int one, r = leave(c);

        if (c->finished)
                return r;
        c->finished = true;
        program_switch_off(&c->port);
        if (netdev_namespace_enter(c->parking) < 0)
                return -EIO;
        for (unsigned int i = 0; i < c->count; i++) {
                one = outcome_fill(&c->conditions[i], &outcomes[i]);
                r = r < 0 ? r : one;
        }
        return home_return(c, r);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns where claims are measured: ports, sessions on them, CPUs; and how growth is. See claims.h.
 */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "claims.h"
#include "log.h"
#include "netdev.h"
#include "util.h"

enum { ROOM_MTU = 1500 };

const char *const CLAIMS_PORT_NAMES[CLAIMS_PORTS] = {"claim0", "claim1", "claim2", "claim3"};

static int pair_make(struct claims_room *room, int first) {
        int *ends = &room->ifindexes[first];
        int r = netdev_veth_create(CLAIMS_PORT_NAMES[first], CLAIMS_PORT_NAMES[first + 1], ROOM_MTU,
                                   &ends[0], &ends[1]);

        r = r < 0 ? r : netdev_set_up(ends[0]);
        return r < 0 ? r : netdev_set_up(ends[1]);
}

int claims_room_enter(struct claims_room *room) {
        int r = netdev_namespace_enter_new(&room->old_fd);

        if (r < 0) {
                room->old_fd = -1;
                return r;
        }
        for (int first = 0; first < CLAIMS_PORTS && r >= 0; first += 2)
                r = pair_make(room, first);
        if (r < 0)
                claims_room_leave(room);
        return r;
}

void claims_room_leave(struct claims_room *room) {
        if (room->old_fd >= 0)
                netdev_namespace_return(room->old_fd);
        room->old_fd = -1;
}

int claims_session_open(const struct xskim_claims *claims, const struct xskim_config *config,
                        int port, struct xskim_session **ret_session) {
        struct xskim_config own;

        xskim_config_init(&own);
        if (config)
                own = *config;
        own.ports[0] = CLAIMS_PORT_NAMES[port];
        own.port_count = 1;
        own.interval_ms = 3600000;
        if (claims->cpu_count > 1) {
                own.cpus[0] = claims->cpus[1];
                own.cpu_count = 1;
        }
        return xskim_open(&own, ret_session);
}

void claims_session_close(struct xskim_session *session) {
        char message[XSKIM_CLAIM_REASON_BYTES];

        snprintf(message, sizeof(message), "%s", error_message());
        xskim_close(session);
        if (*message)
                error_set(0, "%s", message);
}

/* ---- CPUs ---- */

void claims_pin(const struct xskim_claims *claims, uint32_t nth) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((size_t)claims->cpus[nth % claims->cpu_count], &set);
        sched_setaffinity(0, sizeof(set), &set);
}

void claims_unpin(const struct xskim_claims *claims) {
        cpu_set_t set;

        CPU_ZERO(&set);
        for (uint32_t i = 0; i < claims->cpu_count; i++)
                CPU_SET((size_t)claims->cpus[i], &set);
        sched_setaffinity(0, sizeof(set), &set);
}

void claims_pause_ms(uint32_t ms) {
        struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

        nanosleep(&pause, NULL);
}

/* ---- what was done ---- */

int claims_interrupted(const struct xskim_claims *claims) {
        return claims->interrupted ? error_set(-EINTR, "interrupted") : 0;
}

int claims_done_set(struct claims_done *done, int r) {
        done->tried = true;
        done->error = r < 0 ? r : 0;
        if (r < 0)
                snprintf(done->message, sizeof(done->message), "%s",
                         *error_message() ? error_message() : strerror(-r));
        return done->error;
}

int claims_done_again(const struct claims_done *done) {
        return done->error ? error_set(done->error, "%s", done->message) : 0;
}

/* ---- growth ---- */

static int points_take(struct xskim_claims *claims, const uint32_t *sizes, uint32_t count,
                       uint32_t rounds, claims_timing timing, void *context, double *x, double *y) {
        uint32_t order[CLAIMS_SIZES_MAX], point = 0;

        for (uint32_t round = 0; round < rounds; round++) {
                inference_shuffle(order, count, &claims->random);
                for (uint32_t i = 0; i < count; i++, point++) {
                        int r = claims_interrupted(claims);

                        x[point] = sizes[order[i]];
                        r = r < 0 ? r : timing(context, sizes[order[i]], &y[point]);
                        if (r < 0)
                                return r;
                        y[point] = fmax(y[point], 1);
                }
        }
        return 0;
}

static struct xskim_bench_interval at_size(const double *x, const double *y, uint32_t points,
                                           double size) {
        double values[INFERENCE_POINTS_MAX];
        uint32_t count = 0;

        for (uint32_t i = 0; i < points; i++)
                if (x[i] == size)
                        values[count++] = y[i];
        return inference_median(values, count);
}

int claims_grow(struct xskim_claims *claims, const uint32_t *sizes, uint32_t count, uint32_t rounds,
                claims_timing timing, void *context, struct claims_growth *ret) {
        double x[INFERENCE_POINTS_MAX] = {0}, y[INFERENCE_POINTS_MAX] = {0};
        uint32_t points = count * rounds;
        int r;

        if (count > CLAIMS_SIZES_MAX || points > INFERENCE_POINTS_MAX)
                return error_set(-E2BIG, "growth: %u points, %d at most", points,
                                 INFERENCE_POINTS_MAX);
        r = points_take(claims, sizes, count, rounds, timing, context, x, y);
        if (r < 0)
                return r;
        *ret = (struct claims_growth){
                .exponent = inference_exponent(x, y, points),
                .largest = at_size(x, y, points, sizes[count - 1]),
                .smallest = at_size(x, y, points, sizes[0]),
                .low = sizes[0],
                .high = sizes[count - 1],
        };
        return 0;
}

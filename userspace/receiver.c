/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands at the end of each path. See receiver.h. */
#include <errno.h>

#include "netdev.h"
#include "program_sink.h"
#include "receiver.h"
#include "receiver_private.h"
#include "util.h"

struct receiver {
        struct receiver_config config;
        struct receiver_udp *udp; /* stack, forward */
        struct receiver_tcp *tcp;
        struct sink *sink;        /* forward */
        struct histogram latency; /* of paths without a socket: empty */
};

/* Where the calling thread is at the end of the path. */
static int end_make(struct receiver *r) {
        const struct arena *arena = r->config.arena;
        int error = 0;

        switch (arena->path) {
        case XSKIM_BENCH_PATH_forward:
                error = sink_open(arena->end.ifindex, &r->sink);
                return error < 0 ? error : receiver_udp_open(&r->config, &r->udp);
        case XSKIM_BENCH_PATH_stack:
                return receiver_udp_open(&r->config, &r->udp);
        case XSKIM_BENCH_PATH_tcp:
                return receiver_tcp_open(&r->config, &r->tcp);
        case XSKIM_BENCH_PATH_drop:
        case XSKIM_BENCH_PATH_COUNT:
                break;
        }
        return 0;
}

int receiver_open(const struct receiver_config *config, struct receiver **ret_receiver) {
        enum arena_place place =
                config->arena->path == XSKIM_BENCH_PATH_forward ? ARENA_END : ARENA_RECEIVER;
        struct receiver *r = calloc(1, sizeof(*r));
        int back, error;

        if (!r)
                return -ENOMEM;
        r->config = *config;
        error = arena_enter(config->arena, place);
        if (error >= 0) {
                error = end_make(r);
                back = arena_leave(config->arena);
                error = error < 0 ? error : back;
        }
        if (error < 0) {
                receiver_close(r);
                return error;
        }
        *ret_receiver = r;
        return 0;
}

struct receiver *receiver_close(struct receiver *r) {
        if (!r)
                return NULL;
        receiver_udp_close(r->udp);
        receiver_tcp_close(r->tcp);
        sink_close(r->sink);
        free(r);
        return NULL;
}

/* A port under test that drops is the last that sees them. */
static int port_counts(const struct receiver *r, struct receiver_counts *ret_counts) {
        const struct arena *arena = r->config.arena;
        struct netdev_counters counters;
        int back, error = arena_enter(arena, ARENA_RECEIVER);

        if (error < 0)
                return error;
        error = netdev_counters(arena->rx.ifindex, &counters);
        back = arena_leave(arena);
        if (error < 0 || back < 0)
                return error < 0 ? error : back;
        *ret_counts =
                (struct receiver_counts){.packets = counters.packets, .bytes = counters.bytes};
        return 0;
}

/* Of the socket there is its overrun, and the thread. */
static int forward_counts(const struct receiver *r, struct receiver_counts *ret_counts) {
        struct xskim_sink_counts counts;
        int error = receiver_udp_counts(r->udp, ret_counts);

        error = error < 0 ? error : sink_counts(r->sink, &counts);
        if (error < 0)
                return error;
        ret_counts->packets = counts.packets;
        ret_counts->bytes = counts.bytes;
        return 0;
}

int receiver_counts(const struct receiver *r, struct receiver_counts *ret_counts) {
        if (r->sink)
                return forward_counts(r, ret_counts);
        if (r->udp)
                return receiver_udp_counts(r->udp, ret_counts);
        if (!r->tcp)
                return port_counts(r, ret_counts);
        receiver_tcp_counts(r->tcp, ret_counts);
        return 0;
}

void receiver_latency_begin(struct receiver *r, uint32_t run) {
        if (r->sink)
                sink_pass(r->sink, true);
        if (r->udp)
                receiver_udp_latency_begin(r->udp, run);
}

const struct histogram *receiver_latency_end(struct receiver *r) {
        const struct histogram *latency = r->udp ? receiver_udp_latency_end(r->udp) : &r->latency;

        if (r->sink)
                sink_pass(r->sink, false);
        return latency;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Conditions that are a single program without a session. See conditions.h. */
#include <errno.h>

#include "conditions_private.h"
#include "program_peer.h"
#include "util.h"

static int peer_open(struct condition *condition) {
        const struct conditions *all = condition->all;
        const struct program_peer_config config = {
                .kind = PROGRAM_PEER_EMPTY,
                .verdict = all->verdict,
                .forward_to = all->forward_to,
                .multi_buffer = all->multi_buffer,
        };
        struct program_peer *peer;
        char name[XSKIM_NAME_MAX];
        int r, ifindex;

        r = program_peer_open(&config, &peer);
        if (r < 0)
                return r;
        condition->own = peer;
        r = conditions_parking_port(condition->all, name, &ifindex);
        return r < 0 ? r : program_peer_park(peer, ifindex);
}

static int peer_program_fd(const struct condition *condition) {
        return program_peer_fd(condition->own);
}

static int peer_finish(struct condition *condition, struct xskim_bench_outcome *outcome) {
        outcome->memory_bytes = program_peer_memory(condition->own);
        return 0;
}

static void peer_close(struct condition *condition) {
        condition->own = program_peer_close(condition->own);
}

const struct condition_operations CONDITION_PEER = {
        .open = peer_open,
        .program_fd = peer_program_fd,
        .finish = peer_finish,
        .close = peer_close,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the programs that are compared with a session's sampler: their life, and those that observe
 * nothing. See program_peer.h. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "burn.skel.h"
#include "empty.skel.h"
#include "log.h"
#include "program_peer_private.h"
#include "program_switch.h"
#include "util.h"

/* ---- those that observe nothing ---- */

static int empty_open(struct program_peer *peer) {
        const struct program_peer_config *config = &peer->config;
        struct empty_bpf *empty = empty_bpf__open();

        if (!empty)
                return -errno;
        peer->skeleton = empty;
        peer->object = empty->obj;
        empty->rodata->forward_to = (uint32_t)config->forward_to;
        peer->program = config->forward_to                      ? empty->progs.empty_forward
                        : config->verdict == XSKIM_VERDICT_DROP ? empty->progs.empty_drop
                                                                : empty->progs.empty;
        bpf_program__set_autoload(empty->progs.empty, false);
        return 0;
}

static void empty_destroy(void *skeleton) {
        empty_bpf__destroy(skeleton);
}

static int burn_open(struct program_peer *peer) {
        const struct program_peer_config *config = &peer->config;
        struct burn_bpf *burn = burn_bpf__open();

        if (!burn)
                return -errno;
        peer->skeleton = burn;
        peer->object = burn->obj;
        burn->rodata->verdict = config->verdict == XSKIM_VERDICT_DROP ? XDP_DROP : XDP_PASS;
        burn->rodata->forward_to = (uint32_t)config->forward_to;
        peer->program = config->forward_to ? burn->progs.burn_forward : burn->progs.burn;
        bpf_program__set_autoload(burn->progs.burn, false);
        return 0;
}

static void burn_destroy(void *skeleton) {
        burn_bpf__destroy(skeleton);
}

static const struct program_peer_operations EMPTY = {
        .name = "empty",
        .open = empty_open,
        .destroy = empty_destroy,
};

static const struct program_peer_operations BURN = {
        .name = "burn",
        .open = burn_open,
        .destroy = burn_destroy,
};

static const struct program_peer_operations *const PEERS[PROGRAM_PEER_COUNT] = {
        [PROGRAM_PEER_empty] = &EMPTY,
        [PROGRAM_PEER_burn] = &BURN,
        [PROGRAM_PEER_ringbuf] = &PROGRAM_PEER_RINGBUF,
        [PROGRAM_PEER_perfbuf] = &PROGRAM_PEER_PERFBUF,
        [PROGRAM_PEER_hashbuckets] = &PROGRAM_PEER_HASHBUCKETS,
};

/* ---- the life of all ---- */

static int peer_load(struct program_peer *peer) {
        uint32_t flags = bpf_program__flags(peer->program);

        bpf_program__set_autoload(peer->program, true);
        if (peer->config.multi_buffer)
                bpf_program__set_flags(peer->program, flags | BPF_F_XDP_HAS_FRAGS);
        return bpf_object__load(peer->object);
}

int program_peer_open(const struct program_peer_config *config, struct program_peer **ret_peer) {
        struct program_peer *peer = calloc(1, sizeof(*peer));
        int r;

        if (!peer)
                return -ENOMEM;
        program_library_quiet();
        peer->config = *config;
        peer->operations = PEERS[config->kind];
        peer->cpus = program_cpus_possible();
        peer->link = peer->epoll_fd = -1;
        r = peer->operations->open(peer);
        r = r ? r : peer_load(peer);
        if (!r && peer->operations->start)
                r = peer->operations->start(peer);
        if (r < 0) {
                const char *name = peer->operations->name;

                program_peer_close(peer);
                return error_set(r,
                                 "program %s: the kernel refused it (%s). XSKIM_DEBUG=1 shows the "
                                 "verifier's reasons.",
                                 name, strerror(-r));
        }
        *ret_peer = peer;
        return 0;
}

struct program_peer *program_peer_close(struct program_peer *peer) {
        if (!peer)
                return NULL;
        fd_cleanup(&peer->link);
        program_peer_sampler_close(peer);
        if (peer->skeleton)
                peer->operations->destroy(peer->skeleton);
        free(peer);
        return NULL;
}

int program_peer_fd(const struct program_peer *peer) {
        return bpf_program__fd(peer->program);
}

int program_peer_park(struct program_peer *peer, int ifindex) {
        return program_park(program_peer_fd(peer), ifindex, &peer->link);
}

/* By a call: what the skeleton maps are the values from before loading. */
int program_peer_burn(const struct program_peer *peer, uint32_t steps, uint32_t turn) {
        const struct burn_bpf *burn = peer->skeleton;
        const struct burn_bpf__bss values = {.steps = steps, .turn = turn};
        uint32_t first = 0;

        if (bpf_map_update_elem(bpf_map__fd(burn->maps.bss), &first, &values, BPF_ANY))
                return error_set(-errno, "burn: cannot tell the program what to burn: %s",
                                 strerror(errno));
        return 0;
}

int program_peer_burnt(const struct program_peer *peer, uint32_t turn,
                       struct xskim_burnt *ret_burnt) {
        const struct burn_bpf *burn = peer->skeleton;
        struct xskim_burnt *all = calloc(peer->cpus, sizeof(*all));
        int r = all ? 0 : -ENOMEM;

        *ret_burnt = (struct xskim_burnt){0};
        if (all && bpf_map_lookup_elem(bpf_map__fd(burn->maps.burnt), &turn, all))
                r = -errno;
        for (uint32_t cpu = 0; cpu < peer->cpus && r >= 0; cpu++) {
                ret_burnt->packets += all[cpu].packets;
                ret_burnt->ns += all[cpu].ns;
        }
        free(all);
        return r;
}

uint64_t program_peer_memory(const struct program_peer *peer) {
        return program_object_memory(peer->object, true);
}

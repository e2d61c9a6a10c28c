/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the programs that are compared with a session's sampler. See program_peer.h. */
#include <errno.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "empty.skel.h"
#include "log.h"
#include "program_peer.h"
#include "program_private.h"
#include "program_switch.h"
#include "util.h"

struct program_peer {
        struct program_peer_config config;
        struct bpf_object *object; /* of the skeleton */
        struct bpf_program *program;
        int link; /* where it is parked */
        struct empty_bpf *empty;
};

static int empty_open(struct program_peer *peer) {
        struct empty_bpf *empty = empty_bpf__open();

        if (!empty)
                return -errno;
        peer->empty = empty;
        peer->object = empty->obj;
        empty->rodata->forward_to = (uint32_t)peer->config.forward_to;
        peer->program = peer->config.forward_to                      ? empty->progs.empty_forward
                        : peer->config.verdict == XSKIM_VERDICT_DROP ? empty->progs.empty_drop
                                                                     : empty->progs.empty;
        bpf_program__set_autoload(empty->progs.empty, false);
        return 0;
}

static void empty_close(struct program_peer *peer) {
        empty_bpf__destroy(peer->empty);
}

static const struct {
        const char *name;
        int (*open)(struct program_peer *peer); /* sets object and program; loads nothing */
        void (*close)(struct program_peer *peer);
} PEERS[] = {
        [PROGRAM_PEER_EMPTY] = {"empty", empty_open, empty_close},
};

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
        peer->link = -1;
        r = PEERS[config->kind].open(peer);
        r = r ? r : peer_load(peer);
        if (r < 0) {
                program_peer_close(peer);
                return error_set(r,
                                 "program %s: the kernel refused it (%s). XSKIM_DEBUG=1 shows the "
                                 "verifier's reasons.",
                                 PEERS[config->kind].name, strerror(-r));
        }
        *ret_peer = peer;
        return 0;
}

struct program_peer *program_peer_close(struct program_peer *peer) {
        if (!peer)
                return NULL;
        fd_cleanup(&peer->link);
        PEERS[peer->config.kind].close(peer);
        free(peer);
        return NULL;
}

int program_peer_fd(const struct program_peer *peer) {
        return bpf_program__fd(peer->program);
}

int program_peer_park(struct program_peer *peer, int ifindex) {
        return program_park(program_peer_fd(peer), ifindex, &peer->link);
}

uint64_t program_peer_memory(const struct program_peer *peer) {
        return program_object_memory(peer->object, true);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of program_peer.h share, and nobody else. */
#ifndef XSKIM_PROGRAM_PEER_PRIVATE_H
#define XSKIM_PROGRAM_PEER_PRIVATE_H

#include "program_peer.h"
#include "program_private.h"
#include "program_ringbuf.h"

typedef void peer_take(void *context, const struct xskim_record *const *records, uint32_t count);

struct program_peer {
        struct program_peer_config config;
        const struct program_peer_operations *operations;
        void *skeleton;
        struct bpf_object *object; /* of the skeleton */
        struct bpf_program *program;
        int link; /* where it is parked */
        /* of samplers */
        uint32_t cpus;
        struct bpf_map *states;
        int epoll_fd;
        struct program_ringbuf *buffers; /* ringbuf: [cpus] */
        struct perf_buffer *perf;
        struct xskim_record *copies; /* perfbuf: [PROGRAM_PEER_BATCH] */
        uint32_t copied;
        peer_take *take; /* while records are taken */
        void *take_context;
        uint32_t taken;
};

struct program_peer_operations {
        const char *name;
        /* Sets skeleton, object and program, and the constants; loads nothing. */
        int (*open)(struct program_peer *peer);
        void (*destroy)(void *skeleton);
        int (*start)(struct program_peer *peer); /* after loading; may be NULL */
        /* NULL: leaves no records */
        void (*consume)(struct program_peer *peer);
};

/* program_peer_sampler.c */
extern const struct program_peer_operations PROGRAM_PEER_RINGBUF, PROGRAM_PEER_PERFBUF,
        PROGRAM_PEER_HASHBUCKETS;
void program_peer_sampler_close(struct program_peer *peer);

#endif

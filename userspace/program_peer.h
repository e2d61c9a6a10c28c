/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that the port under test runs to be compared with a session's sampler. Owns the program
 * and its maps, and its place on a parking port; not the thread that takes its records. Part of the
 * adapter of libbpf (program.h).
 */
#ifndef XSKIM_PROGRAM_PEER_H
#define XSKIM_PROGRAM_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

enum program_peer_kind {
        PROGRAM_PEER_EMPTY,
};

struct program_peer_config {
        enum program_peer_kind kind;
        enum xskim_verdict verdict;
        int forward_to; /* not 0: the verdict is to send packets out of this interface */
        bool multi_buffer;
};

struct program_peer;

/* Loads it. */
int program_peer_open(const struct program_peer_config *config, struct program_peer **ret_peer);
struct program_peer *program_peer_close(struct program_peer *peer);

/* Borrowed. */
int program_peer_fd(const struct program_peer *peer);

/* See program_park. */
int program_peer_park(struct program_peer *peer, int ifindex);

uint64_t program_peer_memory(const struct program_peer *peer);

#endif

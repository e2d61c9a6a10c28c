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

#include <xskim/burnt.h>
#include <xskim/record.h>
#include <xskim/xskim.h>

/* ROW(name): the program's */
#define PROGRAM_PEERS(ROW)                                                                         \
        ROW(empty)                                                                                 \
        ROW(burn)                                                                                  \
        ROW(ringbuf)                                                                               \
        ROW(perfbuf)                                                                               \
        ROW(hashbuckets)

#define PROGRAM_PEER_MEMBER(name_) PROGRAM_PEER_##name_,
enum program_peer_kind { PROGRAM_PEERS(PROGRAM_PEER_MEMBER) PROGRAM_PEER_COUNT };

enum { PROGRAM_BURN_STEPS_MAX = 4095 };

struct program_peer_config {
        enum program_peer_kind kind;
        enum xskim_verdict verdict;
        int forward_to; /* not 0: the verdict is to send packets out of this interface */
        bool multi_buffer;
        /* of samplers */
        enum xskim_tier tier;
        uint32_t sample;     /* 1 or more */
        uint32_t ring_slots; /* there is room for so many records for each CPU, or more */
        uint64_t seed;
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

/* The one that burns: so many steps a packet from now on, which are counted for whoever's turn it
 * is, below XSKIM_BURNT_TURNS. What was burnt in a turn, all CPUs. */
int program_peer_burn(const struct program_peer *peer, uint32_t steps, uint32_t turn);
int program_peer_burnt(const struct program_peer *peer, uint32_t turn,
                       struct xskim_burnt *ret_burnt);

/* Of samplers, all CPUs. */
struct program_peer_counts {
        uint64_t seen;
        uint64_t sampled;
        uint64_t unparsable;
        uint64_t staged; /* left for the consumer, or counted in the kernel */
        uint64_t full;   /* found no room */
};
int program_peer_counts(const struct program_peer *peer, struct program_peer_counts *ret_counts);

/* Leaves records that somebody has to take. */
bool program_peer_has_records(const struct program_peer *peer);

/* Sleeps until half of a buffer waits, or for the time at most. */
void program_peer_wait(struct program_peer *peer, int timeout_ms);

enum { PROGRAM_PEER_BATCH = 48 };

/* Hands all records that wait to `take`, in batches of up to PROGRAM_PEER_BATCH. Returns how many.
 * wait and take: by one thread. */
uint32_t program_peer_take(struct program_peer *peer,
                           void (*take)(void *context, const struct xskim_record *const *records,
                                        uint32_t count),
                           void *context);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two programs that do the same in two ways, or fill two kinds of map, side by side: claim_*.bpf.c.
 * Part of the adapter of libbpf (program.h); used by the claims of `xskim bench claims` alone.
 * Owns both programs, their maps and their links.
 */
#ifndef XSKIM_PROGRAM_RIVALS_H
#define XSKIM_PROGRAM_RIVALS_H

#include <stdint.h>

#include <xskim/rivals.h>

enum program_rivals_kind {
        PROGRAM_RIVALS_LOCK,     /* shared under a lock; of each CPU */
        PROGRAM_RIVALS_BRANCH,   /* branching; predicated */
        PROGRAM_RIVALS_OVERFLOW, /* a hash map; a ring buffer */
};

enum { PROGRAM_RIVALS = 2 };

struct program_rivals;

/* Loads both and attaches them natively, one to each of the interfaces of the calling thread's
 * network namespace, so that runs are quick. */
int program_rivals_open(enum program_rivals_kind kind, const int ifindexes[PROGRAM_RIVALS],
                        struct program_rivals **ret_rivals);
struct program_rivals *program_rivals_close(struct program_rivals *rivals);

/* Borrowed. */
int program_rivals_fd(const struct program_rivals *rivals, int rival);

/* Of the kind LOCK: what the rival has counted, all CPUs added up. */
int program_rivals_locked(const struct program_rivals *rivals, int rival,
                          struct xskim_lock_counts *ret_counts);

/* Of the kind BRANCH: what the rival has counted, all CPUs added up; `random` means nothing. */
int program_rivals_branched(const struct program_rivals *rivals, int rival,
                            struct xskim_branch_state *ret_state);

/* Of the kind OVERFLOW: what both have counted together, and how many entries are really there: in
 * the hash map by going through it, in the ring buffer by its kernel's own positions. */
int program_rivals_overflown(const struct program_rivals *rivals,
                             struct xskim_overflow_counts *ret_counts);
int program_rivals_stored(const struct program_rivals *rivals, int rival, uint64_t *ret_entries);

#endif

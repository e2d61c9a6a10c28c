/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recorded run without a kernel: frames are made, decoded and folded as a worker does, written as
 * a worker writes, and the live summaries kept, so that reading can be held against them.
 */
#ifndef XSKIM_TEST_RECORDING_H
#define XSKIM_TEST_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "recordfile.h"

enum { RECORDING_PIECES_MAX = 1024 };

struct recording_plan {
        uint64_t seed; /* of the random records */
        uint32_t ports;
        uint32_t cpus;
        uint32_t workers;
        uint32_t intervals;
        bool lossy; /* frames lost in the socket, malformed ones, full rings */
        bool extra; /* a hole and a block of unknown type in the middle */
};

struct recording {
        struct recordfile_facts facts;
        uint8_t *bytes; /* aligned to 64 */
        size_t length;
        size_t pieces[RECORDING_PIECES_MAX]; /* offset of each piece, the beginning left out */
        uint32_t piece_count;
        uint64_t records;                            /* in the file */
        struct xskim_snapshot live[XSKIM_PORTS_MAX]; /* summaries */
};

/* Aborts when it cannot. */
void recording_make(const struct recording_plan *plan, struct recording *ret_recording);
void recording_free(struct recording *recording);

/* Reads any bytes to the end, from a buffer of exactly that size. Returns what recordfile_open
 * returned. `snapshots` (one a port) may be NULL: then nothing is replayed. */
int recording_read(const uint8_t *bytes, size_t length, struct recordfile *ret_file,
                   struct xskim_snapshot *snapshots);

/* Expects the same figures in both, whichever an output shows. */
void recording_same(const struct xskim_snapshot *read, const struct xskim_snapshot *live);

#endif

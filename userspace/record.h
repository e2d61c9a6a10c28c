/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record file being written: owns its descriptor and hands out places in it. Workers write
 * their frames themselves, by io_uring, each at a place of its own; the engine writes the beginning
 * and the accounts here. Pipeline.
 */
#ifndef XSKIM_RECORD_FILE_H
#define XSKIM_RECORD_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "recordfile.h"

struct record {
        int fd; /* -1: nothing is recorded */
        uint64_t session;
        _Atomic uint64_t end;               /* where the next piece goes */
        struct recordfile_account *account; /* working space */
        int error;                          /* of the first account that could not be written */
};

#define RECORD_NULL ((struct record){.fd = -1})

/* Creates or truncates the file and writes its beginning. Blocks for the disk. */
int record_open(struct record *record, const char *path, const struct recordfile_facts *facts);
void record_close(struct record *record);

static inline bool record_is_open(const struct record *record) {
        return record->fd >= 0;
}

/* A place for `bytes` bytes; any thread. */
static inline uint64_t record_place(struct record *record, uint64_t bytes) {
        return atomic_fetch_add_explicit(&record->end, bytes, memory_order_relaxed);
}

/* Writes one port's account; an error is remembered in record->error, recording goes on. */
void record_account(struct record *record, uint32_t port, bool final,
                    const struct account_kernel *kernel, const struct tally *tally);

#endif

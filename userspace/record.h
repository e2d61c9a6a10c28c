/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record file being written: owns its descriptor and hands out places in it. Workers write
 * their frames themselves, by io_uring, each at a place of its own; the engine writes the beginning
 * and the accounts here. Pipeline.
 *
 * What the file held before is lost only when the session is sure to run: opening leaves it alone,
 * and workers drain nothing before record_begin has emptied it.
 */
#ifndef XSKIM_RECORD_FILE_H
#define XSKIM_RECORD_FILE_H

#include <pthread.h>
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
        const char *path;                   /* the caller's, until it is begun */
        bool created;                       /* it was not there before */

        pthread_mutex_t mutex; /* guards all below */
        pthread_cond_t decided;
        enum { RECORD_OPENING, RECORD_BEGUN, RECORD_GIVEN_UP } state;
};

#define RECORD_NULL                                                                                \
        ((struct record){.fd = -1,                                                                 \
                         .mutex = PTHREAD_MUTEX_INITIALIZER,                                       \
                         .decided = PTHREAD_COND_INITIALIZER})

/* Opens or creates the file, and changes nothing in it. `path` must live until record_begin. */
int record_open(struct record *record, const char *path);

/* Empties the file and writes its beginning; lets the workers go. Blocks for the disk. */
int record_begin(struct record *record, const struct recordfile_facts *facts);

/* The session does not come to be: tells the workers, removes the file if record_open made it.
 * Nothing when it is begun. */
void record_give_up(struct record *record);

/* A worker's, before it drains: blocks until the file is begun. False: it was given up. At once
 * when nothing is to be recorded. */
bool record_await(struct record *record);

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

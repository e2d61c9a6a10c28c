/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns who has which chunk. See belt.h. */
#include <errno.h>
#include <pthread.h>

#include "belt.h"
#include "clock.h"
#include "util.h"

enum { NS_A_SECOND = 1000000000 };

struct belt {
        pthread_mutex_t mutex; /* guards all below but what a chunk holds */
        pthread_cond_t moved;
        uint64_t posted;
        uint64_t taken;
        uint64_t released;
        bool stopped;
        bool ended;
        bool resident;
        uint32_t count;
        struct belt_chunk *chunks;
};

static int chunks_make(struct belt *b, bool stamps) {
        b->chunks = calloc(b->count, sizeof(*b->chunks));
        for (uint32_t i = 0; b->chunks && i < b->count; i++) {
                struct belt_chunk *chunk = &b->chunks[i];

                chunk->number = i;
                chunk->places = calloc(XSKIM_LAUNCH_CHUNK_PACKETS, sizeof(*chunk->places));
                if (stamps)
                        chunk->stamps = calloc(XSKIM_LAUNCH_CHUNK_PACKETS, sizeof(*chunk->stamps));
                if (!chunk->places || (stamps && !chunk->stamps))
                        return -ENOMEM;
        }
        return b->chunks ? 0 : -ENOMEM;
}

int belt_open(uint32_t chunks, bool stamps, struct belt **ret_belt) {
        struct belt *b = calloc(1, sizeof(*b));
        pthread_condattr_t attributes;
        int r;

        if (!b)
                return -ENOMEM;
        b->count = chunks;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&b->moved, &attributes);
        pthread_condattr_destroy(&attributes);
        pthread_mutex_init(&b->mutex, NULL);
        r = chunks_make(b, stamps);
        if (r < 0) {
                belt_close(b);
                return r;
        }
        *ret_belt = b;
        return 0;
}

struct belt *belt_close(struct belt *b) {
        if (!b)
                return NULL;
        for (uint32_t i = 0; b->chunks && i < b->count; i++) {
                free(b->chunks[i].places);
                free(b->chunks[i].stamps);
        }
        free(b->chunks);
        pthread_cond_destroy(&b->moved);
        pthread_mutex_destroy(&b->mutex);
        free(b);
        return NULL;
}

struct belt_chunk *belt_chunk(struct belt *b, uint32_t number) {
        return &b->chunks[number];
}

static bool is_full(const struct belt *b) {
        return b->posted - b->released >= b->count;
}

struct belt_chunk *belt_take_empty(struct belt *b, bool wait) {
        struct belt_chunk *chunk = NULL;

        pthread_mutex_lock(&b->mutex);
        while (wait && !b->stopped && is_full(b))
                pthread_cond_wait(&b->moved, &b->mutex);
        if (!b->stopped && !is_full(b)) {
                chunk = &b->chunks[b->posted % b->count];
                chunk->count = chunk->longest = chunk->used = 0;
                chunk->last = false;
        }
        pthread_mutex_unlock(&b->mutex);
        return chunk;
}

static void moved(struct belt *b, uint64_t *counter) {
        pthread_mutex_lock(&b->mutex);
        (*counter)++;
        pthread_cond_broadcast(&b->moved);
        pthread_mutex_unlock(&b->mutex);
}

void belt_post(struct belt *b) {
        moved(b, &b->posted);
}

void belt_release(struct belt *b) {
        moved(b, &b->released);
}

bool belt_holds_all(struct belt *b) {
        bool holds;

        pthread_mutex_lock(&b->mutex);
        holds = b->posted <= b->count;
        pthread_mutex_unlock(&b->mutex);
        return holds;
}

void belt_end(struct belt *b, bool resident) {
        pthread_mutex_lock(&b->mutex);
        b->ended = true;
        b->resident = resident;
        pthread_cond_broadcast(&b->moved);
        pthread_mutex_unlock(&b->mutex);
}

static struct timespec after(uint64_t timeout_ns) {
        uint64_t until = clock_monotonic_ns() + timeout_ns;

        return (struct timespec){.tv_sec = (time_t)(until / NS_A_SECOND),
                                 .tv_nsec = (long)(until % NS_A_SECOND)};
}

/* Whether there is a chunk to take; a resident capture goes round. */
static bool is_filled(const struct belt *b) {
        return b->taken < b->posted || (b->ended && b->resident && b->posted);
}

struct belt_chunk *belt_take_filled(struct belt *b, uint64_t timeout_ns) {
        struct timespec until = after(timeout_ns);
        struct belt_chunk *chunk = NULL;
        int r = 0;

        pthread_mutex_lock(&b->mutex);
        while (!b->stopped && !is_filled(b) && !b->ended && !r)
                r = pthread_cond_timedwait(&b->moved, &b->mutex, &until);
        if (!b->stopped && is_filled(b)) {
                if (b->ended && b->resident && b->taken == b->posted)
                        b->taken = b->released = 0;
                chunk = &b->chunks[b->taken++ % b->count];
        }
        pthread_mutex_unlock(&b->mutex);
        return chunk;
}

static bool read_flag(struct belt *b, const bool *flag) {
        bool value;

        pthread_mutex_lock(&b->mutex);
        value = *flag;
        pthread_mutex_unlock(&b->mutex);
        return value;
}

bool belt_is_ended(struct belt *b) {
        return read_flag(b, &b->ended);
}

bool belt_is_resident(struct belt *b) {
        return read_flag(b, &b->resident);
}

void belt_stop(struct belt *b) {
        pthread_mutex_lock(&b->mutex);
        b->stopped = true;
        pthread_cond_broadcast(&b->moved);
        pthread_mutex_unlock(&b->mutex);
}

bool belt_is_stopped(struct belt *b) {
        return read_flag(b, &b->stopped);
}

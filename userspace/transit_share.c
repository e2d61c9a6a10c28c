/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the lock around a transit. See transit_share.h. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "log.h"
#include "transit_share.h"

struct transit_share {
        pthread_mutex_t mutex; /* guards all below */
        struct transit *transit;
};

int transit_share_open(const struct transit_config *config, struct transit_share **ret_share) {
        struct transit_share *share = calloc(1, sizeof(*share));

        if (!share || transit_open(config, &share->transit) < 0) {
                free(share);
                return error_set(-ENOMEM, "transit: no memory to follow streams");
        }
        pthread_mutex_init(&share->mutex, NULL);
        *ret_share = share;
        return 0;
}

struct transit_share *transit_share_close(struct transit_share *share) {
        if (!share)
                return NULL;
        pthread_mutex_destroy(&share->mutex);
        transit_close(share->transit);
        free(share);
        return NULL;
}

void transit_share_frame(struct transit_share *share, const struct xskim_frame_header *frame,
                         uint32_t ring) {
        if (!share)
                return;
        pthread_mutex_lock(&share->mutex);
        transit_frame(share->transit, frame, ring);
        pthread_mutex_unlock(&share->mutex);
}

void transit_share_promise(struct transit_share *share, uint32_t ring, uint64_t time_ns) {
        if (!share)
                return;
        pthread_mutex_lock(&share->mutex);
        transit_promise(share->transit, ring, time_ns);
        pthread_mutex_unlock(&share->mutex);
}

void transit_share_report(struct transit_share *share, uint64_t stamped, bool final,
                          bool next_interval, struct xskim_transit *ret_transit) {
        if (!share)
                return;
        pthread_mutex_lock(&share->mutex);
        if (final)
                transit_settle(share->transit);
        transit_report(share->transit, stamped, final, ret_transit);
        if (next_interval)
                transit_next_interval(share->transit);
        pthread_mutex_unlock(&share->mutex);
}

uint64_t transit_share_memory(struct transit_share *share) {
        uint64_t bytes;

        if (!share)
                return 0;
        pthread_mutex_lock(&share->mutex);
        bytes = sizeof(*share) + transit_memory(share->transit);
        pthread_mutex_unlock(&share->mutex);
        return bytes;
}

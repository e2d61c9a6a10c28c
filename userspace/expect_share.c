/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the lock around an expectation, and its filling. See expect_share.h. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture.h"
#include "expect_share.h"
#include "log.h"

struct expect_share {
        char file[XSKIM_NOTE_BYTES];
        pthread_mutex_t mutex; /* guards all below */
        struct expectation *expectation;
};

static int packet_add(struct expectation *e, const struct capture_packet *packet) {
        struct content content;
        bool whole = content_of(packet->bytes, packet->bytes_captured, &content);

        return expectation_add(e, whole ? &content : NULL,
                               packet->bytes_captured < packet->bytes_wire);
}

static int error_add(const struct expect_config *config, int error) {
        if (error == -E2BIG)
                return error_set(-EINVAL,
                                 "expect: %s has more than %d packets, the most that can be "
                                 "expected.\nSend and expect it in parts.",
                                 config->path, EXPECTATION_PACKETS_MAX);
        return error_set(error, "expect: no memory for the packets of %s", config->path);
}

/* All that the filter selects; how many. */
static int64_t capture_fill(struct expectation *e, const struct expect_config *config,
                            struct capture *capture) {
        struct capture_packet packet;
        int64_t count = 0;
        int r, one;

        while ((r = capture_next(capture, &packet)) > CAPTURE_END) {
                if (r == CAPTURE_FILTERED)
                        continue;
                one = packet_add(e, &packet);
                if (one < 0)
                        return error_add(config, one);
                count++;
        }
        return r < 0 ? r : count;
}

static int expectation_fill(struct expectation *e, const struct expect_config *config) {
        struct capture *capture;
        int r = capture_open(config->path, config->filter, &capture);
        int64_t count;

        if (r < 0)
                return r;
        count = capture_fill(e, config, capture);
        capture_close(capture);
        if (!count)
                return error_set(-EINVAL, "expect: %s has no packet%s: there is nothing to expect",
                                 config->path, config->filter ? " that the filter selects" : "");
        expectation_fit(e);
        return count < 0 ? (int)count : 0;
}

int expect_share_open(const struct expect_config *config, struct expect_share **ret_share) {
        struct expect_share *share = calloc(1, sizeof(*share));
        int r;

        if (!share || expectation_open(config->loops, &share->expectation) < 0) {
                free(share);
                return error_set(-ENOMEM, "expect: no memory");
        }
        pthread_mutex_init(&share->mutex, NULL);
        snprintf(share->file, sizeof(share->file), "%s", config->path);
        r = expectation_fill(share->expectation, config);
        if (r < 0) {
                expect_share_close(share);
                return r;
        }
        *ret_share = share;
        return 0;
}

struct expect_share *expect_share_close(struct expect_share *share) {
        if (!share)
                return NULL;
        pthread_mutex_destroy(&share->mutex);
        expectation_close(share->expectation);
        free(share);
        return NULL;
}

void expect_share_frame(struct expect_share *share, const struct xskim_frame_header *frame) {
        if (!share)
                return;
        pthread_mutex_lock(&share->mutex);
        expectation_frame(share->expectation, frame);
        pthread_mutex_unlock(&share->mutex);
}

void expect_share_report(struct expect_share *share, uint64_t hashed, bool final,
                         struct xskim_expect *ret_expect) {
        if (!share)
                return;
        pthread_mutex_lock(&share->mutex);
        expectation_report(share->expectation, hashed, final, ret_expect);
        pthread_mutex_unlock(&share->mutex);
        snprintf(ret_expect->file, sizeof(ret_expect->file), "%s", share->file);
}

uint64_t expect_share_memory(struct expect_share *share) {
        uint64_t bytes;

        if (!share)
                return 0;
        pthread_mutex_lock(&share->mutex);
        bytes = sizeof(*share) + expectation_memory(share->expectation);
        pthread_mutex_unlock(&share->mutex);
        return bytes;
}

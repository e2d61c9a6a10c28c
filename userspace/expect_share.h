/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port's expectation as its workers share it: read from a capture, then under a lock that is held
 * for the contents of one frame. NULL, without --expect, is fine everywhere.
 */
#ifndef XSKIM_EXPECT_SHARE_H
#define XSKIM_EXPECT_SHARE_H

#include "expectation.h"

struct expect_share;

struct expect_config {
        const char *path;
        const char *filter; /* expression of libpcap, or NULL */
        uint64_t loops;
};

/* Reads the capture to its end. Every error has a message. */
int expect_share_open(const struct expect_config *config, struct expect_share **ret_share);
/* Returns NULL. */
struct expect_share *expect_share_close(struct expect_share *share);

/* As expectation_frame; from any thread. */
void expect_share_frame(struct expect_share *share, const struct xskim_frame_header *frame);

/* As expectation_report, and the name of the file. */
void expect_share_report(struct expect_share *share, uint64_t hashed, bool final,
                         struct xskim_expect *ret_expect);

uint64_t expect_share_memory(struct expect_share *share);

#endif

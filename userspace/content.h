/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a packet of a capture is: content and identity as the sampler makes them of one that arrives
 * (include/xskim/content.h), by the same code. Pure.
 */
#ifndef XSKIM_USERSPACE_CONTENT_H
#define XSKIM_USERSPACE_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

struct content {
        uint64_t content;
        uint64_t identity;
        uint8_t class; /* class byte, see classes.h */
};

/* Of a frame without FCS. False: it has nothing behind its addresses, and *ret is untouched. */
bool content_of(const void *frame, uint32_t bytes, struct content *ret);

#endif

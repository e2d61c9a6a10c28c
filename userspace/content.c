/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the hashing of frames that lie in one piece. See content.h. */
#include <string.h>

#include <xskim/content.h>

#include "content.h"
#include "util.h"

static void stripe_load(const uint8_t *bytes, uint32_t count, struct xskim_stripe *ret) {
        memset(ret, 0, sizeof(*ret));
        memcpy(ret, bytes, MIN(count, (uint32_t)XSKIM_HASH_STRIPE));
}

static uint64_t content_hash(const uint8_t *bytes, const struct xskim_span *span,
                             struct xskim_stripe *stripe) {
        struct xskim_hash hash;

        xskim_content_mask(span->l3, stripe);
        xskim_content_begin(&hash, span, stripe);
        for (uint32_t at = XSKIM_HASH_STRIPE; at < span->bytes; at += XSKIM_HASH_STRIPE) {
                stripe_load(bytes + at, span->bytes - at, stripe);
                xskim_hash_stripe(&hash, (const uint8_t *)stripe);
        }
        return xskim_content_end(&hash, span);
}

bool content_of(const void *frame, uint32_t bytes, struct content *ret) {
        const uint8_t *start = frame, *end = start + bytes;
        struct xskim_parsed parsed;
        struct xskim_stripe stripe;
        struct xskim_span span;

        xskim_classify(start, end, &parsed);
        if (!xskim_content_span(start, end, &parsed, xskim_type_at(start, end), bytes, &span))
                return false;
        stripe_load(start + span.start, span.bytes, &stripe);
        ret->identity = xskim_identify(start, end, &parsed, &span, &stripe);
        ret->content = content_hash(start + span.start, &span, &stripe);
        ret->class = parsed.class;
        return true;
}

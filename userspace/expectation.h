/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An expectation: the packets of a capture, and what of them has arrived. Pure; filled from the
 * capture first, told what arrives afterwards.
 *
 * What is counted is settled by how often each content and each identity (content.h) was expected
 * and arrived, never by when, so the figures are the same for every order of arrival:
 *
 *   matched       of each content, as many as arrived, but no more than are expected
 *   duplicated    of each content that is expected, those beyond
 *   missing pool  of each identity, what is expected of its contents and has not arrived
 *   stranger      an arrival whose content is not expected at all
 *   incomparable  of each identity, strangers as far as its missing pool holds packets that the
 *   changed       capture cut short: whether they are the same is not known; then strangers as far
 *                 as the pool goes
 *   missing       what is left in the pools
 *   extra         strangers that found no pool, or an empty one
 *
 *   packets  = matched + incomparable + changed + missing
 *   arrivals = matched + incomparable + changed + duplicated + extra
 *
 * A packet that the capture cut short is expected as what is left of it, which is what a replay
 * sends. A damaged copy of a packet that has arrived whole is extra.
 *
 * Memory: some 100 bytes for each different packet, taken while filling; nothing afterwards.
 */
#ifndef XSKIM_EXPECTATION_H
#define XSKIM_EXPECTATION_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/frame.h>
#include <xskim/xskim.h>

#include "content.h"

/* Of a capture; 1.7 GB at most. */
enum { EXPECTATION_PACKETS_MAX = 1 << 24 };

struct expectation;

/* `loops`: how often the capture is sent. -ENOMEM. */
int expectation_open(uint64_t loops, struct expectation **ret_expectation);
/* NULL is fine. Returns NULL. */
struct expectation *expectation_close(struct expectation *expectation);

/* One more packet of the capture; `cut`: by the capture. NULL: one that cannot arrive. -ENOMEM;
 * -E2BIG: one too many. */
int expectation_add(struct expectation *expectation, const struct content *packet, bool cut);

/* There are no more. */
void expectation_fit(struct expectation *expectation);

/* One arrived. */
void expectation_put(struct expectation *expectation, const struct content *packet);

/* The same for the contents among the records of a frame that was decoded. */
void expectation_frame(struct expectation *expectation, const struct xskim_frame_header *frame);

/* `hashed`: how many packets the sampler hashed; what never came here is `unrecorded`, when
 * `final`. Otherwise some are still on their way. Leaves the name of the file alone. */
void expectation_report(const struct expectation *expectation, uint64_t hashed, bool final,
                        struct xskim_expect *ret_expect);

uint64_t expectation_memory(const struct expectation *expectation);

#endif

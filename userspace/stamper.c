/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the numbers of a stream. See stamper.h. */
#include "stamper.h"

void stamper_write(const struct stamper *s, const struct belt_chunk *chunk, uint32_t first,
                   uint32_t count, uint64_t sent_ns) {
        uint64_t sequence = s->stamps.stamped;

        for (uint32_t i = first; i < first + count; i++)
                if (chunk->stamps[i].outcome == STAMP_done)
                        stamp_write(chunk->bytes + chunk->rows[i].place, &chunk->stamps[i].spot,
                                    s->stamps.run, s->stream, sequence++, sent_ns);
}

static void outcome_count(struct xskim_replay_stamps *stamps, enum stamp_outcome outcome) {
        switch (outcome) {
        case STAMP_done:
                stamps->stamped++;
                return;
#define COUNT(name_, doc_)                                                                         \
        case STAMP_##name_:                                                                        \
                stamps->unstamped.name_++;                                                         \
                return;
                XSKIM_REPLAY_UNSTAMPED_ROWS(COUNT)
#undef COUNT
        default:
                return;
        }
}

void stamper_advance(struct stamper *s, const struct belt_chunk *chunk, uint32_t first,
                     uint32_t count) {
        for (uint32_t i = first; i < first + count; i++)
                outcome_count(&s->stamps, chunk->stamps[i].outcome);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns nothing: an adapter to xxhash, inlined so that nothing is allocated. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "checksum.h"

uint64_t checksum_of(const void *start, size_t bytes) {
        return XXH3_64bits(start, bytes);
}

uint64_t checksum_around(const void *start, size_t bytes, size_t hole) {
        static const uint64_t zero = 0;
        const char *from = start;
        XXH3_state_t state;

        XXH3_64bits_reset(&state);
        XXH3_64bits_update(&state, from, hole);
        XXH3_64bits_update(&state, &zero, sizeof(zero));
        XXH3_64bits_update(&state, from + hole + sizeof(zero), bytes - hole - sizeof(zero));
        return XXH3_64bits_digest(&state);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* See fate.h. */
#include "fate.h"

enum { ETHERNET_BYTES = 14 };

enum purpose { LOSS, DUPLICATE, REORDER, CORRUPT, BIT, JITTER, SLOW, PURPOSES };

/* The finaliser of splitmix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators,
 * 2014; constants by Stafford): each bit of the input reaches each bit of the result. */
static uint64_t mixed(uint64_t x) {
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
        x = (x ^ x >> 27) * 0x94d049bb133111eb;
        return x ^ x >> 31;
}

static const uint64_t GOLDEN = 0x9e3779b97f4a7c15;

/* Uniform below `below`. The multiplication instead of a remainder leaves a bias below 2^-26 here.
 */
static uint64_t draw(uint64_t key, enum purpose purpose, uint64_t below) {
        uint64_t random = mixed(key + GOLDEN * (uint64_t)(purpose + 1));

        return (uint64_t)((unsigned __int128)random * below >> 64);
}

static bool happens(uint64_t key, enum purpose purpose, uint64_t share) {
        return draw(key, purpose, IMPAIRMENT_ALWAYS) < share;
}

struct fate fate_of(const struct impairment *told, enum fate_direction direction, uint64_t index,
                    uint32_t bytes) {
        uint64_t stream = mixed((told->seed * FATE_DIRECTIONS + direction + 1) * GOLDEN);
        uint64_t key = mixed(stream + index * GOLDEN);
        struct fate fate = {.delay_ns = told->delay};

        if (happens(key, LOSS, told->loss))
                return (struct fate){.is_lost = true};
        fate.is_duplicated = happens(key, DUPLICATE, told->duplicate);
        fate.is_slow = happens(key, SLOW, told->slow);
        fate.is_held_back = !fate.is_slow && happens(key, REORDER, told->reorder);
        if (bytes > ETHERNET_BYTES && happens(key, CORRUPT, told->corrupt)) {
                fate.is_corrupted = true;
                fate.bit = 8 * ETHERNET_BYTES + draw(key, BIT, 8ULL * (bytes - ETHERNET_BYTES));
        }
        if (told->jitter)
                fate.delay_ns += draw(key, JITTER, 2 * told->jitter + 1) - told->jitter;
        if (fate.is_slow)
                fate.delay_ns += told->extra;
        return fate;
}

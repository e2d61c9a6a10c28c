/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what needs logarithms or good seeds before the sampler starts; drawing is skip.h's. */
#include <math.h>

#include "sampling.h"

enum { MANTISSA_BITS = 31 }; /* times 32 bits of xskim_minus_log2 it fits 64 */

/* Increment and mixer of Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators (2014),
 * as in Vigna's splitmix64. Both are one-to-one. */
static const uint64_t GOLDEN = 0x9e3779b97f4a7c15;

static uint64_t splitmix64(uint64_t x) {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
}

struct xskim_skip sampling_skip(uint32_t sample) {
        long double factor, fraction;
        uint64_t mantissa;
        int exponent;

        if (sample <= 1)
                return (struct xskim_skip){0, 0};
        factor = -logl(2) / log1pl(-1 / (long double)sample);
        fraction = frexpl(factor, &exponent);
        mantissa = llroundl(ldexpl(fraction, MANTISSA_BITS));
        if (mantissa >> MANTISSA_BITS) {
                mantissa >>= 1;
                exponent++;
        }
        return (struct xskim_skip){
                .mantissa = mantissa,
                .shift = MANTISSA_BITS - exponent + XSKIM_LOG2_BITS,
        };
}

uint64_t sampling_seed(uint64_t seed, uint32_t ring) {
        uint64_t state = splitmix64(splitmix64(seed + GOLDEN) + (ring + 1ULL) * GOLDEN);

        return state ? state : GOLDEN;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The bucket function against its definition in libm, and its inverse against it. */
#include <math.h>

#include <criterion/criterion.h>

#include "distributions.h"
#include "histogram.h"

enum { RANDOM_VALUES = 2000000 };

/*
 * OpenTelemetry's bucket by definition: base^index < value <= base^(index + 1), so
 * index = ceil(log2(value) * 2^scale) - 1; slot = index + 2. The logarithm of a power of two is
 * exact in libm; the least distance of any other integer below 2^64 to a bound is far above its
 * error (2^(j/128) is irrational, and the nearest misses are found by the tests of the bounds
 * below).
 */
static uint32_t slot_by_definition(uint64_t value, uint32_t scale) {
        if (!value)
                return 0;
        return (uint32_t)((int64_t)ceill(ldexpl(log2l(value), scale)) - 1 + 2);
}

static void check_slot(uint64_t value) {
        cr_assert_eq(xskim_bucket_slot(value), slot_by_definition(value, XSKIM_SCALE_USER),
                     "value %lu: slot %u, by definition %u", value, xskim_bucket_slot(value),
                     slot_by_definition(value, XSKIM_SCALE_USER));
}

/* A random value with a random number of bits. */
static uint64_t random_value(uint64_t *state) {
        uint32_t shift = test_random(state) & 63;

        return test_random(state) >> shift;
}

Test(bucket, leading_zeros_by_shifts_are_the_processors) {
        uint64_t state = 1;

        for (uint32_t bit = 0; bit < 64; bit++) {
                uint64_t power = 1ULL << bit;

                cr_assert_eq(xskim_leading_zeros_by_shifts(power), 63 - bit);
                cr_assert_eq(xskim_leading_zeros_by_shifts(power | (power - 1)), 63 - bit);
        }
        for (int i = 0; i < RANDOM_VALUES; i++) {
                uint64_t value = random_value(&state) | 1;

                cr_assert_eq(xskim_leading_zeros_by_shifts(value),
                             (uint32_t)__builtin_clzll(value));
        }
}

Test(bucket, table_entries_are_the_definition) {
        for (uint32_t j = 0; j < 128; j++) {
                /* 113 bits for a table of 64: no bound is so near an integer that it matters. */
                _Float128 bound = ldexpf128(exp2f128(j / (_Float128)128), 63);

                cr_assert_eq(XSKIM_BUCKET_BOUNDS[j], (uint64_t)bound, "bound %u", j);
                cr_assert_eq(XSKIM_BUCKET_BOUNDS[128 + j], UINT64_MAX);
        }
        for (uint32_t cell = 0; cell < 256; cell++) {
                _Float128 start = 1 + cell / (_Float128)256;
                uint32_t below = (uint32_t)ceilf128(128 * log2f128(start));

                cr_assert_eq(XSKIM_BUCKET_CELLS[cell], below, "cell %u", cell);
        }
}

Test(bucket, powers_of_two_end_a_bucket) {
        cr_assert_eq(xskim_bucket_slot(0), 0);
        cr_assert_eq(xskim_bucket_slot(1), 1);
        for (uint32_t bit = 0; bit < 64; bit++) {
                uint64_t power = 1ULL << bit;

                cr_assert_eq(xskim_bucket_slot(power), 1 + (bit << XSKIM_SCALE_USER));
                if (bit < 8) {
                        check_slot(power);
                        check_slot(power - 1);
                        check_slot(power + 1);
                        continue;
                }
                /* Buckets are wider than 1 here; libm could not tell the neighbours apart. */
                cr_assert_eq(xskim_bucket_slot(power - 1), xskim_bucket_slot(power));
                cr_assert_eq(xskim_bucket_slot(power + 1), xskim_bucket_slot(power) + 1);
        }
}

Test(bucket, small_and_random_values_have_the_slot_of_the_definition) {
        uint64_t state = 2;

        for (uint64_t value = 0; value < (1 << 20); value++)
                check_slot(value);
        for (int i = 0; i < RANDOM_VALUES; i++)
                check_slot(random_value(&state));
}

Test(bucket, slots_never_fall) {
        uint64_t state = 3;

        for (int i = 0; i < RANDOM_VALUES; i++) {
                uint64_t a = random_value(&state), b = random_value(&state);

                cr_assert(a <= b ? xskim_bucket_slot(a) <= xskim_bucket_slot(b)
                                 : xskim_bucket_slot(a) >= xskim_bucket_slot(b));
        }
}

Test(bucket, coarser_slot_is_the_direct_one) {
        uint64_t state = 4;

        for (uint32_t scale = 0; scale <= XSKIM_SCALE_USER; scale++) {
                uint32_t shift = XSKIM_SCALE_USER - scale;

                for (uint64_t value = 0; value < (1 << 16); value++)
                        cr_assert_eq(xskim_bucket_coarsen(xskim_bucket_slot(value), shift),
                                     slot_by_definition(value, scale));
                for (int i = 0; i < RANDOM_VALUES / 8; i++) {
                        uint64_t value = random_value(&state);

                        cr_assert_eq(xskim_bucket_coarsen(xskim_bucket_slot(value), shift),
                                     slot_by_definition(value, scale));
                }
        }
}

/* For every slot of every scale: the first and last integer of a bucket are in it, the ones beside
 * it are not. With monotony this fixes the slot of every value. */
Test(bucket, bounds_hold_exactly_the_integers_of_the_slot) {
        for (uint32_t scale = 0; scale <= XSKIM_SCALE_USER; scale++) {
                uint32_t shift = XSKIM_SCALE_USER - scale, slots = XSKIM_BUCKETS(scale, 64);

                cr_assert_eq(bucket_high(0, scale), 0);
                for (uint32_t slot = 1; slot < slots; slot++) {
                        uint64_t low = bucket_low(slot, scale), high = bucket_high(slot, scale);

                        cr_assert(low <= high);
                        cr_assert_eq(low, bucket_high(slot - 1, scale));
                        cr_assert(xskim_bucket_coarsen(xskim_bucket_slot(low), shift) < slot);
                        if (low == high)
                                continue;
                        cr_assert_eq(xskim_bucket_coarsen(xskim_bucket_slot(low + 1), shift), slot);
                        cr_assert_eq(xskim_bucket_coarsen(xskim_bucket_slot(high), shift), slot);
                }
                cr_assert_eq(bucket_high(slots - 1, scale), UINT64_MAX);
        }
}

Test(bucket, a_bucket_is_as_narrow_as_stated) {
        for (uint32_t slot = 2; slot < HISTOGRAM_SLOTS; slot++) {
                long double low = bucket_low(slot, XSKIM_SCALE_USER);
                long double high = bucket_high(slot, XSKIM_SCALE_USER);

                cr_assert(low == high || high <= (low + 1) * exp2l(1 / 128.0L));
        }
        cr_assert(exp2(1 / 128.0) - 1 < 0.0055);
        cr_assert(exp2(1 / 32.0) - 1 < 0.022);
}

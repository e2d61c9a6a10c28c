/* SPDX-License-Identifier: BSD-2-Clause */
/* The bucket function against its definition in libm, and its inverse against it. */
#include <math.h>
#include <string.h>

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

/* How many bits x^128 has, by seven squarings on 32-bit digits. */
static int bits_of_power_128(unsigned __int128 x) {
        static uint32_t digits[512], square[512];
        int count = 3;

        memset(digits, 0, sizeof(digits));
        for (int i = 0; i < count; i++)
                digits[i] = x >> (32 * i);
        for (int round = 0; round < 7; round++) {
                memset(square, 0, sizeof(square));
                for (int i = 0; i < count; i++) {
                        uint64_t carry = 0;

                        for (int j = 0; j < count || carry; j++) {
                                carry += square[i + j] + (uint64_t)digits[i] * digits[j];
                                square[i + j] = (uint32_t)carry;
                                carry >>= 32;
                        }
                }
                memcpy(digits, square, sizeof(digits));
                count *= 2;
                while (!digits[count - 1])
                        count--;
        }
        return 32 * count - __builtin_clz(digits[count - 1]);
}

/* bound = floor(2^63 * 2^(j/128)), exactly: bound^128 < 2^(63 * 128 + j) < (bound + 1)^128. */
Test(bucket, table_of_bounds_is_the_definition) {
        cr_assert_eq(XSKIM_BUCKET_BOUNDS[0], 1ULL << 63);
        for (int j = 1; j < 128; j++) {
                unsigned __int128 bound = XSKIM_BUCKET_BOUNDS[j];

                cr_assert(bits_of_power_128(bound) <= 63 * 128 + j, "bound %d", j);
                cr_assert(bits_of_power_128(bound + 1) > 63 * 128 + j, "bound %d", j);
        }
        for (int j = 128; j < 256; j++)
                cr_assert_eq(XSKIM_BUCKET_BOUNDS[j], UINT64_MAX);
}

Test(bucket, table_of_cells_counts_the_bounds_below) {
        for (uint64_t cell = 0; cell < 256; cell++) {
                uint64_t first = (1ULL << 63) + (cell << 55);
                int below = 0;

                while (below < 128 && XSKIM_BUCKET_BOUNDS[below] < first)
                        below++;
                cr_assert_eq(XSKIM_BUCKET_CELLS[cell], below, "cell %lu", cell);
                /* One comparison decides only if the cell holds at most one bound. */
                cr_assert(below >= 127 ||
                          XSKIM_BUCKET_BOUNDS[below + 1] > first + (1ULL << 55) - 1);
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

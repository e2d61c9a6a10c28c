/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns percentiles and their intervals. Reads histograms through histogram_view only. */
#include <math.h>

#include "quantile.h"
#include "util.h"

/* Two-sided 95 %: 2.5 % on either side. */
static const double TAIL = 0.025;
static const double NORMAL_QUANTILE = 1.959963984540054;
/* From this variance on the expansion is within 0.04 ranks of the exact solution. */
static const double EXPANSION_VARIANCE = 25;

/* On each side of a slot; at scale 7 they reach 2 % from it. */
enum { NEIGHBOURS = 4 };

/* As fractions of integers, so that the rank of the exact quantile is exact. */
static const struct {
        uint32_t numerator;
        uint32_t denominator;
} SHARES[XSKIM_QUANTILE_COUNT] = {
        [XSKIM_P50] = {1, 2},
        [XSKIM_P90] = {9, 10},
        [XSKIM_P99] = {99, 100},
        [XSKIM_P999] = {999, 1000},
};

enum quantile_side { SIDE_LOW, SIDE_HIGH };

/* A slot that holds samples, and how much weight lies below it. */
struct position {
        uint32_t slot;
        uint64_t below;
};

static double nonzero(double x) {
        return fabs(x) < 1e-300 ? 1e-300 : x;
}

/* Continued fraction of the incomplete beta function by Lentz's method (Press et al., Numerical
 * Recipes, section 6.4). */
static double beta_fraction(double x, double a, double b) {
        double c = 1, d = 1 / nonzero(1 - (a + b) * x / (a + 1));
        double result = d, step;

        for (int m = 1; m < 2000; m++) {
                double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
                double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));

                d = 1 / nonzero(1 + even * d);
                c = nonzero(1 + even / c);
                result *= c * d;
                d = 1 / nonzero(1 + odd * d);
                c = nonzero(1 + odd / c);
                step = c * d;
                result *= step;
                if (fabs(step - 1) < 1e-12)
                        break;
        }
        return result;
}

/* P(Beta(a, b) <= x) for 0 < x < 1. */
static double beta_share(double x, double a, double b) {
        int sign;
        double factor = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) +
                            a * log(x) + b * log1p(-x));

        if (x < (a + 1) / (a + b + 2))
                return factor * beta_fraction(x, a, b) / a;
        return 1 - factor * beta_fraction(1 - x, b, a) / b;
}

/* The rank r at which Beta(r, n + 1 - r) is at or below `share` with the given probability. */
static double rank_solve(double n, double share, double probability) {
        double low = 0, high = n + 1;

        for (int i = 0; i < 40; i++) {
                double middle = (low + high) / 2;

                if (beta_share(share, middle, n + 1 - middle) > probability)
                        low = middle;
                else
                        high = middle;
        }
        return (low + high) / 2;
}

void quantile_ranks(double n, double share, double *ret_low, double *ret_high) {
        double variance = n * share * (1 - share);
        double middle, reach;

        if (variance < EXPANSION_VARIANCE) {
                *ret_low = rank_solve(n, share, 1 - TAIL);
                *ret_high = rank_solve(n, share, TAIL);
                return;
        }
        /* The normal distribution corrected for skewness (Cornish, Fisher 1938). */
        middle = n * share + 0.5 + (1 - 2 * share) * (NORMAL_QUANTILE * NORMAL_QUANTILE - 1) / 6;
        reach = NORMAL_QUANTILE * sqrt(variance);
        *ret_low = middle - reach;
        *ret_high = middle + reach;
}

/* Where the weight is reached, counted from 1. 0 < target <= view->weight. */
static struct position position_find(const struct histogram_view *view, uint64_t target) {
        struct position position = {0, 0};

        while (position.below + view->counts[position.slot] < target)
                position.below += view->counts[position.slot++];
        return position;
}

/* The last bucket also holds everything above the histogram's range. */
static uint64_t slot_high(const struct histogram_view *view, uint32_t slot) {
        uint64_t high = bucket_high(slot, view->scale);

        return slot == view->slots - 1 ? MAX(high, view->max) : high;
}

static uint64_t slot_low(const struct histogram_view *view, uint32_t slot) {
        return bucket_low(slot, view->scale);
}

/* The smallest value of a slot: its low bound is not in it, but for the value 0. */
static uint64_t slot_first(const struct histogram_view *view, uint32_t slot) {
        return slot ? slot_low(view, slot) + 1 : 0;
}

/* Values are taken to be spread evenly over what min and max leave of the slot. */
static double slot_interpolate(const struct histogram_view *view, struct position position,
                               double target) {
        uint64_t first = MAX(slot_first(view, position.slot), view->min);
        uint64_t high = MIN(slot_high(view, position.slot), view->max);
        double low = first ? (double)first - 1 : 0;
        double part = (target - (double)position.below) / (double)view->counts[position.slot];

        /* Extremes read while the kernel writes may lag behind the counts. */
        return low + MAX((double)high - low, 0.0) * MIN(MAX(part, 0.0), 1.0);
}

/*
 * Whether the slot's values are spread, as far as its neighbours tell: half of them (at the edge of
 * a distribution the others are empty) hold a quarter of what it holds, or more. Otherwise it may
 * be a heap of equal values, as packet sizes are.
 */
static bool slot_is_smooth(const struct histogram_view *view, uint32_t slot) {
        uint32_t first = slot > NEIGHBOURS ? slot - NEIGHBOURS : 0;
        uint32_t last = MIN(slot + NEIGHBOURS, view->slots - 1);
        uint32_t alike = 0;

        for (uint32_t i = first; i <= last; i++)
                alike += i != slot && view->counts[i] >= view->counts[slot] / 4 && view->counts[i];
        return alike >= NEIGHBOURS;
}

/* The sample of an integer rank, or what is certain to lie on that side of it. */
static double sample_value(const struct histogram_view *view, double rank,
                           enum quantile_side side) {
        double target = (rank - 0.5) / (double)view->samples * (double)view->weight;
        uint64_t whole = MIN((uint64_t)target + 1, view->weight);
        struct position position = position_find(view, whole);
        double first = (double)slot_first(view, position.slot);

        if (slot_is_smooth(view, position.slot))
                return MAX(slot_interpolate(view, position, target), first);
        return side == SIDE_LOW ? first : (double)slot_high(view, position.slot);
}

/* Between two samples: a straight line. 1 <= rank <= samples. */
static double rank_value(const struct histogram_view *view, double rank, enum quantile_side side) {
        double whole = floor(rank), part = rank - whole;
        double value = sample_value(view, whole, side);

        if (part > 0)
                value += part * (sample_value(view, whole + 1, side) - value);
        return MIN(MAX(value, (double)view->min), (double)view->max);
}

static void interval_fill(const struct histogram_view *view, double share,
                          struct xskim_quantile *quantile) {
        double samples = (double)view->samples, low, high;

        quantile_ranks(view->effective, share, &low, &high);
        /* A share of the traffic, and the sample that stands at it. */
        low = (low - 0.5) / view->effective * samples + 0.5;
        high = (high - 0.5) / view->effective * samples + 0.5;
        quantile->ci95_low = 0;
        quantile->ci95_high = XSKIM_UNBOUNDED;
        if (low >= 1)
                quantile->ci95_low = floor(rank_value(view, low, SIDE_LOW));
        if (high <= samples)
                quantile->ci95_high = ceil(rank_value(view, high, SIDE_HIGH));
        quantile->ci95_low = MIN(quantile->ci95_low, quantile->value);
        quantile->ci95_high = MAX(quantile->ci95_high, quantile->value);
}

static void share_fill(const struct histogram_view *view, uint32_t numerator, uint32_t denominator,
                       struct xskim_quantile *quantile) {
        uint64_t target =
                ((unsigned __int128)view->weight * numerator + denominator - 1) / denominator;
        struct position position = position_find(view, target);
        uint64_t value = ceil(slot_interpolate(view, position, (double)target));

        quantile->value = MIN(MAX(value, view->min), view->max);
        quantile->low = slot_low(view, position.slot);
        quantile->high = slot_high(view, position.slot);
        quantile->ci95_low = slot_first(view, position.slot);
        quantile->ci95_high = quantile->high;
        if (isfinite(view->effective))
                interval_fill(view, (double)numerator / denominator, quantile);
}

void quantile_fill(const struct histogram_view *view, struct xskim_distribution *ret_distribution) {
        *ret_distribution = (struct xskim_distribution){0};
        if (!view->weight || !view->samples)
                return;
        ret_distribution->count = view->samples;
        ret_distribution->min = view->min;
        ret_distribution->max = view->max;
        ret_distribution->mean = view->mean;
        ret_distribution->relative_error = exp2(1.0 / (1U << view->scale)) - 1;
        for (int i = 0; i < XSKIM_QUANTILE_COUNT; i++)
                share_fill(view, SHARES[i].numerator, SHARES[i].denominator,
                           &ret_distribution->quantiles[i]);
}

void quantile_curve(const struct histogram_view *view, struct xskim_curve *ret_curve) {
        enum { MILLION = 1000000 };
        static const uint32_t steps[] = {750000, 500000, 350000, 250000, 180000, 130000, 100000};
        uint32_t above_ppm = 0, decade = 1;

        ret_curve->count = 0;
        if (!view->weight || !view->samples)
                return;
        for (uint32_t i = 0; i < XSKIM_CURVE_POINTS_MAX; i++) {
                struct xskim_curve_point *point = &ret_curve->points[i];

                above_ppm = steps[i % ARRAY_SIZE(steps)] / decade;
                if (view->samples * above_ppm < MILLION || above_ppm < 10)
                        break;
                point->above_ppm = above_ppm;
                share_fill(view, MILLION - above_ppm, MILLION, &point->quantile);
                ret_curve->count = i + 1;
                if ((i + 1) % ARRAY_SIZE(steps) == 0)
                        decade *= 10;
        }
}

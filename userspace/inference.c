/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the estimates and their intervals. See inference.h.
 *
 * Each method is a family of figures made of pairs of values (means, differences, slopes), of which
 * the median estimates and two others, as many from either end, bound. The family is never written
 * down: a scan says how many of it are at most x, and a bisection finds the one of a rank.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/skip.h>

#include "inference.h"
#include "quantile.h"
#include "util.h"

/* Two-sided 95 %: 2.5 % on either side. The slack is for sums that are 2.5 % but for rounding. */
static const double TAIL = 0.025 + 1e-9;
static const double NORMAL_QUANTILE = 1.959963984540054;

enum {
        EXACT_SIGNED = 60,  /* values up to which the signed rank is exact */
        EXACT_PAIRS = 2000, /* pairs up to which inversions are exact: two samples of 44 */
        EXACT_SUMS = 1024,  /* half of them, and of EXACT_SIGNED's sums (1830), and one */
};

/* ---- how many figures of a family lie outside its interval ---- */

/* Probabilities of the sums 0, 1, …; the lower half is all that is wanted. */
struct sums {
        double p[EXACT_SUMS];
};

/* The rank of the lower end: the greatest k with P(sum < k) <= 2.5 %; 1 when there is none. */
static uint64_t sums_rank(const struct sums *sums) {
        double below = 0;
        uint64_t rank = 0;

        while (rank < EXACT_SUMS && below + sums->p[rank] <= TAIL)
                below += sums->p[rank++];
        return MAX(rank, (uint64_t)1);
}

/* The same of a normal distribution, with correction for continuity. */
static uint64_t normal_rank(double mean, double variance) {
        double rank = floor(mean - NORMAL_QUANTILE * sqrt(variance) + 0.5);

        return rank < 1 ? 1 : (uint64_t)rank;
}

/* Wilcoxon's signed rank: the sum of those of 1 … n that a coin chooses. */
static uint64_t signed_rank(uint64_t n) {
        double d = (double)n;
        struct sums sums = {.p = {1}};

        if (n > EXACT_SIGNED)
                return normal_rank(d * (d + 1) / 4, d * (d + 1) * (2 * d + 1) / 24);
        for (size_t i = 1; i <= n; i++)
                for (size_t sum = EXACT_SUMS; sum-- > 0;)
                        sums.p[sum] = (sums.p[sum] + (sum < i ? 0 : sums.p[sum - i])) / 2;
        return sums_rank(&sums);
}

/* A group of `more` values among `n`: times the Gaussian binomial of n + more over more, which is
 * the product of (1 - q^(n + i)) / (1 - q^i). */
static void inversions_add(struct sums *sums, size_t n, size_t more) {
        for (size_t i = 1; i <= more; i++) {
                double scale = (double)i / (double)(n + i);

                for (size_t sum = EXACT_SUMS; sum-- > n + i;)
                        sums->p[sum] -= sums->p[sum - n - i];
                for (size_t sum = i; sum < EXACT_SUMS; sum++)
                        sums->p[sum] += sums->p[sum - i];
                for (size_t sum = 0; sum < EXACT_SUMS; sum++)
                        sums->p[sum] *= scale;
        }
}

/*
 * Inversions of values of several groups in random order, a pair within a group being none. With
 * two groups that is the statistic of Mann and Whitney; with groups of one, Kendall's; with larger
 * ones that for ties in x (Sen 1968, who takes the normal distribution).
 */
static uint64_t inversions_rank(const uint32_t *groups, uint32_t count) {
        double n = 0, squares = 0, ties = 0;
        struct sums sums = {.p = {1}};

        for (uint32_t i = 0; i < count; i++) {
                double u = groups[i];

                n += u;
                squares += u * u;
                ties += u * (u - 1) * (2 * u + 5);
        }
        if ((n * n - squares) / 2 > EXACT_PAIRS)
                return normal_rank((n * n - squares) / 4, (n * (n - 1) * (2 * n + 5) - ties) / 72);
        n = 0;
        for (uint32_t i = 0; i < count; n += groups[i++])
                if (n > 0)
                        inversions_add(&sums, (size_t)n, groups[i]);
        return sums_rank(&sums);
}

/* ---- families of figures ---- */

/* What a family has around x. */
struct around {
        uint64_t at_most; /* so many are x or less */
        double below;     /* the greatest of those; -INFINITY: none */
        double above;     /* the least of the others; INFINITY: none */
};

struct family {
        void (*scan)(const struct family *family, double x, struct around *around);
        const double *a;
        const double *b;
        uint32_t a_count;
        uint32_t b_count;
        uint64_t size;
};

static void around_add(struct around *around, double value, double x) {
        around->at_most += value <= x;
        if (value <= x)
                around->below = MAX(around->below, value);
        else
                around->above = MIN(around->above, value);
}

/* `value` is the last of its row that is at most x, `next` the one after; the row has `at_most` up
 * to there. */
static void around_row(struct around *around, uint64_t at_most, double value, double next) {
        around->at_most += at_most;
        around->below = MAX(around->below, value);
        around->above = MIN(around->above, next);
}

/* Cannot overflow, and does not fall when either rises: rows and columns of means are sorted. */
static double mean(double a, double b) {
        return a / 2 + b / 2;
}

/* Means of values i <= j (Walsh averages). The greater i, the fewer j: one way through both. */
static void scan_means(const struct family *family, double x, struct around *around) {
        const double *v = family->a;
        int64_t count = family->a_count, j = count - 1;

        for (int64_t i = 0; i < count; i++) {
                while (j >= i && mean(v[i], v[j]) > x)
                        j--;
                if (j < i) {
                        /* the rows that follow are above x from their first, which is least */
                        around->above = MIN(around->above, mean(v[i], v[i]));
                        return;
                }
                around_row(around, (uint64_t)(j - i + 1), mean(v[i], v[j]),
                           j + 1 < count ? mean(v[i], v[j + 1]) : INFINITY);
        }
}

/* Differences b - a: the greater a, the more of b. */
static void scan_differences(const struct family *family, double x, struct around *around) {
        const double *b = family->b;
        uint32_t j = 0;

        for (uint32_t i = 0; i < family->a_count; i++) {
                double a = family->a[i];

                while (j < family->b_count && b[j] - a <= x)
                        j++;
                around_row(around, j, j ? b[j - 1] - a : -INFINITY,
                           j < family->b_count ? b[j] - a : INFINITY);
        }
}

/* Slopes between points, one after the other: points are few, and working space would not be. */
static void scan_slopes(const struct family *family, double x, struct around *around) {
        const double *at = family->a, *y = family->b;

        for (uint32_t i = 0; i < family->a_count; i++)
                for (uint32_t j = i + 1; j < family->a_count; j++)
                        if (at[i] != at[j])
                                around_add(around, (y[j] - y[i]) / (at[j] - at[i]), x);
}

static struct around family_around(const struct family *family, double x) {
        struct around around = {.below = -INFINITY, .above = INFINITY};

        family->scan(family, x, &around);
        return around;
}

/* Doubles in their order as integers, so that halving what is between two of them takes 64 steps at
 * most whatever they are. */
static int64_t double_place(double value) {
        int64_t bits;

        memcpy(&bits, &value, sizeof(bits));
        return bits < 0 ? INT64_MIN - bits : bits;
}

static double double_at(int64_t place) {
        int64_t bits = place < 0 ? INT64_MIN - place : place;
        double value;

        memcpy(&value, &bits, sizeof(value));
        return value;
}

static double double_between(double low, double high) {
        int64_t a = double_place(low), b = double_place(high);

        return double_at((a & b) + ((a ^ b) >> 1));
}

/* The figure of a rank, 1 being the least. Both ends of the bisection are figures of the family, so
 * it ends at the very figure, mostly long before the doubles between them have run out. */
static double family_value(const struct family *family, uint64_t rank) {
        double low = family_around(family, -INFINITY).above;
        double high = family_around(family, INFINITY).below;

        for (int i = 0; i < 64 && low < high; i++) {
                struct around around = family_around(family, double_between(low, high));

                if (around.at_most >= rank)
                        high = around.below;
                else
                        low = around.above;
        }
        return high;
}

static double family_median(const struct family *family) {
        double low = family_value(family, (family->size + 1) / 2);

        return family->size % 2 ? low : mean(low, family_value(family, family->size / 2 + 1));
}

/* ---- intervals ---- */

static const struct xskim_bench_interval NOTHING = {NAN, NAN, NAN, 0};

/* Between the figures of this rank from either end. */
static struct xskim_bench_interval family_interval(const struct family *family, uint64_t rank,
                                                   uint32_t count) {
        return (struct xskim_bench_interval){
                .median = family_median(family),
                .low = family_value(family, rank),
                .high = family_value(family, family->size + 1 - rank),
                .count = count,
        };
}

static int compare(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static void sort(double *values, uint32_t count) {
        if (count)
                qsort(values, count, sizeof(*values), compare);
}

static double sorted_median(const double *values, uint32_t count) {
        return mean(values[(count - 1) / 2], values[count / 2]);
}

struct xskim_bench_interval inference_centre(double *values, uint32_t count) {
        struct family means = {
                .scan = scan_means,
                .a = values,
                .a_count = count,
                .size = (uint64_t)count * ((uint64_t)count + 1) / 2,
        };

        if (!count)
                return NOTHING;
        sort(values, count);
        return family_interval(&means, signed_rank(count), count);
}

struct xskim_bench_interval inference_median(double *values, uint32_t count) {
        double low, high;
        uint32_t rank;

        if (!count)
                return NOTHING;
        sort(values, count);
        quantile_ranks(count, 0.5, &low, &high);
        rank = low < 1 ? 1 : (uint32_t)(low + 1e-9);
        return (struct xskim_bench_interval){
                .median = sorted_median(values, count),
                .low = values[rank - 1],
                .high = values[count - rank],
                .count = count,
        };
}

struct xskim_bench_interval inference_shift(double *a, uint32_t a_count, double *b,
                                            uint32_t b_count) {
        uint32_t groups[] = {MAX(a_count, b_count), MIN(a_count, b_count)};
        struct family differences = {
                .scan = scan_differences,
                .a = a,
                .b = b,
                .a_count = a_count,
                .b_count = b_count,
                .size = (uint64_t)a_count * b_count,
        };

        if (!differences.size)
                return NOTHING;
        sort(a, a_count);
        sort(b, b_count);
        return family_interval(&differences, inversions_rank(groups, 2), a_count + b_count);
}

/* ---- lines ---- */

/* The sizes of the groups of equal x; returns how many there are. */
static uint32_t groups_find(const double *x, uint32_t count, uint32_t *groups) {
        uint32_t found = 0;

        for (uint32_t i = 0; i < count; i++) {
                bool first = true;
                uint32_t equal = 1;

                for (uint32_t j = 0; j < i && first; j++)
                        first = x[j] != x[i];
                for (uint32_t j = i + 1; j < count; j++)
                        equal += x[j] == x[i];
                if (first)
                        groups[found++] = equal;
        }
        return found;
}

struct inference_line inference_line(const double *x, const double *y, uint32_t count) {
        struct family slopes = {.scan = scan_slopes, .a = x, .b = y, .a_count = count};
        struct inference_line line = {NOTHING, NAN};
        uint32_t groups[INFERENCE_POINTS_MAX], group_count;
        double rest[INFERENCE_POINTS_MAX];

        if (count > INFERENCE_POINTS_MAX)
                return line;
        group_count = groups_find(x, count, groups);
        slopes.size = (uint64_t)count * count;
        for (uint32_t i = 0; i < group_count; i++)
                slopes.size -= (uint64_t)groups[i] * groups[i];
        slopes.size /= 2;
        if (!slopes.size)
                return line;
        line.slope = family_interval(&slopes, inversions_rank(groups, group_count), count);
        for (uint32_t i = 0; i < count; i++)
                rest[i] = y[i] - line.slope.median * x[i];
        sort(rest, count);
        line.intercept = sorted_median(rest, count);
        return line;
}

struct xskim_bench_interval inference_exponent(const double *x, const double *y, uint32_t count) {
        double log_x[INFERENCE_POINTS_MAX], log_y[INFERENCE_POINTS_MAX];

        for (uint32_t i = 0; i < count && i < INFERENCE_POINTS_MAX; i++) {
                log_x[i] = log(x[i]);
                log_y[i] = log(y[i]);
        }
        return inference_line(log_x, log_y, count).slope;
}

void inference_shuffle(uint32_t *order, uint32_t count, uint64_t *random) {
        __u64 state = *random;

        for (uint32_t i = 0; i < count; i++) {
                /* of the upper half, whose share of a place is right to 1 in 2^32 / count */
                uint32_t place = (uint32_t)(((xskim_random_next(&state) >> 32) * (i + 1)) >> 32);

                order[i] = order[place];
                order[place] = i;
        }
        *random = state;
}

/* ---- what the library offers of it ---- */

struct xskim_bench_interval xskim_bench_paired(double *differences, uint32_t count) {
        return inference_centre(differences, count);
}

struct xskim_bench_interval xskim_bench_unpaired(double *then, uint32_t then_count, double *now,
                                                 uint32_t now_count) {
        return inference_shift(then, then_count, now, now_count);
}

/* Divided by what was measured, (gate + sample / N) / ns is to be 1: normal equations of that. */
struct xskim_bench_model xskim_bench_model_fit(const double *every, const double *ns,
                                               uint32_t count) {
        double gg = 0, gs = 0, ss = 0, g = 0, s = 0, det;

        for (uint32_t i = 0; i < count; i++) {
                double gate = 1 / ns[i], sample = gate / every[i];

                if (!isfinite(gate) || !isfinite(sample))
                        continue;
                gg += gate * gate;
                gs += gate * sample;
                ss += sample * sample;
                g += gate;
                s += sample;
        }
        det = gg * ss - gs * gs;
        /* of one rate alone it is 0 but for rounding */
        if (!(det > 1e-12 * gg * ss))
                return (struct xskim_bench_model){NAN, NAN};
        return (struct xskim_bench_model){
                .gate_ns = (g * ss - s * gs) / det,
                .sample_ns = (s * gg - g * gs) / det,
        };
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Estimates and intervals: examples of the textbook, edges; the order of an experiment; the model
 * of cost. */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "distributions.h"
#include "inference.h"

/* ---- examples of Hollander, Wolfe, Chicken ---- */

static void is_near(double value, double expected) {
        cr_assert(fabs(value - expected) < 1e-9, "%.12f, not %.12f", value, expected);
}

/* Chapter 3: Hamilton's depression scale before and after therapy. */
Test(inference_edges, textbook_centre) {
        double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
        double after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
        struct xskim_bench_interval interval;

        for (int i = 0; i < 9; i++)
                after[i] -= before[i];
        interval = xskim_bench_paired(after, 9);
        cr_assert_eq(interval.count, 9);
        is_near(interval.median, -0.46);
        is_near(interval.low, -0.786);
        is_near(interval.high, -0.010);
}

/* Chapter 4: permeability of the membrane at term and before. */
Test(inference_edges, textbook_shift) {
        double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
        double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};
        struct xskim_bench_interval interval = xskim_bench_unpaired(term, 10, early, 5);

        cr_assert_eq(interval.count, 15);
        is_near(interval.median, -0.305);
        is_near(interval.low, -0.76);
        is_near(interval.high, 0.15);
}

/* Chapter 9: rainfall by years of seeded clouds. */
Test(inference_edges, textbook_slope) {
        static const double x[] = {1, 2, 3, 4, 5}, y[] = {1.26, 1.27, 1.12, 1.16, 1.03};
        struct inference_line line = inference_line(x, y, 5);

        is_near(line.slope.median, -0.05625);
        is_near(line.slope.low, -0.15);
        is_near(line.slope.high, 0.04);
        is_near(line.intercept, 1.31625);
}

/* ---- edges ---- */

Test(inference_edges, nothing_has_no_estimate) {
        double one = 1;
        struct xskim_bench_interval nothing[] = {
                inference_centre(NULL, 0),           inference_median(NULL, 0),
                inference_shift(&one, 1, NULL, 0),   inference_shift(NULL, 0, &one, 1),
                inference_line(&one, &one, 1).slope, inference_line(NULL, NULL, 0).slope,
                inference_exponent(NULL, NULL, 0),
        };

        for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
                cr_assert_eq(nothing[i].count, 0);
                cr_assert(isnan(nothing[i].median) && isnan(nothing[i].low));
                cr_assert(isnan(nothing[i].high));
        }
}

Test(inference_edges, few_values_are_bounded_by_their_extremes) {
        for (uint32_t count = 1; count <= 6; count++) {
                double values[] = {4, -1, 7, 2, 9, 3};
                struct xskim_bench_interval interval = inference_centre(values, count);

                cr_assert_eq(interval.low, values[0]);
                cr_assert_eq(interval.high, values[count - 1]);
                cr_assert_eq(interval.count, count);
        }
}

Test(inference_edges, more_points_than_there_is_room_for_are_refused) {
        static double x[INFERENCE_POINTS_MAX + 1];

        for (int i = 0; i <= INFERENCE_POINTS_MAX; i++)
                x[i] = i + 1;
        cr_assert_eq(inference_line(x, x, INFERENCE_POINTS_MAX).slope.median, 1);
        cr_assert_eq(inference_line(x, x, INFERENCE_POINTS_MAX + 1).slope.count, 0);
        is_near(inference_exponent(x, x, INFERENCE_POINTS_MAX).median, 1);
        cr_assert_eq(inference_exponent(x, x, INFERENCE_POINTS_MAX + 1).count, 0);
}

/* ---- order of an experiment ---- */

/* All 120 orders of five, equally often: a sum of squares that chance exceeds once in 1000 times
 * (chi-squared with 119 degrees of freedom; the seed is fixed). */
Test(inference_edges, every_order_is_as_likely) {
        enum { COUNT = 5, ORDERS = 120, EACH = 1000 };
        static uint32_t times[3125];
        uint64_t random = 9;
        double squares = 0;
        uint32_t found = 0;

        for (uint32_t i = 0; i < ORDERS * EACH; i++) {
                uint32_t order[COUNT], code = 0, seen = 0;

                inference_shuffle(order, COUNT, &random);
                for (uint32_t j = 0; j < COUNT; j++) {
                        code = code * 5 + order[j];
                        seen |= 1U << order[j];
                }
                cr_assert_eq(seen, 31);
                times[code]++;
        }
        for (uint32_t code = 0; code < 3125; code++) {
                found += times[code] > 0;
                squares += times[code] ? pow((double)times[code] - EACH, 2) / EACH : 0;
        }
        cr_assert_eq(found, ORDERS);
        cr_assert(squares < 172.5 && squares > 76, "chi-squared %.1f", squares);
}

Test(inference_edges, an_order_is_repeatable) {
        uint32_t one[100], other[100];
        uint64_t random = 10, again = 10;

        for (int i = 0; i < 10; i++) {
                inference_shuffle(one, 100, &random);
                inference_shuffle(other, 100, &again);
                cr_assert(!memcmp(one, other, sizeof(one)));
        }
}

/* ---- the model of cost ---- */

static const double EVERY[] = {1, 4, 64, 1000};

static double errors_of(struct xskim_bench_model model, const double *ns) {
        double sum = 0;

        for (int i = 0; i < 4; i++)
                sum += pow((model.gate_ns + model.sample_ns / EVERY[i]) / ns[i] - 1, 2);
        return sum;
}

Test(inference_edges, model_is_found_again) {
        static const double ns[] = {88.2, 25.2, 5.5125, 4.284};
        struct xskim_bench_model model = xskim_bench_model_fit(EVERY, ns, 4);

        is_near(model.gate_ns, 4.2);
        is_near(model.sample_ns, 84);
        model = xskim_bench_model_fit(EVERY, ns, 2);
        is_near(model.gate_ns, 4.2);
        is_near(model.sample_ns, 84);
}

Test(inference_edges, no_other_model_has_smaller_relative_errors) {
        uint64_t random = 11;
        double ns[4];

        for (int round = 0; round < 100; round++) {
                struct xskim_bench_model model;
                double least;

                for (int i = 0; i < 4; i++)
                        ns[i] = (4.2 + 84 / EVERY[i]) * (1 + 0.3 * test_uniform(&random));
                model = xskim_bench_model_fit(EVERY, ns, 4);
                least = errors_of(model, ns);
                for (int i = 0; i < 4; i++) {
                        struct xskim_bench_model other = model;

                        other.gate_ns *= i == 0 ? 1.001 : i == 1 ? 0.999 : 1;
                        other.sample_ns *= i == 2 ? 1.001 : i == 3 ? 0.999 : 1;
                        cr_assert(errors_of(other, ns) > least);
                }
        }
}

Test(inference_edges, one_rate_makes_no_model) {
        static const double every[] = {64, 64, 64}, ns[] = {12, 12.5, NAN};

        cr_assert(isnan(xskim_bench_model_fit(every, ns, 3).gate_ns));
        cr_assert(isnan(xskim_bench_model_fit(EVERY, ns, 1).sample_ns));
        cr_assert(isnan(xskim_bench_model_fit(NULL, NULL, 0).gate_ns));
}

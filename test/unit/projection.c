/* SPDX-License-Identifier: BSD-2-Clause */
/* Projections against figures that were worked out by hand. */
#include <math.h>

#include <criterion/criterion.h>

#include "projection.h"

/* To the digits that are given. */
static const double PACKET_NS[PROJECTION_SIZES][PROJECTION_RATES] = {
        [PROJECTION_SIZE_64] = {67.2, 26.9, 16.8, 6.72, 3.36, 1.68},
        [PROJECTION_SIZE_imix] = {305, 122, 76.4, 30.5, 15.3, 7.64},
        [PROJECTION_SIZE_1518] = {1230, 492, 308, 123, 61.5, 30.8},
};

Test(projection, a_packet_takes_its_time_at_line_rate) {
        for (int size = 0; size < PROJECTION_SIZES; size++)
                for (int rate = 0; rate < PROJECTION_RATES; rate++) {
                        double ns = PACKET_NS[size][rate];
                        struct projection projection = projection_of(ns, rate, size);

                        cr_assert(fabs(projection.packet_ns / ns - 1) < 3e-3, "%f, not %f",
                                  projection.packet_ns, ns);
                        cr_assert(fabs(projection.core_percent - 100) < 0.3);
                }
}

Test(projection, cost_becomes_cores) {
        struct projection projection = projection_of(12, PROJECTION_10_GBE, PROJECTION_SIZE_64);

        cr_assert(fabs(projection.core_percent - 17.857) < 1e-3);
        cr_assert_eq(projection.cores, 1);
        projection = projection_of(12, PROJECTION_100_GBE, PROJECTION_SIZE_64);
        cr_assert(fabs(projection.core_percent - 178.57) < 1e-2);
        cr_assert_eq(projection.cores, 2);
        projection = projection_of(0, PROJECTION_100_GBE, PROJECTION_SIZE_64);
        cr_assert(projection.core_percent == 0 && projection.cores == 0);
        projection = projection_of(NAN, PROJECTION_100_GBE, PROJECTION_SIZE_64);
        cr_assert(isnan(projection.core_percent) && projection.cores == 0);
}

/* A path of 980 ns loses 2 % by 20 ns more. */
Test(projection, a_budget_holds_from_a_rate_on) {
        struct xskim_bench_model model = {.gate_ns = 4, .sample_ns = 80};

        cr_assert_eq(projection_sample_for_loss(&model, 980, 2), 5);
        cr_assert_eq(projection_sample_within(&model, 20), 5);
        cr_assert_eq(projection_sample_within(&model, 19.9), 6);
        cr_assert_eq(projection_sample_within(&model, 84), 1);
        cr_assert_eq(projection_sample_within(&model, 1000), 1);
        cr_assert_eq(projection_sample_within(&model, 4), 0);
        cr_assert_eq(projection_sample_within(&model, 3), 0);
        cr_assert_eq(projection_sample_within(&model, 4 + 1e-9), 0);
}

Test(projection, what_is_not_known_holds_nowhere) {
        struct xskim_bench_model none = {NAN, NAN}, model = {4, 80};

        cr_assert_eq(projection_sample_within(&none, 100), 0);
        cr_assert_eq(projection_sample_for_loss(&model, NAN, 2), 0);
}

/* The rate that is told is the first at which the model keeps the budget. */
Test(projection, one_rate_denser_breaks_the_budget) {
        struct xskim_bench_model model = {.gate_ns = 3.3};

        for (int i = 1; i < 1000; i++) {
                double limit = 3.3 + i * 0.37;
                uint32_t every;

                model.sample_ns = 17 + i * 1.9;
                every = projection_sample_within(&model, limit);
                cr_assert(model.gate_ns + model.sample_ns / every <= limit + 1e-6);
                cr_assert(every == 1 || model.gate_ns + model.sample_ns / (every - 1) > limit);
        }
}

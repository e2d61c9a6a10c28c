/* SPDX-License-Identifier: BSD-2-Clause */
/* Samples over time in a bounded number of points, against what every sample said. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "distributions.h"
#include "series.h"
#include "util.h"

static const uint64_t GAP_NS = SERIES_SAMPLE_MS * 1000000ULL;

static struct series series;

/* Sample number i, from 1 on: everything in it can be told from i. */
static struct series_point sample(uint64_t i) {
        uint64_t random = i;

        return (struct series_point){.end_ns = i * GAP_NS,
                                     .packets = 10 * i,
                                     .lost = 3 * i,
                                     .duplicated = 2 * i,
                                     .reordered = i / 2,
                                     .corrupted = i / 3,
                                     .latency_count = i % 7,
                                     .latency_p50_ns = test_random(&random) % 1000,
                                     .latency_p99_ns = 1000 + test_random(&random) % 1000,
                                     .latency_max_ns = 2000 + test_random(&random) % 1000};
}

static void fill(uint64_t samples) {
        series = (struct series){0};
        for (uint64_t i = 1; i <= samples; i++) {
                struct series_point one = sample(i);

                series_add(&series, &one);
                cr_assert_lt(series.count, SERIES_POINTS_MAX);
        }
        series_end(&series);
}

/* Of samples first to last. */
static void is_all_of(const struct series_point *point, uint64_t first, uint64_t last) {
        struct series_point end = sample(last);
        uint64_t count = 0, p50 = 0, p99 = 0, max = 0;

        for (uint64_t i = first; i <= last; i++) {
                struct series_point one = sample(i);

                count += one.latency_count;
                p50 = MAX(p50, one.latency_p50_ns);
                p99 = MAX(p99, one.latency_p99_ns);
                max = MAX(max, one.latency_max_ns);
        }
        cr_assert_eq(point->end_ns, end.end_ns);
        cr_assert_eq(point->packets, end.packets);
#define SAME(name_, title_) cr_assert_eq(point->name_, end.name_);
        SERIES_FOUND_ROWS(SAME)
#undef SAME
        cr_assert_eq(point->latency_count, count);
        cr_assert_eq(point->latency_p50_ns, p50);
        cr_assert_eq(point->latency_p99_ns, p99);
        cr_assert_eq(point->latency_max_ns, max);
}

Test(series, every_sample_is_in_one_point_and_points_are_bounded) {
        static const uint64_t samples[] = {1, 2, 399, 400, 401, 799, 800, 1000, 12345, 100000};

        for (size_t n = 0; n < ARRAY_SIZE(samples); n++) {
                uint64_t first = 1, stride;

                fill(samples[n]);
                stride = series_stride(&series);
                for (unsigned int i = 0; i < series.count; i++) {
                        uint64_t last = MIN(first + stride - 1, samples[n]);

                        is_all_of(&series.points[i], first, last);
                        first = last + 1;
                }
                cr_assert_eq(first, samples[n] + 1, "%lu of %lu samples", first - 1, samples[n]);
                cr_assert(samples[n] < SERIES_POINTS_MAX ||
                                  series.count >= SERIES_POINTS_MAX / 2 - 1,
                          "%u points of %lu samples", series.count, samples[n]);
                cr_assert_eq(stride == 1, samples[n] < SERIES_POINTS_MAX);
        }
}

/* Who is held up takes two at once: the packets of an interval within no time are no rate. */
Test(series, a_sample_right_behind_another_is_one_with_it) {
        struct series_point one = sample(5), two = sample(6), three = sample(7);

        series = (struct series){0};
        two.end_ns = one.end_ns + 1000;
        three.end_ns = one.end_ns + GAP_NS;
        series_add(&series, &one);
        series_add(&series, &two);
        series_add(&series, &three);
        series_end(&series);
        cr_assert_eq(series.count, 2);
        cr_assert_eq(series.points[0].packets, two.packets);
        cr_assert_eq(series.points[0].latency_count, one.latency_count + two.latency_count);
        cr_assert_eq(series.points[1].packets, three.packets);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic from what a packet costs here to what it would cost at line rate elsewhere. Owns the
 * line rates, the sizes, and how long a packet takes at them. Pure. A projection, not a
 * measurement: it takes for granted that a packet costs there what it costs here, and that the
 * packets spread evenly over the cores.
 */
#ifndef XSKIM_PROJECTION_H
#define XSKIM_PROJECTION_H

#include <stdint.h>

#include <xskim/xskim.h>

/* ROW(gigabits a second) */
#define PROJECTION_RATE_ROWS(ROW) ROW(10) ROW(25) ROW(40) ROW(100) ROW(200) ROW(400)

/* ROW(name, bytes in the mean, FCS included, title) */
#define PROJECTION_SIZE_ROWS(ROW)                                                                  \
        ROW(64, 64.0, "64 B")                                                                      \
        ROW(imix, (7 * 64.0 + 4 * 594.0 + 1518.0) / 12, "IMIX")                                    \
        ROW(1518, 1518.0, "1518 B")

#define PROJECTION_RATE_MEMBER(gigabits_) PROJECTION_##gigabits_##_GBE,
enum projection_rate { PROJECTION_RATE_ROWS(PROJECTION_RATE_MEMBER) PROJECTION_RATES };
#define PROJECTION_SIZE_MEMBER(name_, bytes_, title_) PROJECTION_SIZE_##name_,
enum projection_size { PROJECTION_SIZE_ROWS(PROJECTION_SIZE_MEMBER) PROJECTION_SIZES };

extern const double PROJECTION_GIGABITS[PROJECTION_RATES];
extern const char *const PROJECTION_SIZE_TITLES[PROJECTION_SIZES];

struct projection {
        double packet_ns;    /* from one packet to the next: with preamble and gap, 20 bytes more */
        double core_percent; /* what the cost takes of a core; NAN when the cost is */
        uint32_t cores;      /* that the cost alone fills, rounded up; 0: nothing, or not known */
};

/* At line rate, when a packet costs `ns`. */
struct projection projection_of(double ns, enum projection_rate rate, enum projection_size size);

/* The smallest N (1 in N) at which gate + sample / N is at most `ns`; 0: no N is enough. */
uint32_t projection_sample_within(const struct xskim_bench_model *model, double ns);

/* The same for a loss of throughput: when a packet takes `path_ns` without, the loss is
 * cost / (path_ns + cost). 0 < percent < 100. */
uint32_t projection_sample_for_loss(const struct xskim_bench_model *model, double path_ns,
                                    double percent);

#endif

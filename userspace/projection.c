/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the arithmetic of projections. See projection.h. */
#include <math.h>

#include "projection.h"

enum {
        WIRE_OVERHEAD_BYTES = 20, /* preamble, start of frame, gap: IEEE 802.3 */
};

#define RATE(gigabits_) gigabits_,
const double PROJECTION_GIGABITS[PROJECTION_RATES] = {PROJECTION_RATE_ROWS(RATE)};
#define TITLE(name_, bytes_, title_) title_,
const char *const PROJECTION_SIZE_TITLES[PROJECTION_SIZES] = {PROJECTION_SIZE_ROWS(TITLE)};
#define BYTES(name_, bytes_, title_) bytes_,
static const double SIZES[PROJECTION_SIZES] = {PROJECTION_SIZE_ROWS(BYTES)};

struct projection projection_of(double ns, enum projection_rate rate, enum projection_size size) {
        double packet_ns = (SIZES[size] + WIRE_OVERHEAD_BYTES) * 8 / PROJECTION_GIGABITS[rate];
        double cores = ns / packet_ns;

        return (struct projection){
                .packet_ns = packet_ns,
                .core_percent = cores * 100,
                .cores = cores > 0 && cores < UINT32_MAX ? (uint32_t)ceil(cores) : 0,
        };
}

uint32_t projection_sample_within(const struct xskim_bench_model *model, double ns) {
        double room = ns - model->gate_ns, every;

        /* not so either when one of them is NAN */
        if (!(room > 0))
                return 0;
        /* what is whole but for rounding is whole */
        every = ceil(fmax(model->sample_ns / room, 1) - 1e-9);
        return every <= UINT32_MAX ? (uint32_t)every : 0;
}

uint32_t projection_sample_for_loss(const struct xskim_bench_model *model, double path_ns,
                                    double percent) {
        return projection_sample_within(model, path_ns * percent / (100 - percent));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The parameters with which the sampler draws its skips (include/xskim/skip.h). Pure. */
#ifndef XSKIM_SAMPLING_H
#define XSKIM_SAMPLING_H

#include <stdint.h>

#include <xskim/skip.h>

/* For sampling 1 in `sample` packets, 1 to XSKIM_WEIGHT_MAX. */
struct xskim_skip sampling_skip(uint32_t sample);

/* The random state of a ring, from the session's seed: repeatable, never 0, different for every
 * ring of a session. */
uint64_t sampling_seed(uint64_t seed, uint32_t ring);

#endif

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The sampler as it is, but that its way out gives way to another one when linked with it: so all
 * else is the same in every comparison. That is why a source file is included here. */
#pragma weak record_stage
#include "sampler.bpf.c"

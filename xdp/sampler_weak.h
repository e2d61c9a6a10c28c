/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Included before sampler.bpf.c it makes the sampler as it is, but that its way out gives way to
 * another one when linked with it (recorded.h): so all else is the same in every comparison.
 */
#ifndef XSKIM_SAMPLER_WEAK_H
#define XSKIM_SAMPLER_WEAK_H

#pragma weak record_stage

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fuzzer feeds as stamps: 6 bytes each. Ring and stream (4 bits each), how far the number
 * moves on from the last one (signed, its square with the sign), a byte and a shift for the time,
 * faults. Aborts when what the transit counts does not add up.
 */
#ifndef XSKIM_TEST_TRANSIT_TARGET_H
#define XSKIM_TEST_TRANSIT_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif

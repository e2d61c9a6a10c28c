/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fuzzer feeds: a byte of which bit 0 says that the stamp goes over the payload, a byte of
 * how much room there is behind, and a frame. Aborts when stamping breaks one of its promises. */
#ifndef XSKIM_TEST_STAMP_TARGET_H
#define XSKIM_TEST_STAMP_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif

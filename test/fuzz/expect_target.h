/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fuzzer feeds: a byte of which bit 0 says what follows. Set: a frame, of which content and
 * identity are made. Clear: a byte of loops, then pairs of bytes, each a packet that is expected or
 * that arrives. Aborts when one of the promises is broken. */
#ifndef XSKIM_TEST_EXPECT_TARGET_H
#define XSKIM_TEST_EXPECT_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif

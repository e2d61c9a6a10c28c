/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fuzzer feeds: any bytes. Aborts when the parser breaks one of its promises. */
#ifndef XSKIM_TEST_PARSE_TARGET_H
#define XSKIM_TEST_PARSE_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fuzzer feeds: a configuration of xskim serve. Aborts when one of the promises is broken:
 * what is refused is refused with a place that is in it, and leaves what was there; what is
 * accepted is printed as something that reads back as the same. */
#ifndef XSKIM_TEST_SERVE_CONFIG_TARGET_H
#define XSKIM_TEST_SERVE_CONFIG_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What libFuzzer calls, and the test with its own inputs. */
#ifndef XSKIM_FUZZ_FOREIGN_TARGET_H
#define XSKIM_FUZZ_FOREIGN_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif

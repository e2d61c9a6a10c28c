/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fuzzer feeds as metadata frames: a byte that says what is mended (1 the magic, version and
 * length, 2 the turn, 4 the records, 8 that there is a carrier's log), a byte with the number of
 * records, then the frame; and so on to the end.
 */
#ifndef XSKIM_TEST_TALLY_TARGET_H
#define XSKIM_TEST_TALLY_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fuzzer feeds as a record file. First byte even: the rest is the file. Odd: the rest comes
 * behind a sound beginning, and whatever in it looks like a piece gets the session and the checksum
 * that let it pass, so that what lies behind the checksums is reached.
 */
#ifndef XSKIM_TEST_RECORDFILE_TARGET_H
#define XSKIM_TEST_RECORDFILE_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif

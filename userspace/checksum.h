/* SPDX-License-Identifier: BSD-2-Clause */
/* The checksum of frames and blocks: XXH3, 64 bits, seed 0. The only file that knows xxhash is
 * checksum.c. */
#ifndef XSKIM_CHECKSUM_H
#define XSKIM_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t checksum_of(const void *start, size_t bytes);

/* The same with the 8 bytes at `hole`, where the sum itself goes, read as 0. hole + 8 <= bytes. */
uint64_t checksum_around(const void *start, size_t bytes, size_t hole);

#endif

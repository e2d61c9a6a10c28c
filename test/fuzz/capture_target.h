/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fuzzer feeds as a capture. Byte 0: enum capture_way; byte 1: enum capture_edit; byte 2:
 * sizes; the rest is the file. It is read to its end, each packet edited and stamped. Aborts when a
 * promise is broken: an error has a message, packets are numbered, another round and another
 * compression give the same.
 */
#ifndef XSKIM_TEST_CAPTURE_TARGET_H
#define XSKIM_TEST_CAPTURE_TARGET_H

#include <stddef.h>
#include <stdint.h>

enum { CAPTURE_TARGET_HEAD = 3 };

/* Of byte 0. The file is packed by the target, so that a fuzzer need not find checksums. */
enum capture_way {
        CAPTURE_WAY_PLAIN,
        CAPTURE_WAY_GZIP,
        CAPTURE_WAY_ZSTD,
        CAPTURE_WAY_SPLIT, /* two members of gzip */
        CAPTURE_WAY_PACKED = 3,
        CAPTURE_WAY_PIPE = 4,
        CAPTURE_WAY_FILTER = 8,
        CAPTURE_WAY_AGAIN = 16, /* another round */
};

/* Of byte 1. */
enum capture_edit {
        CAPTURE_EDIT_PAD = 1,
        CAPTURE_EDIT_POP = 2,
        CAPTURE_EDIT_PUSH = 4,
        CAPTURE_EDIT_MAC = 8,
        CAPTURE_EDIT_IPV4 = 16,
        CAPTURE_EDIT_IPV6 = 32,
        CAPTURE_EDIT_TRUNCATE = 64,
        CAPTURE_EDIT_FILL = 128,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif

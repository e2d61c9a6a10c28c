/* SPDX-License-Identifier: BSD-2-Clause */
/* A compression of captures: an operations table, of which capture_stream.c has a row for each. */
#ifndef XSKIM_CAPTURE_DECODER_H
#define XSKIM_CAPTURE_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        CAPTURE_MAGIC_BYTES = 4,
        /* What a file may ask for to be unpacked; what it unpacks to has no bound. */
        CAPTURE_WINDOW_BYTES_MAX = 1 << 27,
};

/* What is left of the input, and of the room for output: both move forward. */
struct capture_piece {
        const uint8_t *in;
        size_t in_bytes;
        uint8_t *out;
        size_t out_bytes;
};

/* A compression. */
struct capture_decoder {
        const char *name;
        uint8_t magic[CAPTURE_MAGIC_BYTES];
        size_t magic_bytes;
        int (*open)(void **ret_state);
        void (*close)(void *state);
        /* Takes and gives some. -EBADMSG: damaged; -E2BIG: takes more memory than is allowed. */
        int (*decode)(void *state, struct capture_piece *piece);
        /* Whether the input may end here. */
        bool (*is_whole)(const void *state);
};

extern const struct capture_decoder CAPTURE_GZIP;
extern const struct capture_decoder CAPTURE_ZSTD;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures compressed by gzip (RFC 1952), of one member or several. Adapter of zlib. See
 * capture_decoder.h. */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "capture_decoder.h"

enum { GZIP_WINDOW = 15 + 16 }; /* the largest window, and a gzip header */

struct gzip {
        z_stream stream;
        bool whole;
};

static int gzip_open(void **ret_state) {
        struct gzip *gzip = calloc(1, sizeof(*gzip));

        if (!gzip || inflateInit2(&gzip->stream, GZIP_WINDOW) != Z_OK) {
                free(gzip);
                return -ENOMEM;
        }
        *ret_state = gzip;
        return 0;
}

static void gzip_close(void *state) {
        struct gzip *gzip = state;

        inflateEnd(&gzip->stream);
        free(gzip);
}

static int gzip_decode(void *state, struct capture_piece *piece) {
        struct gzip *gzip = state;
        z_stream *stream = &gzip->stream;
        int r;

        /* the next member */
        if (gzip->whole && piece->in_bytes)
                inflateReset(stream);
        stream->next_in = (Bytef *)piece->in;
        stream->avail_in = (uInt)piece->in_bytes;
        stream->next_out = piece->out;
        stream->avail_out = (uInt)piece->out_bytes;
        r = gzip->whole && !piece->in_bytes ? Z_BUF_ERROR : inflate(stream, Z_NO_FLUSH);
        piece->in = stream->next_in;
        piece->in_bytes = stream->avail_in;
        piece->out = stream->next_out;
        piece->out_bytes = stream->avail_out;
        if (r == Z_OK || r == Z_STREAM_END)
                gzip->whole = r == Z_STREAM_END;
        return r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR ? 0 : -EBADMSG;
}

static bool gzip_is_whole(const void *state) {
        return ((const struct gzip *)state)->whole;
}

const struct capture_decoder CAPTURE_GZIP = {
        .name = "gzip",
        .magic = {0x1f, 0x8b},
        .magic_bytes = 2,
        .open = gzip_open,
        .close = gzip_close,
        .decode = gzip_decode,
        .is_whole = gzip_is_whole,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures compressed by zstd (RFC 8878), of one frame or several. Adapter of libzstd. See
 * capture_decoder.h. */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "capture_decoder.h"

enum { WINDOW_LOG_MAX = 27 };
_Static_assert(1 << WINDOW_LOG_MAX == CAPTURE_WINDOW_BYTES_MAX, "one bound");

struct zstd {
        ZSTD_DStream *stream;
        bool whole;
};

static int zstd_open(void **ret_state) {
        struct zstd *zstd = calloc(1, sizeof(*zstd));

        if (zstd)
                zstd->stream = ZSTD_createDStream();
        if (!zstd || !zstd->stream) {
                free(zstd);
                return -ENOMEM;
        }
        ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
        *ret_state = zstd;
        return 0;
}

static void zstd_close(void *state) {
        struct zstd *zstd = state;

        ZSTD_freeDStream(zstd->stream);
        free(zstd);
}

static int error_of(size_t r) {
        return ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge ? -E2BIG : -EBADMSG;
}

static int zstd_decode(void *state, struct capture_piece *piece) {
        struct zstd *zstd = state;
        ZSTD_inBuffer in = {.src = piece->in, .size = piece->in_bytes};
        ZSTD_outBuffer out = {.dst = piece->out, .size = piece->out_bytes};
        size_t r;

        /* a call without input after the last frame would begin another one */
        if (zstd->whole && !piece->in_bytes)
                return 0;
        r = ZSTD_decompressStream(zstd->stream, &out, &in);
        piece->in += in.pos;
        piece->in_bytes -= in.pos;
        piece->out += out.pos;
        piece->out_bytes -= out.pos;
        if (ZSTD_isError(r))
                return error_of(r);
        zstd->whole = !r;
        return 0;
}

static bool zstd_is_whole(const void *state) {
        return ((const struct zstd *)state)->whole;
}

const struct capture_decoder CAPTURE_ZSTD = {
        .name = "zstd",
        .magic = {0x28, 0xb5, 0x2f, 0xfd},
        .magic_bytes = 4,
        .open = zstd_open,
        .close = zstd_close,
        .decode = zstd_decode,
        .is_whole = zstd_is_whole,
};

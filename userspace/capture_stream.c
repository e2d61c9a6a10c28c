/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the file below libpcap. See capture_stream.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_decoder.h"
#include "capture_stream.h"
#include "util.h"

enum { IN_BYTES = 1 << 16 };

static const struct capture_decoder *const DECODERS[] = {&CAPTURE_GZIP, &CAPTURE_ZSTD};

struct capture_stream {
        int fd;
        int stop_fd;
        const struct capture_decoder *decoder; /* NULL: none */
        void *state;
        bool ended;
        bool torn;
        bool too_wide;
        uint64_t position;
        size_t at; /* of what is not used yet */
        size_t have;
        uint8_t in[IN_BYTES];
};

/* Nobody knows when a pipe's next bytes come, and a regular file is always readable. False: it is
 * to stop. */
static bool bytes_await(const struct capture_stream *s) {
        struct pollfd fds[] = {{.fd = s->fd, .events = POLLIN},
                               {.fd = s->stop_fd, .events = POLLIN}};

        while (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
                ;
        return !(fds[1].revents & POLLIN);
}

/* Adds to what is there, until there is so much or the file ends. */
static int in_fill(struct capture_stream *s, size_t wanted) {
        if (s->at == s->have)
                s->at = s->have = 0;
        while (!s->ended && s->have - s->at < wanted) {
                ssize_t count =
                        !bytes_await(s) ? 0 : read(s->fd, s->in + s->have, sizeof(s->in) - s->have);

                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return -errno;
                s->ended = !count;
                s->have += (size_t)count;
                s->position += (size_t)count;
        }
        return 0;
}

static void plain_take(struct capture_stream *s, struct capture_piece *piece) {
        size_t bytes = MIN(piece->in_bytes, piece->out_bytes);

        (void)s;
        memcpy(piece->out, piece->in, bytes);
        piece->in += bytes;
        piece->in_bytes -= bytes;
        piece->out += bytes;
        piece->out_bytes -= bytes;
}

/* One step: false when there is nothing more to come. */
static bool step(struct capture_stream *s, struct capture_piece *out) {
        int r = in_fill(s, 1);
        struct capture_piece piece = {.in = s->in + s->at,
                                      .in_bytes = s->have - s->at,
                                      .out = out->out,
                                      .out_bytes = out->out_bytes};
        size_t left = piece.in_bytes + piece.out_bytes;

        if (r >= 0 && s->decoder)
                r = s->decoder->decode(s->state, &piece);
        else if (r >= 0)
                plain_take(s, &piece);
        s->at = s->have - piece.in_bytes;
        if (s->ended && piece.out_bytes == out->out_bytes && s->at == s->have) {
                s->torn |= s->decoder && !s->decoder->is_whole(s->state);
                return false;
        }
        out->out = piece.out;
        out->out_bytes = piece.out_bytes;
        s->too_wide |= r == -E2BIG;
        /* neither took nor gave anything: it never will */
        s->torn |= r < 0 || (piece.in_bytes && piece.in_bytes + piece.out_bytes == left);
        return !s->torn;
}

/* For fopencookie(3). A damaged file ends where the damage is; capture_stream_is_torn tells. */
static ssize_t cookie_read(void *cookie, char *buffer, size_t bytes) {
        struct capture_stream *s = cookie;
        struct capture_piece out = {.out = (uint8_t *)buffer, .out_bytes = bytes};

        while (!s->torn && out.out_bytes == bytes && step(s, &out))
                ;
        return (ssize_t)(bytes - out.out_bytes);
}

static const struct capture_decoder *decoder_of(const struct capture_stream *s) {
        for (size_t i = 0; i < ARRAY_SIZE(DECODERS); i++)
                if (s->have - s->at >= DECODERS[i]->magic_bytes &&
                    !memcmp(s->in + s->at, DECODERS[i]->magic, DECODERS[i]->magic_bytes))
                        return DECODERS[i];
        return NULL;
}

/* libpcap reads a plain file by itself, which is quickest. */
static FILE *plain_open(struct capture_stream *s) {
        if (lseek(s->fd, 0, SEEK_SET) < 0)
                return NULL;
        s->position = 0;
        return fdopen(TAKE_FD(s->fd), "re");
}

static int file_open(struct capture_stream *s, FILE **ret_file) {
        static const cookie_io_functions_t functions = {.read = cookie_read};
        struct stat facts;
        int r = in_fill(s, CAPTURE_MAGIC_BYTES);

        if (r < 0 || fstat(s->fd, &facts) < 0)
                return r < 0 ? r : -errno;
        s->decoder = decoder_of(s);
        if (s->decoder)
                r = s->decoder->open(&s->state);
        if (r < 0)
                return r;
        *ret_file = !s->decoder && S_ISREG(facts.st_mode) ? plain_open(s)
                                                          : fopencookie(s, "r", functions);
        return *ret_file ? 0 : -errno;
}

int capture_stream_open(int fd, int stop_fd, struct capture_stream **ret_stream, FILE **ret_file) {
        struct capture_stream *s = calloc(1, sizeof(*s));
        int r;

        if (!s) {
                close(fd);
                return -ENOMEM;
        }
        s->fd = fd;
        s->stop_fd = stop_fd;
        r = file_open(s, ret_file);
        if (r < 0) {
                capture_stream_close(s);
                return r;
        }
        *ret_stream = s;
        return 0;
}

struct capture_stream *capture_stream_close(struct capture_stream *s) {
        if (!s)
                return NULL;
        if (s->state)
                s->decoder->close(s->state);
        fd_cleanup(&s->fd);
        free(s);
        return NULL;
}

const char *capture_stream_compression(const struct capture_stream *s) {
        return s->decoder ? s->decoder->name : NULL;
}

bool capture_stream_is_torn(const struct capture_stream *s) {
        return s->torn;
}

bool capture_stream_is_too_wide(const struct capture_stream *s) {
        return s->too_wide;
}

uint64_t capture_stream_position(const struct capture_stream *s) {
        return s->fd >= 0 ? s->position : 0;
}

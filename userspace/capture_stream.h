/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a capture as libpcap wants them: a FILE, whether the file is plain, compressed or a
 * pipe. Adding a compression is one file and one row in capture_stream.c. Part of capture.h.
 */
#ifndef XSKIM_CAPTURE_STREAM_H
#define XSKIM_CAPTURE_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct capture_stream;

/* Takes the descriptor over, whatever happens. The FILE is the caller's to close, before
 * capture_stream_close. As soon as `stop_fd` (borrowed) is readable, a pipe ends. Errors without a
 * message. */
int capture_stream_open(int fd, int stop_fd, struct capture_stream **ret_stream, FILE **ret_file);
struct capture_stream *capture_stream_close(struct capture_stream *stream);

/* Name of the compression, or NULL. */
const char *capture_stream_compression(const struct capture_stream *stream);

/* The compressed bytes were damaged or ended in the middle. */
bool capture_stream_is_torn(const struct capture_stream *stream);

/* Torn, because unpacking takes more memory than CAPTURE_WINDOW_BYTES_MAX. */
bool capture_stream_is_too_wide(const struct capture_stream *stream);

/* Bytes of the file that were read; 0 of a plain one, which tells by itself. */
uint64_t capture_stream_position(const struct capture_stream *stream);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads captures: pcap and pcapng, Ethernet, plain or compressed by gzip or zstd. Adapter of
 * libpcap; nobody else includes its header. What is below libpcap is in capture_stream.c.
 * Streams: memory does not grow with the file. Needs no capability.
 */
#ifndef XSKIM_CAPTURE_H
#define XSKIM_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

struct capture;

struct capture_packet {
        const uint8_t *bytes;    /* lent until the next call */
        uint32_t bytes_captured; /* of them */
        uint32_t bytes_wire;     /* as the packet was on the wire; more when it was cut short */
        uint64_t time_ns;        /* since the epoch */
        uint64_t number;         /* of the record in the file, from 1 */
};

/* "-" is standard input. `filter`: an expression of libpcap, or NULL. Every error has a message.
 * -EPROTOTYPE: not Ethernet; -EBADMSG: not a capture; -EINVAL: not a filter; -E2BIG: see
 * CAPTURE_WINDOW_BYTES_MAX in capture_decoder.h. */
int capture_open(const char *path, const char *filter, struct capture **ret_capture);
struct capture *capture_close(struct capture *capture);

/* From any thread: what is being read ends, for good, however long it is or keeps silent. */
void capture_interrupt(struct capture *capture);

enum { CAPTURE_END = 0, CAPTURE_PACKET = 1, CAPTURE_FILTERED = 2 };

/* CAPTURE_FILTERED: one that the filter does not select. Or -EBADMSG: what follows cannot be read;
 * the message has the record's number. */
int capture_next(struct capture *capture, struct capture_packet *ret_packet);

/* Back to the first packet. -ESPIPE: standard input does not come twice. */
int capture_rewind(struct capture *capture);

/* How far it has been read, and of how much, in bytes of the file; 0 of 0 when nobody knows. */
uint64_t capture_position(const struct capture *capture);
uint64_t capture_size(const struct capture *capture);
bool capture_is_compressed(const struct capture *capture);

#endif

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How the player hands packets to the launcher program: chunks of packet bytes, a row for each
 * packet, and a cursor. The player writes chunks and rows, the launcher reads them; only one of
 * them runs at a time. Host byte order.
 */
#ifndef XSKIM_LAUNCH_H
#define XSKIM_LAUNCH_H

#include <linux/types.h>

enum {
        XSKIM_LAUNCH_CHUNK_BYTES = 1 << 19,
        XSKIM_LAUNCH_CHUNK_PACKETS = 1 << 13,
        /* An Ethernet header at least; at most what a live frame of one page has room for. */
        XSKIM_LAUNCH_PACKET_BYTES_MIN = 14,
        XSKIM_LAUNCH_PACKET_BYTES_MAX = 3400,
        /* Behind each chunk, so that the verifier sees that a packet from any place stays inside.
         */
        XSKIM_LAUNCH_SLACK_BYTES = 4096,
        /* Up to so many bytes are copied in blocks, into frames that are at least so long. */
        XSKIM_LAUNCH_BLOCK_BYTES = 64,
        XSKIM_LAUNCH_DIRECT_BYTES = 3 * XSKIM_LAUNCH_BLOCK_BYTES,
};

struct xskim_launch_packet {
        __u32 place; /* of its first byte in the chunk, below XSKIM_LAUNCH_CHUNK_BYTES */
        __u32 bytes;
        __u64 sent_ns; /* CLOCK_MONOTONIC at the hand-over; written when times are wanted */
};

struct xskim_launch_control {
        __u64 next;    /* row of the packet that the next frame carries */
        __u64 sent;    /* frames redirected to the port */
        __u64 refused; /* rows that make no packet, and ports that are not there any more */
        __u64 timed;   /* not 0: sent_ns is wanted */
};

#endif

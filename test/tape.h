/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures that a test makes, with time stamps of its choosing, and what a tcpdump on the other end
 * of the wire captured: the outside judge of a replay.
 */
#ifndef XSKIM_TEST_TAPE_H
#define XSKIM_TEST_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tape;

enum { TAPE_ETHERNET = 1, TAPE_RAW_IP = 12 };

/* A pcap file with nanoseconds. */
struct tape *tape_open(const char *path, int link_type);
void tape_put(struct tape *tape, uint64_t time_ns, const void *bytes, uint32_t captured,
              uint32_t wire);
void tape_close(struct tape *tape);

struct tape_packet {
        uint64_t time_ns;
        uint32_t captured;
        uint32_t wire;
        uint8_t *bytes;
};

/* All packets of a capture in memory. */
struct tape_packets {
        size_t count;
        struct tape_packet *packet;
};

struct tape_packets tape_read(const char *path);
void tape_free(struct tape_packets *packets);

/* Every packet of `sent`, in order and to the byte, `rounds` times, and nothing else. */
void tape_equal(const struct tape_packets *sent, const struct tape_packets *received,
                unsigned int rounds);

/* A tcpdump that captures what arrives at a port; ends with the test. */
struct judge {
        pid_t pid;
        char port[16];
        char path[64];
        char log[64];
};

/* When it returns the judge is looking. */
struct judge judge_start(const char *port);

/* Ends it when none has come for half a second. */
struct tape_packets judge_end(struct judge *judge);

/* Likewise, but a moment after it has seen as much as `rounds` of these, if it ever does. */
struct tape_packets judge_end_of(struct judge *judge, const struct tape_packets *sent,
                                 unsigned int rounds);

#endif

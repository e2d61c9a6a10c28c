/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets for the tests of the parser, built from a plan, together with what the parser is to say
 * of them: the builder knows it from what it writes, it parses nothing. Also for every shorter
 * packet: each header that it writes leaves a mark of what a packet is that ends before it.
 */
#ifndef XSKIM_TEST_PACKETS_H
#define XSKIM_TEST_PACKETS_H

#include <stdint.h>

#include "describe.h"

enum {
        PACKET_BYTES_MAX = 24000,
        PACKET_TAGS_MAX = 6,
        PACKET_EXTENSIONS_MAX = 10,
        PACKET_OPTIONS_MAX = 16,
        PACKET_MARKS_MAX = 32,
};

enum packet_fault {
        PACKET_SOUND,
        PACKET_VERSION,      /* the network header's version is not the EtherType's */
        PACKET_IHL,          /* IPv4 header length below 5 */
        PACKET_TOTAL,        /* IPv4 total length below the header's */
        PACKET_LENGTH_ZERO,  /* total or payload length 0: says nothing */
        PACKET_LENGTH_SHORT, /* total or payload length ends before the frame */
};

/* What to build; zero bytes mean the plainest. */
struct packet_plan {
        uint8_t tags;
        uint16_t tag_types[PACKET_TAGS_MAX];
        uint16_t type; /* EtherType; below 0x0600 a length */
        enum packet_fault fault;
        uint8_t option_words; /* IPv4 */
        uint16_t fragment;    /* IPv4: MF (0x2000) and offset; IPv6: the word of fragment headers */
        uint8_t extensions;
        uint8_t extension[PACKET_EXTENSIONS_MAX];        /* next-header numbers */
        uint8_t extension_length[PACKET_EXTENSIONS_MAX]; /* their length bytes */
        _Bool calm; /* extension headers hold padding only: for judges that read it */
        uint8_t protocol;
        uint8_t options;
        uint8_t option[PACKET_OPTIONS_MAX]; /* TCP option kinds */
        uint16_t payload;
        uint16_t short_bytes; /* PACKET_LENGTH_SHORT: how much the length field leaves out */
};

struct packet_mark {
        uint32_t end;
        struct xskim_parsed parsed; /* of a packet that ends before `end` */
};

struct packet {
        uint32_t length;
        uint32_t limit; /* where the length field says that it ends */
        uint32_t marks;
        struct packet_mark mark[PACKET_MARKS_MAX];
        struct xskim_parsed parsed; /* when nothing is cut */
        struct xskim_record record; /* when nothing is cut */
        uint8_t bytes[PACKET_BYTES_MAX];
};

/* Any plan: every header, depth and fault that the parser knows, and some that it does not. */
void packet_plan_draw(uint64_t *random, struct packet_plan *ret_plan);

/* Field contents are drawn from random. */
void packet_build(uint64_t *random, const struct packet_plan *plan, struct packet *ret_packet);

/* What the first `length` bytes of the packet are. */
struct xskim_parsed packet_expected(const struct packet *packet, uint32_t length);

/* Cuts it anywhere, or changes some of its first bytes; what was expected no longer holds. */
void packet_spoil(uint64_t *random, struct packet *packet);

/* Uniform enough below `bound` (> 0). */
uint32_t packet_below(uint64_t *random, uint32_t bound);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting stamps on packets and reading them back; include/xskim/stamp.h says what a stamp is.
 * Pure. Who sends when, and what becomes of the stamps that arrive, is not its business.
 *
 *     r = stamp_prepare(packet, length, room, STAMP_APPEND, &spot);    once a packet
 *     stamp_write(packet, &spot, run, stream, sequence, sent_ns);      before each sending
 *
 * The first is where the payload is hashed; the second costs the same for packets of any length, so
 * that the time written is that of the sending. A packet may be written again and again.
 */
#ifndef XSKIM_USERSPACE_STAMP_H
#define XSKIM_USERSPACE_STAMP_H

#include <stdint.h>

#include <xskim/stamp.h>
#include <xskim/xskim.h>

/* Why a packet carries no stamp; ROW(name, doc). Names and words are for a report, too. */
#define STAMP_OUTCOMES(ROW)                                                                        \
        ROW(done, "stamped, or the stamp was read")                                                \
        XSKIM_REPLAY_UNSTAMPED_ROWS(ROW)                                                           \
        ROW(large, "no room behind its payload: longer than its buffer or 65535 bytes")            \
        ROW(absent, "has no stamp")

#define STAMP_OUTCOME_ENUM(name_, doc_) STAMP_##name_,
enum stamp_outcome { STAMP_OUTCOMES(STAMP_OUTCOME_ENUM) STAMP_OUTCOME_COUNT };

enum stamp_mode {
        STAMP_APPEND, /* behind the payload: the packet becomes 32 bytes longer */
        STAMP_OVER,   /* over the last 32 bytes of the payload */
};

/* Where a packet has its stamp. Offsets are from the frame's start. */
struct stamp_spot {
        uint32_t length;        /* of the frame, with the stamp */
        uint32_t trailer;       /* where the stamp is */
        uint32_t checksum;      /* where the transport checksum is; 0: there is none to be kept */
        uint32_t payload_check; /* as it goes into the stamp */
        uint8_t odd;            /* the stamp begins in the middle of a word of the checksum */
        uint8_t udp;            /* a checksum of 0 is written as 0xffff */
};

/*
 * Makes room for a stamp in the frame of `length` bytes, in a buffer of `room` bytes: with
 * STAMP_APPEND the length fields and checksums are adjusted and the stamp is zeros until it is
 * written; what lay there, padding, is overwritten. Checksums are updated (RFC 1624), not computed:
 * one that was wrong stays wrong. UDP without a checksum stays without one. On any outcome but
 * STAMP_done packet and *ret_spot are untouched.
 */
enum stamp_outcome stamp_prepare(uint8_t *packet, uint32_t length, uint32_t room,
                                 enum stamp_mode mode, struct stamp_spot *ret_spot);

/* Writes the stamp and corrects the transport checksum. `sequence` below 2^48. */
void stamp_write(uint8_t *packet, const struct stamp_spot *spot, uint32_t run, uint16_t stream,
                 uint64_t sequence, uint64_t sent_ns);

/* A stamp as it was read, in host byte order. */
struct stamp_reading {
        uint32_t run;
        uint16_t stream;
        uint32_t faults; /* enum xskim_stamp_fault; when damaged, the rest is not to be believed */
        uint64_t sequence;
        uint64_t sent_ns;
};

/* Looks for a stamp and checks it. STAMP_done: there is one; *ret_reading untouched otherwise. */
enum stamp_outcome stamp_read(const uint8_t *packet, uint32_t length,
                              struct stamp_reading *ret_reading);

/* What a payload of `bytes` bytes is to have as payload_check. */
uint32_t stamp_payload_check(const uint8_t *payload, uint32_t bytes);

/* The row's name and words. */
const char *stamp_outcome_name(enum stamp_outcome outcome);
const char *stamp_outcome_doc(enum stamp_outcome outcome);

#endif

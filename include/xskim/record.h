/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The record: 64 bytes of metadata about one sampled packet, and the one table that both sides
 * derive it from.
 *
 * Written by the sampler (xdp/) into a staging ring, copied by the carrier into a metadata frame,
 * read by the decoder and by anyone who reads a record file: the file's header carries this table.
 * Host byte order throughout, fields are packed from the least significant bit of each 64-bit word,
 * as both clang and gcc lay out bit fields on little-endian machines.
 */
#ifndef XSKIM_RECORD_H
#define XSKIM_RECORD_H

#include <linux/types.h>

/*
 * ADDRESS(name, doc): 16 bytes, network byte order; an IPv4 address is IPv4-mapped (RFC 4291,
 * section 2.5.5.2). FIELD(name, bits, unit, doc): an unsigned bit field. Rows fill 64-bit words
 * from the first to the last.
 */
#define XSKIM_RECORD_FIELDS(FIELD, ADDRESS)                                                        \
        FIELD(time_ns, 48, "ns",                                                                   \
              "CLOCK_MONOTONIC when sampled, low 48 bits; the frame's time_ns completes it")       \
        FIELD(vlan_tci, 16, "",                                                                    \
              "TCI of the outermost VLAN tag (IEEE 802.1Q); valid when the class has the VLAN "    \
              "bit")                                                                               \
        ADDRESS(source, "source address of the outermost network header")                          \
        ADDRESS(destination, "destination address of the outermost network header")                \
        FIELD(source_port, 16, "",                                                                 \
              "TCP, UDP or SCTP source port; ICMP type in the low byte, code in the high byte")    \
        FIELD(destination_port, 16, "", "TCP, UDP or SCTP destination port")                       \
        FIELD(gap, 32, "gap",                                                                      \
              "gap after the previous sample of this ring, see xskim_gap_decode; 0 when none")     \
        FIELD(tcp_timestamp, 32, "", "TCP timestamp value (RFC 7323); 0 when absent")              \
        FIELD(tcp_echo, 32, "", "TCP timestamp echo reply (RFC 7323); 0 when absent")              \
        FIELD(weight, 24, "packets", "packets this sample stands for: 1/probability")              \
        FIELD(wire_length, 16, "bytes",                                                            \
              "length of the packet without FCS; 65535 means that or more")                        \
        FIELD(protocol, 8, "",                                                                     \
              "last next-header (IANA protocol number) of the outermost network header")           \
        FIELD(tcp_flags, 8, "", "TCP flags, FIN lowest (RFC 9293)")                                \
        FIELD(class, 8, "", "class byte, see classes.h")

#define XSKIM_RECORD_FIELD_MEMBER(name_, bits_, unit_, doc_) __u64 name_ : bits_;
#define XSKIM_RECORD_ADDRESS_MEMBER(name_, doc_) __u64 name_[2];

struct xskim_record {
        XSKIM_RECORD_FIELDS(XSKIM_RECORD_FIELD_MEMBER, XSKIM_RECORD_ADDRESS_MEMBER)
};

/*
 * With --transit each packet that carries a stamp (stamp.h) leaves a record of the stamp, beside
 * the one that it leaves when it is sampled. Its weight is 0: it stands for no packet of the
 * traffic, and no estimate knows of it. That is what tells such records from those of samples, so
 * the weight is in the same place.
 */
#define XSKIM_STAMP_RECORD_FIELDS(FIELD)                                                           \
        FIELD(time_ns, 48, "ns",                                                                   \
              "CLOCK_MONOTONIC when it arrived, low 48 bits; the frame's time_ns completes it")    \
        FIELD(faults, 16, "", "1: the stamp is damaged; 2: the payload is")                        \
        FIELD(sent_ns, 64, "ns", "when it was sent, by the sender's CLOCK_MONOTONIC")              \
        FIELD(sequence, 48, "packets", "its number in its stream, from 0 on")                      \
        FIELD(stream, 16, "", "number of its stream")                                              \
        FIELD(run, 32, "", "number of the sending run")                                            \
        FIELD(zero_32, 32, "", "0")                                                                \
        FIELD(zero_64, 64, "", "0")                                                                \
        FIELD(zero_128, 64, "", "0")                                                               \
        FIELD(zero_192, 64, "", "0")                                                               \
        FIELD(weight, 24, "packets", "0: this is not the record of a sample")                      \
        FIELD(wire_length, 16, "bytes",                                                            \
              "length of the packet without FCS; 65535 means that or more")                        \
        FIELD(protocol, 8, "", "as in other records")                                              \
        FIELD(kind, 8, "", "enum xskim_record_kind")                                               \
        FIELD(class, 8, "", "class byte, see classes.h")

struct xskim_stamp_record {
        XSKIM_STAMP_RECORD_FIELDS(XSKIM_RECORD_FIELD_MEMBER)
};

/* With --expect every packet leaves a record of what it is (content.h), in the same way. */
#define XSKIM_CONTENT_RECORD_FIELDS(FIELD)                                                         \
        FIELD(time_ns, 48, "ns",                                                                   \
              "CLOCK_MONOTONIC when it arrived, low 48 bits; the frame's time_ns completes it")    \
        FIELD(zero_16, 16, "", "0")                                                                \
        FIELD(content, 64, "", "hash of what no path may change")                                  \
        FIELD(identity, 64, "", "hash of what tells which packet it is")                           \
        FIELD(zero_64, 64, "", "0")                                                                \
        FIELD(zero_128, 64, "", "0")                                                               \
        FIELD(zero_192, 64, "", "0")                                                               \
        FIELD(zero_256, 64, "", "0")                                                               \
        FIELD(weight, 24, "packets", "0: this is not the record of a sample")                      \
        FIELD(wire_length, 16, "bytes",                                                            \
              "length of the packet without FCS; 65535 means that or more")                        \
        FIELD(protocol, 8, "", "as in other records")                                              \
        FIELD(kind, 8, "", "enum xskim_record_kind")                                               \
        FIELD(class, 8, "", "class byte, see classes.h")

struct xskim_content_record {
        XSKIM_CONTENT_RECORD_FIELDS(XSKIM_RECORD_FIELD_MEMBER)
};

/* Of a record whose weight is 0. */
enum xskim_record_kind { XSKIM_RECORD_OF_STAMP, XSKIM_RECORD_OF_CONTENT, XSKIM_RECORD_KINDS };

enum {
        XSKIM_RECORD_BYTES = 64,
        XSKIM_WEIGHT_MAX = (1 << 24) - 1,
        XSKIM_WIRE_LENGTH_MAX = 65535,
};

_Static_assert(sizeof(struct xskim_record) == XSKIM_RECORD_BYTES,
               "a record is one cache line, without holes");
_Static_assert(sizeof(struct xskim_stamp_record) == XSKIM_RECORD_BYTES, "so is that of a stamp");
_Static_assert(sizeof(struct xskim_content_record) == XSKIM_RECORD_BYTES, "and of a content");

/*
 * A gap in 32 bits: below 2^31 it is nanoseconds, exact; with the top bit set the rest counts units
 * of 1024 ns (up to 36 minutes, then saturated). 0 is kept for "no gap known", so a gap is at
 * least 1.
 */
static inline __u32 xskim_gap_encode(__u64 gap_ns) {
        if (gap_ns < (1ULL << 31))
                return gap_ns ? (__u32)gap_ns : 1;
        gap_ns >>= 10;
        return gap_ns < (1ULL << 31) ? (1U << 31) | (__u32)gap_ns : ~0U;
}

static inline __u64 xskim_gap_decode(__u32 gap) {
        return gap & (1U << 31) ? (__u64)(gap & ~(1U << 31)) << 10 : gap;
}

#endif

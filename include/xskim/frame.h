/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The metadata frame: a header of 128 bytes and up to 48 records, what a carrier brings from a
 * staging ring to the AF_XDP socket and what a record file holds. Host byte order. The carrier
 * program writes every field but the last two, which the worker fills in before it hands the frame
 * on.
 */
#ifndef XSKIM_FRAME_H
#define XSKIM_FRAME_H

#include <linux/types.h>
#include "record.h"

/* ROW(type, name, unit, doc) */
#define XSKIM_FRAME_FIELDS(ROW)                                                                    \
        ROW(__u32, magic, "", "XSKIM_FRAME_MAGIC")                                                 \
        ROW(__u16, version, "", "XSKIM_FRAME_VERSION")                                             \
        ROW(__u16, records, "records", "records that follow this header, 1 to 48")                 \
        ROW(__u32, ring, "", "number of the staging ring: port * CPUs + CPU")                      \
        ROW(__u32, worker, "", "number of the worker that injected the carrier")                   \
        ROW(__u64, sequence, "frames", "frames loaded from this ring before this one")             \
        ROW(__u64, first_record, "records",                                                        \
            "records carried from this ring before the first one here")                            \
        ROW(__u64, time_ns, "ns", "CLOCK_MONOTONIC when the carrier was loaded")                   \
        ROW(__u64, seen, "packets", "sampler, this ring, cumulative: packets seen")                \
        ROW(__u64, bytes, "bytes", "sampler, cumulative: bytes seen")                              \
        ROW(__u64, drawn, "packets",                                                               \
            "sampler, cumulative: packets covered by the skips drawn so far")                      \
        ROW(__u64, sampled, "packets", "sampler, cumulative: packets sampled")                     \
        ROW(__u64, staged, "records", "sampler, cumulative: records staged")                       \
        ROW(__u64, ring_full, "records",                                                           \
            "sampler, cumulative: records lost because the ring was full")                         \
        ROW(__u64, unparsable, "packets",                                                          \
            "sampler, cumulative: samples without an EtherType to record")                         \
        ROW(__u64, session, "", "random number of the run that made the frame")                    \
        ROW(__u64, beside, "packets",                                                              \
            "sampler, cumulative: packets with a stamp, or hashed; a run looks for one of them")   \
        ROW(__u64, decoded_ns, "ns", "CLOCK_MONOTONIC when the worker decoded the frame")          \
        ROW(__u64, checksum, "", "XXH3 (64 bits) of the frame with this field 0; 0 unless recorded")

#define XSKIM_FRAME_MEMBER(type_, name_, unit_, doc_) type_ name_;

struct xskim_frame_header {
        XSKIM_FRAME_FIELDS(XSKIM_FRAME_MEMBER)
};

enum {
        XSKIM_FRAME_MAGIC = 0x6d696b73, /* "skim" */
        XSKIM_FRAME_VERSION = 3,
        XSKIM_FRAME_HEADER_BYTES = 128,
        XSKIM_FRAME_RECORDS_MAX = 48,
        XSKIM_FRAME_BYTES_MAX =
                XSKIM_FRAME_HEADER_BYTES + XSKIM_FRAME_RECORDS_MAX * XSKIM_RECORD_BYTES,
};

_Static_assert(sizeof(struct xskim_frame_header) == XSKIM_FRAME_HEADER_BYTES,
               "the header has no holes");
/* A live frame of BPF_PROG_RUN shares its page with the kernel's own bookkeeping: 3400 bytes fit,
 * 3500 do not. */
_Static_assert(XSKIM_FRAME_BYTES_MAX <= 3400, "a metadata frame fits a live frame");

#endif

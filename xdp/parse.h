/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The packet parser, one source for kernel and user space: sanitizers and fuzzers run the code that
 * the kernel runs. PLACEHOLDER INTERFACE: see struct and prototypes; the bodies are being written.
 */
#ifndef XSKIM_PARSE_H
#define XSKIM_PARSE_H

#include <linux/types.h>
#include <xskim/classes.h>
#include <xskim/record.h>

/* What classification found; enough to count the packet and to describe it later. */
struct xskim_parsed {
        __u32 l3_offset; /* of the outermost network header; 0 when there is none */
        __u32 l4_offset; /* of the header after the last next-header; 0 when unknown or a later
                            fragment */
        __u16 vlan_tci;  /* outermost tag, host order */
        __u8 class;      /* classes.h */
        __u8 outcome;    /* enum xskim_outcome */
        __u8 protocol;   /* last next-header; 0 when unknown */
};

static inline __attribute__((always_inline)) void
xskim_classify(const void *data, const void *data_end, struct xskim_parsed *parsed) {
        (void)data;
        (void)data_end;
        *parsed = (struct xskim_parsed){.outcome = XSKIM_OUTCOME_cut_l2,
                                        .class = XSKIM_CLASS_truncated};
}

/* Fills the fields that come from the packet (addresses, ports, protocol, TCP flags and timestamps,
 * VLAN, class); the record must be zero before. May lower parsed->outcome to cut_l4 or malformed
 * never: the outcome is classify's. */
static inline __attribute__((always_inline)) void xskim_describe(const void *data,
                                                                 const void *data_end,
                                                                 const struct xskim_parsed *parsed,
                                                                 struct xskim_record *record) {
        (void)data;
        (void)data_end;
        record->class = parsed->class;
}

#endif

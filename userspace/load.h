/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The load of an experiment: a thread that sends UDP packets into a port as live frames
 * (program_pacer.h), either as fast as it goes or at a rate, each due at its time of an absolute
 * schedule. Owns the thread, the packets and the stamps in them; not where they go.
 *
 * Every packet is UDP over IPv4 from the arena's sender to its receiver, without a UDP checksum,
 * and begins its payload with a mark (pace.h): for 18 bytes there is room in a 64-byte packet. The
 * time there is when the packet was **to be** sent, so a sender that is held up hides no delay.
 *
 * On path tcp it is a bulk sender instead: bytes into a socket as fast as that takes them.
 */
#ifndef XSKIM_LOAD_H
#define XSKIM_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/pace.h>
#include <xskim/xskim.h>

#include "arena.h"

enum {
        LOAD_HEADER_BYTES = XSKIM_PACE_MARK_OFFSET, /* Ethernet, IPv4, UDP */
        LOAD_FCS_BYTES = 4,
        LOAD_TCP_BYTES = 1448, /* of payload in a packet of ARENA_MTU, with TCP timestamps */
        /* A run at a rate that is so late with its last packets was too much for the sender. */
        LOAD_GRACE_NS = 2000000,
};

struct load_config {
        const struct arena *arena;
        uint32_t packet_bytes; /* with FCS, as in xskim_bench_config */
        int cpu;               /* of the thread; -1: any */
};

struct load;

/* Starts the thread. Path tcp: the receiver is open by then. */
int load_open(const struct load_config *config, struct load **ret_load);
struct load *load_close(struct load *load);

struct load_order {
        uint64_t pps;         /* 0: as fast as it goes, until told to stop; tcp: always 0 */
        uint64_t duration_ns; /* with a rate, whose packets are pps * duration to the packet; 0:
                                 until told to stop */
};

struct load_result {
        uint32_t run;
        uint64_t sent;    /* handed over to the port; tcp: bytes / LOAD_TCP_BYTES */
        uint64_t refused; /* the port took no more, or is gone */
        uint64_t bytes;
        uint64_t start_ns;
        uint64_t end_ns;
        uint64_t cpu_ns;      /* of the thread; what the packet path does in its context included */
        uint64_t late_p50_ns; /* handed over - due; of rates only */
        uint64_t late_p99_ns;
        uint64_t behind; /* packets whose time had come and that were not sent at the end,
                            LOAD_GRACE_NS after the last one's */
};

/* The number that the next run will have. */
uint32_t load_run_next(const struct load *load);

/* Begins; returns at once. One run at a time. */
int load_start(struct load *load, const struct load_order *order);

/* So far, of the run under way: what was handed over, at any time, from another thread. */
uint64_t load_sent(const struct load *load);

/* CPU time of the thread until now; callable while it runs. */
uint64_t load_cpu_ns(const struct load *load);

/* Waits for the end of a run of a duration, or ends it now, as it does one without. What the run
 * failed with, with a message. */
int load_stop(struct load *load, bool now, struct load_result *ret_result);

/* One of its packets, for BPF_PROG_RUN; borrowed. NULL on path tcp. */
const uint8_t *load_packet(const struct load *load, uint32_t *ret_bytes);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A way out: a sampler on a port of the lab and the collector that decodes what it leaves, behind
 * one table of operations, so that every comparison treats them alike. The sampler differs only in
 * where the record goes; collectors keep the same distributions (collector.h).
 *
 * Like the lab, functions here either succeed or do not return.
 */
#ifndef XSKIM_PERF_WAY_H
#define XSKIM_PERF_WAY_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "lab.h"

/* ROW(name, what it is) */
#define WAYS(ROW)                                                                                  \
        ROW(carriers, "xskim: staging ring, carriers, AF_XDP")                                     \
        ROW(ringbuf_shared, "BPF ring buffer, one for all CPUs")                                   \
        ROW(ringbuf_each, "BPF ring buffer, one for each CPU")                                     \
        ROW(nothing, "no way out: the sampler up to the record")                                   \
        ROW(mapped, "staging ring read through mmap, index moved once a batch")                    \
        ROW(self, "the dropped packet carries the records to AF_XDP")

#define WAY_ENUM(name_, doc_) WAY_##name_,
enum way_kind { WAYS(WAY_ENUM) WAY_COUNT };

struct way_config {
        const char *port; /* of the lab */
        int ifindex;
        enum xskim_verdict verdict;
        enum xskim_tier tier;
        uint32_t sample;
        uint32_t ring_slots; /* for each CPU; the ring buffers get as many bytes */
        uint32_t flush_ms;   /* the polling period of those that poll */
        uint32_t active_us;  /* the same while the way is active, awake; not xskim's */
        int collector_cpu;
};

/* xskim's own defaults, but every packet sampled; active_us is how often its worker looks when it
 * is awake. */
struct way_config way_config_default(const char *port, int ifindex);

/* Cumulative. */
struct way_counts {
        uint64_t seen;
        uint64_t sampled;
        uint64_t lost;    /* samples without room for their record, or dropped by the socket */
        uint64_t decoded; /* records in the collector's distributions */
        uint64_t collector_cpu_ns;
        uint64_t system_calls; /* of xskim's worker; 0 for the others */
};

struct way;

/* Opens the sampler, attaches it to the port, starts the collector. */
struct way *way_open(enum way_kind kind, const struct way_config *config);

/* Stops and frees; xskim's session must have an empty `unaccounted`, or the benchmark ends here. */
void way_close(struct way *way);

/* Around a slice in which the peers' collectors are to be awake and look every active_us. */
void way_activate(struct way *way, bool active);

const char *way_name(const struct way *way);

/* The sampler, for the driver. */
int way_program(const struct way *way);

/* Whether the collector has taken every record. Reads shared memory only. */
bool way_is_drained(const struct way *way);

/* Records staged and not taken yet, the fullest CPU's. Reads shared memory only; carriers only. */
uint64_t way_waiting(const struct way *way);

/* Waits without sleeping until it is drained, and for the decoding of the last ones. */
void way_drain(const struct way *way);

/* Some system calls, and a word with the collector. */
void way_counts(struct way *way, struct way_counts *ret_counts);

/*
 * Runs one packet through two ways that have not been used yet, and ends the benchmark when their
 * records differ in anything but the time. Not for carriers and self, whose rings are not mapped;
 * `mapped` is the sampler of carriers to the last instruction.
 */
void way_compare(struct way *way, struct way *other);

/* Kernel memory that holds records, bytes. */
uint64_t way_record_memory(const struct way *way);

/* The session behind WAY_carriers; NULL for the others. */
struct xskim_session *way_session(const struct way *way);

/* Records decoded so far, as far as it is known without asking the collector: the tail. */
uint64_t way_taken(const struct way *way);

#endif

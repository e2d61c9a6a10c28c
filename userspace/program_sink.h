/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sink program at the end of an experiment's path: counts, and drops or passes. Part of the
 * adapter of libbpf (program.h).
 */
#ifndef XSKIM_PROGRAM_SINK_H
#define XSKIM_PROGRAM_SINK_H

#include <stdbool.h>

#include <xskim/sink.h>

struct sink;

/* Loads it and attaches it natively to `ifindex` of the calling thread's network namespace; it
 * drops. Needs CAP_BPF and CAP_NET_ADMIN. */
int sink_open(int ifindex, struct sink **ret_sink);
struct sink *sink_close(struct sink *sink);

/* From the next packet on. */
void sink_pass(struct sink *sink, bool passing);

/* All CPUs together, since opening. One system call. */
int sink_counts(const struct sink *sink, struct xskim_sink_counts *ret_counts);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of the path: counts what arrives and, at a rate, takes its latency. Owns the thread that
 * reads the UDP socket (path stack; forward when latency is taken) and the counting XDP program
 * (drop: there is none, the port under test counts; forward at top speed: at the end); not the
 * port under test.
 *
 * Latency is the clock of the thread when it has a packet in its hands minus the due time in the
 * packet (load.h).
 */
#ifndef XSKIM_RECEIVER_H
#define XSKIM_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "arena.h"
#include "histogram.h"

struct receiver_config {
        const struct arena *arena;
        int cpu; /* of the thread; -1: any */
};

struct receiver;

int receiver_open(const struct receiver_config *config, struct receiver **ret_receiver);
struct receiver *receiver_close(struct receiver *receiver);

/* Cumulative; callable at any time from another thread. */
struct receiver_counts {
        uint64_t packets; /* that arrived: read from the socket, or counted by XDP */
        uint64_t bytes;   /* from Ethernet header to payload */
        uint64_t overrun; /* came to the socket and found it full */
        uint64_t cpu_ns;  /* of the thread */
};
int receiver_counts(const struct receiver *receiver, struct receiver_counts *ret_counts);

/* Takes the latency of packets of the next run of the load (`run`: its number) from now on, into a
 * histogram of its own, which begins empty. */
void receiver_latency_begin(struct receiver *receiver, uint32_t run);

/* What was collected; waits until the socket is empty. Borrowed until the next begin. */
const struct histogram *receiver_latency_end(struct receiver *receiver);

#endif

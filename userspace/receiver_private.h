/* SPDX-License-Identifier: BSD-2-Clause */
/* The two threads that read at the end of a path. See receiver.h. */
#ifndef XSKIM_RECEIVER_PRIVATE_H
#define XSKIM_RECEIVER_PRIVATE_H

#include <stdatomic.h>

#include "receiver.h"

/* What a thread publishes. */
struct receiver_published {
        _Atomic uint64_t packets;
        _Atomic uint64_t bytes;
};

/* ---- UDP: receiver_udp.c ---- */

struct receiver_udp;

/* The socket is opened where the calling thread is, for packets to the arena's receiver. */
int receiver_udp_open(const struct receiver_config *config, struct receiver_udp **ret_udp);
struct receiver_udp *receiver_udp_close(struct receiver_udp *udp);
int receiver_udp_counts(struct receiver_udp *udp, struct receiver_counts *ret_counts);
void receiver_udp_latency_begin(struct receiver_udp *udp, uint32_t run);
const struct histogram *receiver_udp_latency_end(struct receiver_udp *udp);

/* ---- TCP: receiver_tcp.c ---- */

struct receiver_tcp;

/* Listens where the calling thread is, for one connection at a time. */
int receiver_tcp_open(const struct receiver_config *config, struct receiver_tcp **ret_tcp);
struct receiver_tcp *receiver_tcp_close(struct receiver_tcp *tcp);
void receiver_tcp_counts(const struct receiver_tcp *tcp, struct receiver_counts *ret_counts);

#endif

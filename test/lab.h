/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lab of the program and path suites: a network namespace of the process's own with a quiet
 * veth pair in it, and a sender of live frames. A suite with a main of its own enters the namespace
 * before Criterion forks (its children inherit it); everything vanishes with the processes, however
 * they end.
 */
#ifndef XSKIM_TEST_LAB_H
#define XSKIM_TEST_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#define LAB_PORT "lab0" /* the watched end */
#define LAB_PEER "lab1" /* where traffic enters */

/* Enters a new namespace and makes the pair, both ends up. Ends the process with a message when it
 * cannot. */
void lab_enter(void);

/* A pair of the caller's own names, in the current namespace. */
void lab_pair(const char *name, const char *peer, unsigned int mtu);

int lab_ifindex(const char *name);

/* Runs Criterion with its usual arguments, inside the lab. */
int lab_main(int argc, char *argv[]);

/* A plain Ethernet/IPv4/UDP packet of `bytes` bytes, 42 or more, ports as given. Returns bytes. */
uint32_t lab_udp(uint8_t *packet, uint32_t bytes, uint16_t source, uint16_t destination);

/*
 * Sends `count` live frames of this packet through LAB_PEER to LAB_PORT: BPF_PROG_RUN of a program
 * that redirects to the peer. Returns how many were redirected (all of them, or the test is wrong);
 * what veth had no room for shows in the port's own counters.
 */
uint64_t lab_send(const char *peer, const uint8_t *packet, uint32_t bytes, uint64_t count);

/* The port's own count of packets that reached its XDP program: the kernel, as the judge. */
uint64_t lab_xdp_packets(const char *port);

/* A skip with a reason; a failure when XSKIM_NO_SKIP=1. */
void lab_skip(const char *why);

#endif

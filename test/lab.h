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
#include <sys/types.h>

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

/* Of one test (.init): a namespace of its own with a fresh pair, so that whatever the test does to
 * the ports, and wherever it fails, the next test finds nothing of it. */
void lab_fresh(void);

/* A configuration for LAB_PORT: verdict drop, short intervals, every packet sampled. */
void lab_config(struct xskim_config *config);

/* The summary's ledger holds, to the packet. */
void lab_balanced(const struct xskim_snapshot *summary);

/* A session, and its summary, which must balance; closes it. */
struct xskim_session *lab_session_open(const struct xskim_config *config);
void lab_session_summary(struct xskim_session *session, struct xskim_snapshot *ret);

/* A process in a network namespace of its own, which ends with the test or by command_kill. */
pid_t lab_namespace(void);

/* A shell command that must succeed. */
__attribute__((format(printf, 1, 2))) void lab_run(const char *format, ...);

#define LAB_PORT_MAC "02:00:00:00:00:01"
#define LAB_PORT_IP "10.0.0.2"

/* A plain Ethernet/IPv4/UDP packet of `bytes` bytes, 42 or more, ports as given, to LAB_PORT_MAC
 * and LAB_PORT_IP. A stack with these addresses takes it. Returns bytes. */
uint32_t lab_udp(uint8_t *packet, uint32_t bytes, uint16_t source, uint16_t destination);

/*
 * Sends `count` live frames of this packet through LAB_PEER to LAB_PORT: BPF_PROG_RUN of a program
 * that redirects to the peer. What the peer had no room for, by its own counters, is sent again: on
 * a busy machine the other end may not keep up. Returns how many went out: all of them, or the test
 * is wrong.
 */
uint64_t lab_send(const char *peer, const uint8_t *packet, uint32_t bytes, uint64_t count);

/* Sends `count` times this frame out of the port by a packet socket, of any length from 14 to the
 * MTU + 14. */
void lab_transmit(const char *port, const uint8_t *frame, uint32_t bytes, uint64_t count);

/* The id of the port's XDP program, by netlink; 0 when there is none. */
uint32_t lab_xdp_program(const char *port);

/* The port's own count of packets that reached its XDP program: the kernel, as the judge. */
uint64_t lab_xdp_packets(const char *port);

/* Likewise, of one RX queue. */
uint64_t lab_queue_packets(const char *port, unsigned int queue);

/* The pair anew, with so many queues at either end; the peer takes redirected frames. */
void lab_queues(unsigned int queues);

/* A skip with a reason; a failure when XSKIM_NO_SKIP=1. */
void lab_skip(const char *why);

#endif

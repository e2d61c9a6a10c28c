/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where benchmarks run: a network namespace of the process's own with veth ports, threads pinned to
 * CPUs, test packets, and the driver, which runs an XDP program on a packet over and over
 * (BPF_PROG_RUN). Knows neither xskim's sessions nor its peers.
 *
 * A benchmark that cannot run says why and exits with status 1: every function here either succeeds
 * or does not return. Nothing is left behind, because the namespace goes with the process.
 */
#ifndef XSKIM_PERF_LAB_H
#define XSKIM_PERF_LAB_H

#include <stdbool.h>
#include <stdint.h>

enum {
        LAB_PATH_CPU = 0,      /* of the packet path */
        LAB_COLLECTOR_CPU = 1, /* unless a figure says otherwise */
        LAB_PACKET_BYTES_MAX = 1514,
};

struct lab_packet {
        uint32_t bytes;
        uint8_t start[LAB_PACKET_BYTES_MAX];
};

/* Ends the benchmark when result < 0: "what: why". Returns the result otherwise. */
int lab_must(int result, const char *what);

/* Enters a new network namespace with the calling thread; threads made afterwards are in it. */
void lab_open(void);

/* A veth pair, both ends up: `name` and `name`.peer. Returns the index of `name`. */
int lab_port(const char *name);

/* The calling thread runs on this CPU only. */
void lab_pin(int cpu);

/* The smallest Ethernet frame (64 bytes with FCS): UDP over IPv4; and the largest: TCP over IPv4
 * with the timestamp option. */
const struct lab_packet *lab_packet_udp64(void);
const struct lab_packet *lab_packet_tcp1500(void);

/* Attaches natively, as a link that goes with the descriptor returned. An attached program is
 * called directly by the driver (BPF dispatcher), and its runs need not wait for RCU: attach every
 * contender. */
int lab_attach(int program_fd, int ifindex);

/* The baseline, xdp/empty.bpf.c, attached. Stays for the life of the process. */
int lab_empty_program(int ifindex);

/*
 * Runs the program `repeat` times on a copy of the packet, bottom halves off as in a driver, and
 * returns the ns a run by the kernel's clock around the loop. That is a truncated integer; half a
 * ns is added to make up for it on average. The packet is where the last run left it.
 */
double lab_run_ns(int program_fd, const struct lab_packet *packet, uint32_t repeat);

/* The same by the clock around the system call, for runs so long that its own time does not matter
 * (a million and more). */
double lab_run_wall_ns(int program_fd, const struct lab_packet *packet, uint32_t repeat);

/* The same with real frames, which the program may redirect, as if received on `ifindex`; what it
 * passes goes up the stack. */
double lab_run_live_ns(int program_fd, const struct lab_packet *packet, uint32_t repeat,
                       int ifindex);

/* Sleeps, or spins when it is short. */
void lab_pause_ns(uint64_t ns);

/* How long a cache line takes from the caller's CPU, which is not the collector's, to the
 * collector's: one way, on average. */
double lab_line_transfer_ns(void);

/* CPU time of the calling thread. */
uint64_t lab_thread_cpu_ns(void);

#endif

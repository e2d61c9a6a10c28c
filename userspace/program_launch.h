/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The launcher program and its maps: chunks of packets in, packets on a port out. Part of the
 * adapter of libbpf (program.h), but used by the command alone.
 *
 * Opening needs CAP_BPF and CAP_NET_ADMIN; launching nothing.
 */
#ifndef XSKIM_PROGRAM_LAUNCH_H
#define XSKIM_PROGRAM_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/launch.h>

struct launch;

/* Loads the program, makes maps for `chunks` chunks, enters the port `ifindex` of the calling
 * thread's network namespace. */
int launch_open(int ifindex, uint32_t chunks, struct launch **ret_launch);
struct launch *launch_close(struct launch *launch);

/* Attaches it natively to `ifindex` of the calling thread's namespace. Without that each run would
 * change the kernel's dispatcher and wait for RCU, about 160 ms. `launch` is a struct launch. */
int launch_attach(void *launch, int ifindex);

/* Mapped for the life of `launch`: the bytes of a chunk, XSKIM_LAUNCH_CHUNK_BYTES of them, and its
 * rows, XSKIM_LAUNCH_CHUNK_PACKETS of them. */
uint8_t *launch_bytes(const struct launch *launch, uint32_t chunk);
struct xskim_launch_packet *launch_rows(const struct launch *launch, uint32_t chunk);

struct launch_run {
        uint32_t chunk;
        uint32_t first; /* row in the chunk */
        uint32_t count; /* 1 or more, all in this chunk */
        uint32_t bytes; /* of the longest packet among them, or more */
        bool timed;     /* wants sent_ns in the rows */
};

/* What became of them. */
struct launch_result {
        uint32_t sent;    /* redirected to the port */
        uint32_t refused; /* made no packet, or the port is gone */
};

/* One system call. A signal may end it early: sent + refused is then below count. */
int launch_run(struct launch *launch, const struct launch_run *run, struct launch_result *ret);

#endif

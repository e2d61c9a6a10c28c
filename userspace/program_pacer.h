/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pacer program: packets made in the kernel, each when it is due, on a port out. Part of the
 * adapter of libbpf (program.h).
 *
 * Opening needs CAP_BPF and CAP_NET_ADMIN; running nothing.
 */
#ifndef XSKIM_PROGRAM_PACER_H
#define XSKIM_PROGRAM_PACER_H

#include <stdint.h>

#include <xskim/pace.h>

struct pacer;

/* Loads the program, enters the port `ifindex` of the calling thread's network namespace. */
int pacer_open(int ifindex, struct pacer **ret_pacer);
struct pacer *pacer_close(struct pacer *pacer);

/* Attaches it natively to `ifindex` of the calling thread's namespace; see launch_attach. `pacer`
 * is a struct pacer. */
int pacer_attach(void *pacer, int ifindex);

/* Mapped for the life of `pacer`. */
struct xskim_pace_control *pacer_control(const struct pacer *pacer);

/* Gives the program `frames` frames, at most XSKIM_PACE_FRAMES_MAX, each a copy of this one of
 * `bytes` bytes before the program writes to it, control->batch of them at a time. One system call;
 * a signal may end it early. */
int pacer_run(struct pacer *pacer, uint32_t frames, const uint8_t *frame, uint32_t bytes);

#endif

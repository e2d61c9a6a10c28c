/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one port runs in turn: a link, natively attached and held, which is pointed from one program
 * to the next. Owns the link and what was on the port before: nothing. Part of the adapter of
 * libbpf (program.h).
 *
 * Also what is asked about any program by its descriptor: how long a run takes, how often it ran.
 */
#ifndef XSKIM_PROGRAM_SWITCH_H
#define XSKIM_PROGRAM_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include "netdev_port.h"

/* A port without a link. */
struct program_switch {
        const struct netdev_port *port; /* borrowed */
        int link;                       /* -1: off */
};

#define PROGRAM_SWITCH_NULL ((struct program_switch){.link = -1})

/*
 * The port runs the program when it returns; a run of the one before that is under way ends later.
 * From program to program no packet is lost or passed by. That takes 1 to 4 µs when both are
 * natively attached somewhere else, too; otherwise the kernel's dispatcher changes, which waits for
 * RCU, 10 ms and more. When it was off: attaches it, in the port's network namespace, tens of ms.
 * -EBUSY: another program is there, named in the message. -ERANGE, without a message: the port
 * wants a program for multi-buffer packets. CAP_NET_ADMIN.
 */
int program_switch_set(struct program_switch *s, int program_fd);

/* The port has no program when it returns. */
void program_switch_off(struct program_switch *s);

/* Attaches the program natively to another port, so that it is among the kernel's dispatcher's; the
 * caller closes *ret_link. In the port's namespace. */
int program_park(int program_fd, int ifindex, int *ret_link);

/* ns a run on this packet, by BPF_PROG_RUN, `repeat` times, 2 or more; NAN: it cannot be run. The
 * program sees repeat + 1 packets. */
double program_run_ns(int program_fd, const uint8_t *packet, uint32_t bytes, uint32_t repeat);

/* The kernel's run-time statistics count while *ret_fd is open. CAP_SYS_ADMIN. */
int program_statistics_on(int *ret_fd);
int program_statistics(int program_fd, uint64_t *ret_runs, uint64_t *ret_ns);

#endif

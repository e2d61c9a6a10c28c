/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The anchor: a port in a network namespace of our own that a program is attached to which is run
 * on live frames. Runs of an attached program are quick (program_launch.h); nothing is ever
 * received there. A run of more than one frame takes the lock of the kernel's dispatcher all the
 * same, so whoever attaches an XDP program meanwhile holds it up.
 */
#ifndef XSKIM_ANCHOR_H
#define XSKIM_ANCHOR_H

/* Attaches `program`, by that function, to an interface of the namespace that the calling thread
 * is in. *ret_fd keeps that namespace with the anchor; the caller closes it, after the program.
 * Needs CAP_NET_ADMIN, CAP_SYS_ADMIN. */
int anchor_drop(int (*attach)(void *program, int ifindex), void *program, int *ret_fd);

#endif

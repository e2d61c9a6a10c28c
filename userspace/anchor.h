/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The anchor: a port in a network namespace of our own that the launcher is attached to. Runs of an
 * attached program are quick (program_launch.h); nothing is ever received there. A run of more than
 * one frame takes the lock of the kernel's dispatcher all the same, so whoever attaches an XDP
 * program meanwhile holds it up.
 */
#ifndef XSKIM_ANCHOR_H
#define XSKIM_ANCHOR_H

struct launch;

/* *ret_fd keeps the namespace with the anchor; the caller closes it, after the launcher. Needs
 * CAP_NET_ADMIN, CAP_SYS_ADMIN. */
int anchor_drop(struct launch *launch, int *ret_fd);

#endif

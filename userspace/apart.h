/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process apart, for measuring: in a session of its own, so that the kernel's scheduler weighs it
 * by itself (sched(7), autogroups: between sessions the tasks' own nice values do not count), and
 * with precedence of everybody else. What was changed goes with the process. Owns the process that
 * stays behind, which passes on signals and the exit status.
 */
#ifndef XSKIM_APART_H
#define XSKIM_APART_H

/* Returns in the child, or in the caller when there can be no child; the parent exits with the
 * child's status. Before any thread is started. */
void apart_go(void);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads without privilege. Capabilities are a thread's own, and a thread inherits its maker's: so
 * whoever talks to the world is started by a thread that has given all of them up. Adapter.
 */
#ifndef XSKIM_UNPRIVILEGED_H
#define XSKIM_UNPRIVILEGED_H

/*
 * Calls start(context) in a thread of its own that holds no capability, can get none
 * (no_new_privs), and takes no signal; waits for it. The threads that it starts are the same. Gives
 * what start gives, or the negative errno of what failed before. Messages are a thread's own, too:
 * the caller says what failed. The calling thread stays as it is.
 */
int unprivileged_call(int (*start)(void *context), void *context);

#endif

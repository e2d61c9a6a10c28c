/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lab of scripts/lab as the command uses it: one of its own, with a name made of the process's
 * number, that goes down with the process however that ends. Owns the script's runs, what it said,
 * and entering a host's network namespace; not what the lab is made of, nor what is done in it.
 * Adapter of scripts/lab, the only file that starts it.
 */
#ifndef XSKIM_TESTBED_H
#define XSKIM_TESTBED_H

/* Longer than what a capture of a usual port holds, so that a stamp fits behind it. */
enum { TESTBED_MTU = 1600 };

#define TESTBED_LEFT_PORT "left0"
#define TESTBED_RIGHT_PORT "right0"

enum testbed_host { TESTBED_LEFT, TESTBED_RIGHT };

struct testbed;

/*
 * Makes the lab, the relay told `impair` (NULL: off). Blocks for about half a second. Needs root.
 * -EPERM; -EINVAL: wrong words; -ENOENT: script or relay are not there, -EOPNOTSUPP: programs that
 * it needs; -EIO: else; each with a message. *ret_testbed is untouched on failure, and nothing is
 * left behind.
 */
int testbed_open(const char *impair, struct testbed **ret_testbed);

/* Takes it down, which is tried in every case. NULL is fine. Returns NULL. */
struct testbed *testbed_close(struct testbed *testbed);

/* The calling thread is in the host's network namespace from now on. */
int testbed_enter(const struct testbed *testbed, enum testbed_host host);

/* Ends the relay: what is under way still arrives, when it is due. Blocks until then. Its account
 * is there afterwards. -EIO: it had ended by itself. */
int testbed_finish(struct testbed *testbed);

/* testbed_finish, now or later, does not wait: what is under way is given up, and counted. Callable
 * from a signal handler. */
void testbed_hurry(const struct testbed *testbed);

/* The relay's account, one JSON object, borrowed; NULL before testbed_finish, or without one. */
const char *testbed_account(const struct testbed *testbed);

#endif

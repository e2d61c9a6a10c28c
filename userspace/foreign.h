/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another program, started and stopped several times beside an experiment. Owns its processes, all
 * that it starts included, and what they print; knows nothing of packets but the count in it.
 * System calls only.
 *
 * Between the caller and the program there is a guard, a process that reads what is printed, takes
 * on whatever the program leaves behind (it is their subreaper), and kills all of it when the
 * caller dies, by SIGKILL, too.
 */
#ifndef XSKIM_FOREIGN_H
#define XSKIM_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "foreign_count.h"

struct foreign;

enum { FOREIGN_STOP_MS_MAX = 3000 }; /* that foreign_stop takes at most, but for SIGKILL */

/* `command` is run by /bin/sh -c; {port} in it is replaced by the port's name, quoted if need be.
 * -E2BIG, -ENOMEM. */
int foreign_open(const char *command, const char *port, struct foreign **ret_foreign);

/* Stops it if it runs. NULL is fine. Returns NULL. */
struct foreign *foreign_close(struct foreign *foreign);

/*
 * Starts it in the calling thread's network namespace, with its affinity, standard input empty, in
 * the C locale, and waits `settle_ms`. -ECHILD: it ended meanwhile; the message has what it said.
 */
int foreign_start(struct foreign *foreign, uint32_t settle_ms);

bool foreign_runs(const struct foreign *foreign);

/*
 * SIGINT to its process group; SIGTERM to what is still there after a while; then SIGKILL. Returns
 * when nothing of it is left, and adds what it counted. -ECHILD with a message: it had ended before
 * by itself.
 */
int foreign_stop(struct foreign *foreign);

/* CPU time of all rounds until now, its children included. */
uint64_t foreign_cpu_ns(const struct foreign *foreign);

/* Of all rounds that were stopped; not known if it is not of one of them. */
struct foreign_count foreign_count(const struct foreign *foreign);

#endif

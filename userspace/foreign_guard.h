/* SPDX-License-Identifier: BSD-2-Clause */
/* The guard of another program: see foreign.h. */
#ifndef XSKIM_FOREIGN_GUARD_H
#define XSKIM_FOREIGN_GUARD_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

enum {
        GUARD_HEAD_BYTES = 4096,
        GUARD_TAIL_BYTES = 12288,
        GUARD_PROCESSES_MAX = 64, /* whose CPU time is looked at while they run */
};

/* What the guard tells, in memory that both see. */
struct guard_board {
        _Atomic pid_t group;      /* of the program */
        _Atomic int status;       /* of its first process, once that has ended */
        _Atomic uint64_t cpu_ns;  /* of all its processes; set last */
        _Atomic uint64_t printed; /* bytes; the first and the last of them are kept */
        char head[GUARD_HEAD_BYTES];
        char tail[GUARD_TAIL_BYTES]; /* a ring */
};

/* What was printed, as far as it is kept, as a string. The guard is gone. */
void guard_printed(const struct guard_board *board,
                   char text[static GUARD_HEAD_BYTES + GUARD_TAIL_BYTES + 1]);

/* Starts guard and program; when it returns both hold no descriptor of the caller's. The guard ends
 * when all that it guards has ended, which SIGTERM brings about. */
int guard_start(const char *command, struct guard_board *board, pid_t *ret_guard);

/* CPU time of all that it guards, until now. */
uint64_t guard_cpu_ns(pid_t guard);

#endif

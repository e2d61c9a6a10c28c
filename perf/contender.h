/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs that are compared as senders: started as children in a process group of their own,
 * so that their children end with them; and the captures that they are given.
 */
#ifndef XSKIM_PERF_CONTENDER_H
#define XSKIM_PERF_CONTENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { CONTENDER_ARGUMENTS_MAX = 24, CONTENDER_OUT_BYTES = 8192 };

/* argv[0] is looked for in PATH. */
struct contender {
        const char *argv[CONTENDER_ARGUMENTS_MAX];
};

bool contender_is_installed(const char *program);

/* Standard output and error go to `out_fd`, or nowhere when that is -1. */
pid_t contender_start(const struct contender *contender, int out_fd);

/* Kills it and what it started. */
void contender_kill(pid_t pid);

/* Runs it to its end; its output, ended by a zero. Ends the benchmark when it fails. */
void contender_run(const struct contender *contender, char out[CONTENDER_OUT_BYTES]);

/* A capture with nanoseconds: packets of 60 to `bytes_max` bytes, at random gaps around `gap_ns`,
 * from 64 addresses in turn. Their time stamps go to stamps_ns. The same for the same arguments. */
void contender_capture(const char *path, uint32_t packets, uint32_t bytes_max, uint64_t gap_ns,
                       uint64_t *stamps_ns);

/* Time stamps of a capture in nanoseconds, sorted; at most `most`. Returns how many. */
uint32_t contender_stamps(const char *path, uint64_t *stamps_ns, uint32_t most);

#endif

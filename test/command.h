/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command as a person runs it: a child process of the test with its own standard output and
 * error. The child ends with the test, however that ends; nothing outlives a failed assertion.
 */
#ifndef XSKIM_TEST_COMMAND_H
#define XSKIM_TEST_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct command {
        pid_t pid;
        FILE *out;
        FILE *err;
};

struct command_result {
        int status;                  /* of exit, or -1 when a signal ended it */
        int signal;                  /* 0 when it exited */
        uint64_t resident_bytes_max; /* of memory, as the kernel counted it */
        char *out;                   /* all of standard output, from the heap */
        char err[4096];
};

/* Starts `xskim ARGUMENT…`, the list ended by NULL; `before` (may be NULL) runs in the child before
 * exec. */
struct command command_start(void (*before)(void), const char *const arguments[]);
#define COMMAND_START(before_, ...) command_start(before_, (const char *const[]){__VA_ARGS__, NULL})

/* Waits for its end, at most a minute, then fails the test. */
struct command_result command_end(struct command *command);
void command_result_free(struct command_result *result);

/* Waits until there is an XDP program on the port (true) or the command has ended (false). */
bool command_attached(const struct command *command, const char *port);

/* Waits until it has printed something, so it serves its session (true), or has ended (false). */
bool command_running(const struct command *command);

/* A number out of the summary line for the port: {…,"object":{…,"name":123,…}}; fails the test when
 * there is none. object NULL: of the line itself. */
uint64_t command_summary(const struct command_result *result, const char *object, const char *name);

/* Does the summary line have this text? */
bool command_summary_has(const struct command_result *result, const char *text);

/* A child process that runs `body` until it is killed or the test ends. */
pid_t command_fork(void (*body)(void *context), void *context);
/* SIGKILL, and waits. */
void command_kill(pid_t pid);

#endif

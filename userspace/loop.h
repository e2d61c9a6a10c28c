/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One io_uring: waits for descriptors, for time and for writes, with one system call for all of it.
 * Adapter of liburing; nobody else includes its header. A loop belongs to the thread that opened
 * it.
 *
 * Memory is bounded: LOOP_ENTRIES submissions, twice as many completions. No allocation after
 * opening.
 */
#ifndef XSKIM_LOOP_H
#define XSKIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

enum { LOOP_ENTRIES = 64 };

/* Something happened to what was asked for with `token`. */
struct loop_event {
        uint64_t token;
        int32_t result; /* poll: the events; write: bytes; or a negative errno */
        bool more;      /* the request goes on */
};

int loop_open(struct loop **ret_loop);
struct loop *loop_close(struct loop *loop);

/* Reports each time that `fd` becomes readable, until it ends (event.more false: ask again).
 * -EAGAIN: no room. */
int loop_poll(struct loop *loop, int fd, uint64_t token);

/* Reports once that `fd` can be written to. -EAGAIN: no room. */
int loop_poll_writable(struct loop *loop, int fd, uint64_t token);

/* Registers one area for loop_write. Needs RLIMIT_MEMLOCK for it, or CAP_IPC_LOCK. */
int loop_area_register(struct loop *loop, void *area, uint64_t bytes);

/* Writes from the registered area; the bytes must stay until the event. Starts with the next
 * loop_wait or loop_submit. -EAGAIN: no room now, look at the events first. */
int loop_write(struct loop *loop, int fd, const void *start, uint32_t bytes, uint64_t offset,
               uint64_t token);

/*
 * Starts what was asked for and waits for at least one event, at most timeout_ns; returns how many
 * were stored (0: the time is over). One system call.
 */
int loop_wait(struct loop *loop, uint64_t timeout_ns, struct loop_event *events, uint32_t most);

/* Starts what was asked for and takes the events that are there; a system call only if something is
 * to be started. */
int loop_submit(struct loop *loop, struct loop_event *events, uint32_t most);

uint64_t loop_system_calls(const struct loop *loop);
uint64_t loop_memory(const struct loop *loop);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs loaded to see what the kernel makes of them, and timed runs of programs. Part of the
 * adapter of libbpf (program.h); used by the claims of `xskim bench claims` alone. Owns nothing
 * that stays: descriptors are the caller's. Needs CAP_BPF and CAP_NET_ADMIN.
 */
#ifndef XSKIM_PROGRAM_TRIAL_H
#define XSKIM_PROGRAM_TRIAL_H

#include <stdint.h>

/* Loads an XDP program that goes straight through so many instructions, 2 or more. The kernel's
 * errno, without a message: -E2BIG when that is too many. */
int program_trial_length(uint32_t instructions, int *ret_fd);

/* Loads one that writes to the lowest byte of so many bytes of stack, 8 or more. -EACCES: more than
 * there is. */
int program_trial_stack(uint32_t bytes, int *ret_fd);

/* Opens, verifies, compiles and drops what a session of one port loads: sampler and carrier. */
int program_trial_session(void);

/* What the kernel says of a program. */
struct program_trial {
        const char *object; /* its row of the registry; static */
        char name[32];
        uint32_t instructions; /* as translated by the kernel */
        uint32_t verified;     /* that the verifier went through, all ways added up */
        uint32_t jited_bytes;  /* 0: not compiled */
        uint32_t stack_bytes;  /* of all its functions, one upon the other */
};

enum { PROGRAM_TRIALS_MAX = 64 };

/* Loads every program of the registry. Returns how many, or a negative errno with a message. */
int program_trial_registry(struct program_trial trials[PROGRAM_TRIALS_MAX]);

/* Attaches natively, until *ret_link_fd is closed. A program that is attached nowhere runs slowly,
 * and the first of its runs waits for RCU. */
int program_trial_attach(int program_fd, int ifindex, int *ret_link_fd);

/* Runs it `repeat` times on this packet on the calling thread's CPU, and says how long all of it
 * took. Of few runs by the kernel's clock, which says whole ns a run; of many, where that is too
 * coarse and a system call is nothing, by the clock around the call. */
int program_trial_run(int program_fd, const void *packet, uint32_t bytes, uint32_t repeat,
                      uint64_t *ret_ns);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the process may do: capabilities, and the limit on locked memory. Adapter of libcap; nobody
 * else includes its header. Capabilities belong to a thread: every call is about the calling one.
 */
#ifndef XSKIM_PRIVILEGE_H
#define XSKIM_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ROW(name, required, what it is needed for) */
#define PRIVILEGE_TABLE(ROW)                                                                       \
        ROW(CAP_BPF, true, "load BPF programs and make maps")                                      \
        ROW(CAP_NET_ADMIN, true, "attach XDP and TCX programs, make carrier ports")                \
        ROW(CAP_NET_RAW, true, "AF_XDP sockets, promiscuous mode")                                 \
        ROW(CAP_SYS_ADMIN, true, "a network namespace for the carrier ports")                      \
        ROW(CAP_IPC_LOCK, false, "UMEM and io_uring buffers beyond RLIMIT_MEMLOCK")                \
        ROW(CAP_PERFMON, false, "nothing by default; some kernels want it to look into programs")

#define PRIVILEGE_ENUM(name_, required_, doc_) PRIVILEGE_##name_,
enum privilege { PRIVILEGE_TABLE(PRIVILEGE_ENUM) PRIVILEGE_COUNT };

const char *privilege_name(enum privilege privilege);
const char *privilege_purpose(enum privilege privilege);
bool privilege_is_required(enum privilege privilege);

/* Effective for the calling thread. CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as it does in
 * the kernel. */
bool privilege_has(enum privilege privilege);

/* 0, or -EPERM with a message that names every required capability that is missing. */
int privilege_require(void);

/* The names of the required ones that are missing, separated by ", "; empty when none is. Returns
 * their number. */
unsigned int privilege_missing(char *text, size_t bytes);

/* Gives up every capability of the calling thread for good, and PR_SET_NO_NEW_PRIVS: no program
 * that it starts can regain one. */
int privilege_drop_all(void);

/* RLIMIT_MEMLOCK in bytes; UINT64_MAX: no limit, or CAP_IPC_LOCK, which passes it by. */
uint64_t privilege_memlock(void);

/* Raises it as far as allowed, for the process; returns what holds then. */
uint64_t privilege_memlock_raise(void);

#endif

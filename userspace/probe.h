/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the running kernel can do, by trying: raw system calls, so that a refusal is the kernel's
 * own and not a library's idea of it. Changes nothing outside the caller's network namespace,
 * attaches to nothing but what it is told. Owns no state. Returns 0 or the negative errno, and sets
 * no message: what a refusal means is doctor's to say. Adapter of bpf(2), io_uring_setup(2) and the
 * files of /proc and /sys.
 */
#ifndef XSKIM_PROBE_H
#define XSKIM_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first line of a file, without its newline; cut to `bytes`. */
int probe_file(const char *path, char *text, size_t bytes);

/* Linux release by uname(2), text and numbers. */
struct probe_kernel {
        char release[65];
        unsigned int major;
        unsigned int minor;
};
int probe_kernel(struct probe_kernel *ret_kernel);

/* Makes one small map of each type that xskim uses; names the first that is refused. */
int probe_maps(const char **ret_refused);

/* Loads an XDP program that drops everything; the caller closes it. */
int probe_xdp_load(int *ret_fd);

/* Is it compiled to the machine's instructions? Needs CAP_BPF, as loading does. */
int probe_is_compiled(int program_fd, bool *ret_compiled);

/* Attaches it natively by a link, until *ret_link_fd is closed. */
int probe_xdp_attach(int program_fd, int ifindex, int *ret_link_fd);

/* Runs it once on a live frame as if received on `ifindex` (BPF_PROG_RUN); it drops the frame. */
int probe_xdp_run(int program_fd, int ifindex);

/* TCX links: asks for one on no interface. */
int probe_tcx(void);

int probe_xdp_socket(void);
int probe_io_uring(void);
int probe_membarrier(void);
bool probe_bpffs_is_mounted(void);

/* A loaded program's name and tag, as text. Needs CAP_SYS_ADMIN. */
struct probe_program {
        char name[17];
        char tag[17];
};
int probe_program(uint32_t id, struct probe_program *ret_program);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything bpf(2): loads the programs of xdp/, makes the maps that they share, attaches, runs
 * carriers. Adapter of libbpf and libxdp; nobody else includes their headers, and the skeletons
 * come in only here.
 *
 * Owns the programs, maps, links and the mapped control pages. Does not know threads, sockets or
 * time. Opening and attaching need CAP_BPF and CAP_NET_ADMIN; nothing afterwards.
 */
#ifndef XSKIM_PROGRAM_H
#define XSKIM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/control.h>
#include <xskim/frame.h>
#include <xskim/skip.h>
#include <xskim/xskim.h>

struct programs;

struct program_config {
        uint32_t ports;
        uint32_t cpus; /* possible CPUs: a ring each, and port */
        uint32_t workers;
        uint32_t ring_slots;
        uint64_t session;
        bool stack;
};

/* Makes the maps and loads the carrier program. Blocks for the verifier. */
int programs_open(const struct program_config *config, struct programs **ret_programs);

/* Detaches whatever is attached, frees. NULL is fine. Returns NULL. */
struct programs *programs_close(struct programs *programs);

uint32_t program_cpus_possible(void);

/* The carrier side. */

/* Attaches the carrier program natively to `ifindex` of the calling thread's network namespace. */
int program_carrier_attach(struct programs *programs, uint32_t worker, int ifindex);

/* Puts the AF_XDP socket `fd` where carriers of this worker are redirected to. */
int program_socket_set(struct programs *programs, uint32_t worker, int fd);

/*
 * Injects `frames` carriers of XSKIM_FRAME_BYTES_MAX bytes with the worker's number in their
 * header, as if received on `ifindex` in the calling thread's network namespace. When it returns
 * they are on the socket, or dropped. One system call; needs no capability.
 */
int program_carrier_run(struct programs *programs, uint32_t worker, int ifindex, uint32_t frames);

/* Mapped for the life of `programs`. */
struct xskim_ring_control *program_ring_controls(struct programs *programs);
struct xskim_worker_control *program_worker_controls(struct programs *programs);

/* A descriptor that polls readable when the doorbell rang; program_doorbell_clear makes it quiet
 * again (no system call). */
int program_doorbell_fd(struct programs *programs, uint32_t worker);
void program_doorbell_clear(struct programs *programs, uint32_t worker);

/* The packet path's side. */

struct program_port {
        const char *name;
        uint32_t number;
        int ifindex;
        uint32_t mtu;
        enum xskim_verdict verdict;
        enum xskim_tier tier;
        uint32_t sample; /* 0 = off */
        struct xskim_skip skip;
        const uint64_t *seeds; /* one for each CPU, not 0 */
        bool stack;
        bool transit; /* looks for stamps, and leaves a record of each */
        bool expect;  /* leaves a record of what each packet is; not with transit */
        bool generic;
        bool shared;
        int forward_to; /* not 0: the verdict is to send packets out of this interface */
};

/*
 * Loads a sampler for the port, sets up its state, attaches it (and the stack program, when asked
 * for). Fills mode->xdp and mode->attach with what was obtained. -EBUSY: another program is there,
 * named in the message.
 */
int program_port_attach(struct programs *programs, const struct program_port *port,
                        struct xskim_mode *mode);

/* Detaches; the sampler no longer runs for new packets when it returns, and after program_grace for
 * any. */
void program_port_detach(struct programs *programs, uint32_t port);

/*
 * What a killed process left of its samplers in libxdp's dispatcher, of an interface, or of all of
 * this network namespace (`ifindex` 0): taken out of the dispatcher, its pins removed. Other
 * programs and samplers whose process lives stay. Needs CAP_SYS_ADMIN; sets no message.
 */
struct program_cleaned {
        uint32_t samplers;    /* taken off an interface */
        uint32_t directories; /* with the pins of a dispatcher that was attached no more */
};
int program_clean(int ifindex, struct program_cleaned *ret_cleaned);

/* Waits until no CPU is inside a program that was detached before. */
void program_grace(void);

/* The sampler's state on each possible CPU, states[cpus]. One system call. */
int program_states_read(const struct programs *programs, uint32_t port,
                        struct xskim_sampler_state *states);

/* The stack program's state, states[cpus]. */
int program_stacks_read(const struct programs *programs, uint32_t port,
                        struct xskim_stack_state *states);

/* Kernel memory of all maps and programs, from the kernel's own account (fdinfo), in bytes. */
uint64_t program_memory(const struct programs *programs);

/* The descriptor of the port's sampler, for the tests and benchmarks: BPF_PROG_RUN, statistics.
 * Borrowed. */
int program_sampler_fd(const struct programs *programs, uint32_t port);

#endif

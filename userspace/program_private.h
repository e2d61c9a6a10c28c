/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of program.h share, and nobody else: its libbpf and libxdp side. */
#ifndef XSKIM_PROGRAM_PRIVATE_H
#define XSKIM_PROGRAM_PRIVATE_H

#include <linux/bpf.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "carrier.skel.h"
#include "program.h"
#include "sampler.skel.h"
#include "stack.skel.h"

struct program_doorbell {
        int fd;
        unsigned long *consumer;       /* ours to move */
        const unsigned long *producer; /* the kernel's */
};

/* A port's programs; half-built and whole are closed alike. */
struct program_attached {
        struct sampler_bpf *sampler;
        struct bpf_program *program; /* the one of the sampler's that is loaded */
        struct stack_bpf *stack;
        struct xdp_program *shared; /* through libxdp's dispatcher, instead of the link */
        int sampler_link;
        int stack_link;
        int ifindex;
        int owner; /* of a shared sampler: says that its process lives; -1 */
        enum xdp_attach_mode shared_mode;
};

#define PROGRAM_ATTACHED_NULL                                                                      \
        ((struct program_attached){.sampler_link = -1, .stack_link = -1, .owner = -1})

struct programs {
        struct program_config config;
        struct carrier_bpf *carrier;
        struct xskim_ring_control *ring_controls;
        struct xskim_worker_control *worker_controls;
        struct program_doorbell doorbells[XSKIM_WORKERS_MAX];
        int doorbells_fd;
        int carrier_links[XSKIM_WORKERS_MAX];
        struct program_attached ports[XSKIM_PORTS_MAX];
};

/* libbpf and libxdp say nothing on standard error, unless XSKIM_DEBUG is set. */
void program_library_quiet(void);

/* -EBUSY with a message that names the program on the port as well as the kernel lets us: its name
 * and tag take CAP_SYS_ADMIN. */
int program_error_foreign(const char *port, int ifindex, const char *advice);

/* Sets up a sampler's state: `seeds`, one a CPU, not 0; sample 0: off. */
int program_states_start(int map_fd, uint32_t key, uint32_t cpus, const uint64_t *seeds,
                         uint32_t sample, struct xskim_skip skip, uint32_t ring_slots);

/* Kernel memory of its programs and constants, and of its maps, too. NULL: 0. */
uint64_t program_object_memory(const struct bpf_object *object, bool maps);

/* Detaches and frees the port's programs. */
void program_port_close(struct programs *programs, uint32_t port);

/* program_shared.c */

/*
 * Puts the opened, configured sampler into the port's dispatcher, first in the chain, and has
 * libxdp load it. -EOPNOTSUPP with a message: no dispatcher here, or none for --stack, and nothing
 * was attached. Other errors are without one.
 */
int program_shared_join(struct programs *programs, const struct program_port *port);

/* Takes it out again, whatever has become of the port meanwhile. */
void program_shared_leave(struct program_attached *attached);

/*
 * A shared sampler outlives a killed process, so the process says that it lives by holding a socket
 * of this abstract name in the port's network namespace; it goes with the process. By the id of the
 * map `states`, which is known before there is a program. -EADDRINUSE: held.
 */
int program_owner_hold(uint32_t states_id, int ifindex, int *ret_fd);

/* The cookie of the calling thread's network namespace (SO_NETNS_COOKIE); 0 when there is none. */
uint64_t program_owner_namespace(void);

#endif

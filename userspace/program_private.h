/* SPDX-License-Identifier: BSD-2-Clause */
/* What program.c and program_port.c share, and nobody else: the libbpf side of program.h. */
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
        struct stack_bpf *stack;
        struct xdp_program *shared; /* through libxdp's dispatcher, instead of the link */
        int sampler_link;
        int stack_link;
        int ifindex;
        enum xdp_attach_mode shared_mode;
};

#define PROGRAM_ATTACHED_NULL ((struct program_attached){.sampler_link = -1, .stack_link = -1})

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

/* Detaches and frees the port's programs. */
void program_port_close(struct programs *programs, uint32_t port);

#endif

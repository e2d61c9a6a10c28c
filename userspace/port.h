/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One watched port: what is known about it, its attachment, its counters, its kernel side of the
 * account. Pipeline: knows netdev, programs and source; not the workers.
 */
#ifndef XSKIM_PORT_H
#define XSKIM_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "account.h"
#include "netdev.h"
#include "program.h"
#include "source.h"

struct port {
        uint32_t number;
        struct netdev_port netdev;
        struct programs *programs; /* borrowed */
        struct source source;
        struct xskim_mode mode;
        int forward_to;     /* not 0: packets go out of this interface */
        int promiscuous_fd; /* open while the port is promiscuous for us */
        bool attached;
        bool gone;
        struct netdev_counters attached_at;
        uint64_t lost_before;
        uint64_t attach_lost;
        uint64_t start_unix_ns;
        uint64_t start_ns;
        uint64_t end_ns; /* 0 while attached */
        uint64_t interval_start_ns;
        uint32_t note_count;
        char notes[XSKIM_NOTES_MAX][XSKIM_NOTE_BYTES];
};

#define PORT_NULL ((struct port){.promiscuous_fd = -1})

/* Finds the port, refuses what must not be done to it, allocates. Attaches nothing. */
int port_open(struct port *port, const struct xskim_config *config, uint32_t number);

/* Attaches. `seeds`: one a CPU. */
int port_attach(struct port *port, const struct xskim_config *config, struct programs *programs,
                uint32_t cpus, const uint64_t *seeds);

/* Detaches and restores; once, then it does nothing. */
void port_detach(struct port *port);

void port_close(struct port *port);

/* An event of the port: remembered as a note. */
void port_event(struct port *port, enum netdev_event_type type);

/* Adds a note; the last place says how many did not fit. */
__attribute__((format(printf, 2, 3))) void port_note(struct port *port, const char *format, ...);

/* Fills what is known on the kernel's side. `next_interval`: a new interval begins now. */
int port_account(struct port *port, const struct xskim_config *config, bool next_interval,
                 struct account_kernel *kernel);

#endif

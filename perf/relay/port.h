/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port of the relay: a packet socket with a ring that the kernel fills (TPACKET_V2: frames are
 * seen the moment they arrive, with the time; version 3 hands blocks over a millisecond late).
 * Receives what arrives, promiscuous, not what is sent; sends frames as they are. Owns the socket
 * and the ring; two threads may use one port, one to receive and one to send.
 *
 * Frame ownership: the kernel's, until port_peek shows it; the caller's, who may change its bytes,
 * until port_release.
 */
#ifndef XSKIM_RELAY_PORT_H
#define XSKIM_RELAY_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

enum { PORT_BATCH = 64, PORT_NAME_BYTES = 16 };

struct port {
        char name[PORT_NAME_BYTES];
        int fd;
        uint32_t mtu;
        uint32_t frame_bytes_max; /* on the wire, two VLAN tags included */
        uint8_t *ring;
        uint32_t slot_bytes;
        uint32_t slots; /* a power of two */
        uint32_t next;
        uint64_t dropped_before; /* the device's tx_dropped when opened */
};

#define PORT_NULL                                                                                  \
        (struct port) {                                                                            \
                .fd = -1                                                                           \
        }

struct port_frame {
        uint8_t *bytes; /* as on the wire, without FCS; a VLAN tag that the kernel had taken out is
                           back */
        uint32_t length;
        uint64_t arrival_unix_ns; /* by the kernel, when it put the frame into the ring */
        bool is_cut;              /* longer than the ring's slots: not all is here */
        bool is_unfinished;       /* the checksum was left to the hardware */
};

/* Receives from now on. Needs CAP_NET_RAW. A message is set with every error. */
int port_open(const char *name, struct port *ret_port);
void port_close(struct port *port);

/* The frame `ahead` of the oldest, 0 to PORT_BATCH - 1; false: there is none yet. The bytes are
 * brought into their order once, so show each frame once. */
bool port_peek(const struct port *port, uint32_t ahead, struct port_frame *ret_frame);
/* Gives the oldest `count` back to the kernel. */
void port_release(struct port *port, uint32_t count);

/* Nothing more reaches the ring; what is in it stays. */
int port_stop_receiving(struct port *port);

struct port_sent {
        uint64_t sent;
        uint64_t failed;
        uint64_t refused; /* tries */
};

/* Sends up to PORT_BATCH frames, in order; adds to *sent. Tries again, for some milliseconds at
 * most, where the port has no room. */
void port_send(struct port *port, const struct iovec *frames, uint32_t count,
               struct port_sent *sent);

/* Since the last call: frames that reached the socket, and of these, ones without room in the ring.
 * The kernel counts in 32 bits: call it before 2^32 have come. */
int port_statistics(struct port *port, uint64_t *ret_seen, uint64_t *ret_dropped);

/* What the device dropped on its way out since port_open, by its own counter, whoever sent it. */
uint64_t port_dropped(const struct port *port);

/* Is the interface still there? Down counts as there. */
bool port_exists(const struct port *port);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An AF_XDP socket that only sends, and the frames of its UMEM. Part of the adapter of libxdp's
 * xsk.h. Needs no XDP program on the port, and receives nothing.
 *
 *   place     who may touch it                   how it leaves
 *   free      nobody; xsk_send_put takes it      xsk_send_put -> put
 *   put       nobody any more                    the kernel sends it; xsk_send_collect -> free
 *
 * System calls: open, close, and one in xsk_send_kick. Opening needs CAP_NET_RAW, and
 * RLIMIT_MEMLOCK for the UMEM or CAP_IPC_LOCK.
 */
#ifndef XSKIM_XSK_SEND_H
#define XSKIM_XSK_SEND_H

#include <stdbool.h>
#include <stdint.h>

struct xsk_send;

enum { XSK_SEND_FRAME_BYTES = 4096 };

/* On a TX queue of the port in the caller's namespace; zero copy when the port has it. `frames`: a
 * power of two. */
int xsk_send_open(const char *port, uint32_t queue, uint32_t frames, struct xsk_send **ret_xsk);
struct xsk_send *xsk_send_close(struct xsk_send *xsk);

int xsk_send_fd(const struct xsk_send *xsk);
bool xsk_send_is_zero_copy(const struct xsk_send *xsk);

/* Takes back the frames that were sent. Returns how many are free now. */
uint32_t xsk_send_collect(struct xsk_send *xsk);

/* A copy of the packet into a free frame, of which there must be one. Sent from the next
 * xsk_send_publish on. At most XSK_SEND_FRAME_BYTES. */
void xsk_send_put(struct xsk_send *xsk, const void *packet, uint32_t bytes);
void xsk_send_publish(struct xsk_send *xsk);

/* Published ones that the kernel has not taken yet; and all that are not free. */
uint32_t xsk_send_waiting(const struct xsk_send *xsk);
uint32_t xsk_send_outstanding(const struct xsk_send *xsk);

/* The kernel wants to be told of what was published (always so without zero copy). */
bool xsk_send_needs_kick(const struct xsk_send *xsk);

/* Tells it: without zero copy it sends inside this call. 0; -EAGAIN: there is more to do, call
 * again; or an error of the port, without a message. */
int xsk_send_kick(struct xsk_send *xsk);

#endif

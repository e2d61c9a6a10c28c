/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AF_XDP socket of a worker, receive only, and the frames of its UMEM. Adapter of libxdp's
 * xsk.h.
 *
 * A frame is in exactly one place, and the three always add up to the total (xsk_is_balanced):
 *
 *   place   who may touch it                 how it leaves
 *   free    nobody; xsk_refill takes it      xsk_refill → fill
 *   fill    the kernel                       xsk_receive → held (or stays: a frame the socket
 * dropped is used again) held    the caller, from xsk_receive     xsk_release → free
 *
 * No function here makes a system call but open, close and statistics. Opening needs CAP_NET_RAW,
 * and RLIMIT_MEMLOCK for the UMEM or CAP_IPC_LOCK.
 */
#ifndef XSKIM_XSK_H
#define XSKIM_XSK_H

#include <stdbool.h>
#include <stdint.h>

struct xsk;

enum { XSK_FRAME_BYTES = 4096 };

struct xsk_frame {
        uint64_t address; /* in the UMEM; give it back with xsk_release */
        uint32_t bytes;
        void *start;
};

/* `slots`: of the RX ring, a power of two; `frames`: of the UMEM, at least 2 * slots. In the
 * caller's namespace. */
int xsk_open(const char *port, uint32_t slots, uint32_t frames, struct xsk **ret_xsk);
struct xsk *xsk_close(struct xsk *xsk);

int xsk_fd(const struct xsk *xsk);
bool xsk_is_zero_copy(const struct xsk *xsk);

/* The UMEM, for registering it with io_uring. */
void *xsk_area(const struct xsk *xsk, uint64_t *ret_bytes);

/* How many frames may be injected now so that each has a place in the fill and the RX ring. */
uint32_t xsk_room(const struct xsk *xsk);

/* Takes up to `most` received frames; they are held until released. */
uint32_t xsk_receive(struct xsk *xsk, struct xsk_frame *frames, uint32_t most);

/* Takes a free frame for a use of the caller's own; it is held. False: none is free. */
bool xsk_take(struct xsk *xsk, struct xsk_frame *ret_frame);

void xsk_release(struct xsk *xsk, uint64_t address);

/* Hands every free frame to the kernel, as far as the fill ring has room. */
void xsk_refill(struct xsk *xsk);

bool xsk_is_balanced(const struct xsk *xsk);

/* Frames redirected to the socket that it dropped: rx_dropped + rx_ring_full. (An empty fill ring
 * is counted by the kernel in rx_dropped as well; adding rx_fill_ring_empty_descs would count it
 * twice.) */
int xsk_statistics(const struct xsk *xsk, uint64_t *ret_frames_lost);

/* Kernel memory of the socket's rings, and of the UMEM. */
uint64_t xsk_ring_memory(const struct xsk *xsk);
uint64_t xsk_umem_memory(const struct xsk *xsk);

#endif

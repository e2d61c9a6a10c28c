/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of several threads a packet belongs to: all packets of a flow to the same one, so that they
 * stay in order. Pure.
 *
 * A flow is what has the same IP addresses, protocol and ports in one direction, in the outermost
 * header; without IP the same MAC addresses. Fragments are told apart by addresses alone, so that
 * those of one packet stay together.
 */
#ifndef XSKIM_FLOW_H
#define XSKIM_FLOW_H

#include <stdint.h>

/* Below `shares`, which is 1 or more; evenly over many flows. Any bytes will do. */
uint32_t flow_share(const uint8_t *packet, uint32_t bytes, uint32_t shares);

#endif

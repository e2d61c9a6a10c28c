/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Ethernet addresses that replayed packets get, when it is the port that says: its own, and its
 * neighbour's. Owns the default; not how packets are changed (editing.h). Used by player.c.
 */
#ifndef XSKIM_ADDRESSING_H
#define XSKIM_ADDRESSING_H

#include <xskim/xskim.h>

/*
 * Fills the addresses of `editing` that the configuration leaves to the port, and says where both
 * come from. Needs no capability. -EADDRNOTAVAIL with a message: what was asked for is not known;
 * with to_known_neighbour that is no error.
 */
int addressing_find(int ifindex, const struct xskim_replay_config *config,
                    struct xskim_replay_editing *editing,
                    struct xskim_replay_addresses *ret_addresses);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a replay changes in packets: addresses, tags, lengths. Checksums are kept right where they
 * were, by the difference (RFC 1624): a packet whose checksum was wrong stays wrong, one that was
 * cut short needs no rest. Pure.
 */
#ifndef XSKIM_EDITING_H
#define XSKIM_EDITING_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

enum { EDITING_TAG_BYTES = 4 };

bool editing_is_needed(const struct xskim_replay_editing *editing);

/* Bytes of room that editing a packet may need beyond its length on the wire. */
uint32_t editing_room(const struct xskim_replay_editing *editing);

/*
 * Edits the packet in place and returns its new length. `wire` >= `captured` >= 14; there must be
 * room for editing_room more than `wire`. Packets of other shapes than Ethernet with IPv4 or IPv6
 * keep all but what Ethernet says. ARP is left alone.
 */
uint32_t editing_apply(const struct xskim_replay_editing *editing, uint8_t *packet,
                       uint32_t captured, uint32_t wire);

#endif

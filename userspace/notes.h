/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What silently changes what XDP sees on a port, and what must not be done to one. Judges the facts
 * of netdev_port.h for `watch` and `doctor`; finds none itself. Pure.
 */
#ifndef XSKIM_NOTES_H
#define XSKIM_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "netdev_port.h"

enum {
        NOTES_FOUND_BYTES = 144,
        NOTES_TODO_BYTES = 96,
        /* What fits one page with XDP: 4096 less 256 bytes of headroom, 320 of skb_shared_info and
           an Ethernet header (veth's bound; other drivers' are within some 500 bytes of it). */
        NOTES_SINGLE_BUFFER_MTU = 3506,
};

struct note {
        const char *name; /* one word, stable: for machines */
        char found[NOTES_FOUND_BYTES];
        char todo[NOTES_TODO_BYTES];
};

/* At most `most` notes, the gravest first; returns how many. */
uint32_t notes_find(const struct netdev_port *port, struct note *notes, uint32_t most);

/* The same, each in a line. */
uint32_t notes_make(const struct netdev_port *port, char notes[][XSKIM_NOTE_BYTES], uint32_t most);

/* Would verdict drop cut off the machine, or somebody behind it? */
bool notes_is_in_use(const struct netdev_port *port);

/* 0, or -EINVAL with a message when the port is in use. */
int notes_refuse_drop(const struct netdev_port *port);

#endif

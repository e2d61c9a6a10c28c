/* SPDX-License-Identifier: BSD-2-Clause */
/* How many packets another program says it saw, from what it printed when it ended. Pure. */
#ifndef XSKIM_FOREIGN_COUNT_H
#define XSKIM_FOREIGN_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct foreign_count {
        bool known;
        uint64_t seen;    /* packets */
        uint64_t dropped; /* that the kernel had for it and did not deliver, as it says */
};

/*
 * tcpdump's, xdpdump's and dumpcap's words ("N packets captured", "Packets captured: N", "N packets
 * dropped by …", "received/dropped …: N/M"). Anything else: the largest number right before or
 * after the word "packets". Numbers too long to be one are passed over.
 *
 * What libpcap "received by filter" and did not drop was in the program's hands or in its buffer
 * when it was told to stop (up to a second's worth): seen, for it is only the end that cut it off.
 */
struct foreign_count foreign_count_read(const char *text);

#endif

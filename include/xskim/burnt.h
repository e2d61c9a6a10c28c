/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the burning program says of its burning, on each CPU, for each that takes its turn. */
#ifndef XSKIM_BURNT_H
#define XSKIM_BURNT_H

#include <linux/types.h>

enum {
        XSKIM_BURNT_TURNS = 16,
        XSKIM_BURNT_NS_MAX = 1000000,
};

/* From the first reading of the clock to the second. Short interrupts are in it, as they are in the
 * time of all else that a packet needs; packets that took longer than XSKIM_BURNT_NS_MAX are not,
 * and neither are those of BPF_PROG_RUN. */
struct xskim_burnt {
        __u64 runs; /* all there were */
        __u64 packets;
        __u64 ns;
};

#endif

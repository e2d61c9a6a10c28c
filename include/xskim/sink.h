/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the sink program counts, on each CPU. */
#ifndef XSKIM_SINK_H
#define XSKIM_SINK_H

#include <linux/types.h>

struct xskim_sink_counts {
        __u64 packets;
        __u64 bytes;
};

#endif

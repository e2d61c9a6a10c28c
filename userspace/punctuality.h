/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How punctual a run was: the timing error of each packet, |sent at - due at|, as a histogram, the
 * late ones, and the drift over the run. Pure.
 */
#ifndef XSKIM_PUNCTUALITY_H
#define XSKIM_PUNCTUALITY_H

#include <stdint.h>

#include <xskim/xskim.h>

#include "histogram.h"

enum {
        PUNCTUALITY_ENDS = 1024, /* packets at either end of the run that tell the drift */
};

/* Zeroed is empty. */
struct punctuality {
        struct histogram errors;
        uint64_t late;
        int64_t first_ns[PUNCTUALITY_ENDS]; /* sent - due */
        int64_t last_ns[PUNCTUALITY_ENDS];  /* a ring */
};

void punctuality_add(struct punctuality *punctuality, uint64_t due_ns, uint64_t sent_ns);

/*
 * How much later the end of the run was than its beginning: the median of sent - due of the last
 * packets, less that of the first, each of a half of the run at most. 0 for fewer than 2 packets.
 */
int64_t punctuality_drift_ns(const struct punctuality *punctuality);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns timing errors. See punctuality.h. */
#include <string.h>

#include "punctuality.h"
#include "util.h"

void punctuality_add(struct punctuality *p, uint64_t due_ns, uint64_t sent_ns) {
        uint64_t number = p->errors.samples;
        int64_t error = (int64_t)(sent_ns - due_ns);

        histogram_add(&p->errors, absolute_difference(sent_ns, due_ns), 1);
        p->late += error > XSKIM_REPLAY_LATE_NS;
        if (number < PUNCTUALITY_ENDS)
                p->first_ns[number] = error;
        p->last_ns[number % PUNCTUALITY_ENDS] = error;
}

static int compare(const void *a, const void *b) {
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

static int64_t median(const int64_t *errors, size_t count) {
        int64_t sorted[PUNCTUALITY_ENDS];

        memcpy(sorted, errors, count * sizeof(*errors));
        qsort(sorted, count, sizeof(*sorted), compare);
        return sorted[count / 2];
}

int64_t punctuality_drift_ns(const struct punctuality *p) {
        uint64_t packets = p->errors.samples;
        size_t count = (size_t)MIN(packets / 2, (uint64_t)PUNCTUALITY_ENDS);
        int64_t last[PUNCTUALITY_ENDS];

        if (!count)
                return 0;
        for (size_t i = 0; i < count; i++)
                last[i] = p->last_ns[(packets - count + i) % PUNCTUALITY_ENDS];
        return median(last, count) - median(p->first_ns, count);
}

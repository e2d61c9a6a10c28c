/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of transit share: transit.c follows streams, transit_report.c says what came
 * of it. */
#ifndef XSKIM_TRANSIT_PRIVATE_H
#define XSKIM_TRANSIT_PRIVATE_H

#include "histogram.h"
#include "transit.h"

enum {
        TRANSIT_WINDOW = XSKIM_TRANSIT_WINDOW,
        /* A leap leaves at least one number out, so no more than this end within the window. */
        TRANSIT_LEAPS = TRANSIT_WINDOW / 2 + 1,
        TRANSIT_JITTER_UNIT = 16, /* RFC 3550, appendix A.8 */
};

/* Numbers were left out: `to` was the first to arrive of all behind them. The low 32 bits do. */
struct transit_leap {
        uint32_t to;
        uint32_t index; /* its place in the order of arrival */
};

struct transit_stream {
        uint32_t run;
        uint16_t number;
        uint64_t base;    /* the number that it begins with */
        uint64_t highest; /* that arrived */
        uint64_t received;
        uint64_t duplicated;
        uint64_t reordered;
        uint64_t corrupted;
        uint64_t beyond_window;
        uint64_t before_sent;
        uint64_t extent_max;
        uint64_t extent_sum;
        int64_t last_delay_ns; /* of the one that arrived before */
        uint64_t jitter;       /* in 16ths of a nanosecond */
        uint32_t leap_first;
        uint32_t leap_count;
        struct histogram latency;
        struct histogram ipdv;
        uint64_t arrived[TRANSIT_WINDOW / 64]; /* bit n % 64 of word n % WINDOW / 64 */
        int64_t delay_ns[TRANSIT_WINDOW];      /* at n % WINDOW, of those that arrived */
        struct transit_leap leaps[TRANSIT_LEAPS];
};

/* What adds up over streams; working space of transit_report. */
struct transit_sums {
        struct histogram latency;
        struct histogram ipdv;
        uint64_t extent_sum;
        uint64_t jitter;
};

struct transit {
        struct transit_config config;
        struct arrivals *arrivals;
        uint64_t stamps; /* that came here */
        uint64_t unattributed;
        uint64_t untracked;
        uint32_t stream_count;
        uint32_t last; /* the stream of the last arrival: mostly that of the next one */
        struct transit_sums sums;
        struct histogram interval; /* latency, all streams, since transit_next_interval */
        struct transit_stream streams[XSKIM_STREAMS_MAX];
};

#endif

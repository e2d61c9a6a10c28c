/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the figures of a transit, of each stream and of all. See transit.h. */
#include <string.h>

#include "quantile.h"
#include "transit_private.h"
#include "util.h"

/* Latency above the least: the same distribution, moved. */
static void pdv_fill(const struct xskim_distribution *latency, struct xskim_distribution *ret_pdv) {
        uint64_t least = latency->min;

        *ret_pdv = *latency;
        ret_pdv->min = 0;
        ret_pdv->max = latency->max - least;
        ret_pdv->mean = MAX(latency->mean - (double)least, 0.0);
        for (int rank = 0; rank < XSKIM_QUANTILE_COUNT; rank++) {
                struct xskim_quantile *q = &ret_pdv->quantiles[rank];

                q->value -= MIN(q->value, least);
                q->low -= MIN(q->low, least);
                q->high -= MIN(q->high, least);
                q->ci95_low -= MIN(q->ci95_low, least);
                if (q->ci95_high != XSKIM_UNBOUNDED)
                        q->ci95_high -= MIN(q->ci95_high, least);
        }
}

static void distributions_fill(const struct histogram *latency, const struct histogram *ipdv,
                               struct xskim_stream *ret) {
        struct histogram_view view = histogram_view(latency), differences = histogram_view(ipdv);

        quantile_fill(&view, &ret->latency);
        quantile_fill(&differences, &ret->delay_variation.ipdv);
        pdv_fill(&ret->latency, &ret->delay_variation.pdv);
}

static void ratios_fill(uint64_t extent_sum, uint64_t jitter, struct xskim_stream *ret) {
        if (ret->received)
                ret->reordered_ratio = (double)ret->reordered / (double)ret->received;
        if (ret->reordered)
                ret->reorder_extent_mean = (double)extent_sum / (double)ret->reordered;
        ret->delay_variation.jitter_ns = (double)jitter / TRANSIT_JITTER_UNIT;
}

static void stream_fill(const struct transit_stream *s, struct xskim_stream *ret) {
        *ret = (struct xskim_stream){
                .run = s->run,
                .number = s->number,
                .received = s->received,
                .lost = s->received ? s->highest - s->base + 1 - s->received : 0,
                .duplicated = s->duplicated,
                .reordered = s->reordered,
                .corrupted = s->corrupted,
                .beyond_window = s->beyond_window,
                .before_sent = s->before_sent,
                .reorder_extent_max = s->extent_max,
        };
        distributions_fill(&s->latency, &s->ipdv, ret);
        ratios_fill(s->extent_sum, s->jitter, ret);
}

static void sums_add(struct transit_sums *sums, const struct transit_stream *s,
                     const struct xskim_stream *stream, struct xskim_stream *sum) {
        uint64_t extent_max = MAX(sum->reorder_extent_max, stream->reorder_extent_max);

#define ADD(name_, doc_) sum->name_ += stream->name_;
        XSKIM_STREAM_ROWS(ADD)
#undef ADD
        sum->reorder_extent_max = extent_max;
        histogram_merge(&sums->latency, &s->latency);
        histogram_merge(&sums->ipdv, &s->ipdv);
        sums->extent_sum += s->extent_sum;
        sums->jitter = MAX(sums->jitter, s->jitter);
}

static void interval_fill(const struct transit *t, bool final, struct xskim_transit *ret) {
        const struct histogram *latency = final ? &t->sums.latency : &t->interval;
        struct histogram_view view = histogram_view(latency);

        quantile_fill(&view, &ret->latency_interval);
        if (final)
                quantile_curve(&view, &ret->latency_curve);
}

/* The streams' variation is above each one's own least, so theirs cannot be moved as one: the sum
 * is above the least of all, unless there is a single stream. */
void transit_report(struct transit *t, uint64_t stamped, bool final,
                    struct xskim_transit *ret_transit) {
        struct transit_sums *sums = &t->sums;

        memset(sums, 0, sizeof(*sums));
        memset(ret_transit, 0, sizeof(*ret_transit));
        ret_transit->enabled = true;
        ret_transit->clock_offset_ns = t->config.clock_offset_ns;
        ret_transit->unattributed = t->unattributed;
        ret_transit->unordered = arrivals_unordered(t->arrivals);
        ret_transit->untracked = t->untracked;
        ret_transit->unrecorded = final && stamped > t->stamps ? stamped - t->stamps : 0;
        ret_transit->stream_count = t->stream_count;
        for (uint32_t i = 0; i < t->stream_count; i++) {
                stream_fill(&t->streams[i], &ret_transit->streams[i]);
                sums_add(sums, &t->streams[i], &ret_transit->streams[i], &ret_transit->sum);
        }
        ret_transit->sum.corrupted += t->unattributed;
        distributions_fill(&sums->latency, &sums->ipdv, &ret_transit->sum);
        ratios_fill(sums->extent_sum, sums->jitter, &ret_transit->sum);
        interval_fill(t, final, ret_transit);
}

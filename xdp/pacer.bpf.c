/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The pacer: runs on frames that the load of an experiment injects (BPF_PROG_RUN with live frames),
 * makes each a packet when its time has come, and redirects it to the port. It waits for that time
 * itself, so that one run sends thousands of packets: each run has a page pool of its own, which
 * the kernel takes down a second after the run when a socket still held packets of it, by a walk
 * over all that there are. A thousand runs a second cost more than what they send.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/pace.h>

#include "bound.h"

#define always_inline inline __attribute__((always_inline))

enum { NS_A_SECOND = 1000000000, LOOKS = 400 /* at the clock, 10 to 20 us together */ };

struct xskim_pace_control control = {};

/* A device map, because a plain redirect would look for the port in the namespace of the frames. */
struct {
        __uint(type, BPF_MAP_TYPE_DEVMAP);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(__u32));
        __uint(value_size, sizeof(__u32));
} ports SEC(".maps");

struct wait {
        __u64 until_ns;
        __u64 now_ns;
};

static long look(__u32 number, struct wait *w) {
        (void)number;
        w->now_ns = bpf_ktime_get_ns();
        return w->now_ns >= w->until_ns;
}

/* Whether the next packet is due; waits for that, but not long, and not while others of the batch
 * are waiting to leave. */
static always_inline int is_due(struct xskim_pace_control *c, struct wait *w) {
        w->now_ns = bpf_ktime_get_ns();
        if (w->now_ns < w->until_ns && !c->leaving)
                bpf_loop(LOOKS, look, w, 0);
        return w->now_ns >= w->until_ns && w->now_ns <= c->until_ns;
}

static always_inline int frame_make(struct xdp_md *ctx, const struct xskim_pace_control *c,
                                    const struct xskim_pace_row *row, __u64 due_ns) {
        __u32 frame = ctx->data_end - ctx->data;
        struct xskim_pace_mark mark = {.magic = XSKIM_PACE_MAGIC, .run = c->run, .due_ns = due_ns};
        char *data;

        if (row->bytes != frame && bpf_xdp_adjust_tail(ctx, (int)row->bytes - (int)frame))
                return -1;
        data = (char *)(long)ctx->data;
        if (data + XSKIM_PACE_HEAD_BYTES > (char *)(long)ctx->data_end)
                return -1;
        __builtin_memcpy(data, row->head, XSKIM_PACE_HEAD_BYTES);
        __builtin_memcpy(data + XSKIM_PACE_MARK_OFFSET, &mark, sizeof(mark));
        return 0;
}

SEC("xdp")
int pacer(struct xdp_md *ctx) {
        struct xskim_pace_control *c = &control;
        __u64 number = c->sent, row = c->row, place = c->launched;
        struct wait w = {0};

        if (!c->batch || c->frames++ % c->batch == 0)
                c->leaving = 0;
        if (c->stop || number >= c->total)
                return XDP_DROP;
        if (c->pps) {
                w.until_ns = c->start_ns + number * NS_A_SECOND / c->pps;
                if (!is_due(c, &w))
                        return XDP_DROP;
        }
        bound(row);
        row &= XSKIM_PACE_ROWS - 1;
        if (frame_make(ctx, c, &c->rows[row], w.until_ns) ||
            bpf_redirect_map(&ports, 0, XDP_DROP) != XDP_REDIRECT) {
                c->refused++;
                return XDP_DROP;
        }
        if (place < XSKIM_PACE_FRAMES_MAX)
                c->late_ns[place] = w.now_ns - w.until_ns;
        c->launched = place + 1;
        c->leaving++;
        c->bytes += c->rows[row].bytes;
        c->row = row + 1 < c->kinds ? row + 1 : 0;
        c->sent = number + 1;
        return XDP_REDIRECT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The launcher: runs on empty frames that the player injects (BPF_PROG_RUN with live frames), loads
 * each with the next packet of a chunk and redirects it to the port. It never sees a packet of
 * anybody else's: the port that it is attached to is one of the player's own.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/launch.h>

#include "bound.h"

#define always_inline inline __attribute__((always_inline))

struct xskim_launch_control control = {};

/* The player sizes them; an element of `chunks` is one chunk, its rows are a run of `rows`. */
struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(__u32));
        __uint(value_size, XSKIM_LAUNCH_CHUNK_BYTES + XSKIM_LAUNCH_SLACK_BYTES);
} chunks SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, XSKIM_LAUNCH_CHUNK_PACKETS);
        __type(key, __u32);
        __type(value, struct xskim_launch_packet);
} rows SEC(".maps");

/* A device map, because a plain redirect would look for the port in the namespace of the frames. */
struct {
        __uint(type, BPF_MAP_TYPE_DEVMAP);
        __uint(max_entries, 1);
        __uint(key_size, sizeof(__u32));
        __uint(value_size, sizeof(__u32));
} ports SEC(".maps");

/* Short packets are copied here, in blocks: a call costs as much as three of them. A block may
 * carry over what lies behind the packet; the frame is cut afterwards. */
static always_inline void block_copy(void *to, const void *from) {
        const __u64 *source = from;
        __u64 *target = to;

        for (int i = 0; i < XSKIM_LAUNCH_BLOCK_BYTES / 8; i++)
                target[i] = source[i];
}

static always_inline int bytes_copy(struct xdp_md *ctx, const char *from, __u32 bytes) {
        char *data = (char *)(long)ctx->data;
        const char *data_end = (const char *)(long)ctx->data_end;

        if (bytes > XSKIM_LAUNCH_DIRECT_BYTES || data + XSKIM_LAUNCH_DIRECT_BYTES > data_end)
                return -1;
        block_copy(data, from);
        if (bytes > XSKIM_LAUNCH_BLOCK_BYTES)
                block_copy(data + XSKIM_LAUNCH_BLOCK_BYTES, from + XSKIM_LAUNCH_BLOCK_BYTES);
        if (bytes > 2 * XSKIM_LAUNCH_BLOCK_BYTES)
                block_copy(data + 2 * XSKIM_LAUNCH_BLOCK_BYTES,
                           from + 2 * XSKIM_LAUNCH_BLOCK_BYTES);
        return 0;
}

static always_inline int frame_load(struct xdp_md *ctx, const struct xskim_launch_packet *packet,
                                    const char *chunk) {
        __u64 place = packet->place, bytes = packet->bytes;
        __u64 frame = ctx->data_end - ctx->data;
        int copied;

        bound(place);
        if (place >= XSKIM_LAUNCH_CHUNK_BYTES)
                return -1;
        /* Not 0 is nothing that the verifier of Linux 6.1 learns from a comparison with 0. */
        bytes--;
        bound(bytes);
        if (bytes >= XSKIM_LAUNCH_PACKET_BYTES_MAX)
                return -1;
        bytes++;
        copied = bytes_copy(ctx, chunk + place, bytes);
        if (bytes != frame && bpf_xdp_adjust_tail(ctx, (int)bytes - (int)frame))
                return -1;
        if (!copied)
                return 0;
        return bpf_xdp_store_bytes(ctx, 0, (void *)(chunk + place), bytes) ? -1 : 0;
}

SEC("xdp")
int launcher(struct xdp_md *ctx) {
        __u32 row = control.next++, chunk = row / XSKIM_LAUNCH_CHUNK_PACKETS;
        struct xskim_launch_packet *packet = bpf_map_lookup_elem(&rows, &row);
        const char *bytes = bpf_map_lookup_elem(&chunks, &chunk);
        int verdict;

        if (!packet || !bytes || frame_load(ctx, packet, bytes)) {
                control.refused++;
                return XDP_DROP;
        }
        verdict = bpf_redirect_map(&ports, 0, XDP_DROP);
        if (verdict != XDP_REDIRECT) {
                control.refused++;
                return XDP_DROP;
        }
        control.sent++;
        if (control.timed)
                packet->sent_ns = bpf_ktime_get_ns();
        return XDP_REDIRECT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

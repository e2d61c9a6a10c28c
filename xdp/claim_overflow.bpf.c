/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fills a map of a bounded size with one entry a packet and counts what it took and what it
 * refused, for `xskim bench claims`. Nobody empties them. Run on one CPU at a time.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xskim/rivals.h>

struct xskim_overflow_counts counts = {};

struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, XSKIM_OVERFLOW_HASH_ENTRIES);
        __type(key, __u64);
        __type(value, __u64);
} hash SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_RINGBUF);
        __uint(max_entries, XSKIM_OVERFLOW_RING_BYTES);
} ring SEC(".maps");

SEC("xdp")
int claim_overflow_hash(struct xdp_md *ctx) {
        __u64 flow = ++counts.offered, packets = 1;

        (void)ctx;
        if (bpf_map_update_elem(&hash, &flow, &packets, BPF_NOEXIST))
                counts.lost++;
        else
                counts.kept++;
        return XDP_PASS;
}

SEC("xdp")
int claim_overflow_ring(struct xdp_md *ctx) {
        __u64 *entry = bpf_ringbuf_reserve(&ring, XSKIM_OVERFLOW_ENTRY_BYTES, 0);

        (void)ctx;
        counts.offered++;
        if (!entry) {
                counts.lost++;
                return XDP_PASS;
        }
        *entry = counts.offered;
        bpf_ringbuf_submit(entry, BPF_RB_NO_WAKEUP);
        counts.kept++;
        return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

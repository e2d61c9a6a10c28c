/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Shows what the parser says inside the kernel: classifies and describes each packet and leaves
 * both results in a map. `classify_only` and `nothing` exist to weigh the parser with
 * BPF_PROG_RUN's repeat.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "probe.h"

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, 1);
        __uint(map_flags, BPF_F_MMAPABLE);
        __type(key, __u32);
        __type(value, struct probe_result);
} results SEC(".maps");

SEC("xdp")
int probe(struct xdp_md *ctx) {
        const void *data = (const void *)(long)ctx->data;
        const void *data_end = (const void *)(long)ctx->data_end;
        struct xskim_record record = {};
        struct xskim_parsed parsed;
        struct probe_result *result;
        __u32 key = 0;

        result = bpf_map_lookup_elem(&results, &key);
        if (!result)
                return XDP_PASS;
        xskim_classify(data, data_end, &parsed);
        xskim_describe(data, data_end, &parsed, &record);
        result->parsed = parsed;
        result->record = record;
        return XDP_PASS;
}

SEC("xdp")
int classify_only(struct xdp_md *ctx) {
        const void *data = (const void *)(long)ctx->data;
        const void *data_end = (const void *)(long)ctx->data_end;
        struct xskim_parsed parsed;
        struct probe_result *result;
        __u32 key = 0;

        result = bpf_map_lookup_elem(&results, &key);
        if (!result)
                return XDP_PASS;
        xskim_classify(data, data_end, &parsed);
        result->runs[parsed.class]++;
        result->runs[parsed.outcome]++;
        return XDP_PASS;
}

SEC("xdp")
int nothing(struct xdp_md *ctx) {
        const void *data = (const void *)(long)ctx->data;
        const void *data_end = (const void *)(long)ctx->data_end;
        struct probe_result *result;
        __u32 key = 0;

        result = bpf_map_lookup_elem(&results, &key);
        if (!result || data + XSKIM_ETHERNET_BYTES > data_end)
                return XDP_PASS;
        result->runs[*(const __u8 *)data]++;
        result->runs[*(const __u8 *)data & 3]++;
        return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* SPDX-License-Identifier: BSD-2-Clause */
/* See stand.h. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "log.h"
#include "netdev.h"
#include "netdev_sent.h"
#include "stand.h"

/* What the conditions do otherwise: pass, drop, or redirect to `out`. */
static int port_program(const struct arena *arena) {
        struct bpf_insn verdict[] = {
                {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS},
                {.code = BPF_JMP | BPF_EXIT},
        };
        struct bpf_insn redirect[] = {
                {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = arena->out.ifindex},
                {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2},
                {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
                {.code = BPF_JMP | BPF_EXIT},
        };
        bool forward = arena->path == XSKIM_BENCH_PATH_forward;
        int fd;

        verdict[0].imm = arena->path == XSKIM_BENCH_PATH_drop ? XDP_DROP : XDP_PASS;
        fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "under_test", "GPL", forward ? redirect : verdict,
                           forward ? 4 : 2, NULL);
        cr_assert_geq(fd, 0, "%s", strerror(errno));
        return fd;
}

static void program_put(struct stand *s) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        int fd = port_program(s->arena);

        cr_assert_eq(arena_enter(s->arena, ARENA_RECEIVER), 0);
        s->link = bpf_link_create(fd, s->arena->rx.ifindex, BPF_XDP, &options);
        cr_assert_eq(arena_leave(s->arena), 0);
        cr_assert_geq(s->link, 0, "%s", strerror(errno));
        close(fd);
}

struct stand stand_open(const struct stand_plan *plan) {
        struct arena_config arena = {.path = plan->path, .tx_port = plan->tx, .rx_port = plan->rx};
        struct stand s = {.link = -1};
        struct receiver_config receiver = {.cpu = plan->same_cpu ? 0 : 1};
        struct load_config load = {.packet_bytes = plan->mix            ? XSKIM_BENCH_IMIX
                                                   : plan->packet_bytes ? plan->packet_bytes
                                                                        : 64,
                                   .cpu = 0};

        cr_assert_eq(arena_open(&arena, &s.arena), 0, "%s", error_message());
        receiver.arena = load.arena = s.arena;
        if (plan->path != XSKIM_BENCH_PATH_stack && plan->path != XSKIM_BENCH_PATH_tcp)
                program_put(&s);
        cr_assert_eq(receiver_open(&receiver, &s.receiver), 0, "%s", error_message());
        cr_assert_eq(load_open(&load, &s.load), 0, "%s", error_message());
        return s;
}

void stand_close(struct stand *s) {
        load_close(s->load);
        receiver_close(s->receiver);
        if (s->link >= 0)
                close(s->link);
        arena_close(s->arena);
}

struct receiver_counts stand_counts(const struct stand *s) {
        struct receiver_counts counts;

        cr_assert_eq(receiver_counts(s->receiver, &counts), 0, "%s", error_message());
        return counts;
}

uint64_t stand_drops(const struct stand *s) {
        struct xskim_replay_port_sent sent;

        cr_assert_eq(arena_enter(s->arena, ARENA_SENDER), 0);
        cr_assert_eq(netdev_sent(s->arena->tx.ifindex, &sent), 0);
        cr_assert_eq(arena_leave(s->arena), 0);
        return sent.dropped;
}

uint64_t stand_packets(const struct stand *s) {
        struct netdev_counters counters;

        cr_assert_eq(arena_enter(s->arena, ARENA_RECEIVER), 0);
        cr_assert_eq(netdev_counters(s->arena->rx.ifindex, &counters), 0);
        cr_assert_eq(arena_leave(s->arena), 0);
        return counters.packets;
}

struct load_result stand_run(const struct stand *s, uint64_t pps, uint64_t ms) {
        struct load_order order = {.pps = pps, .duration_ns = ms * 1000000};
        struct load_result result;

        if (!pps)
                order.duration_ns = 0;
        cr_assert_eq(load_start(s->load, &order), 0, "%s", error_message());
        if (!pps)
                usleep((useconds_t)ms * 1000);
        cr_assert_eq(load_stop(s->load, !pps, &result), 0, "%s", error_message());
        return result;
}

uint64_t stand_accounted(const struct stand *s, uint64_t sent) {
        struct receiver_counts counts;
        uint64_t sum = 0, before = 1;

        for (int idle = 0; idle < 200 && sum != sent; idle = sum == before ? idle + 1 : 0) {
                before = sum;
                usleep(10000);
                counts = stand_counts(s);
                sum = counts.packets + counts.overrun + stand_drops(s);
        }
        return sum;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine `xdp`: the launcher program sends packets that lie in BPF maps, one system call for as
 * many as are due. The fast way on ports that take redirected frames. See sender.h.
 */
#include <errno.h>
#include <string.h>

#include "anchor.h"
#include "log.h"
#include "program_launch.h"
#include "sender.h"
#include "util.h"

enum {
        BATCH_MAX = 256,
        /* What the kernel makes at a time, some 10 us of work; more would not be much faster. */
        STAMPED_MAX = 64,
};

struct sender_xdp {
        struct launch *launch;
        int namespace_fd; /* keeps the anchor */
};

static void xdp_close(void *sender) {
        struct sender_xdp *s = sender;

        launch_close(s->launch);
        fd_cleanup(&s->namespace_fd);
        free(s);
}

static int port_check(const struct netdev_port *port) {
        if (!port->xdp_features_known || port->xdp_features & NETDEV_XDP_FEATURE_TRANSMIT)
                return 0;
        return error_set(-EOPNOTSUPP,
                         "%s: takes no frames from XDP programs, so engine xdp cannot send there.\n"
                         "%sOr use --engine afxdp.",
                         port->name,
                         strcmp(port->kind, "veth")
                                 ? ""
                                 : "On a veth, switch GRO on at its peer ('ethtool -K PEER gro "
                                   "on'), or attach an XDP program there. ");
}

static int xdp_open(const struct sender_config *config, void **ret_sender) {
        struct sender_xdp *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->namespace_fd = -1;
        r = port_check(config->port);
        r = r < 0 ? r : launch_open(config->port->ifindex, config->chunks, &s->launch);
        r = r < 0 ? r : anchor_drop(launch_attach, s->launch, &s->namespace_fd);
        if (r < 0) {
                xdp_close(s);
                return r;
        }
        *ret_sender = s;
        return 0;
}

static const char *xdp_mode(const void *sender) {
        (void)sender;
        return "live frames";
}

static uint8_t *xdp_chunk_bytes(void *sender, uint32_t chunk) {
        return launch_bytes(((struct sender_xdp *)sender)->launch, chunk);
}

static struct xskim_launch_packet *xdp_chunk_rows(void *sender, uint32_t chunk) {
        return launch_rows(((struct sender_xdp *)sender)->launch, chunk);
}

static int xdp_send(void *sender, const struct sender_batch *batch, struct sender_result *ret) {
        struct sender_xdp *s = sender;
        struct launch_result result;
        struct launch_run run = {
                .chunk = batch->chunk->number,
                .first = batch->first,
                .count = batch->count,
                .bytes = batch->count == 1 ? batch->chunk->rows[batch->first].bytes
                                           : batch->chunk->longest,
                .timed = batch->timed,
        };
        int r = launch_run(s->launch, &run, &result);

        if (r >= 0)
                *ret = (struct sender_result){.sent = result.sent, .refused = result.refused};
        return r;
}

/* What was redirected is with the port when the run returns. */
static int xdp_finish(void *sender) {
        (void)sender;
        return 0;
}

const struct sender_operations SENDER_XDP = {
        .name = "xdp",
        .batch_max = BATCH_MAX,
        .stamped_max = STAMPED_MAX,
        .packet_bytes_max = XSKIM_LAUNCH_PACKET_BYTES_MAX,
        .open = xdp_open,
        .close = xdp_close,
        .mode = xdp_mode,
        .chunk_bytes = xdp_chunk_bytes,
        .chunk_rows = xdp_chunk_rows,
        .send = xdp_send,
        .finish = xdp_finish,
};

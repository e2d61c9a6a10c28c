/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The player: a capture back on the wire. Composes capture, feeder, belt, stage and an engine;
 * owns which engine is taken and what is reported. `xskim replay` is its only user.
 */
#ifndef XSKIM_PLAYER_H
#define XSKIM_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "feeder.h"
#include "netdev_sent.h"
#include "schedule.h"
#include "stage.h"

/* ROW(name, doc) */
#define PLAYER_ENGINE_ROWS(ROW)                                                                    \
        ROW(auto, "takes what suits pace and port, and says which and why")                        \
        ROW(afxdp, "the TX ring of an AF_XDP socket: the punctual way")                            \
        ROW(xdp, "live frames out of BPF maps: the fast way")

#define PLAYER_ENGINE_MEMBER(name_, doc_) PLAYER_ENGINE_##name_,
enum player_engine { PLAYER_ENGINE_ROWS(PLAYER_ENGINE_MEMBER) PLAYER_ENGINE_COUNT };

struct player_config {
        const char *file;
        const char *port;
        enum player_engine engine;
        struct schedule_config pace;
        uint64_t rounds; /* 0: without end */
        uint64_t duration_ms;
        uint64_t limit;
        uint64_t gap_ms_max;
        const char *filter; /* NULL: none */
        bool skip_bad;
        struct editing editing;
        bool to_neighbour; /* destination: the address of the port's neighbour */
        bool from_port;    /* source: the port's own address */
};

enum { PLAYER_WHY_BYTES = 128 };

struct player_report {
        const char *file;
        const char *port;
        const char *engine;
        const char *mode;           /* how the port takes the engine's packets */
        char why[PLAYER_WHY_BYTES]; /* this engine was taken */
        struct schedule_config pace;
        struct stage_result sent;
        struct feeder_counts feeder;
        struct netdev_sent port_sent;       /* by the port's own counters, of everybody */
        bool timed;                         /* else the two below are empty */
        struct xskim_distribution error_ns; /* |sent at - due at| */
        int64_t drift_ns;
};

/* Packets that were read and not sent, whatever the reason. */
uint64_t player_skipped(const struct player_report *report);

/* From the first packet's due time to the last hand-over. */
double player_duration_s(const struct stage_progress *progress);

struct player;

/* Everything that can be refused is refused here, before the first packet. */
int player_open(const struct player_config *config, struct player **ret_player);
struct player *player_close(struct player *player);

struct player_watch {
        void *context;
        uint32_t interval_ms; /* 0: never called */
        void (*progress)(void *context, const struct stage_progress *progress, double share);
};

/* Sends; returns when all is sent, or player_interrupt was called, or something failed. In all
 * cases the report is filled. share: of the whole run, 0 to 1, below 0 when nobody knows. */
int player_run(struct player *player, const struct player_watch *watch,
               struct player_report *ret_report);

/* Ends the run soon; may be called from a signal handler. */
void player_interrupt(struct player *player);

#endif

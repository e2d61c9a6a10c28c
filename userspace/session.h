/* SPDX-License-Identifier: BSD-2-Clause */
/* The session, shared by engine.c (life and events) and session.c (what it publishes), and nobody
 * else. */
#ifndef XSKIM_SESSION_H
#define XSKIM_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "account.h"
#include "expect_share.h"
#include "port.h"
#include "program.h"
#include "record.h"
#include "transit_share.h"
#include "worker.h"

struct xskim_session {
        struct xskim_config config; /* its strings are the caller's, used while opening only */
        uint64_t number;            /* random, in every metadata frame */
        uint32_t cpus;
        int forward_to; /* see engine.h */
        struct programs *programs;
        struct port ports[XSKIM_PORTS_MAX];
        struct worker *workers[XSKIM_WORKERS_MAX];
        struct xskim_sink sinks[XSKIM_SINKS_MAX];
        unsigned int sink_count;
        int epoll_fd;
        int timer_fd;
        int end_fd;
        int interrupt_fd;
        int failed_fd;
        int monitor_fd;
        struct transit_share *transits[XSKIM_PORTS_MAX]; /* NULL: without transit */
        struct expect_share *expects[XSKIM_PORTS_MAX];   /* NULL: without expect */
        struct record record;
        bool record_noted[XSKIM_PORTS_MAX]; /* its notes say already that the file lacks something
                                             */
        bool stopped;
        bool failed;
        /* the workers' figures at the start of the interval */
        uint64_t interval_cpu_ns;
        uint64_t interval_records;
        uint64_t memory_bytes; /* kernel's, of the whole session; read once */
        /* working space, so that nothing is allocated while running */
        struct tally *tally;
        struct account_kernel *kernels;   /* of the last snapshot, one a port */
        struct xskim_snapshot *snapshots; /* the last published, one a port */
};

/* Allocates and opens what can be had without privilege. */
int session_make(const struct xskim_config *config, struct xskim_session **ret_session);
/* Frees everything, whatever state it is in. Returns NULL. */
struct xskim_session *session_free(struct xskim_session *session);

/* Opens what follows stamped packets, when it is to. */
int session_transits(struct xskim_session *session);

/* Reads what is expected, when something is. */
int session_expects(struct xskim_session *session);

/* Begins the record file, when there is to be one. */
int session_record(struct xskim_session *session);

/* Folds, makes the snapshot of each port, tells the sinks. */
int session_publish(struct xskim_session *session, bool final);
int session_snapshot(struct xskim_session *session, unsigned int port, bool next_interval,
                     struct xskim_snapshot *ret_snapshot);

/* A worker ended by itself: its error. */
int session_failure(struct xskim_session *session);

/* Detach, grace period, emptying of the rings, summary. Once. */
int session_stop(struct xskim_session *session);

#endif

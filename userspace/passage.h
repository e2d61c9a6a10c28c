/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture's passage through a path: replayed, stamped, into its beginning, and watched at its
 * end, both on this machine. Owns the two sides and their order; the lab, when there is to be one
 * (testbed.h); and samples of both sides over time. Uses the library as any program does.
 *
 * The watch is there before the first packet and ends after the last one can have arrived: in the
 * lab, when the relay has let go of everything; else after a time that is told.
 *
 * Each side is a thread of its own: network namespaces are a thread's, and a session's calls are
 * all from one.
 */
#ifndef XSKIM_PASSAGE_H
#define XSKIM_PASSAGE_H

#include <stdbool.h>

#include <xskim/xskim.h>

#include "series.h"

struct passage_config {
        struct xskim_replay_config replay; /* in the lab its port is set here */
        bool lab;
        const char *impair; /* of the lab; NULL: off */
        const char *arrive; /* without the lab: the port at the end of the path, to which packets
                               are addressed unless told otherwise; NULL: nobody watches */
        uint32_t settle_ms; /* without the lab: watched for so long after the last packet */
        struct xskim_replay_watch progress; /* called from another thread */
};

/* What came of it; zeroed before. */
struct passage_result {
        bool replayed; /* the report is filled */
        struct xskim_replay_report report;
        bool watched; /* the summary is */
        struct xskim_snapshot summary;
        struct series sent;
        struct series arrived;
        char relay[8192]; /* its account, JSON; empty: none */
};

struct passage;

/* -ENOMEM. Strings are borrowed until close. */
int passage_open(const struct passage_config *config, struct passage **ret_passage);

/*
 * The whole of it, once; blocks. In all cases what there is of the result is filled. Errors are
 * those of the lab, of xskim_open and of xskim_replay_open and _run; the first one's message stays.
 */
int passage_run(struct passage *passage, struct passage_result *ret_result);

/* Ends the replay soon; what is under way is still waited for. Again: that no more, either. From a
 * signal handler or any thread. */
void passage_interrupt(struct passage *passage);

/* Takes down what is still there. NULL is fine. Returns NULL. */
struct passage *passage_close(struct passage *passage);

#endif

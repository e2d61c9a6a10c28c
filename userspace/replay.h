/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The figures of a record file: decodes and folds what was recorded as the workers did, so that its
 * summary is that of the live run. Pure.
 *
 * Memory: an interval (160 KB) for each ring that occurs, at most XSKIM_RINGS_MAX, and a tally (150
 * KB) for each worker and port that occur together, at most XSKIM_WORKERS_MAX * XSKIM_PORTS_MAX;
 * for each port of a run with --transit a transit, of which only the streams that occur are
 * touched.
 */
#ifndef XSKIM_REPLAY_H
#define XSKIM_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "recordfile.h"

struct replay;

/* `facts` are those of recordfile_open, borrowed. -ENOMEM. */
int replay_open(const struct recordfile_facts *facts, struct replay **ret_replay);
/* NULL is fine. Returns NULL. */
struct replay *replay_close(struct replay *replay);

/* Takes the items of recordfile_next, in their order; copies what it keeps. -ENOMEM. */
int replay_item(struct replay *replay, const struct recordfile_item *item);

/* At the end of the file: closes what no mark has closed. -ENOMEM. */
int replay_end(struct replay *replay);

/*
 * The port's summary; without its final account (the file was cut), what the last one says or,
 * without any, what the frames' headers say, and the percentiles of all records up to the cut. The
 * ledger is then judged as a live one.
 */
void replay_snapshot(struct replay *replay, uint32_t port, struct xskim_snapshot *ret_snapshot);

/* Records that the run says it wrote for this port, and that are not in the file. */
uint64_t replay_absent(const struct replay *replay, uint32_t port);

#endif
